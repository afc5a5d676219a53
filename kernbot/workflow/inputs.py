"""What a run is given: checked against the workflow's schema, and shown as plain data."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError

from kernbot.errors import DefinitionError, UsageError

_ANY: TypeAdapter[Any] = TypeAdapter(Any, config=ConfigDict(ser_json_bytes="base64"))


def check_schema(schema: Any, where: str) -> None:
    """Raise DefinitionError for an input schema that is neither None nor a pydantic model class."""
    if schema is not None and not (isinstance(schema, type) and issubclass(schema, BaseModel)):
        raise DefinitionError(f"{where}: input_schema must be a pydantic model class, not {schema!r}.")


def checked_input(schema: type[BaseModel] | None, given: Any) -> Any:
    """Return the input of a run: with a schema an instance of it, made of an instance, a dict or a JSON text.

    Raises UsageError that names each wrong field.
    """
    if schema is None:
        return given
    try:
        return schema.model_validate_json(given) if isinstance(given, str) else schema.model_validate(given)
    except ValidationError as error:
        raise UsageError(
            f"The input does not fit {schema.__name__}: {_problems(error)}. Nothing was started."
        ) from None


def as_plain(value: Any) -> Any:
    """Return a value as JSON: a model or dataclass as a dict, a date as text; of an unknown type, as `str` shows it."""
    return _ANY.dump_python(value, mode="json", fallback=str)


def _problems(error: ValidationError) -> str:
    named = [(".".join(map(str, problem["loc"])), problem["msg"]) for problem in error.errors(include_input=False)]
    return "; ".join(f"{field}: {text}" if field else text for field, text in named)
