"""The fields of a start form: made from an input schema, filled in with what was typed, and read back."""

from __future__ import annotations

import json
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import pytest
from pydantic import BaseModel, ConfigDict, Field, NaiveDatetime, RootModel, SecretStr, create_model, model_validator

from kernbot.localslack.block_kit import check_view
from kernbot.slack.listeners.start_fields import Filled, errors_of, filled, read_filled
from kernbot.slack.render.inputs import input_blocks
from kernbot.slack.render.start_forms import start_form, typed_in
from kernbot.workflow.inputs import InputError, checked_input
from tests.slack.render_samples import strings


class _Order(BaseModel):
    region: str
    units: int = 1
    password: str = ""
    token: SecretStr | None = None
    tags: list[str] = []


def _state(**typed: Any) -> dict[str, Any]:
    """Return the state of a form by the numbers of its fields: `f0="text"`."""
    return {f"field.{name[1:]}": {f"input.{name[1:]}": {"value": value}} for name, value in typed.items()}


def _view(start: Filled) -> dict[str, Any]:
    view = start_form("it", None, "C01OPS", start.fields, start.notes, form_id="5f" * 16, token="k1.x")
    assert check_view(view) == []
    return view


def _read(schema: type[BaseModel], **typed: Any) -> Any:
    """Return the input that a form gives in which this was typed."""
    given, errors = read_filled(schema, filled(schema, None, "Europe/Berlin"), _state(**typed))
    assert errors == {}
    return checked_input(schema, given)


class _Kinds(BaseModel):
    amount: Decimal
    day: date
    moment: datetime
    local: NaiveDatetime
    lines: list[str]
    anything: Any


def test_each_kind_is_read_as_it_is_typed() -> None:
    """A time in the zone of the person; a model that wants none gets it in UTC, without one."""
    read = _read(
        _Kinds,
        f0="0.10",
        f1="2026-12-31",
        f2="2026-07-01 14:30",
        f3="2026-07-01 14:30",
        f4="one\n\n two ",
        f5='{"a": 1}',
    )
    assert (read.amount, read.day) == (Decimal("0.10"), date(2026, 12, 31))
    assert (read.lines, read.anything) == (["one", "two"], {"a": 1})
    assert read.moment.isoformat() == "2026-07-01T12:30:00+00:00"
    assert read.local.isoformat() == "2026-07-01T12:30:00"


def test_a_time_without_a_zone_is_taken_from_the_command_line_too() -> None:
    """By name as in the form; one with a zone of its own keeps it."""
    model = create_model("Model", local=(NaiveDatetime, ...), moment=(datetime, ...))
    start = filled(model, "local='2026-07-01 14:30' moment=2026-07-01T14:30+05:30", "Europe/Berlin")
    assert start.is_ready
    assert json.loads(start.given) == {"local": "2026-07-01T12:30:00", "moment": "2026-07-01T09:00:00Z"}


def test_an_empty_field_has_its_own_meaning_in_each_type() -> None:
    """An emptied text or list is empty, what may be null is null, and any other default stays."""
    made = Field(default_factory=lambda: ["new"])
    kinds = {"text": (str, "x"), "many": (list[str], ["x"]), "maybe": (int | None, 3), "made": (list[str], made)}
    model = create_model("Model", **kinds)  # type: ignore[call-overload]
    read = _read(model, f0="", f1="", f2="", f3="")
    assert read.model_dump() == {"text": "", "many": [], "maybe": None, "made": ["new"]}


def test_a_text_that_no_field_holds_is_used_all_the_same() -> None:
    """The form shows it above the field, which says how to leave it; without a schema as with one."""
    text = "word " * 1_000
    for schema in (None, _Order):
        start = filled(schema, text, "UTC")
        view = _view(start)
        assert "all that you typed is used, 5,000 characters." in " ".join(strings(view["blocks"]))
        assert any("word word" in said for said in strings(view["blocks"]))
        given, errors = read_filled(schema, start, _state(f1="1"))
        assert errors == {}
        assert given == text if schema is None else json.loads(given) == {"region": text}


def test_what_is_secret_is_in_no_block() -> None:
    """By its type or by its name, given by name or as JSON, right or wrong, and where it has another's name."""
    for typed in (
        "region=EU password=hunter2 token=hunter2",
        '{"region": 1, "password": "hunter2", "token": "hunter2"}',
        "passwort=hunter2",
        "tokn=hunter2",
        "password hunter2",
        '{"password": "hunter2"',
    ):
        view = _view(filled(_Order, typed, "UTC"))
        shown = [said for said in strings(view["blocks"]) if "hunter2" in said]
        assert not shown or typed == "password hunter2", (typed, shown)


def test_what_was_typed_is_masked_where_it_is_shown_to_be_copied() -> None:
    """The view itself tells which fields are secret: its workflow may not be known any more."""
    view = _view(filled(_Order, None, "UTC")) | {"state": {"values": _state(f0="EU", f2="hunter2", f3="hunter3")}}
    typed = dict(typed_in(view))
    assert typed["region"] == "EU"
    assert "hunter" not in str([typed["password"], typed["token"]])


