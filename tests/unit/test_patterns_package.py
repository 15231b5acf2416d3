"""No expression of the program's own needs more than time in proportion to its text.

How it can fail: two parts of an expression that can share the same letters; then a title made
for it costs the square of its length, and one title holds up the recording.
"""

import ast
import importlib
import random
import re
import time
from pathlib import Path
from re import _constants, _parser

import pytest

import reprospective_tray
from reprospective_tray.config.patterns import FLAGS
from reprospective_tray.summary.figures import builtin_categories

pytestmark = pytest.mark.trust

PACKAGE = Path(reprospective_tray.__file__).parent
SHORT = 1_000
# In proportion it is 4, by the square 16; what a machine does beside is far from that.
MOST_GROWTH = 9
ATTEMPTS = 8
REPEATS = (_constants.MAX_REPEAT, _constants.MIN_REPEAT, _constants.POSSESSIVE_REPEAT)


def sources():
    """Return the modules that use `re`, by name, with their trees."""
    found = {}
    for file in sorted(PACKAGE.rglob("*.py")):
        tree = ast.parse(file.read_text("utf-8"))
        if any(isinstance(node, ast.Import) and node.names[0].name == "re" for node in tree.body):
            parts = file.relative_to(PACKAGE.parent).with_suffix("").parts
            found[".".join(parts).removesuffix(".__init__")] = tree
    return found


def patterns_in(value):
    """Yield the compiled expressions in a module's global, however they are kept."""
    if isinstance(value, re.Pattern):
        yield value
    elif isinstance(value, dict):
        for each in value.values():
            yield from patterns_in(each)
    elif isinstance(value, list | tuple):
        for each in value:
            yield from patterns_in(each)


def written_in_place(tree):
    """Yield the expressions that are given to `re` inside functions."""
    for function in ast.walk(tree):
        if not isinstance(function, ast.FunctionDef):
            continue
        for node in ast.walk(function):
            if (
                isinstance(node, ast.Call)
                and isinstance(node.func, ast.Attribute)
                and isinstance(node.func.value, ast.Name)
                and node.func.value.id == "re"
                and node.func.attr != "escape"
            ):
                yield node


def ways_used(trees):
    """Return which methods of each global of an expression's name are called."""
    found = {}
    for tree in trees:
        for node in ast.walk(tree):
            if isinstance(node, ast.Attribute):
                name = node.value.attr if isinstance(node.value, ast.Attribute) else None
                name = node.value.id if isinstance(node.value, ast.Name) else name
                found.setdefault(name, set()).add(node.attr)
    return found


def all_patterns():
    """Return every expression of the package with the method that is the costliest of those used.

    An expression that `match` or `fullmatch` alone are asked begins at one place only.
    """
    found = {}
    trees = sources()
    ways = ways_used(trees.values())
    for name, tree in trees.items():
        if name.startswith("reprospective_tray.config.patterns"):
            continue  # compiles what it is given
        module = importlib.import_module(name)
        for key, value in vars(module).items():
            for number, pattern in enumerate(patterns_in(value)):
                anchored = ways.get(key, {"sub"}) & {"match", "fullmatch"}
                is_anchored = anchored == ways.get(key)
                found[f"{name}.{key}[{number}]"] = pattern, anchored.pop() if is_anchored else ""
        for node in written_in_place(tree):
            assert isinstance(node.args[0], ast.Constant), f"{name}, line {node.lineno}"
            flags = re.MULTILINE if "re.MULTILINE" in ast.unparse(node) else 0
            way = node.func.attr if node.func.attr in {"match", "fullmatch"} else ""
            found[f"{name}:{node.lineno}"] = re.compile(node.args[0].value, flags), way
    for number, rule in enumerate(builtin_categories.RULES):
        for key in ("application", "title"):
            if text := getattr(rule, key):
                found[f"category {number}.{key}"] = re.compile(text, FLAGS), ""
    return found


PATTERNS = all_patterns()


