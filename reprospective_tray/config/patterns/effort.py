"""An upper bound for the steps that Python's `re` needs on the longest title. Pure.

It is computed from the expression's tree: the work of one attempt at one position, and the number
of ways in which it can match (each may be tried if the following part fails).
"""

from __future__ import annotations

import math
import re
from re import _compiler, _constants, _parser  # type: ignore[attr-defined]  # undocumented
from typing import Any, NamedTuple

# A parsed expression, or a part of one (re._parser.SubPattern).
Tree = Any
Node = tuple[Any, Any]

LONGEST_TEXT = 4_096
# A step takes about 4 ns on a processor of 2020, so 2,000,000 steps take 8 ms.
MOST_STEPS = 2_000_000

_ITEM, _ALTERNATIVE, _ROUND, _CALL = 1, 8, 4, 8
_REPEATS = (_constants.MAX_REPEAT, _constants.MIN_REPEAT, _constants.POSSESSIVE_REPEAT)


class Cost(NamedTuple):
    """The maximum steps of one attempt, and the maximum number of ways in which it can match."""

    work: float
    ways: float


def parsed(pattern: str, flags: int) -> Tree:
    """Return the tree of `pattern`, as parsed by Python.

    Raises:
        re.error: it is not a valid regular expression.
        RecursionError, OverflowError: it is nested too deeply, or a number in it is too large.
    """
    return _parser.parse(pattern, flags)


def steps(tree: Tree) -> float:
    """Return the maximum number of steps for searching `tree` in a text of `LONGEST_TEXT`."""
    work = _sequence(tree, tree.state).work
    return work + LONGEST_TEXT if is_anchored(tree) else work * LONGEST_TEXT


def is_anchored(tree: Tree) -> bool:
    """Return whether `tree` can match only at the beginning of a text."""
    if not len(tree):
        return False
    kind, value = tree[0]
    if kind is _constants.AT:
        multiline = tree.state.flags & re.MULTILINE
        return value is _constants.AT_BEGINNING_STRING or (
            value is _constants.AT_BEGINNING and not multiline
        )
    if kind is _constants.SUBPATTERN:
        _group, added, _removed, inner = value
        return not added & re.MULTILINE and is_anchored(inner)
    if kind is _constants.BRANCH:
        return all(is_anchored(one) for one in value[1])
    return False


def guards(tree: Tree) -> tuple[list[tuple[Tree, bool]], Tree]:
    """Split the lookaheads from the beginning of ``^(?!.*a)(?=.*b)rest``.

    Each of them applies only at the beginning of the text, so it can be searched separately.
    Returns pairs of a lookahead and whether it must match, and ``^rest``.
    """
    nodes = list(tree)
    end = 1
    while end < len(nodes) and nodes[end][0] in (_constants.ASSERT, _constants.ASSERT_NOT):
        end += 1
    apart = nodes[1:end]
    # Parts with backreferences or lookbehind cannot be split off.
    if not apart or not is_anchored(tree) or "GROUPREF" in repr(tree):
        return [], tree
    if nodes[0][0] is not _constants.AT or any(direction < 0 for _kind, (direction, _) in apart):
        return [], tree
    found = [
        (_part(tree, [nodes[0], *inner]), kind is _constants.ASSERT)
        for kind, (_direction, inner) in apart
    ]
    return found, _part(tree, [nodes[0], *nodes[end:]])


def compiled(tree: Tree) -> re.Pattern[str]:
    """Return a part of an expression compiled for Python's own engine."""
    pattern: re.Pattern[str] = _compiler.compile(tree, tree.state.flags)
    return pattern


def flags_inside(flags: int, added: int, removed: int) -> int:
    """Return the flags inside a group that adds and removes flags."""
    inside: int = _compiler._combine_flags(flags, added, removed)  # noqa: SLF001
    return inside


def single(node: Node, flags: int) -> re.Pattern[str]:
    """Return the expression for the single character that `node` matches under `flags`."""
    state = _parser.State()
    state.flags = flags
    pattern: re.Pattern[str] = _compiler.compile(_parser.SubPattern(state, [node]), flags)
    return pattern


def _part(tree: Tree, nodes: list[Node]) -> Tree:
    return _parser.SubPattern(tree.state, nodes)


def _sequence(nodes: Any, state: Any) -> Cost:
    work, ways = 0.0, 1.0
    for node in reversed(list(nodes)):
        first = _node(node, state)
        work, ways = first.work + first.ways * work, first.ways * ways
    return Cost(work, ways)


def _node(node: Node, state: Any) -> Cost:  # noqa: PLR0911  one line for each kind of node
    kind, value = node
    if kind is _constants.SUBPATTERN:
        inner = _sequence(value[3], state)
        return Cost(inner.work + _ROUND, inner.ways)
    if kind is _constants.BRANCH:
        return _branch([_sequence(one, state) for one in value[1]], value[1])
    if kind in _REPEATS:
        low, high, inner_nodes = value
        cost = _repeat(int(low), int(high), _sequence(inner_nodes, state))
        return Cost(cost.work, 1) if kind is _constants.POSSESSIVE_REPEAT else cost
    if kind is _constants.ATOMIC_GROUP:
        return Cost(_sequence(value, state).work + _CALL, 1)
    if kind in (_constants.ASSERT, _constants.ASSERT_NOT):
        return Cost(_sequence(value[1], state).work + _CALL, 1)
    if kind is _constants.GROUPREF:
        return Cost(min(state.groupwidths[value][1], LONGEST_TEXT) + _ITEM, 1)
    if kind is _constants.GROUPREF_EXISTS:
        both = [_sequence(one or (), state) for one in value[1:]]
        return Cost(sum(one.work for one in both), max(one.ways for one in both))
    # The items of a set are checked one by one.
    return Cost(_ITEM * (1 + 2 * len(value)) if kind is _constants.IN else _ITEM, 1)


def _branch(costs: list[Cost], alternatives: list[Any]) -> Cost:
    """Return the cost of alternatives; of those with different first letters only one matches."""
    by_letter: dict[str, list[Cost]] = {}
    for number, (cost, nodes) in enumerate(zip(costs, alternatives, strict=True)):
        by_letter.setdefault(first_letter(nodes) or f"any {number}", []).append(cost)
    letters = [group for name, group in by_letter.items() if not name.startswith("any ")]
    others = [group for name, group in by_letter.items() if name.startswith("any ")]

    def total(part: int) -> float:
        sums = [sum(cost[part] for cost in group) for group in letters]
        return max(sums, default=0) + sum(cost[part] for group in others for cost in group)

    return Cost(_ALTERNATIVE * len(costs) + total(0), total(1))


def first_letter(nodes: Any) -> str:
    """Return the first letter of an alternative, case-folded; empty if it is not a literal."""
    if not len(nodes) or nodes[0][0] is not _constants.LITERAL:
        return ""
    letter = chr(nodes[0][1]).casefold()[0]
    return "i" if letter == "\N{LATIN SMALL LETTER DOTLESS I}" else letter


def _repeat(low: int, high: int, inner: Cost) -> Cost:
    most = min(high, LONGEST_TEXT)
    if inner.ways <= 1:
        return Cost(most * (inner.work + _ROUND), max(most - low, 0) + 1)
    try:
        ways = inner.ways**most * 2
    except OverflowError:
        ways = math.inf
    return Cost(ways * (inner.work + _ROUND), ways)
