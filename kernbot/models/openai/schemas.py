"""JSON schemas in the form that a server can hold a model to, called strict."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel

_REMARKS = {"default", "examples"}
"""Left out: they bind nobody, and strict schemas may not hold them."""
_BINDING = {
    "$defs", "$ref", "additionalProperties", "anyOf", "const", "description", "enum", "exclusiveMaximum",
    "exclusiveMinimum", "format", "items", "maxItems", "maximum", "minItems", "minimum", "multipleOf", "pattern",
    "properties", "required", "title", "type",
}  # fmt: skip
_FORMATS = {"date", "date-time", "duration", "email", "hostname", "ipv4", "ipv6", "time", "uuid"}
_LONGEST_NAME = 64


class _NotStrictError(Exception):
    """The schema has no strict form."""


def output_format(model: type[BaseModel]) -> dict[str, Any]:
    """Return name, schema and strictness, as both APIs are told of the form of a reply."""
    schema = _from_its_root(model.model_json_schema())
    strict = strict_form(schema)
    name = re.sub(r"[^a-zA-Z0-9_-]", "_", model.__name__)[:_LONGEST_NAME]
    return {"name": name, "schema": strict or schema, "strict": strict is not None}


def _from_its_root(schema: dict[str, Any]) -> dict[str, Any]:
    """Return a schema that begins with an object, as servers want it, not with its name, as a recursive one does."""
    if "$ref" not in schema:
        return schema
    name = schema["$ref"].removeprefix("#/$defs/")
    return {**schema["$defs"][name], "$defs": schema["$defs"]}


def strict_form(schema: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return the schema with every property required and no other allowed; None where strict schemas can't say it.

    They have no free keys (a `dict` of anything), no tuples, no limits on the length of a text.
    """
    try:
        return _strict(schema)
    except _NotStrictError:
        return None


def _strict(schema: Mapping[str, Any]) -> dict[str, Any]:
    strict = {keyword: value for keyword, value in schema.items() if keyword not in _REMARKS}
    if "$ref" in strict and len(strict) > 1:
        strict["anyOf"] = [{"$ref": strict.pop("$ref")}]
    _check(strict)
    for keyword in ("$defs", "properties"):
        if keyword in strict:
            strict[keyword] = {name: _strict(inner) for name, inner in strict[keyword].items()}
    if "anyOf" in strict:
        strict["anyOf"] = [_strict(inner) for inner in strict["anyOf"]]
    if "items" in strict:
        strict["items"] = _strict(strict["items"])
    if strict.get("type") == "object":
        strict |= {"required": list(strict["properties"]), "additionalProperties": False}
    return strict


def _check(schema: Mapping[str, Any]) -> None:
    is_open = schema.get("type") == "object" and (
        "properties" not in schema or schema.get("additionalProperties", False) is not False
    )
    is_untyped = not schema.keys() & {"$ref", "anyOf", "type"}
    is_unknown = not schema.keys() <= _BINDING or schema.get("format", "date") not in _FORMATS
    if is_open or is_untyped or is_unknown:
        raise _NotStrictError