class Sampler:
    """Makes texts that an expression fits, in part or as a whole, from its tree."""

    def __init__(self, pattern, seed):
        self.random = random.Random(seed)  # noqa: S311  the same texts each time
        self.is_bytes = isinstance(pattern.pattern, bytes)
        self.tree = _parser.parse(pattern.pattern, pattern.flags)
        self.letters = sorted({*self._letters_of(self.tree), *" (1a-\n"})
        self.repeated = sorted({" ", *self._repeated(self.tree)})

    def texts(self, length):
        """Yield texts of `length` that make an expression of this shape try long."""
        pieces = [self.sample()[:40] for _ in range(8)]
        repeated = self.random.sample(self.repeated, min(8, len(self.repeated)))
        for start in {piece[:end] for piece in pieces for end in range(min(len(piece), 12) + 1)}:
            for letter in repeated:
                yield start + letter * length
        for _ in range(20):
            unit = "".join(self.random.choices(self.letters, k=self.random.randint(2, 3)))
            yield unit * (length // len(unit))
        for piece in pieces:
            unit = piece[: self.random.randint(1, len(piece) or 1)]
            yield (unit or " ") * (length // len(unit or " "))
            yield " " * length + piece

    def _repeated(self, nodes):
        """Yield the letters of all that can be repeated."""
        for kind, value in nodes:
            if kind in REPEATS:
                yield from self._letters_of(value[2])
            if isinstance(value, list | tuple | _parser.SubPattern):
                for inner in self._inner(value):
                    yield from self._repeated(inner)

    def sample(self):
        return "".join(self._sample(self.tree))

    def _sample(self, nodes):
        for kind, value in nodes:
            if kind is _constants.SUBPATTERN:
                yield from self._sample(value[3])
            elif kind is _constants.ATOMIC_GROUP:
                yield from self._sample(value)
            elif kind is _constants.BRANCH:
                yield from self._sample(self.random.choice(value[1]))
            elif kind in REPEATS:
                for _ in range(min(int(value[1]), max(int(value[0]), self.random.randint(0, 3)))):
                    yield from self._sample(value[2])
            elif letters := self._letters_of([(kind, value)]):
                yield self.random.choice(sorted(letters))

    def _letters_of(self, nodes):
        found = set()
        for kind, value in nodes:
            if kind is _constants.LITERAL:
                found.add(chr(value))
            elif kind is _constants.RANGE:
                found.update(map(chr, (value[0], value[1])))
            elif kind in (_constants.ANY, _constants.NOT_LITERAL, _constants.CATEGORY):
                found.update("x1 ")
            elif kind is _constants.IN:
                found |= self._letters_of(value)
            elif isinstance(value, list | tuple | _parser.SubPattern):
                for inner in self._inner(value):
                    found |= self._letters_of(inner)
        return found

    def _inner(self, value):
        """Return the parts of a node that are expressions themselves."""
        if isinstance(value, _parser.SubPattern):
            return [value]
        return [
            part
            for each in value
            for part in (each if isinstance(each, list) else [each])
            if isinstance(part, _parser.SubPattern)
        ]


def seconds(pattern, way, text):
    begun = time.thread_time()
    if way:
        getattr(pattern, way)(text)
    else:
        for _ in pattern.finditer(text):
            pass
    return time.thread_time() - begun


@pytest.mark.parametrize("name", PATTERNS)
def test_a_text_four_times_as_long_takes_no_more_than_in_proportion(name):
    pattern, way = PATTERNS[name]
    sampler = Sampler(pattern, name)
    short = list(sampler.texts(SHORT))
    sampler = Sampler(pattern, name)
    for text, longer in zip(short, sampler.texts(4 * SHORT), strict=True):
        if sampler.is_bytes:
            text, longer = text.encode(), longer.encode()  # noqa: PLW2901
        growth = []
        for _ in range(ATTEMPTS):
            growth.append(seconds(pattern, way, longer) / max(seconds(pattern, way, text), 1e-6))
            if growth[-1] < MOST_GROWTH:
                break
        assert min(growth) < MOST_GROWTH, (text[:40], growth)


def test_all_of_the_package_is_looked_through():
    assert len(PATTERNS) > 40
    assert any("title_comparison._NOISE" in name for name in PATTERNS)
    assert any("theme" in name for name in PATTERNS)
