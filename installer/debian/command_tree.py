"""The program's commands and options as plain values, read from its argparse parser."""

import argparse
from collections.abc import Iterator
from dataclasses import dataclass, field

from reprospective_tray.commands.command_line import argument_values as arguments
from reprospective_tray.commands.command_line.all_commands import make_parser
from reprospective_tray.messages import set_language


@dataclass(frozen=True, slots=True)
class Argument:
    """An option, or a word that a command takes by its place.

    Attributes:
        names: Such as ``-o`` and ``--output``; none where it goes by its place.
        metavar: What stands for its value; empty where it has none.
        help: One line.
        choices: The values that it may have, where they are known.
        is_file: Whether the value is the path of a file.
    """

    names: tuple[str, ...]
    metavar: str
    help: str
    choices: tuple[str, ...] = ()
    is_file: bool = False


@dataclass(frozen=True, slots=True)
class Command:
    """A command: `words` lead to it from the program's name, which has none."""

    words: tuple[str, ...]
    help: str
    arguments: tuple[Argument, ...]
    commands: tuple["Command", ...] = field(default=())

    @property
    def options(self) -> tuple[Argument, ...]:
        """The arguments that have a name."""
        return tuple(each for each in self.arguments if each.names)

    @property
    def places(self) -> tuple[Argument, ...]:
        """The arguments that go by their place."""
        return tuple(each for each in self.arguments if not each.names)

    def all(self) -> Iterator["Command"]:
        """Go through this command and all below it."""
        yield self
        for command in self.commands:
            yield from command.all()


def read() -> Command:
    """Return the program with all that it offers, described in English."""
    set_language("en")
    parser = make_parser()
    return _command((), parser.description or "", parser)


def _command(words: tuple[str, ...], text: str, parser: argparse.ArgumentParser) -> Command:
    found: list[Argument] = []
    below: list[Command] = []
    for action in parser._actions:  # noqa: SLF001  argparse has no other way to ask
        if isinstance(action, argparse._SubParsersAction):  # noqa: SLF001  as above
            texts = {each.dest: each.help or "" for each in action._choices_actions}  # noqa: SLF001  as above
            # By name: what the program keeps for itself is not among the names.
            below += [
                _command((*words, name), texts[name], action.choices[name])
                for name in action.choices
            ]
        else:
            found.append(_argument(action))
    return Command(words, text, tuple(found), tuple(below))


def _argument(action: argparse.Action) -> Argument:
    choices = tuple(map(str, action.choices or ()))
    takes_value = action.nargs != 0
    metavar = str(action.metavar or "|".join(choices) or action.dest.upper()) if takes_value else ""
    is_file = action.type is arguments.file
    return Argument(tuple(action.option_strings), metavar, action.help or "", choices, is_file)
