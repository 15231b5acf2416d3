"""The set-up program for Windows, as far as it can be looked into without compiling it."""

import re
import subprocess
from pathlib import Path

import pytest

from installer import steps
from installer.frozen import names
from installer.windows import build, resource
from reprospective_tray import NAME
from reprospective_tray.commands.command_line.all_commands import make_parser
from reprospective_tray.commands.instance import quit_
from reprospective_tray.desktop.autostart import windows as autostart

# The one that was given to the first release; another would install a second program beside it.
APP_ID = "{6E2B5E0C-3A57-4F0E-9C41-7D1D0B8B6F52}"
SECTIONS = [
    *("Setup", "Languages", "CustomMessages", "Tasks", "InstallDelete", "Files", "Icons"),
    *("Registry", "Run", "Code"),
]


def sections():
    found = {}
    lines = []
    for line in build.SCRIPT.read_text("utf-8").splitlines():
        if heading := re.fullmatch(r"\[(\w+)\]", line):
            lines = found.setdefault(heading[1], [])
        elif line.strip() and not line.startswith((";", "#")):
            lines.append(line)
    return found


def settings():
    return dict(line.split("=", 1) for line in sections()["Setup"])


def entries(section):
    """Return the lines of a section as parameters: names to values without their quotes."""
    pattern = re.compile(r'(\w+): ("(?:[^"]|"")*"|[^;]*)(?:; |$)')
    return [
        {name: value.strip('"').replace('""', '"') for name, value in pattern.findall(line)}
        for line in sections()[section]
    ]


def test_it_has_every_section_once():
    headings = re.findall(r"^\[(\w+)\]$", build.SCRIPT.read_text("utf-8"), re.MULTILINE)
    assert headings == SECTIONS


def test_it_is_for_one_person_and_asks_for_no_administrator():
    setup = settings()
    assert setup["PrivilegesRequired"] == "lowest"
    assert "PrivilegesRequiredOverridesAllowed" not in setup
    # The folder of one person's programs, and not the one that the data lies in.
    assert setup["DefaultDirName"] == r"{localappdata}\Programs\Reprospective"
    assert {entry["Root"] for entry in entries("Registry")} == {"HKCU"}


def test_an_upgrade_finds_what_it_replaces_and_the_version_comes_from_the_project():
    setup = settings()
    # A brace is doubled where it is none of a constant.
    assert setup["AppId"] == "{" + APP_ID
    assert f"{APP_ID}_is1" in "\n".join(sections()["Code"])
    assert setup["AppVersion"] == "{#Version}"
    assert setup["VersionInfoVersion"] == "{#Numbers}"
    assert not re.search(r"\b\d+\.\d+\.\d+\b", build.SCRIPT.read_text("utf-8"))


def test_what_the_script_leaves_to_its_compilation_is_given():
    text = build.SCRIPT.read_text("utf-8")
    defined = set(re.findall(r"^#define (\w+)", text, re.MULTILINE))
    given = build.definitions("1.2rc1", Path("built"), Path("icon.ico"), Path("dist"))
    assert set(re.findall(r"\{#(\w+)\}", text)) - defined == set(given)
    assert given["Numbers"] == "1.2.0.0"
    assert Path(given["Licence"]).exists()
    assert settings()["OutputBaseFilename"] == "{#Program}-{#Version}-setup"


def test_it_installs_exactly_what_the_frozen_build_makes():
    sources = {entry["Source"]: entry["DestDir"] for entry in entries("Files")}
    assert sources == {
        rf"{{#Built}}\{names.WINDOWLESS}": "{app}",
        rf"{{#Built}}\{names.FOR_TERMINALS}": "{app}",
        rf"{{#Built}}\{names.CONTENTS}\*": rf"{{app}}\{names.CONTENTS}",
    }
    spec = (steps.ROOT / "installer/frozen/reprospective-tray.spec").read_text("utf-8")
    assert "contents_directory=names.CONTENTS" in spec
    assert [entry["Name"] for entry in entries("InstallDelete")] == [rf"{{app}}\{names.CONTENTS}"]
    files = re.findall(r"\{app\}\\([\w.-]+)", build.SCRIPT.read_text("utf-8"))
    assert set(files) == {names.WINDOWLESS, names.CONTENTS}


def test_it_speaks_english_and_japanese_with_the_same_sentences():
    languages = {entry["Name"]: entry["MessagesFile"] for entry in entries("Languages")}
    assert languages == {
        "en": "compiler:Default.isl",
        "ja": r"compiler:Languages\Japanese.isl",
    }
    said = {code: {} for code in languages}
    for line in sections()["CustomMessages"]:
        code, name, text = re.fullmatch(r"(\w+)\.(\w+)=(.+)", line).groups()
        said[code][name] = text
    assert set(said["en"]) == set(said["ja"])
    for name, text in said["en"].items():
        assert re.search(r"[\u3040-\u30ff]", said["ja"][name])
        filled = re.compile(r"%[1-9]|\{#\w+\}")
        assert sorted(filled.findall(text)) == sorted(filled.findall(said["ja"][name]))
    script = build.SCRIPT.read_text("utf-8")
    asked = set(re.findall(r"\{cm:(\w+)\}", script)) | set(
        re.findall(r"CustomMessage\('(\w+)'\)", script)
    )
    assert asked == set(said["en"])


