"""What a model is told of a tool."""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING, Annotated, Any, Literal

import pytest
from pydantic import BaseModel, Field

from kernbot.tools import tool

if TYPE_CHECKING:
    from kernbot.run import RunContext


class Size(Enum):
    """How big."""

    small = "S"
    large = "L"


class Address(BaseModel):
    """Where."""

    street: str
    city: str = "Oslo"


def _schema_of(hint: Any) -> Any:
    def take(value: Any) -> None: ...

    take.__annotations__["value"] = hint
    return tool(take).parameters["properties"]["value"]


@pytest.mark.parametrize(
    ("hint", "schema"),
    [
        (str, {"type": "string"}),
        (list[int], {"type": "array", "items": {"type": "integer"}}),
        (Literal["a", "b"], {"type": "string", "enum": ["a", "b"]}),
        (float | None, {"anyOf": [{"type": "number"}, {"type": "null"}]}),
        (
            Annotated[int, Field(ge=1, description="How many.")],
            {"type": "integer", "minimum": 1, "description": "How many."},
        ),
        (Size, {"$ref": "#/$defs/Size"}),
        (Any, {}),
    ],
)
def test_a_type_hint_becomes_json_schema(hint: Any, schema: dict[str, Any]) -> None:
    """The schema is that of pydantic, without titles."""
    assert _schema_of(hint) == schema


def test_models_are_defined_once() -> None:
    """What several parameters share stands under `$defs`."""

    @tool
    def move(start: Address, end: Address) -> None: ...

    assert move.parameters["properties"]["end"] == {"$ref": "#/$defs/Address"}
    assert list(move.parameters["$defs"]) == ["Address"]


def test_parameters_without_a_default_are_required() -> None:
    """Defaults are told, nothing else is allowed, and a default of None allows null."""

    @tool
    def order(item: str, amount: int = 2, note: str = None) -> None: ...  # type: ignore[assignment]  # noqa: RUF013

    assert order.parameters["required"] == ["item"]
    assert order.parameters["additionalProperties"] is False
    assert order.parameters["properties"]["amount"]["default"] == 2
    assert {"type": "null"} in order.parameters["properties"]["note"]["anyOf"]


def test_what_people_fill_in_is_not_required_of_the_model() -> None:
    """The model may guess it, and need not."""

    @tool(user_input_fields=["to"])
    def pay(amount: float, to: str) -> None: ...

    assert pay.parameters["required"] == ["amount"]
    assert "to" in pay.parameters["properties"]


def test_what_is_injected_is_hidden_from_the_model() -> None:
    """Its names appear in no schema, even where their types aren't imported, and the model may not give them."""

    @tool
    def count(step: int, run_context: RunContext, session_state: dict[str, Any], agent: Any, team: Any) -> None: ...

    assert list(count.parameters["properties"]) == ["step"]
    with pytest.raises(ValueError, match="'run_context' is no argument"):
        count.checked({"step": 1, "run_context": {}})


def test_google_docstrings_describe_the_arguments() -> None:
    """The description ends before the sections; descriptions may go on in the next line and may hold colons."""

    @tool
    def pay(amount: float, to: str) -> str:
        """Pay somebody.

        At once.

        Args:
            amount (float): How much: in
                euros.
            to: Whom (by name).

        Returns:
            str: A receipt.
        """
        return f"{amount} {to}"

    assert pay.description == "Pay somebody.\n\nAt once."
    described = {name: item["description"] for name, item in pay.parameters["properties"].items()}
    assert described == {"amount": "How much: in euros.", "to": "Whom (by name)."}


def test_sphinx_docstrings_describe_the_arguments() -> None:
    """`:param name:` lines are read too, with or without a type."""

    @tool
    def pay(amount: float, to: str) -> str:
        """Pay somebody.

        :param float amount: How
            much.
        :param to: Whom.
        :returns: A receipt.
        """
        return f"{amount} {to}"

    assert pay.description == "Pay somebody."
    described = {name: item["description"] for name, item in pay.parameters["properties"].items()}
    assert described == {"amount": "How much.", "to": "Whom."}


def test_a_hint_of_its_own_wins_over_the_docstring() -> None:
    """A description in the annotation stays."""

    @tool
    def pay(amount: Annotated[float, Field(description="Euros.")]) -> None:
        """Pay.

        Args:
            amount: Dollars.
        """

    assert pay.parameters["properties"]["amount"]["description"] == "Euros."
