"""From what was typed into a form to values, or to what is wrong."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernbot.slack.parse.fields import read_fields, typed_texts
from kernbot.slack.render.facts import FieldFacts


def field(field_type: str = "str", **given: Any) -> FieldFacts:
    """Return a field called `it`."""
    return FieldFacts(name="it", field_type=field_type, **given)


def state(value: str | None = None, *, option: str | None = None) -> dict[str, Any]:
    """Return the state of a form with one field."""
    chosen = {"selected_option": {"value": option}} if option else {}
    return {"field.0": {"input.0": {"type": "any", "value": value, **chosen}}}


@pytest.mark.parametrize(
    ("field_type", "typed", "value"),
    [
        ("str", " as typed ", " as typed "),
        ("int", " 12 ", 12),
        ("int", "-3", -3),
        ("int", "+7", 7),
        ("float", " 0.7", 0.7),
        ("float", "7", 7.0),
        ("float", "-.5", -0.5),
        ("float", "1e3", 1000.0),
        ("list", '["a", 1]', ["a", 1]),
        ("dict", '{"a": {"b": null}}', {"a": {"b": None}}),
    ],
)
def test_what_was_typed_becomes_a_value_of_its_type(field_type: str, typed: str, value: object) -> None:
    """Numbers may stand among blanks; a text is taken as it is."""
    values, errors = read_fields([field(field_type)], state(typed))
    assert (values, errors) == ({"it": value}, {})
    assert type(values["it"]) is type(value)


@pytest.mark.parametrize(
    ("field_type", "typed", "error"),
    [
        ("int", "twelve", "“twelve” is not a whole number. Type one such as 12."),
        ("int", "1.5", "“1.5” is not a whole number. Type one such as 12."),
        ("int", "1_000", "“1_000” is not a whole number. Type one such as 12."),
        ("int", "١٢", "“١٢” is not a whole number. Type one such as 12."),
        ("float", "abc", "“abc” is not a number. Type one such as 0.7."),
        ("float", "0,7", "“0,7” is not a number. Type one such as 0.7."),
        ("float", "nan", "“nan” is not a number. Type one such as 0.7."),
        ("float", "-inf", "“-inf” is not a number. Type one such as 0.7."),
        ("float", "1e999", "“1e999” is not a number. Type one such as 0.7."),
        ("list", '{"a": 1}', '“{"a": 1}” is not a list in JSON. Type one such as ["a", "b"].'),
        ("dict", "[1]", '“[1]” is not an object in JSON. Type one such as {"name": "value"}.'),
        (
            "list",
            "[1,\n 2",
            'This is not JSON: Expecting \',\' delimiter at line 2, column 3. Type one such as ["a", "b"].',
        ),
        ("list", "[NaN]", "This holds a number, text or nesting that JSON can't carry."),
        ("list", "[1e999]", "This holds a number, text or nesting that JSON can't carry."),
        ("list", '["\\ud83d"]', "This holds a number, text or nesting that JSON can't carry."),
        ("str", "  ", "This is required."),
        ("int", None, "This is required."),
    ],
)
def test_what_is_wrong_is_said_at_the_field(field_type: str, typed: str | None, error: str) -> None:
    """The error names what was typed, what it should be, and an example."""
    assert read_fields([field(field_type)], state(typed)) == ({}, {"field.0": error})


def test_a_text_that_is_nested_without_end_is_refused() -> None:
    """However deep this Python can read, it is an error at the field."""
    assert read_fields([field("list")], state("[" * 3_000))[1].keys() == {"field.0"}


def test_a_long_wrong_value_is_cut_in_its_error() -> None:
    """The error stays readable, and shows nothing that can't be seen."""
    _, errors = read_fields([field("int")], state("x\u202e" * 100))
    assert len(errors["field.0"]) < 120
    assert "\u202e" not in errors["field.0"]


@pytest.mark.parametrize(
    ("given_field", "option", "value"),
    [
        (field("bool"), "0.0", True),
        (field("bool"), "0.1", False),
        (field("int", allowed_values=[1, 2]), "0.1", 2),
        (field("str", allowed_values=["a", "b"]), "0.0", "a"),
        (field("dict", allowed_values=[{"a": 1}]), "0.0", {"a": 1}),
    ],
)
def test_a_choice_becomes_the_value_that_was_allowed(given_field: FieldFacts, option: str, value: object) -> None:
    """A choice is told by its place, so it keeps its type."""
    values, _ = read_fields([given_field], state(option=option))
    assert values == {"it": value}
    assert type(values["it"]) is type(value)


@pytest.mark.parametrize("option", ["0.2", "1.0", "Yes", "0.-1"])
def test_a_choice_that_was_not_offered_is_refused(option: str) -> None:
    """What does not name a place among the choices is no choice."""
    _, errors = read_fields([field("bool")], state(option=option))
    assert errors == {"field.0": "This is not one of the choices. Choose again."}
    assert typed_texts([field("bool")], state(option=option)) == []


def test_an_optional_field_that_was_emptied_is_none() -> None:
    """Emptying a field takes its default away."""
    assert read_fields([field("int", required=False, default=3)], state()) == ({"it": None}, {})
    assert read_fields([field("bool", required=False)], {}) == ({"it": None}, {})


def test_a_default_that_could_not_be_shown_is_left_to_stand() -> None:
    """A field whose default no input holds is left out when it stays empty."""
    long = field(default="x" * 5_000)
    assert read_fields([long], state()) == ({}, {})
    assert read_fields([long], state("short")) == ({"it": "short"}, {})


def test_all_fields_are_read_at_once() -> None:
    """Each field has its own block, and one that is wrong hides none of the others."""
    fields = [FieldFacts(name="a", field_type="int"), FieldFacts(name="b", field_type="float")]
    both = {"field.0": {"input.0": {"value": "x"}}, "field.1": {"input.1": {"value": "1.5"}}}
    assert read_fields(fields, both) == ({"b": 1.5}, {"field.0": "“x” is not a whole number. Type one such as 12."})


def test_typed_texts_are_what_the_person_saw() -> None:
    """Texts are as typed, choices as their labels, empty fields are left out."""
    fields = [field(), FieldFacts(name="sure", field_type="bool"), FieldFacts(name="empty", field_type="int")]
    typed = {**state("abc"), "field.1": {"input.1": {"selected_option": {"value": "1.1"}}}}
    assert typed_texts(fields, typed) == [("it", "abc"), ("sure", "No")]


@given(st.text(max_size=60), st.sampled_from(["int", "float", "list", "dict", "str"]))
def test_any_text_is_a_value_or_an_error(typed: str, field_type: str) -> None:
    """Whatever is typed, there is exactly one of the two."""
    values, errors = read_fields([field(field_type)], state(typed))
    assert len(values) + len(errors) == 1
