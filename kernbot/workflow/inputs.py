"""What a run is given: checked against the workflow's schema, and shown as plain data."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError

from kernbot.errors import DefinitionError, UsageError
from kernbot.workflow.input_fields import input_form

_ANY: TypeAdapter[Any] = TypeAdapter(Any, config=ConfigDict(ser_json_bytes="base64"))
_OF_AUTHORS = ("value_error", "assertion_error")
"""The types of what an author's own validators complain about; their texts may hold the value."""


@dataclass(frozen=True, kw_only=True)
class InputProblem:
    """What is wrong with one value of an input."""

    field: str
    """Its name, or nothing for the input as a whole."""
    place: str
    """Where in the value, such as `0.amount`; nothing for all of it."""
    message: str
    is_missing: bool

    def __str__(self) -> str:
        where = ".".join(filter(None, (self.field, self.place)))
        return f"{where}: {self.message}" if where else self.message


class InputError(UsageError):
    """An input does not fit its schema; `problems` says why, and holds no secret."""

    def __init__(self, schema: str, problems: Sequence[InputProblem]) -> None:
        super().__init__(f"The input does not fit {schema}: {'; '.join(map(str, problems))}. Nothing was started.")
        self.problems = problems


def check_schema(schema: Any, where: str) -> None:
    """Raise DefinitionError for an input schema that is neither None nor a pydantic model class."""
    if schema is not None and not (isinstance(schema, type) and issubclass(schema, BaseModel)):
        raise DefinitionError(f"{where}: input_schema must be a pydantic model class, not {schema!r}.")


def checked_input(schema: type[BaseModel] | None, given: Any) -> Any:
    """Return the input of a run: with a schema an instance of it, made of an instance, a dict or a JSON text.

    Raises InputError that names each wrong field.
    """
    if schema is None:
        return given
    try:
        return schema.model_validate_json(given) if isinstance(given, str) else schema.model_validate(given)
    except ValidationError as error:
        raise InputError(schema.__name__, _problems(schema, error)) from None


def as_plain(value: Any) -> Any:
    """Return a value as JSON: a model or dataclass as a dict, a date as text; of an unknown type, as `str` shows it."""
    return _ANY.dump_python(value, mode="json", fallback=str)


def _problems(schema: type[BaseModel], error: ValidationError) -> list[InputProblem]:
    secret = _secrets(schema)
    return [_problem({**details}, secret) for details in error.errors(include_input=False, include_url=False)]


def _secrets(schema: type[BaseModel]) -> set[str]:
    """Return the names, in JSON and in Python, of what is secret."""
    in_json = {field.name for field in input_form(schema).fields if field.is_secret}
    fields = schema.model_fields.items()
    return in_json | {name for name, field in fields if field.alias in in_json or field.validation_alias in in_json}


def _problem(details: Mapping[str, Any], secret: set[str]) -> InputProblem:
    """Return a problem in words."""
    field, *inner = map(str, details["loc"] or ("",))
    message = details["msg"].removeprefix("Value error, ").removeprefix("Assertion failed, ")
    if field in secret and details["type"] in _OF_AUTHORS:
        message = "This value is not accepted"
    is_missing = details["type"] == "missing" and not inner
    return InputProblem(field=field, place=".".join(inner), message=message, is_missing=is_missing)
