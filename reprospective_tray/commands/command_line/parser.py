"""The parser of the command line: argparse with translated errors and help."""

import argparse
import re
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, NoReturn

from reprospective_tray.config.did_you_mean import did_you_mean
from reprospective_tray.errors import UsageError
from reprospective_tray.messages import _

# argparse's own messages, in English only, and their replacements.
_IN_OWN_WORDS: tuple[tuple[re.Pattern[str], Callable[..., str]], ...] = (
    (
        re.compile(r"the following arguments are required: (.+)"),
        lambda names: _("Missing: {names}.").format(names=names),
    ),
    (re.compile(r"expected one argument"), lambda: _("its value is missing.")),
    (
        re.compile(r"not allowed with argument (.+)"),
        lambda option: _("it cannot be combined with {option}.").format(option=option),
    ),
    (re.compile(r"ignored explicit argument .+"), lambda: _("it takes no value.")),
    (
        re.compile(r"ambiguous option: (\S+) could match (.+)"),
        lambda word, options: _("{word} could be any of {options}.").format(
            word=word, options=options
        ),
    ),
)


class Offered(dict[str, Any]):
    """Commands by name, of which some are accepted but neither listed nor suggested."""

    def __init__(self, commands: dict[str, Any], hidden: Sequence[str]) -> None:
        """Take the commands, and the names of the hidden ones."""
        super().__init__(commands)
        self._hidden = hidden

    def __iter__(self) -> Iterator[str]:
        """Iterate over the names that are not hidden."""
        return (name for name in super().__iter__() if name not in self._hidden)


class ArgumentParser(argparse.ArgumentParser):
    """A parser whose errors have two lines: what is wrong, and what to do.

    `parse_args` raises a `UsageError` if the command line is not valid.
    """

    def __init__(self, **settings: Any) -> None:
        """Take argparse's own settings; a command's parser needs a `description`."""
        super().__init__(
            add_help=False, exit_on_error=False, formatter_class=_Formatter, **settings
        )
        # argparse has its own words for these, in English only.
        self._positionals.title = _("arguments")
        self._optionals.title = _("options")
        self.add_argument("-h", "--help", action="help", help=_("show this help"))

    def parse_known_args(  # type: ignore[override]  # one signature is enough for its callers
        self, args: Sequence[str] | None = None, namespace: Any = None
    ) -> tuple[Any, list[str]]:
        """Parse `args`; each parser refuses what it does not know, so none is ever left over."""
        words = sys.argv[1:] if args is None else args
        self._refuse_unknown_options(words)
        try:
            found, unknown = super().parse_known_args(words, namespace)
        except argparse.ArgumentError as error:
            said = _in_own_words(error.message)
            self.error(f"{error.argument_name}: {said}" if error.argument_name else said)
        if unknown:
            self._refuse(unknown[0])
        return found, unknown

    def error(self, message: str) -> NoReturn:
        """Report what argparse, or the type of an argument, says is wrong.

        Raises:
            UsageError: always.
        """
        raise UsageError(_in_own_words(message), self._see_help())

    def _check_value(self, action: argparse.Action, value: Any) -> None:
        """Refuse a command or value that does not exist, and suggest the nearest one."""
        if action.choices is None or value in action.choices:
            return
        offered = [str(choice) for choice in action.choices]
        if _has_commands(action):
            what = _("Unknown command {word!r}. Allowed here: {words}.")
        else:
            option = "/".join(action.option_strings) or str(action.metavar or action.dest)
            what = f"{option}: " + _("unknown value {word!r}. Allowed here: {words}.")
        what = what.format(word=value, words=", ".join(offered))
        raise UsageError(what, did_you_mean(str(value), offered) or self._see_help())

    def _refuse_unknown_options(self, words: Sequence[str]) -> None:
        """Report the first unknown argument before anything that is wrong only because of it."""
        commands = next((each.choices or () for each in self._actions if _has_commands(each)), ())
        for word in words:
            name = word.partition("=")[0]
            if word == "--" or word in commands:
                return
            is_option = name.startswith("--") and " " not in name
            if is_option and not any(known.startswith(name) for known in self._known_options):
                self._refuse(word)

    @property
    def _known_options(self) -> Iterable[str]:
        return self._option_string_actions

    def _refuse(self, word: str) -> NoReturn:
        name = word.partition("=")[0]
        if not name.startswith("-"):
            what = _("Unexpected argument {word!r}.").format(word=word)
            raise UsageError(what, self._see_help())
        what = _("Unknown option {option}.").format(option=name)
        near = did_you_mean(name, self._known_options)
        raise UsageError(what, near or self._see_help())

    def _see_help(self) -> str:
        return _("See: {program} --help").format(program=self.prog)


class _Formatter(argparse.HelpFormatter):
    """Help whose first word is translated, too."""

    def add_usage(self, usage: Any, actions: Any, groups: Any, prefix: str | None = None) -> None:
        super().add_usage(usage, actions, groups, _("usage: ") if prefix is None else prefix)


def _has_commands(action: argparse.Action) -> bool:
    return isinstance(action, argparse._SubParsersAction)  # noqa: SLF001  it has no other name


def _in_own_words(message: str) -> str:
    """Return argparse's message translated, or unchanged if there is no translation."""
    for pattern, words in _IN_OWN_WORDS:
        if said := pattern.fullmatch(message):
            return words(*said.groups())
    return message
