"""The few kinds of values that Block Kit is made of; each tells what is wrong with a piece of JSON.

The sentences are Slack's own where they are known.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol


@dataclass(frozen=True)
class Problem:
    """One thing that Slack would refuse."""

    pointer: str
    """Where it is, as a JSON pointer: `/blocks/0/text/text`."""
    message: str
    """What is wrong, without the place: `must be less than 3001 characters`."""


class Schema(Protocol):
    """What a value must be."""

    def check(self, value: Any, at: str) -> list[Problem]:
        """Return what is wrong with the value that stands at the JSON pointer `at`."""


Rule = Callable[[Mapping[str, Any], str], Iterable[Problem]]
"""What the fields of one object must be to each other; called only when each field is right by itself."""


@dataclass(frozen=True)
class String:
    """A string; both limits are in characters."""

    at_most: int | None = None
    at_least: int = 1

    def check(self, value: Any, at: str) -> list[Problem]:
        """Return whether it is no string, too short or too long."""
        if not isinstance(value, str):
            return [Problem(at, "must provide a string")]
        if len(value) < self.at_least:
            return [Problem(at, f"must be more than {self.at_least - 1} characters")]
        if self.at_most is not None and len(value) > self.at_most:
            return [Problem(at, f"must be less than {self.at_most + 1} characters")]
        return []


@dataclass(frozen=True)
class Pattern:
    """A string of a certain form."""

    regex: str
    form: str
    """The form in words: `a date like 2026-11-20`."""

    def check(self, value: Any, at: str) -> list[Problem]:
        """Return whether it has another form."""
        if isinstance(value, str) and re.fullmatch(self.regex, value, re.ASCII):
            return []
        return [Problem(at, f"must be {self.form}")]


@dataclass(frozen=True)
class OneOf:
    """One of a few words."""

    words: tuple[str, ...]

    def check(self, value: Any, at: str) -> list[Problem]:
        """Return whether it is something else."""
        return [] if value in self.words else [Problem(at, f"must be one of: {', '.join(self.words)}")]


@dataclass(frozen=True)
class Integer:
    """A whole number; both limits belong to what is allowed."""

    at_least: int
    at_most: int | None = None

    def check(self, value: Any, at: str) -> list[Problem]:
        """Return whether it is no whole number, too small or too large."""
        if not isinstance(value, int) or isinstance(value, bool):
            return [Problem(at, "must provide an integer")]
        if value < self.at_least:
            return [Problem(at, f"must be more than {self.at_least - 1}")]
        if self.at_most is not None and value > self.at_most:
            return [Problem(at, f"must be less than {self.at_most + 1}")]
        return []


@dataclass(frozen=True)
class Boolean:
    """True or false."""

    def check(self, value: Any, at: str) -> list[Problem]:
        """Return whether it is neither."""
        return [] if isinstance(value, bool) else [Problem(at, "must provide a boolean")]


@dataclass(frozen=True)
class Array:
    """A list of things of one kind."""

    item: Schema
    at_most: int | None = None
    at_least: int = 1

    def check(self, value: Any, at: str) -> list[Problem]:
        """Return whether it is no list, too short or too long, and what is wrong with its items."""
        if not isinstance(value, list):
            return [Problem(at, "must provide an array")]
        return self._count(len(value), at) + [
            problem for n, item in enumerate(value) for problem in self.item.check(item, f"{at}/{n}")
        ]

    def _count(self, count: int, at: str) -> list[Problem]:
        if count < self.at_least:
            return [Problem(at, f"no fewer than {self.at_least} items allowed")]
        if self.at_most is not None and count > self.at_most:
            return [Problem(at, f"no more than {self.at_most} items allowed")]
        return []


@dataclass(frozen=True)
class Object:
    """An object with these fields and no others."""

    required: Mapping[str, Schema] = field(default_factory=dict)
    optional: Mapping[str, Schema] = field(default_factory=dict)
    rules: tuple[Rule, ...] = ()

    def check(self, value: Any, at: str) -> list[Problem]:
        """Return what is wrong with its fields, else what they are wrong to each other."""
        if not isinstance(value, Mapping):
            return [Problem(at, "must provide an object")]
        return self._check_fields(value, at) or [problem for rule in self.rules for problem in rule(value, at)]

    def _check_fields(self, value: Mapping[str, Any], at: str) -> list[Problem]:
        fields = {**self.required, **self.optional}
        missing = [f"missing required field: {name}" for name in self.required if name not in value]
        unknown = [f"invalid additional property: {name}" for name in value if name not in fields]
        return [Problem(at, message) for message in missing + unknown] + [
            problem
            for name, schema in fields.items()
            if name in value
            for problem in schema.check(value[name], f"{at}/{name}")
        ]


@dataclass(frozen=True)
class Typed:
    """One of several objects that are told apart by their `type`."""

    kinds: Mapping[str, Schema]

    def check(self, value: Any, at: str) -> list[Problem]:
        """Return whether its type does not belong here, else what is wrong with the rest."""
        if not isinstance(value, Mapping):
            return [Problem(at, "must provide an object")]
        if "type" not in value:
            return [Problem(at, "missing required field: type")]
        if not isinstance(value["type"], str) or value["type"] not in self.kinds:
            return [Problem(f"{at}/type", f"unsupported type: {value['type']}")]
        rest = {name: part for name, part in value.items() if name != "type"}
        return self.kinds[value["type"]].check(rest, at)
