"""What a function takes of a model: its parameters, their JSON schema, and the fields in which people fill them in."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any, get_type_hints

from pydantic import PydanticUserError, TypeAdapter
from pydantic.json_schema import GenerateJsonSchema

from kernbot.errors import DefinitionError
from kernbot.run.tool_execution import UserInputField
from kernbot.workflow.shapes import Schema, shape_of

INJECTED = ("run_context", "session_state", "agent", "team")
"""Parameters that a model neither sees nor gives: a function that has them is called with what they name."""

_FIELD_TYPES = {
    "string": "str",
    "integer": "int",
    "number": "float",
    "boolean": "bool",
    "array": "list",
    "object": "dict",
}
_BY_NAME = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)


class _Generator(GenerateJsonSchema):
    """Leaves out the titles that repeat a name."""

    def field_title_should_be_set(self, schema: Any) -> bool:  # noqa: ARG002 - pydantic names it
        return False


@dataclass(frozen=True, kw_only=True)
class Parameter:
    """One parameter that a model gives a value for."""

    name: str
    adapter: TypeAdapter[Any]
    schema: Schema
    """JSON schema of its values; may refer to `$defs` of the whole."""
    is_required: bool
    """Whether it has no default."""
    is_nullable: bool
    field_type: str | None
    """As in a UserInputField; None where several are possible."""
    allowed_values: list[Any] | None

    def as_json(self, value: Any) -> Any:
        """Return a value that was checked as JSON."""
        return self.adapter.dump_python(value, mode="json")

    def field(self, *, value: Any = None, suggestion: Any = None, secret: bool | None = None) -> UserInputField:
        """Return the field in which a person fills it in; `value` and `suggestion` are JSON."""
        of_value = type(value).__name__
        return UserInputField(
            name=self.name,
            field_type=self.field_type or (of_value if of_value in _FIELD_TYPES.values() else "str"),
            description=self.schema.get("description"),
            value=value,
            required=self.is_required and not self.is_nullable,
            allowed_values=self.allowed_values,
            suggestion=suggestion,
            secret=secret,
        )


def read_parameters(
    function: Callable[..., Any], descriptions: Mapping[str, str], where: str
) -> tuple[dict[str, Parameter], Schema]:
    """Return the parameters that a model gives, by name, and the `$defs` that their schemas refer to, if any.

    DefinitionError, which names `where`, for one that can't be given by name or described to a model.
    """
    taken = {name: item for name, item in inspect.signature(function).parameters.items() if _is_the_models(name)}
    if unnamed := [name for name, item in taken.items() if item.kind not in _BY_NAME]:
        raise DefinitionError(
            f"{where}: a model gives arguments by name, so {unnamed[0]!r} can't be a parameter of it."
        )
    try:
        adapters = {name: TypeAdapter[Any](hint) for name, hint in _hints(function, taken).items()}
        schemas, definitions = TypeAdapter.json_schemas(
            [(name, "validation", adapter) for name, adapter in adapters.items()], schema_generator=_Generator
        )
    except (PydanticUserError, NameError, TypeError) as error:
        raise DefinitionError(f"{where}: its type hints can't be described to a model: {error}") from error
    return {
        name: _parameter(item, adapters[name], schemas[name, "validation"], definitions, descriptions.get(name))
        for name, item in taken.items()
    }, definitions


def _is_the_models(name: str) -> bool:
    return name not in (*INJECTED, "self")


def _hints(function: Callable[..., Any], taken: Mapping[str, inspect.Parameter]) -> dict[str, Any]:
    """Return the types of these parameters only: what is injected may be annotated with what isn't imported."""
    annotations = {name: Any if item.annotation is item.empty else item.annotation for name, item in taken.items()}
    module = getattr(inspect.unwrap(function), "__globals__", {})
    hints = get_type_hints(SimpleNamespace(__annotations__=annotations), module, include_extras=True)
    return {name: hint | None if taken[name].default is None else hint for name, hint in hints.items()}


def _parameter(
    item: inspect.Parameter, adapter: TypeAdapter[Any], schema: Schema, definitions: Schema, description: str | None
) -> Parameter:
    is_required = item.default is item.empty
    if description:
        schema.setdefault("description", description)
    if not is_required and isinstance(item.default, str | int | float | None):
        schema["default"] = item.default
    shape = shape_of(schema, definitions)
    is_uniform = len({type(value) for value in shape.values}) == 1
    return Parameter(
        name=item.name,
        adapter=adapter,
        schema=schema,
        is_required=is_required,
        is_nullable=shape.is_nullable,
        field_type=type(shape.values[0]).__name__ if is_uniform else _FIELD_TYPES.get(shape.core.get("type", "")),
        allowed_values=shape.values if is_uniform else None,
    )
