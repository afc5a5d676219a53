"""Whatever an input schema asks for: Slack takes its form, and filled in, it gives what the model accepts."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import UTC, date, datetime, time
from decimal import Decimal
from enum import Enum
from typing import Any, Literal, Optional
from uuid import UUID

from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import BaseModel, Field, SecretStr, create_model

from kernbot.localslack.block_kit import check_view
from kernbot.localslack.elements import state_of
from kernbot.localslack.inputs import complaints
from kernbot.slack import ids
from kernbot.slack.listeners.start_fields import Filled, filled, read_filled, shape_of
from kernbot.slack.render.start_forms import start_form
from kernbot.slack.render.text import one_line
from kernbot.workflow.inputs import checked_input
from tests.slack.render_samples import TOKENS, strings
from tests.slack.test_render_properties import TRICKS

FORM_ID = "5f" * 16


class _Size(Enum):
    SMALL = "s"
    LARGE = 2
    ODD = "<!channel>"


class _Inner(BaseModel):
    count: int = 1
    label: str = "x"


_Many = Enum("_Many", {f"N{number}": f"value {number}" for number in range(101)})  # type: ignore[misc]
_NAMES = st.from_regex(r"[a-z][a-z0-9_]{0,90}", fullmatch=True).filter(
    lambda name: not hasattr(BaseModel, name) and not name.startswith("model_")
)
_WHEN = st.floats(631_152_000, 3_787_000_000).map(lambda at: datetime.fromtimestamp(at, UTC))
_TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\r"), max_size=60)
_TEXTS = _TEXT | st.sampled_from(TRICKS)
_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | _TEXT, lambda some: st.lists(some, max_size=3), max_leaves=4
)
_TYPES: list[tuple[Any, st.SearchStrategy[Any]]] = [
    (str, _TEXTS),
    (int, st.integers()),
    (float, st.floats(allow_nan=False, allow_infinity=False)),
    (bool, st.booleans()),
    (Decimal, st.decimals(allow_nan=False, allow_infinity=False)),
    (date, st.dates()),
    (datetime, _WHEN),
    (time, st.times()),
    (UUID, st.uuids()),
    (SecretStr, st.text(min_size=1).map(SecretStr)),
    (_Size, st.sampled_from(_Size)),
    (_Many, st.sampled_from(list(_Many))),
    (Literal["a", 1, True, "`x`"], st.sampled_from(["a", 1, True, "`x`"])),
    (list[_Size], st.lists(st.sampled_from(_Size), unique=True)),
    (list[str], st.lists(_TEXTS, max_size=4)),
    (list[int], st.lists(st.integers(), max_size=4)),
    (set[str], st.sets(_TEXT, max_size=3)),
    (dict[str, int], st.dictionaries(_TEXT, st.integers(), max_size=3)),
    (_Inner, st.builds(_Inner)),
    (list[_Inner], st.lists(st.builds(_Inner), max_size=2)),
    (tuple[int, str], st.tuples(st.integers(), _TEXT)),
    (Any, _JSON),
    (int | str, st.integers() | _TEXT),
]


@st.composite
def _fields(draw: st.DrawFn) -> tuple[Any, Any]:
    """Draw the type and the default of one field."""
    kind, values = draw(st.sampled_from(_TYPES))
    described = draw(st.none() | _TEXTS)
    if draw(st.booleans()):
        kind, values = Optional[kind], st.none() | values  # noqa: UP045 - not for each of them is there a bar
    return kind, Field(**({"default": draw(values)} if draw(st.booleans()) else {}), description=described)


SCHEMAS = st.dictionaries(_NAMES, _fields(), min_size=1, max_size=6).map(
    lambda fields: create_model("Drawn", **fields)  # type: ignore[call-overload]
)


def _view(start: Filled) -> dict[str, Any]:
    token = TOKENS.make(ids.START_FORM, FORM_ID, shape_of("it", start))
    view = start_form("it", "what it does", "C01OPS", start.fields, start.notes, form_id=FORM_ID, token=token)
    assert check_view(view) == []
    return view


def _fill_in(view: Mapping[str, Any], texts: Mapping[str, str]) -> dict[str, Any]:
    """Fill in what is required and still empty; return the state."""
    values: dict[tuple[str, str], Any] = {}
    for block in view["blocks"]:
        if block["type"] != "input" or block["block_id"] not in complaints([block], {}):
            continue
        element = block["element"]
        options = element.get("options") or [o for group in element.get("option_groups", []) for o in group["options"]]
        many = element["type"] in ("checkboxes", "multi_static_select")
        filled_in = (options[:1] if many else options[0]) if options else texts[block["block_id"]]
        values[block["block_id"], element["action_id"]] = filled_in
    return state_of(view["blocks"], values)


_TYPED = {
    "int": "12",
    "float": "0.5",
    "decimal": "0.5",
    "date": "2026-12-31",
    "datetime": "2026-12-31 14:30",
    "list": "[]",
    "dict": "{}",
    "lines": "one",
    "any": "12",
}
_TYPED_FOR = {"time": "14:30", "UUID": str(UUID(int=1)), "tuple": '[1, "a"]'}


def _texts(schema: type[BaseModel], start: Filled) -> dict[str, str]:
    """Return what to type into each field."""
    texts: dict[str, str] = {}
    for number, field in enumerate(start.fields):
        kind = str(schema.model_fields[field.name].annotation)
        special = next((text for name, text in _TYPED_FOR.items() if re.search(rf"\b{name}\b", kind)), None)
        texts[f"field.{number}"] = special or _TYPED.get(field.field_type, "a text")
    return texts


@given(SCHEMAS, st.sampled_from(["UTC", "America/New_York", "Asia/Kathmandu"]))
def test_a_form_as_it_is_shown_gives_the_models_own_defaults(schema: type[BaseModel], zone: str) -> None:
    """Every name is shown; what is left as it was is what the model says, and what is required is accepted."""
    start = filled(schema, None, zone)
    view = _view(start)
    shown = " ".join(strings(view["blocks"]))
    assert all(one_line(name)[:70] in shown for name in schema.model_fields)
    given_input, errors = read_filled(schema, start, _fill_in(view, _texts(schema, start)))
    assert errors == {}
    required = {name for name, info in schema.model_fields.items() if info.is_required()}
    assert set(json.loads(given_input)) <= required
    assert isinstance(checked_input(schema, given_input), schema)


@st.composite
def _instances(draw: st.DrawFn) -> tuple[type[BaseModel], dict[str, Any]]:
    """Draw a schema without defaults, and values that it accepts, as JSON."""
    kinds = draw(st.dictionaries(_NAMES, st.sampled_from(_TYPES), min_size=1, max_size=5))
    schema = create_model("Drawn", **{name: (kind, ...) for name, (kind, _) in kinds.items()})  # type: ignore[call-overload]
    drawn = schema(**{name: draw(values) for name, (_, values) in kinds.items()})
    plain = json.loads(drawn.model_dump_json())
    secrets = {name: getattr(drawn, name).get_secret_value() for name, (kind, _) in kinds.items() if kind is SecretStr}
    return schema, plain | secrets


@given(_instances())
def test_what_is_typed_as_json_starts_it(drawn: tuple[type[BaseModel], dict[str, Any]]) -> None:
    """What the model accepts is accepted on the command line, and the model is the same."""
    schema, plain = drawn
    start = filled(schema, json.dumps(plain), "UTC")
    assert start.is_ready, (start.notes, [field.problem for field in start.fields])
    assert checked_input(schema, start.given) == checked_input(schema, json.dumps(plain))
    _view(start)


@settings(max_examples=60)
@given(SCHEMAS, st.text(max_size=60) | st.sampled_from([*TRICKS, '{"a": 1', "a=1 b", '{"a": {"b": [1]}}']))
def test_whatever_is_typed_the_form_can_be_shown(schema: type[BaseModel], typed: str) -> None:
    """Slack takes it, and no foreign text makes a mention or a link."""
    name = next(iter(schema.model_fields))
    for text in (typed, f"{name}={typed}", json.dumps({name: typed, typed: 1})):
        view = _view(filled(schema, text, "UTC"))
        said = " ".join(block["text"]["text"] for block in view["blocks"] if block["type"] == "section")
        assert "<" not in said
