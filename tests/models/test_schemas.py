"""Schemas in their strict form."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any, Literal

import pytest
from pydantic import BaseModel, Field, create_model

from kernbot.models.openai.schemas import output_format, strict_form
from tests.models.wire import check_strict


class Mood(StrEnum):
    """A choice."""

    GOOD = "good"
    BAD = "bad"


class Person(BaseModel):
    """A form within a form."""

    name: str
    boss: Person | None = None


class Report(BaseModel):
    """A form with all that a strict one may hold."""

    title: str = "none"
    at: datetime
    mood: Mood = Field(default=Mood.GOOD, description="How it went.")
    kind: Literal["short", "long"] = "short"
    score: float | None = Field(default=None, ge=0, examples=[0.5])
    author: Person = Field(description="Who wrote it.")
    readers: list[Person] = Field(default_factory=list, max_length=9)


def test_a_strict_form_has_every_property_and_no_other() -> None:
    """What may be left out is asked for all the same, at every depth; remarks that bind nobody are dropped."""
    strict = strict_form(Report.model_json_schema())
    assert strict
    check_strict(strict)
    assert set(strict["required"]) == set(Report.model_fields)
    assert strict["$defs"]["Person"]["required"] == ["name", "boss"]
    assert strict["properties"]["title"] == {"title": "Title", "type": "string"}
    assert strict["properties"]["author"] == {"description": "Who wrote it.", "anyOf": [{"$ref": "#/$defs/Person"}]}


def test_the_schema_that_is_given_stays_as_it_is() -> None:
    """A strict form is a new one."""
    schema = Report.model_json_schema()
    strict_form(schema)
    assert schema == Report.model_json_schema()


@pytest.mark.parametrize(
    "field",
    [dict[str, int], dict, Any, tuple[int, str], Annotated[str, Field(max_length=3)], list[dict[str, Any]], bytes],
)
def test_what_strict_schemas_cannot_say_has_no_strict_form(field: Any) -> None:
    """Free keys, values of any type, tuples, lengths of texts and unknown formats have none, at any depth."""
    model = create_model("Loose", field=(field, ...))
    assert strict_form(model.model_json_schema()) is None
    assert output_format(model) == {"name": "Loose", "schema": model.model_json_schema(), "strict": False}


def test_a_form_that_holds_itself_begins_with_an_object() -> None:
    """A recursive form is strict, and its schema an object at its root."""
    form = output_format(Person)
    assert (form["strict"], form["schema"]["type"], form["schema"]["required"]) == (True, "object", ["name", "boss"])


def test_a_form_has_a_name_that_servers_take() -> None:
    """It holds letters, digits, `_` and `-`, and at most 64 of them."""
    assert output_format(create_model("Page[Größe]" + "x" * 80))["name"] == "Page_Gr__e_" + "x" * 53
