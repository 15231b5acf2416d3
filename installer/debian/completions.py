"""Shell completion, written from the commands themselves: bash, zsh and fish."""

import re
from collections.abc import Iterable

from installer.debian.command_tree import Argument, Command

PROGRAM = "reprospective-tray"
FUNCTION = "_reprospective_tray"


def _path(command: Command) -> str:
    return " ".join(command.words)


def _keys(command: Command, chosen: Iterable[Argument]) -> list[str]:
    """Return ``path option`` of these options, as the shells compare it."""
    return [f"{_path(command)} {name}" for each in chosen for name in each.names]


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "'\\''") + "'"


def _pattern(keys: Iterable[str]) -> str:
    return " | ".join(map(_quoted, keys))


def _with_value(root: Command) -> list[str]:
    return [
        key
        for command in root.all()
        for key in _keys(command, (option for option in command.options if option.metavar))
    ]


def _below(root: Command) -> list[str]:
    return [
        f"{_path(command)} {child.words[-1]}"
        for command in root.all()
        for child in command.commands
    ]


def bash(root: Command) -> str:
    """Return the completion for bash, which needs nothing but bash."""
    values, offered = [], []
    for command in root.all():
        for option in command.options:
            keys = _pattern(_keys(command, [option]))
            if option.is_file:
                values.append(f"    {keys}) {FUNCTION}_files; return ;;")
            elif option.choices:
                words = _quoted(" ".join(option.choices))
                values.append(f"    {keys}) {FUNCTION}_words {words}; return ;;")
        names = [child.words[-1] for child in command.commands]
        names += [name for option in command.options for name in option.names]
        offer = f"{FUNCTION}_words {_quoted(' '.join(names))}"
        if any(place.is_file for place in command.places):
            offer = f"if [[ $current == -* ]]; then {offer}; else {FUNCTION}_files; fi"
        offered.append(f"    {_quoted(_path(command))}) {offer} ;;")
    return "\n".join(
        [
            f"# bash completion of {PROGRAM}",
            f"{FUNCTION}_words() {{",
            '    mapfile -t COMPREPLY < <(compgen -W "$1" -- "$current")',
            "}",
            f"{FUNCTION}_files() {{",
            '    mapfile -t COMPREPLY < <(compgen -f -- "$current")',
            "    compopt -o filenames 2>/dev/null",
            "}",
            f"{FUNCTION}() {{",
            "    local current=${COMP_WORDS[COMP_CWORD]} path='' wants='' word i",
            "    COMPREPLY=()",
            "    for ((i = 1; i < COMP_CWORD; i++)); do",
            "        word=${COMP_WORDS[i]}",
            "        if [[ $wants ]]; then",
            "            wants=''",
            "            continue",
            "        fi",
            '        case "$path $word" in',
            f'        {_pattern(_with_value(root))}) wants="$path $word" ;;',
            f"        {_pattern(_below(root))}) path+=${{path:+ }}$word ;;",
            "        esac",
            "    done",
            '    case "$wants" in',
            "    '') ;;",
            *values,
            "    *) return ;;",
            "    esac",
            '    case "$path" in',
            *offered,
            "    esac",
            "}",
            f"complete -F {FUNCTION} {PROGRAM}",
            "",
        ]
    )


def zsh(root: Command) -> str:
    """Return the completion for zsh: a function for each command, by its own `_arguments`."""
    functions = [_zsh_function(command) for command in root.all()]
    # Autoloaded, the file itself is the function's first body.
    return "\n".join([f"#compdef {PROGRAM}", "", *functions, f'{FUNCTION} "$@"', ""])


def _zsh_name(command: Command) -> str:
    return "_".join([FUNCTION, *command.words]).replace("-", "_")


def _zsh_function(command: Command) -> str:
    specifications = [_zsh_argument(each) for each in command.arguments]
    lines = [f"{_zsh_name(command)}() {{"]
    if not command.commands:
        lines.append(f"    _arguments -s {' '.join(specifications)}")
        return "\n".join([*lines, "}", ""])
    described = [
        _quoted(f"{child.words[-1]}:{child.help}".replace("`", "'")) for child in command.commands
    ]
    return "\n".join(
        [
            *lines,
            "    local context state state_descr line",
            "    typeset -A opt_args",
            f"    _arguments -s -C {' '.join(specifications)} '1: :->command' '*:: :->rest'",
            "    case $state in",
            "    command)",
            f"        local -a commands=({' '.join(described)})",
            "        _describe -t commands command commands ;;",
            "    rest)",
            "        case $words[1] in",
            *(f"        {child.words[-1]}) {_zsh_name(child)} ;;" for child in command.commands),
            "        esac ;;",
            "    esac",
            "}",
            "",
        ]
    )


def _zsh_argument(argument: Argument) -> str:
    value = "_files" if argument.is_file else " "
    if argument.choices:
        value = f"({' '.join(argument.choices)})"
    if not argument.names:
        return _quoted(f"1:{argument.metavar}:{value}")
    text = re.sub(r"([\[\]:\\])", r"\\\1", argument.help.replace("`", "'"))
    after = f"[{text}]" + (f":{argument.metavar}:{value}" if argument.metavar else "")
    together = " ".join(argument.names)
    return " ".join(_quoted(f"({together}){name}{after}") for name in argument.names)


def fish(root: Command) -> str:
    """Return the completion for fish."""
    where = "__reprospective_tray_at"
    lines = [
        f"# fish completion of {PROGRAM}",
        "function __reprospective_tray_path",
        "    set -l path",
        "    set -l skip no",
        "    for word in (commandline -opc)[2..-1]",
        "        if test $skip = yes",
        "            set skip no",
        "            continue",
        "        end",
        '        switch "$path $word"',
        f"            case {' '.join(map(_quoted, _with_value(root)))}",
        "                set skip yes",
        f"            case {' '.join(map(_quoted, _below(root)))}",
        "                set -a path $word",
        "        end",
        "    end",
        '    echo "$path"',
        "end",
        f"function {where}",
        "    set -l path (__reprospective_tray_path)",
        '    test "$path" = "$argv"',
        "end",
        f"complete -c {PROGRAM} -f",
    ]
    for command in root.all():
        at = f"complete -c {PROGRAM} -n {_quoted(f'{where} {_path(command)}'.rstrip())}"
        lines += [
            f"{at} -a {child.words[-1]} -d {_fish_quoted(child.help)}" for child in command.commands
        ]
        lines += [f"{at} {_fish_option(option)}" for option in command.options]
        lines += [f"{at} -F" for place in command.places if place.is_file]
    return "\n".join([*lines, ""])


def _fish_quoted(text: str) -> str:
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


def _fish_option(option: Argument) -> str:
    names = [
        f"-l {name[2:]}" if name.startswith("--") else f"-s {name[1:]}" for name in option.names
    ]
    value = []
    if option.is_file:
        value = ["-r", "-F"]
    elif option.choices:
        value = ["-x", "-a", _quoted(" ".join(option.choices))]
    elif option.metavar:
        value = ["-x"]
    return " ".join([*names, *value, "-d", _fish_quoted(option.help)])
