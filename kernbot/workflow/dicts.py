"""Dictionaries of plain JSON made of a program's objects, and read back; reading leaves out what it can't read."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import Field, fields
from datetime import UTC, datetime
from functools import cache
from typing import Any, ClassVar, Protocol, TypeVar

from pydantic import TypeAdapter, ValidationError

from kernbot.workflow.inputs import as_plain

_T = TypeVar("_T")

_adapter: Callable[[Any], TypeAdapter[Any]] = cache(TypeAdapter)


class Dataclass(Protocol):
    """Any dataclass."""

    __dataclass_fields__: ClassVar[dict[str, Field[Any]]]


def as_dict(item: Dataclass, **own: Any) -> dict[str, Any]:
    """Return the fields of a dataclass as JSON; `own` holds those that are JSON already, and what there is beside."""
    others = {each.name: getattr(item, each.name) for each in fields(item) if each.name not in own}
    return {**as_plain(others), **own}


def fields_in(kind: type[Dataclass], data: Mapping[str, Any], **readers: Callable[[Any], Any]) -> dict[str, Any]:
    """Return what a dictionary has for the fields of a dataclass, each through its reader if it has one."""
    found = {each.name: data[each.name] for each in fields(kind) if each.name in data}
    return {name: readers[name](value) if name in readers else value for name, value in found.items()}


def read(kind: type[_T], value: object) -> _T | None:
    """Return a value as one of that kind; None for what can't be read as such."""
    try:
        found: _T = _adapter(kind).validate_python(value)
    except ValidationError:
        return None
    return found


def read_bool(value: object) -> bool | None:
    """Return True or False; None for anything else, whatever else might be taken for one of them."""
    return value if isinstance(value, bool) else None


def read_moment(value: object) -> datetime | None:
    """Return a moment written in ISO 8601, in UTC where it names no time zone; None for anything else."""
    moment = read(datetime, value)
    return moment.replace(tzinfo=UTC) if moment and moment.tzinfo is None else moment


def read_past(value: object) -> float | None:
    """Return a moment in unix seconds; None for anything else, and for one that is yet to come."""
    return float(value) if isinstance(value, int | float) and 0 < value <= time.time() else None


def read_object(from_dict: Callable[[Mapping[str, Any]], _T], value: object) -> _T | None:
    """Return an object that is nested as a dictionary; None for anything else."""
    return from_dict(value) if isinstance(value, Mapping) else None


def read_objects(from_dict: Callable[[Mapping[str, Any]], _T], values: object) -> list[_T]:
    """Return the objects of a list of dictionaries; anything else is left out."""
    listed = values if isinstance(values, list) else []
    return [from_dict(value) for value in listed if isinstance(value, Mapping)]
