"""Shell completion, written from the program's parser by shtab: bash, zsh and fish."""

import argparse

import shtab

from reprospective_tray.commands.command_line import argument_values

FILES = {
    **shtab.FILE,
    # shtab 1.13 looks for a file of the whole word, also where it is ``--output=report``.
    "fish": "(__fish_complete_path (string replace -r -- '^-[^=]*=' '' (commandline -ct)))",
}
# shtab 1.13 offers options only after a dash in bash; zsh shows them wherever nothing else fits.
BASH = r"""
_reprospective_tray() {
    _shtab_reprospective_tray
    [[ ${COMPREPLY[*]}${COMP_WORDS[COMP_CWORD]} || ${COMP_WORDS[COMP_CWORD-1]} == -* ]] && return
    COMP_WORDS[COMP_CWORD]=-
    _shtab_reprospective_tray
}
complete -o bashdefault -F _reprospective_tray reprospective-tray
"""


def script(parser: argparse.ArgumentParser, shell: str) -> str:
    """Return the completion of `parser`'s commands for ``bash``, ``zsh`` or ``fish``."""
    _mark_files(parser)
    return shtab.complete(parser, shell) + (BASH if shell == "bash" else "")


def _mark_files(parser: argparse.ArgumentParser) -> None:
    for action in parser._actions:  # noqa: SLF001  argparse has no other way to ask
        if isinstance(action, argparse._SubParsersAction):  # noqa: SLF001  as above
            for below in action.choices.values():
                _mark_files(below)
        elif action.type is argument_values.file:
            action.complete = FILES
