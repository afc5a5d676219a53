"""The errors that kernbot raises on purpose."""

from __future__ import annotations

import re
from collections.abc import Iterator

from kernbot import errors
from kernbot.errors import KernbotError


def drawn() -> Iterator[tuple[int, str]]:
    """Yield depth and name of each class in the tree that the module's docstring draws."""
    for line in (errors.__doc__ or "").splitlines():
        if found := re.match(r"((?:│   |    )*)(├── |└── )?(\w+Error)\b", line):
            indent, branch, name = found.groups()
            yield len(indent) // 4 + bool(branch), name


def defined(root: type[KernbotError], depth: int = 0) -> Iterator[tuple[int, str]]:
    """Yield depth and name of a class and of those under it, as they stand in the module."""
    yield depth, root.__name__
    for child in root.__subclasses__():
        if child.__module__ == errors.__name__:
            yield from defined(child, depth + 1)


def test_the_tree_is_drawn_as_it_is() -> None:
    """The docstring of the module draws the classes in it, in their order."""
    assert list(drawn()) == list(defined(KernbotError))


def test_each_error_says_what_it_means() -> None:
    """Every class has a docstring of its own."""
    classes = [getattr(errors, name) for _, name in drawn()]
    assert len({error.__doc__ for error in classes}) == len(classes)
