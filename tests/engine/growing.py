"""Random cases: trees of all nodes with all gates, people, and how they have the run go on."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import count
from typing import Any

from hypothesis import strategies as st

from tests.engine.model import expected
from tests.engine.trees import Branches, Case, Choice, Cycle, Flow, Fork, Leaf, People, Pipe, Shape

LITTLE, MUCH = 5, 60
"""How many questions and calls there are in a case, from and to."""
_CONFIRMS = st.sampled_from(["none", "confirm"])
_GATES = st.sampled_from(["none", "none", "none", "confirm", "input", "both"])
_REVIEWS = st.sampled_from(["none", "always", "sometimes"])
_NOES = st.sampled_from(["retry", "skip", "retry", "retry", "skip", "retry", "cancel"])
_RETRIES = st.sampled_from([1, 2, 0, 2, 3])
_ERRORS = st.sampled_from([None, "skip", "pause", "fail"])
_FAILS = st.sampled_from([0, 1, 0, 2])
_ASKS = {"on_reject": _NOES, "max_retries": _RETRIES}

_SETTINGS: dict[type[Shape], dict[str, st.SearchStrategy[Any]]] = {
    Leaf: {
        "gate": _GATES,
        "review": _REVIEWS,
        "on_error": _ERRORS,
        "fails": _FAILS,
        "stops": st.sampled_from([False] * 9 + [True]),
        **_ASKS,
    },
    Flow: {"gate": _GATES, "review": _REVIEWS, "on_error": _ERRORS, **_ASKS},
    Pipe: {"gate": _CONFIRMS, **_ASKS},
    Branches: {},
    Choice: {
        "gate": _CONFIRMS,
        "on_reject": st.sampled_from(["else", "else", "skip", "retry", "cancel"]),
        "max_retries": _RETRIES,
        "on_error": _ERRORS,
        "fails": _FAILS,
        "holds": st.booleans(),
    },
    Cycle: {
        "gate": _CONFIRMS,
        "review": st.sampled_from(["none", "iteration", "always", "sometimes"]),
        "times": st.sampled_from([2, 3, 1]),
        "may_end": st.booleans(),
        "forwards": st.booleans(),
        **_ASKS,
    },
    Fork: {
        "gate": _CONFIRMS,
        "review": _REVIEWS,
        "on_error": _ERRORS,
        "fails": _FAILS,
        "picks": st.none() | st.lists(st.integers(0, 2), max_size=5).map(tuple),
        "selects": st.booleans(),
        "several": st.booleans(),
        **_ASKS,
    },
}
_DEEPEST = 4


@dataclass(frozen=True)
class _Theme:
    """What a tree is made of: few things, so that these meet often."""

    kinds: tuple[type[Shape], ...]
    left_out: frozenset[str]
    """Settings that no node has."""

    def settings(self, kind: type[Shape]) -> st.SearchStrategy[dict[str, Any]]:
        return st.fixed_dictionaries({key: some for key, some in _SETTINGS[kind].items() if key not in self.left_out})


_THEMES = st.builds(
    _Theme,
    st.lists(st.sampled_from([kind for kind in _SETTINGS if kind is not Leaf]), min_size=1, max_size=3).map(tuple),
    st.sampled_from([{"stops"}, {"gate", "stops"}, {"review", "stops"}, {"fails", "stops"}, set()]).map(frozenset),
)


@st.composite
def _shapes(draw: st.DrawFn, theme: _Theme, depth: int) -> Shape:
    """Draw a node with what is in it; the deeper, the more often a step."""
    is_leaf = depth == _DEEPEST or draw(st.sampled_from([True] * depth + [False] * 3))
    kind = Leaf if is_leaf else draw(st.sampled_from(theme.kinds))
    settings = draw(theme.settings(kind))
    if kind is not Leaf:
        settings["inside"] = draw(_lists(theme, depth + 1, 1 if kind in (Fork, Branches) else 0))
    if kind is Choice:
        settings["otherwise"] = draw(_lists(theme, depth + 1, 0))
    if kind is Fork and settings["picks"] is None:
        settings |= {"selects": True, "fails": 0}
    return kind(**settings)


@st.composite
def _lists(draw: st.DrawFn, theme: _Theme, depth: int, least: int) -> tuple[Shape, ...]:
    size = draw(st.sampled_from([least, 1, 2, 2, 3]))
    return tuple(draw(st.lists(_shapes(theme, depth), min_size=size, max_size=3)))


@st.composite
def _cases(draw: st.DrawFn) -> Case:
    tree = draw(_lists(draw(_THEMES), 1, 1))
    moods = draw(st.lists(st.sampled_from([0, 1, 3, 2, 4, 5]), min_size=5, max_size=12))
    patience = draw(st.sampled_from([0, 1, 3, 9]))
    return Case(_named(tree, count()), People(tuple(moods)), patience, draw(st.booleans()))


def _named(tree: Sequence[Shape], numbers: Iterator[int]) -> tuple[Shape, ...]:
    """Return the nodes with names that none shares with another."""
    return tuple(
        replace(
            shape,
            name=f"n{next(numbers)}",
            inside=_named(shape.inside, numbers),
            otherwise=_named(shape.otherwise, numbers),
        )
        for shape in tree
    )


def _is_worth_it(case: Case) -> bool:
    outcome = expected(case)
    return LITTLE <= len(outcome.asked) + len(outcome.ran) <= MUCH


CASES = _cases().filter(_is_worth_it)
