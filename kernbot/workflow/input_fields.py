"""What a workflow's input is made of, as the fields of a form: read from its pydantic model."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from pydantic import BaseModel
from pydantic.json_schema import GenerateJsonSchema

from kernbot.run.masking import is_secret_name
from kernbot.workflow.shapes import Schema, Shape, parts_of, resolved, shape_of

InputType = Literal["str", "int", "float", "decimal", "bool", "date", "datetime", "lines", "list", "dict", "any"]
"""`lines` is a list of texts, `any` whatever JSON can hold; a decimal, date or datetime is a text in JSON."""

InputSchema = type[BaseModel] | None

WHOLE = "Input"
"""The name of the one field that stands for a whole input."""

_LONG_TEXT = 150
_KINDS_ARE_SAID = {"type", "enum", "const", "anyOf", "oneOf", "$ref"}
_RULES = {
    "minimum": "At least {}.",
    "exclusiveMinimum": "More than {}.",
    "maximum": "At most {}.",
    "exclusiveMaximum": "Less than {}.",
    "multipleOf": "A multiple of {}.",
    "minLength": "At least {} characters.",
    "maxLength": "At most {} characters.",
    "minItems": "At least {} of them.",
    "maxItems": "At most {} of them.",
    "pattern": "It must match {}.",
}


class _LeftOut:
    """Says that a field that is left empty is no part of the input, so that the model's own default holds."""


LEFT_OUT = _LeftOut()


@dataclass(frozen=True, kw_only=True)
class InputField:
    """One value of an input."""

    name: str
    field_type: InputType
    description: str
    """The author's words, then the rules for the value."""
    default: Any = None
    """As JSON; None too for a default that can't be shown, because it is secret or made anew each time."""
    is_required: bool = True
    """Whether something must be filled in."""
    empty: Any = LEFT_OUT
    """What it means if nothing is."""
    allowed_values: Sequence[Any] | None = None
    several: bool = False
    """Whether several of the allowed values may be chosen."""
    is_secret: bool = False
    is_long: bool = False
    """Whether a text of several lines is expected."""
    is_naive: bool = False
    """Whether a datetime must be without a zone; it is in UTC then."""


@dataclass(frozen=True, kw_only=True)
class InputForm:
    """The fields of an input."""

    fields: Sequence[InputField]
    is_whole: bool = False
    """Whether the one field stands for the input itself, which has no parts with names."""
    takes_more: bool = False
    """Whether the input may have parts with other names too."""


NO_SCHEMA = InputForm(
    fields=[InputField(name=WHOLE, field_type="str", description="", is_required=False, empty=None, is_long=True)],
    is_whole=True,
)
"""The form of a workflow that says nothing of its input: one text, or none."""


class _Generator(GenerateJsonSchema):
    """Tells what a form must know and JSON schema has no word for; what it can't describe may be anything."""

    ignored_warning_kinds = {"non-serializable-default", "skipped-choice"}  # noqa: RUF012 - pydantic declares it so

    def field_title_should_be_set(self, schema: Any) -> bool:  # noqa: ARG002 - pydantic names it
        return False

    def handle_invalid_for_json_schema(self, schema: Any, error_info: str) -> Schema:  # noqa: ARG002 - as above
        return {}

    def decimal_schema(self, schema: Any) -> Schema:
        return self.float_schema(schema) | {"format": "decimal"}

    def datetime_schema(self, schema: Any) -> Schema:
        return super().datetime_schema(schema) | {"is_naive": schema.get("tz_constraint") == "naive"}


@functools.cache
def input_form(schema: InputSchema) -> InputForm:
    """Return the fields of an input; those of a model bear the names that its JSON has."""
    if schema is None:
        return NO_SCHEMA
    whole = schema.model_json_schema(schema_generator=_Generator)
    top = resolved(whole, whole)
    if "properties" not in top and top.get("type") != "object":
        field = _field(WHOLE, {**top, "title": None}, whole, has_default=False)
        return InputForm(fields=[field], is_whole=True)
    required = top.get("required", [])
    return InputForm(
        fields=[
            _field(name, part, whole, has_default=name not in required)
            for name, part in top.get("properties", {}).items()
        ],
        takes_more=bool(top.get("additionalProperties")),
    )


def whole_form(form: InputForm) -> InputForm:
    """Return the form in which all of an input is typed as JSON, for one that has too many fields."""
    if form.is_whole:
        return form
    names = ", ".join(field.name for field in form.fields)
    secret = any(field.is_secret for field in form.fields)
    described = f"All values by their names: {names}."
    return InputForm(
        fields=[InputField(name=WHOLE, field_type="dict", description=described, is_secret=secret)],
        is_whole=True,
    )


