"""Arguments of a model: checked, completed by people, and shown without what is secret."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from enum import Enum
from typing import Any, Literal

import pytest
from pydantic import BaseModel

from kernbot.run.tool_execution import UserInputField
from kernbot.tools import ToolArgumentError, tool
from kernbot.workflow.fields import checked_values


class Size(Enum):
    """How big."""

    small = "S"
    large = "L"


class Address(BaseModel):
    """Where."""

    street: str


@tool(user_input_fields=["to", "note"])
def send_money(amount: float, to: str, note: str | None, currency: str = "EUR") -> str:
    """Send money.

    Args:
        to: Whom to.
    """
    return f"{amount} {currency} {to} {note}"


@tool(secret_args=["pin"])
def unlock(door: int, pin: int) -> None:
    """Unlock a door."""


def test_checked_arguments_are_as_the_function_takes_them() -> None:
    """JSON becomes the types of the hints; what isn't given is left to the defaults."""

    @tool
    def order(when: date, price: Decimal, size: Size, to: Address, amount: int = 1) -> None: ...

    given = {"when": "2026-01-31", "price": "2.50", "size": "L", "to": {"street": "A"}}
    assert order.checked(given) == {
        "when": date(2026, 1, 31),
        "price": Decimal("2.50"),
        "size": Size.large,
        "to": Address(street="A"),
    }


def test_each_wrong_argument_is_named_to_the_model() -> None:
    """One error lists the unknown, the missing and the wrong ones."""

    @tool
    def order(item: str, amount: int, to: Address) -> None: ...

    with pytest.raises(ToolArgumentError) as caught:
        order.checked({"amount": "many", "to": {}, "colour": "red"})
    assert str(caught.value) == (
        "Tool 'order' was not called: 'item' is missing; "
        "'amount' is wrong: Input should be a valid integer, unable to parse string as an integer; "
        "'to' is wrong: (street) Field required; 'colour' is no argument of it. "
        "Correct the arguments and call it again."
    )


def test_what_people_fill_in_may_be_missing_or_wrong() -> None:
    """Names in `without` are left out, whatever the model gave for them."""
    assert send_money.checked({"amount": 5, "to": 7}, without=["to", "note"]) == {"amount": 5.0}


def test_a_secret_is_in_no_error_and_not_shown() -> None:
    """A wrong secret is only called wrong; masked arguments show dots."""
    with pytest.raises(ToolArgumentError) as caught:
        unlock.checked({"door": 1, "pin": "hunter2"})
    assert "'pin' is wrong." in str(caught.value)
    assert "hunter2" not in str(caught.value)
    assert caught.value.__context__ is None
    assert unlock.masked({"door": 1, "pin": 1234}) == {"door": 1, "pin": "•••••••• hidden, 4 characters"}


def test_fields_to_fill_are_empty_whatever_the_model_guessed() -> None:
    """The guess is a suggestion; the other arguments have the model's value, in the order of the parameters."""
    amount, to, note = send_money.fields_to_fill({"amount": "5", "to": "Bob"})
    assert (amount.name, amount.field_type, amount.value) == ("amount", "float", 5.0)
    assert (to.value, to.suggestion, to.required, to.description) == (None, "Bob", True, "Whom to.")
    assert (note.value, note.suggestion, note.required) == (None, None, False)


def test_all_parameters_are_asked_where_none_is_named() -> None:
    """`requires_user_input` alone asks for everything."""

    @tool(requires_user_input=True)
    def order(item: str, amount: int = 1) -> None: ...

    fields = order.fields_to_fill({"item": "tea", "amount": "lots"})
    assert [(item.value, item.suggestion, item.required) for item in fields] == [
        (None, "tea", True),
        (None, "lots", False),
    ]


def test_wrong_arguments_ask_nobody() -> None:
    """A model's mistake in what people don't fill in goes back to the model."""
    with pytest.raises(ToolArgumentError, match="'amount'"):
        send_money.fields_to_fill({"amount": "much"})


