"""Typed fields that people fill in, and the rules for their values."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Self

from kernbot.errors import AnswerError, DefinitionError
from kernbot.run.masking import is_secret_name
from kernbot.workflow.dicts import as_dict, fields_in


def _is_int(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


_CHECKS: dict[str, tuple[Callable[[Any], bool], str]] = {
    "str": (lambda value: isinstance(value, str), "text"),
    "int": (_is_int, "a whole number"),
    "float": (lambda value: isinstance(value, float) or _is_int(value), "a number"),
    "bool": (lambda value: isinstance(value, bool), "yes or no (True or False)"),
    "list": (lambda value: isinstance(value, list), "a list"),
    "dict": (lambda value: isinstance(value, dict), "an object"),
}

_ALIASES = {"text": "str", "string": "str", "integer": "int", "number": "float", "boolean": "bool"}


@dataclass(kw_only=True)
class UserInputField:
    """One value to ask for. `value` is the default, and later what the person gave."""

    name: str
    field_type: str = "str"
    """`str`, `int`, `float`, `bool`, `list` or `dict`; also `text`, `string`, `integer`, `number`, `boolean`."""
    description: str | None = None
    value: Any = None
    required: bool = True
    allowed_values: list[Any] | None = None
    secret: bool | None = None
    """Whether its value is shown nowhere; None: as its name says, by a word such as password, token, secret or key."""

    def __post_init__(self) -> None:
        if not self.name:
            raise DefinitionError("A field of user_input_schema has no name.")
        self.field_type = _ALIASES.get(self.field_type, self.field_type)
        if self.field_type not in _CHECKS:
            allowed = ", ".join(_CHECKS)
            raise DefinitionError(
                f"Field {self.name!r} has field_type {self.field_type!r}; it must be one of {allowed}."
            )
        if self.value not in (None, "") and self.problem_with(self.value):
            raise DefinitionError(f"The default of field {self.name!r} {self.problem_with(self.value)}.")
        for value in self.allowed_values or ():
            if not self.accepts_type(value):
                raise DefinitionError(f"Field {self.name!r} allows {value!r}, which is not {self.type_in_words}.")

    @classmethod
    def of(cls, item: UserInputField | Mapping[str, Any]) -> UserInputField:
        """Return a field given as such or as a dict; DefinitionError for a dict with unknown keys or without a name."""
        if isinstance(item, cls):
            return item
        if not isinstance(item, Mapping):
            raise DefinitionError(f"A field of user_input_schema is {item!r}; it must be a UserInputField or a dict.")
        try:
            return cls(**item)
        except TypeError as error:
            raise DefinitionError(f"A field of user_input_schema is wrong: {error}.") from None

    def to_dict(self) -> dict[str, Any]:
        """Return it as JSON."""
        return as_dict(self)

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        """Return what `to_dict` was called on; other keys are left out.

        Nothing is checked, so that what was once stored can be read whatever the rules are by now.
        """
        item = cls(name="unchecked")
        known = fields_in(cls, data, name=str, field_type=lambda kind: _ALIASES.get(str(kind), kind))
        vars(item).update({"name": "", **known})
        return item

    @property
    def is_secret(self) -> bool:
        """Whether its value is shown nowhere."""
        return is_secret_name(self.name) if self.secret is None else self.secret

    @property
    def type_in_words(self) -> str:
        """The type as a person reads it, with its article."""
        return _CHECKS[self.field_type][1]

    def accepts_type(self, value: object) -> bool:
        """Whether a value is of the field's type; a whole number is a number, a bool is neither."""
        return _CHECKS[self.field_type][0](value)

    def problem_with(self, value: object) -> str | None:
        """Say what is wrong with a value, or None. An empty text or None is missing, which an optional field may be."""
        if value is None or value == "":
            return "is required" if self.required else None
        if self.accepts_type(value) and (not self.allowed_values or value in self.allowed_values):
            return None
        if self.is_secret:
            return f"must be {self.type_in_words}, and one that is allowed"
        if not self.accepts_type(value):
            return f"must be {self.type_in_words}, not {value!r}"
        if self.allowed_values:
            return f"must be one of {', '.join(map(repr, self.allowed_values))}, not {value!r}"
        return None


def problems_with(schema: Iterable[UserInputField], values: Mapping[str, Any]) -> dict[str, str]:
    """Return what is wrong with a whole set of values, by field name; unknown names are wrong too.

    Without a schema any names will do.
    """
    by_name = {item.name: item for item in schema}
    if not by_name:
        return {}
    problems = {
        name: problem for name, item in by_name.items() if (problem := item.problem_with(values.get(name, item.value)))
    }
    unknown = {name: "is not a field of this question" for name in values if name not in by_name}
    return problems | unknown


def checked_values(schema: Iterable[UserInputField], values: Mapping[str, Any]) -> dict[str, Any]:
    """Return the values with defaults filled in and missing optional ones left out; AnswerError names every problem."""
    schema = list(schema)
    if problems := problems_with(schema, values):
        raise AnswerError("Nothing was stored: " + "; ".join(f"{name} {text}" for name, text in problems.items()) + ".")
    if not schema and not values:
        raise AnswerError("Nothing was stored: no value was given.")
    complete = {item.name: values.get(item.name, item.value) for item in schema} if schema else dict(values)
    return {name: value for name, value in complete.items() if value is not None and value != ""}