def _field(name: str, schema: Schema, definitions: Schema, *, has_default: bool) -> InputField:
    shape = shape_of(schema, definitions)
    kind, allowed, several = _kind(shape, definitions)
    is_secret = is_secret_name(name) or _holds_secret(shape.core, definitions)
    default = None if is_secret else schema.get("default")
    if kind == "lines" and default is not None and not _are_lines(default):
        kind = "list"
    if not _fits(default, kind, allowed, several=several):
        default = None
    takes_null = shape.is_nullable or not _KINDS_ARE_SAID.intersection(schema)
    needs_some = any(shape.core.get(rule) for rule in ("minLength", "minItems"))
    is_required, empty = _when_empty(
        default, has_default=has_default, takes_null=takes_null, is_typed=allowed is None, needs_some=needs_some
    )
    return InputField(
        name=name,
        field_type=kind,
        description=_description(schema, shape, kind),
        default=default,
        is_required=is_required,
        empty=empty,
        allowed_values=allowed,
        several=several,
        is_secret=is_secret,
        is_long=bool(schema.get("multiline")) or shape.core.get("maxLength", 0) > _LONG_TEXT,
        is_naive=bool(shape.core.get("is_naive")),
    )


def _kind(shape: Shape, definitions: Schema) -> tuple[InputType, list[Any] | None, bool]:
    """Return the type, the allowed values if there are some, and whether several of them may be chosen."""
    if shape.values:
        return "str", shape.values, False
    items = shape_of(shape.core.get("items") or {}, definitions)
    if shape.core.get("type") == "array" and items.values and not items.is_nullable:
        return "str", items.values, True
    if shape.core.get("type") == "array" and items.core.get("type") == "string" and not items.is_nullable:
        return "lines", None, False
    return _KINDS.get(shape.core.get("format", ""), _KINDS.get(shape.core.get("type", ""), "any")), None, False


_KINDS: dict[str, InputType] = {
    "string": "str",
    "integer": "int",
    "number": "float",
    "boolean": "bool",
    "array": "list",
    "object": "dict",
    "decimal": "decimal",
    "date": "date",
    "date-time": "datetime",
}
_IS_OF: dict[InputType, Callable[[Any], bool]] = {
    "int": lambda value: type(value) is int,
    "float": lambda value: type(value) in (int, float),
    "decimal": lambda value: type(value) in (str, int, float),
    "bool": lambda value: type(value) is bool,
    "list": lambda value: type(value) is list,
    "lines": lambda value: type(value) is list,
    "dict": lambda value: type(value) is dict,
    "any": lambda _: True,
}


def _fits(default: Any, kind: InputType, allowed: list[Any] | None, *, several: bool) -> bool:
    """Whether a default can be shown in the field, where blanks alone can't be told from nothing."""
    if isinstance(default, str) and default.isspace():
        return False
    if allowed is None:
        return _IS_OF.get(kind, lambda value: type(value) is str)(default)
    if not several:
        return default in allowed
    return isinstance(default, list) and [value for value in allowed if value in default] == default


def _are_lines(items: list[Any]) -> bool:
    """Whether each item is one line of text that can be seen, with no blanks around it."""
    return all(isinstance(item, str) and item.isprintable() and item == item.strip() != "" for item in items)


def _when_empty(
    default: Any, *, has_default: bool, takes_null: bool, is_typed: bool, needs_some: bool
) -> tuple[bool, Any]:
    """Return whether something must be filled in, and what it means if nothing is."""
    if (default is None and has_default) or default in ("", []):
        return False, LEFT_OUT
    if takes_null:
        return False, None
    if not needs_some and (isinstance(default, list | dict) or (isinstance(default, str) and is_typed)):
        return False, type(default)()
    return True, LEFT_OUT


def _description(schema: Schema, shape: Shape, kind: InputType) -> str:
    rules = [text.format(shape.core[name]) for name, text in _RULES.items() if name in shape.core]
    names = ", ".join(shape.core.get("properties", {})) if kind == "dict" else ""
    inside = [f"With {names}."] if names else []
    return " ".join(filter(None, [schema.get("title"), schema.get("description"), *inside, *rules]))


def _holds_secret(schema: Schema, definitions: Schema) -> bool:
    parts = parts_of(schema, definitions)
    return any(part.get("writeOnly") is True or any(map(is_secret_name, part.get("properties", ()))) for part in parts)