def test_start_at_login_is_the_same_entry_that_the_programs_own_switch_writes():
    written, *removed = entries("Registry")
    assert written["Subkey"] == autostart.RUN
    assert written["ValueName"] == NAME
    assert (written["ValueType"], written["Tasks"]) == ("string", "atlogin")
    assert {entry["Subkey"] for entry in removed} == {autostart.RUN, autostart.APPROVED}
    for entry in removed:
        assert (entry["ValueName"], entry["ValueType"]) == (NAME, "none")
        assert entry["Flags"] == "dontcreatekey uninsdeletevalue"
        assert "Tasks" not in entry


@pytest.mark.parametrize("folder", [r"C:\Programs\Reprospective", r"C:\Users\Anna B\Reprospective"])
def test_its_command_line_is_the_one_of_the_programs_own_switch(folder):
    code = "\n".join(sections()["Code"])
    assert written_command(code, folder) == subprocess.list2cmdline(
        [rf"{folder}\{names.WINDOWLESS}", "run"]
    )


def written_command(code, folder):
    """Do what the script's LoginCommand does, which is read here line by line."""
    body = re.search(r"function LoginCommand.*?begin\n(.*?)\nend;", code, re.DOTALL)[1]
    lines = [line.strip() for line in body.splitlines()]
    assert lines == [
        rf"Result := ExpandConstant('{{app}}\{names.WINDOWLESS}');",
        "if Pos(' ', Result) > 0 then",
        "Result := '\"' + Result + '\"';",
        "Result := Result + ' run';",
    ]
    result = rf"{folder}\{names.WINDOWLESS}"
    return (f'"{result}"' if " " in result else result) + " run"


def test_at_an_upgrade_the_programs_own_switch_holds():
    (task,) = entries("Tasks")
    assert (task["Name"], task["Flags"], task["Check"]) == (
        "atlogin",
        "unchecked",
        "not IsUpgrade",
    )


def test_the_running_program_is_ended_before_its_files_are_replaced_or_removed():
    code = "\n".join(sections()["Code"])
    assert re.search(r"function PrepareToInstall.*?if not HasEnded then", code, re.DOTALL)
    assert re.search(r"function InitializeUninstall.*?Result := HasEnded;", code, re.DOTALL)
    assert "'quit', '', SW_HIDE, ewWaitUntilTerminated" in code
    options = make_parser().parse_args(["quit"])
    assert options.call.args == ("instance.quit_",)
    assert quit_
    assert settings()["CloseApplications"] == "yes"


def test_the_data_goes_by_a_decision_alone():
    code = "\n".join(sections()["Code"])
    asked = re.search(r"SuppressibleMsgBox\(FmtMessage\(.*?\) = IDNO\)", code, re.DOTALL)[0]
    assert "MB_YESNO or MB_DEFBUTTON1, IDYES)" in asked
    assert code.count("DelTree(") == 1
    assert code.index("IDNO") < code.index("DelTree(Data")


def test_the_folder_that_it_asks_about_is_the_one_that_the_program_keeps_everything_in(monkeypatch):
    from platformdirs import windows

    monkeypatch.setattr(windows, "get_win_folder", lambda kind: {"CSIDL_LOCAL_APPDATA": "L:"}[kind])
    folders = windows.Windows(NAME, appauthor=False)
    for place in (
        folders.user_config_dir,
        folders.user_data_dir,
        folders.user_state_dir,
        folders.user_log_dir,
    ):
        assert place.replace("/", "\\").startswith(rf"L:\{NAME}")
    assert rf"ExpandConstant('{{localappdata}}\{NAME}')" in "\n".join(sections()["Code"])


def test_the_version_resource_says_what_windows_shows():
    text = resource.text("1.2.0rc1", names.WINDOWLESS)
    made = evaluated(text)
    assert made["ffi"]["filevers"] == made["ffi"]["prodvers"] == (1, 2, 0, 0)
    assert made["ffi"]["flags"] == resource.PRERELEASE
    assert made["table"] == "040904B0"
    assert made["translation"] == [0x0409, 1200]
    assert made["strings"] == resource.strings("1.2.0rc1", names.WINDOWLESS)
    assert made["strings"]["ProductVersion"] == "1.2.0rc1"
    assert evaluated(resource.text("1.2.0", names.WINDOWLESS))["ffi"]["flags"] == 0


def evaluated(text):
    """Return the resource as PyInstaller makes it, which evaluates the text with these names."""
    made = {}
    words = {
        "VSVersionInfo": lambda ffi, kids: {"ffi": ffi, "kids": kids},
        "FixedFileInfo": lambda **fields: fields,
        "StringFileInfo": lambda tables: made.update(tables[0]),
        "StringTable": lambda name, kids: {"table": name, "strings": dict(kids)},
        "StringStruct": lambda name, value: (name, value),
        "VarFileInfo": lambda kids: made.update(kids[0]),
        "VarStruct": lambda _name, kids: {"translation": kids},
    }
    made["ffi"] = eval(text, words)["ffi"]  # noqa: S307  as PyInstaller does
    return made


def test_the_compiler_is_found_where_its_set_up_program_puts_it(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", "")
    for variable in build.PROGRAM_FOLDERS:
        monkeypatch.setenv(variable, str(tmp_path / variable.strip("()")))
    with pytest.raises(steps.StepFailedError, match="Inno Setup is missing"):
        build.compiler()
    there = tmp_path / "LOCALAPPDATA" / "Programs" / "Inno Setup 6" / build.COMPILER
    there.parent.mkdir(parents=True)
    there.touch()
    assert build.compiler() == there
