"""What the fields of one object must be to each other."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

from kernbot.localslack.block_kit.schema import Problem, Rule


def some_of(*names: str) -> Rule:
    """Make a rule: at least one of these fields is there."""

    def rule(value: Mapping[str, Any], at: str) -> Iterator[Problem]:
        if not any(name in value for name in names):
            yield Problem(at, f"must define either {_either(names)}")

    return rule


def one_of(*names: str) -> Rule:
    """Make a rule: exactly one of these fields is there."""

    def rule(value: Mapping[str, Any], at: str) -> Iterator[Problem]:
        if sum(name in value for name in names) != 1:
            yield Problem(at, f"must define either {_either(names)}, and only one")

    return rule


def ordered(low: str, high: str) -> Rule:
    """Make a rule: the one number is not above the other, if both are there."""

    def rule(value: Mapping[str, Any], at: str) -> Iterator[Problem]:
        if low in value and high in value and Decimal(value[low]) > Decimal(value[high]):
            yield Problem(f"{at}/{low}", f"must not be more than `{high}`")

    return rule


def whole_unless_decimal_allowed(value: Mapping[str, Any], at: str) -> Iterator[Problem]:
    """Find decimals in a number input that takes whole numbers only."""
    if not value["is_decimal_allowed"]:
        for name in ("min_value", "max_value", "initial_value"):
            if "." in value.get(name, ""):
                yield Problem(f"{at}/{name}", "must be a whole number when `is_decimal_allowed` is false")


def initial_among_options(value: Mapping[str, Any], at: str) -> Iterator[Problem]:
    """Find what is chosen at first but equals none of the options, or options of the groups, in every field."""
    grouped = [option for group in value.get("option_groups", []) for option in group["options"]]
    options = value.get("options", []) + grouped
    if "initial_option" in value and value["initial_option"] not in options:
        yield Problem(f"{at}/initial_option", "must equal one of the options")
    for n, initial in enumerate(value.get("initial_options", [])):
        if initial not in options:
            yield Problem(f"{at}/initial_options/{n}", "must equal one of the options")


def _either(names: tuple[str, ...]) -> str:
    return " or ".join(f"`{name}`" for name in names)