def test_a_default_that_is_secret_is_not_shown_and_holds() -> None:
    """Nothing typed stands for it."""
    model = create_model("Model", api_key=(str, "hunter2"))
    start = filled(model, None, "UTC")
    assert "hunter2" not in str(_view(start))
    assert _read(model, f0="").api_key == "hunter2"


class _Range(BaseModel):
    low: int
    high: int

    @model_validator(mode="after")
    def _in_order(self) -> _Range:
        if self.low > self.high:
            raise ValueError("low must not be above high")
        return self


def test_what_is_wrong_with_the_whole_is_said_above_it_or_at_the_first_field() -> None:
    """On the command line before all fields; once a form was sent, where Slack has room for it."""
    start = filled(_Range, "low=2 high=1", "UTC")
    assert start.notes == ["*Please correct:* low must not be above high."]
    with pytest.raises(InputError) as refused:
        checked_input(_Range, '{"low": 2, "high": 1}')
    assert errors_of(refused.value, start.fields) == {"field.0": "low must not be above high."}


def test_what_is_wrong_within_a_value_is_said_with_its_place() -> None:
    """Of a nested model, whose parts are named in the hint."""
    model = create_model("Model", range=(_Range, ...), ranges=(list[_Range], []))
    start = filled(model, '{"range": {"low": "x"}, "ranges": [{"low": 1, "high": "y"}]}', "UTC")
    problems = [field.problem or "" for field in start.fields]
    assert "low: Input should be a valid integer" in problems[0]
    assert "0.high: Input should be a valid integer" in problems[1]
    assert start.fields[0].description == "With low, high."


def test_more_fields_than_a_modal_holds_are_typed_as_json() -> None:
    """One field then names them all, and takes what the model does."""
    model = create_model("Model", **{f"field_{number}": (int, ...) for number in range(91)})  # type: ignore[call-overload]
    start = filled(model, None, "UTC")
    [field] = start.fields
    assert "field_90" in str(field.description)
    _view(start)
    values = {f"field_{number}": number for number in range(91)}
    given, errors = read_filled(model, start, _state(f0=json.dumps(values)))
    assert errors == {}
    assert checked_input(model, given).model_dump() == values
    assert filled(model, json.dumps(values), "UTC").is_ready
    with pytest.raises(InputError) as refused:
        checked_input(model, json.dumps(values | {"field_3": "x"}))
    assert errors_of(refused.value, start.fields)["field.0"].startswith("field_3: Input should be a valid integer")


def test_sixty_fields_with_as_many_problems_fit() -> None:
    """What has no room above its field is said at the submit again."""
    model = create_model("Model", **{f"field_{number}": (int, ...) for number in range(60)})  # type: ignore[call-overload]
    start = filled(model, " ".join(f"field_{number}=x" for number in range(60)), "UTC")
    view = _view(start)
    assert sum(block["type"] == "input" for block in view["blocks"]) == 60
    assert sum(block["type"] == "section" for block in view["blocks"]) > 30


def test_an_input_without_names_has_one_field() -> None:
    """Of the type that it has."""

    class Tags(RootModel[list[str]]):
        pass

    assert _read(Tags, f0="one\ntwo").root == ["one", "two"]
    assert filled(Tags, "one\ntwo", "UTC").is_ready
    assert not filled(Tags, None, "UTC").is_ready


def test_other_names_are_taken_where_the_model_takes_them() -> None:
    """Elsewhere they are left out, and said."""

    class Open(BaseModel):
        model_config = ConfigDict(extra="allow")
        region: str

    start = filled(Open, "region=EU color=red", "UTC")
    assert start.is_ready
    assert json.loads(start.given) == {"region": "EU", "color": "red"}
    assert not filled(_Order, "region=EU color=red", "UTC").is_ready


def test_a_title_an_alias_and_a_long_text() -> None:
    """The field has the name that its JSON has; the title stands in the hint."""

    class Model(BaseModel):
        note: str = Field(alias="the note", title="Note", json_schema_extra={"multiline": True})

    start = filled(Model, '"the note"="two words"', "UTC")
    assert start.is_ready
    [block] = input_blocks(start.fields)
    assert block["label"]["text"] == "the note"
    assert block["element"]["multiline"]
    assert block["hint"]["text"] == "Note"


def test_words_without_a_name_stand_in_a_long_text_if_there_is_one() -> None:
    """Else in the first one that was not given; a form is needed to see which."""
    long = Field(json_schema_extra={"multiline": True})
    model = create_model("Model", head=(str, ...), body=(str, long), password=(str, "x"))
    for typed, texts in (("so be it", [None, "so be it"]), ("body=b so be it", ["so be it", "b"])):
        start = filled(model, typed, "UTC")
        assert [field.typed for field in start.fields] == [*texts, None]
        assert not start.is_ready


def test_choices_by_name_are_found_whatever_their_case() -> None:
    """Several are separated by commas; yes and no may be spelt as in Python."""

    class Model(BaseModel):
        urgent: bool
        sizes: list[Any] = Field(json_schema_extra={"items": {"enum": ["S", "L"]}})

    start = filled(Model, "urgent=YES sizes=l,S", "UTC")
    assert json.loads(start.given) == {"urgent": True, "sizes": ["S", "L"]}
    assert json.loads(filled(Model, "urgent=false sizes=L", "UTC").given)["urgent"] is False
