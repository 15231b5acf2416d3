"""What Windows shows of the executable under Properties, Details: its version resource."""

import re

from installer.frozen import names

# US English, and Unicode as the code page: what the two numbers of the text's table say.
LANGUAGE, CODE_PAGE = 0x0409, 1200
TEMPLATE = """\
VSVersionInfo(
  ffi=FixedFileInfo(
    filevers={numbers}, prodvers={numbers},
    mask=0x3F, flags={flags}, OS=0x40004, fileType=0x1, subtype=0x0, date=(0, 0)
  ),
  kids=[
    StringFileInfo([StringTable("{table}", [
{strings}
    ])]),
    VarFileInfo([VarStruct("Translation", [{language}, {code_page}])])
  ]
)
"""
PRERELEASE = 0x2


def strings(version: str, file_name: str) -> dict[str, str]:
    """Return what is shown, by Windows' names of it."""
    return {
        "CompanyName": "reprospective-tray",
        "FileDescription": "Re:prospective",
        "FileVersion": version,
        "InternalName": file_name.partition(".")[0],
        "LegalCopyright": "MIT licence",
        "OriginalFilename": file_name,
        "ProductName": "Re:prospective",
        "ProductVersion": version,
    }


def text(version: str, file_name: str) -> str:
    """Return the resource as PyInstaller reads it.

    Args:
        version: The program's version.
        file_name: The executable's name.
    """
    shown = strings(version, file_name).items()
    return TEMPLATE.format(
        numbers=(*names.release_numbers(version), 0),
        flags=PRERELEASE if re.search(r"[a-z]", version) else 0,
        table=f"{LANGUAGE:04X}{CODE_PAGE:04X}",
        strings=",\n".join(f"      StringStruct({name!r}, {value!r})" for name, value in shown),
        language=LANGUAGE,
        code_page=CODE_PAGE,
    )
