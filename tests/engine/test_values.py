"""Values as JSON, and back."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import Enum, StrEnum
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, Field, computed_field

from kernbot.engine.values import canonical, decode, digest, encode


class Colour(Enum):
    """A plain enum."""

    RED = 1


class Size(StrEnum):
    """An enum that is text too."""

    BIG = "big"


class Money(BaseModel):
    """A model with an alias and a computed field."""

    amount: Decimal = Field(alias="Amount")

    @computed_field  # type: ignore[prop-decorator]
    @property
    def shown(self) -> str:
        """Not stored."""
        return f"{self.amount} EUR"


@dataclass(frozen=True)
class Order:
    """A dataclass with others inside."""

    money: Money
    colour: Colour
    when: datetime | None = None


_HASHABLE = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(allow_nan=False),
    st.text(),
    st.binary(),
    st.decimals(allow_nan=False),
    st.uuids(),
    st.dates(),
    st.datetimes(),
    st.sampled_from([Colour.RED, Size.BIG]),
)
_VALUES = st.recursive(
    _HASHABLE
    | st.builds(
        Order, st.builds(Money, Amount=st.decimals(allow_nan=False, allow_infinity=False)), st.just(Colour.RED)
    ),
    lambda inner: st.one_of(
        st.lists(inner),
        st.lists(inner).map(tuple),
        st.sets(_HASHABLE),
        st.frozensets(_HASHABLE),
        st.dictionaries(st.text() | st.just("$kernbot") | _HASHABLE, inner),
    ),
    max_leaves=12,
)


@given(_VALUES)
def test_what_is_stored_comes_back(value: Any) -> None:
    """A value, through JSON and back, is equal and of the same type."""
    back = decode(json.loads(json.dumps(encode(value, "it"))))
    assert back == value
    assert type(back) is type(value)


@pytest.mark.parametrize("value", [math.inf, -math.inf])
def test_infinity_comes_back(value: float) -> None:
    """JSON has no word for it; the tag has."""
    assert decode(json.loads(json.dumps(encode(value, "it"), allow_nan=False))) == value


def test_not_a_number_comes_back() -> None:
    """It is not a number afterwards either."""
    assert math.isnan(decode(json.loads(json.dumps(encode(math.nan, "it"), allow_nan=False))))


class _Shouting(str):
    __slots__ = ()

    def __str__(self) -> str:
        return self.upper()


def test_a_subclass_of_a_json_type_is_stored_as_that_type() -> None:
    """The text itself is kept, not what its class makes of it."""
    assert encode(_Shouting("a"), "it") == "a"
    assert type(encode(_Shouting("a"), "it")) is str


def test_an_unknown_type_becomes_text() -> None:
    """With a warning that names where, and without touching what is beside it."""
    with pytest.warns(UserWarning, match="The output of step 'a' holds a complex"):
        assert encode([1, 2j], "The output of step 'a'") == [1, "2j"]


@pytest.mark.parametrize(
    ("tagged", "plain"),
    [
        (["model", {"a": 1}, "no.such.module:Thing"], {"a": 1}),
        (["model", {"Amount": "much"}, f"{__name__}:Money"], {"Amount": "much"}),
        (["dataclass", {"gone": 1}, f"{__name__}:Order"], {"gone": 1}),
        (["enum", 7, f"{__name__}:Colour"], 7),
        (["enum", 7, "os:system"], 7),
        (["from the future", [1]], [1]),
    ],
)
def test_loading_never_fails(tagged: Any, plain: Any) -> None:
    """What can't be rebuilt stays plain data, with a warning."""
    with pytest.warns(UserWarning, match="plain data is used"):
        assert decode({"$kernbot": tagged}) == plain


def test_nothing_but_data_classes_is_ever_called() -> None:
    """A name that is no model, dataclass or enum is refused, be it importable."""
    with pytest.warns(UserWarning, match="not such a class"):
        assert decode({"$kernbot": ["model", "echo", "builtins:str"]}) == "echo"


def test_the_canonical_form_does_not_depend_on_order() -> None:
    """Equal objects have one form and one digest."""
    assert canonical({"b": 1, "a": [1, "ä"]}) == '{"a":[1,"\\u00e4"],"b":1}'
    assert digest({"b": 1, "a": 2}) == digest({"a": 2, "b": 1})


def test_stored_types_read_as_json() -> None:
    """The stored form is a tag and a value that people can read."""
    assert encode(date(2026, 5, 1), "it") == {"$kernbot": ["date", "2026-05-01"]}
    assert encode(UUID(int=1), "it") == {"$kernbot": ["uuid", "00000000-0000-0000-0000-000000000001"]}
