"""Values of any kind as JSON, and back.

JSON types stay as they are. Others become an object with the single key `$kernbot`, holding a type tag and the value.
What cannot be rebuilt becomes text. Nothing is ever pickled.
"""

from __future__ import annotations

import base64
import dataclasses
import functools
import hashlib
import importlib
import json
import math
import warnings
from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal
from enum import Enum
from typing import Any
from uuid import UUID

from pydantic import BaseModel, SecretBytes, SecretStr, TypeAdapter

from kernbot.errors import UsageError

_TAG = "$kernbot"


@dataclasses.dataclass(frozen=True)
class LargeValue:
    """Stands for a value that is stored apart, under the digest of its JSON."""

    digest: str
    size: int
    """Characters of its JSON."""


def encode(value: Any, where: str) -> Any:
    """Return a value as JSON; anything of an unknown type becomes `str(value)`, with a warning that names `where`."""
    if value is None or type(value) in (bool, int, str):
        return value
    for kind, write in _WRITERS.items():
        if isinstance(value, kind):
            return write(value, where)
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return _tagged("dataclass", _dataclass_fields(value, where), type(value))
    warnings.warn(
        f"{where} holds a {type(value).__name__}, which can't be stored as such; it is kept as text.", stacklevel=2
    )
    return str(value)


def decode(value: Any) -> Any:
    """Return what `encode` was given; what can't be rebuilt, as its class is gone, stays plain data, with a warning."""
    if isinstance(value, list):
        return [decode(item) for item in value]
    if not isinstance(value, dict):
        return value
    if set(value) != {_TAG}:
        return {key: decode(item) for key, item in value.items()}
    tag, data, *name = value[_TAG]
    try:
        return _READERS[tag](data) if tag in _READERS else _rebuild(tag, decode(data), *name)
    except Exception as error:  # noqa: BLE001 - a class of an author may raise anything; loading never does
        warnings.warn(f"A stored {tag} {''.join(name)} can't be rebuilt ({error!r}); plain data is used.", stacklevel=2)
        return decode(data)


def encode_state(state: dict[str, Any]) -> dict[str, Any]:
    """Return a session state as JSON by key; UsageError for one that is no dict with text keys."""
    if not isinstance(state, dict) or not all(isinstance(key, str) for key in state):
        raise UsageError(f"session_state must be a dict whose keys are text, not {state!r}.")
    return {str(key): encode(value, f"Session state {key!r}") for key, value in state.items()}


def decode_state(state: dict[str, Any]) -> dict[str, Any]:
    """Return what `encode_state` was given."""
    return {key: decode(value) for key, value in state.items()}


def canonical(value: Any) -> str:
    """Return JSON in its one canonical form: keys sorted, no spaces."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=True)


def digest(value: Any) -> str:
    """Return the SHA-256 of a JSON value in canonical form, as hex."""
    return hashlib.sha256(canonical(value).encode()).hexdigest()


def digest_of(value: Any, where: str) -> str:
    """Return the digest of any value, that of its JSON; of one that is stored apart, without reading it."""
    return value.digest if isinstance(value, LargeValue) else digest(encode(value, where))


def _tagged(tag: str, data: Any, owner: type | None = None) -> dict[str, Any]:
    name = [f"{owner.__module__}:{owner.__qualname__}"] if owner else []
    return {_TAG: [tag, data, *name]}


def _dataclass_fields(value: Any, where: str) -> dict[str, Any]:
    return {item.name: encode(getattr(value, item.name), where) for item in dataclasses.fields(value) if item.init}


def _write_float(value: float, _where: str) -> Any:
    return float(value) if math.isfinite(value) else _tagged("float", str(float(value)))


def _write_dict(value: dict[Any, Any], where: str) -> Any:
    if all(type(key) is str for key in value) and _TAG not in value:
        return {key: encode(item, where) for key, item in value.items()}
    return _tagged("dict", [[encode(key, where), encode(item, where)] for key, item in value.items()])


def _write_items(tag: str | None) -> Callable[[Any, str], Any]:
    def write(value: Any, where: str) -> Any:
        items = [encode(item, where) for item in value]
        return items if tag is None else _tagged(tag, items)

    return write


def _write_model(value: BaseModel, where: str) -> Any:
    return _tagged("model", encode(value.model_dump(round_trip=True), where), type(value))


_WRITERS: dict[type, Callable[[Any, str], Any]] = {
    LargeValue: lambda value, _: _tagged("large", [value.digest, value.size]),
    Enum: lambda value, where: _tagged("enum", encode(value.value, where), type(value)),
    int: lambda value, _: int(value),
    str: lambda value, _: str.__str__(value),
    float: _write_float,
    dict: _write_dict,
    list: _write_items(None),
    tuple: _write_items("tuple"),
    set: _write_items("set"),
    frozenset: _write_items("frozenset"),
    datetime: lambda value, _: _tagged("datetime", value.isoformat()),
    date: lambda value, _: _tagged("date", value.isoformat()),
    Decimal: lambda value, _: _tagged("decimal", str(value)),
    UUID: lambda value, _: _tagged("uuid", str(value)),
    SecretStr: lambda value, where: _tagged("secret", encode(value.get_secret_value(), where)),
    SecretBytes: lambda value, where: _tagged("secret bytes", encode(value.get_secret_value(), where)),
    bytes: lambda value, _: _tagged("bytes", base64.b64encode(value).decode("ascii")),
    BaseModel: _write_model,
}

_READERS: dict[str, Callable[[Any], Any]] = {
    "large": lambda data: LargeValue(*data),
    "float": float,
    "dict": lambda data: {decode(key): decode(item) for key, item in data},
    "tuple": lambda data: tuple(decode(item) for item in data),
    "set": lambda data: {decode(item) for item in data},
    "frozenset": lambda data: frozenset(decode(item) for item in data),
    "datetime": datetime.fromisoformat,
    "date": date.fromisoformat,
    "decimal": Decimal,
    "uuid": UUID,
    "bytes": base64.b64decode,
    "secret": SecretStr,
    "secret bytes": lambda data: SecretBytes(decode(data)),
}

_CLASSES: dict[str, Callable[[type], bool]] = {
    "model": lambda owner: issubclass(owner, BaseModel),
    "dataclass": dataclasses.is_dataclass,
    "enum": lambda owner: issubclass(owner, Enum),
}


def _rebuild(tag: str, plain: Any, name: str) -> Any:
    owner = _find_class(name, _CLASSES[tag])
    if tag == "enum":
        return owner(plain)
    return _adapter(owner).validate_python(plain, by_alias=True, by_name=True)


@functools.lru_cache
def _adapter(owner: type) -> TypeAdapter[Any]:
    return TypeAdapter(owner)


def _find_class(name: str, is_right: Callable[[type], bool]) -> type:
    module, _, qualname = name.partition(":")
    found: Any = importlib.import_module(module)
    for part in qualname.split("."):
        found = getattr(found, part)
    if not isinstance(found, type) or not is_right(found):
        raise TypeError("not such a class")
    return found