@pytest.mark.parametrize(
    ("hint", "field_type", "allowed", "required"),
    [
        (str, "str", None, True),
        (int, "int", None, True),
        (float, "float", None, True),
        (bool, "bool", None, True),
        (list[str], "list", None, True),
        (set[int], "list", None, True),
        (dict[str, int], "dict", None, True),
        (Address, "dict", None, True),
        (date, "str", None, True),
        (Decimal, "str", None, True),
        (Any, "str", None, True),
        (int | str, "str", None, True),
        (int | None, "int", None, False),
        (Literal["a", "b"], "str", ["a", "b"], True),
        (Literal[1, 2], "int", [1, 2], True),
        (Literal["a", None], "str", ["a"], False),  # noqa: PYI061 - authors write it so
        (Literal["a", 1], "str", None, True),
        (Size, "str", ["S", "L"], True),
        (Size | None, "str", ["S", "L"], False),
    ],
)
def test_a_field_has_the_type_of_its_parameter(
    hint: Any, field_type: str, allowed: list[Any] | None, required: bool
) -> None:
    """Types that people don't type in become text; choices are listed; what may be None may be left empty."""

    def take(value: Any) -> None: ...

    take.__annotations__["value"] = hint
    (field,) = tool(requires_user_input=True)(take).fields_to_fill({})
    assert (field.field_type, field.allowed_values, field.required) == (field_type, allowed, required)


def test_a_value_of_open_type_says_which_field_it_needs() -> None:
    """Where the hint leaves the type open, the field beside the asked ones has that of the model's value."""

    @tool(user_input_fields=["to"])
    def send(what: Any, to: str) -> None: ...

    assert send.fields_to_fill({"what": {"a": 1}})[0].field_type == "dict"
    assert send.fields_to_fill({"what": "tea"})[0].field_type == "str"


def test_filled_arguments_hold_no_guess_of_the_model() -> None:
    """What people left empty is None or the default, and what they changed is changed."""
    guessed = {"amount": 5, "to": "Bob", "note": "guess"}
    values = checked_values(send_money.fields_to_fill(guessed), {"to": "Eve", "amount": 6.0})
    filled = send_money.filled(guessed, values)
    assert filled == {"amount": 6.0, "to": "Eve", "note": None}
    assert send_money.entrypoint(**send_money.checked(filled)) == "6.0 EUR Eve None"


def test_secrets_are_shown_to_nobody_who_fills_in_the_rest() -> None:
    """A secret that isn't asked for is left out and kept; an asked one is asked without the guess."""

    @tool(user_input_fields=["door"], secret_args=["pin"])
    def open_door(door: str, pin: int) -> None: ...

    @tool(user_input_fields=["pin"], secret_args=["pin"])
    def unlock_door(pin: int) -> None: ...

    assert [item.name for item in open_door.fields_to_fill({"pin": 1234})] == ["door"]
    assert open_door.filled({"pin": 1234}, {"door": "back"}) == {"door": "back", "pin": 1234}
    (asked,) = unlock_door.fields_to_fill({"pin": 1234})
    assert (asked.suggestion, asked.problem_with("hunter2")) == (
        None,
        "must be a whole number, and one that is allowed",
    )


def test_a_field_of_a_secret_still_says_that_it_is_missing() -> None:
    """Only what was given is hidden."""
    field = UserInputField(name="pin", field_type="int", secret=True)
    assert (field.problem_with(None), field.problem_with(1)) == ("is required", None)


def test_editable_arguments_are_offered_with_their_values() -> None:
    """Whoever confirms may change these and no others."""

    @tool(requires_confirmation=True, editable=["message"])
    def warn(city: str, message: str = "rain") -> None: ...

    (message,) = warn.fields_to_fill({"city": "Oslo", "message": "storm"})
    assert (message.name, message.value) == ("message", "storm")
    assert warn.filled({"city": "Oslo", "message": "storm"}, {}) == {"city": "Oslo"}


def test_a_tool_that_asks_for_nothing_has_no_fields() -> None:
    """Confirmation alone fills nothing in."""
    assert unlock.fields_to_fill({"door": 1, "pin": 2}) == []
    assert unlock.questions_to_ask({"door": 1, "pin": 2}) == []
