"""What the JSON schema of one value says of it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

Schema = dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class Shape:
    """The one kind of values that a schema allows, beside null."""

    core: Schema
    """The schema of that kind, resolved; empty where several kinds are possible."""
    is_nullable: bool
    values: list[Any]
    """The only values there are, without null; none where any will do."""


def shape_of(schema: Schema, definitions: Schema) -> Shape:
    """Return what a schema says; `definitions` holds the `$defs` that it refers to."""
    kinds = schema.get("anyOf", [schema])
    other = [kind for kind in kinds if kind.get("type") != "null"]
    core = resolved(other[0], definitions) if len(other) == 1 else {}
    values = core.get("enum", [core["const"]] if "const" in core else [])
    known = [value for value in values if value is not None]
    return Shape(core=core, is_nullable=len(other) < len(kinds) or len(known) < len(values), values=known)


def resolved(schema: Schema, definitions: Schema) -> Schema:
    """Return a schema, or the one that it refers to."""
    reference = schema.get("$ref")
    if not isinstance(reference, str):
        return schema
    found: Schema = definitions["$defs"][reference.removeprefix("#/$defs/")]
    return found


def parts_of(schema: Any, definitions: Schema) -> Iterator[Schema]:
    """Yield a schema and all that it is made of, each once."""
    seen: set[int] = set()
    waiting = [schema]
    while waiting:
        part = waiting.pop()
        if isinstance(part, dict) and id(part) not in seen:
            seen.add(id(part))
            yield part
            waiting += [*part.values(), resolved(part, definitions)]
        elif isinstance(part, list):
            waiting += part
