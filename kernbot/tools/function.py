"""A function that a model may ask for, with what is asked of people before it runs."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import MethodType
from typing import Any, Literal

from pydantic import ValidationError

from kernbot.errors import DefinitionError, UsageError
from kernbot.run.masking import is_secret_name, masked
from kernbot.run.messages import ToolSpec
from kernbot.run.tool_execution import UserFeedbackQuestion, UserInputField
from kernbot.tools.docstrings import parse
from kernbot.tools.parameters import Parameter, read_parameters
from kernbot.workflow.review import OnCrash, as_enum

__all__ = ["Function", "ToolArgumentError", "UserInputField"]

_NAME = re.compile(r"[A-Za-z0-9_-]{1,64}")
_KINDS = ("requires_confirmation", "requires_user_input", "external_execution", "asks")


class ToolArgumentError(UsageError):
    """A model gave wrong arguments; the message is for the model."""


@dataclass(kw_only=True, eq=False)
class Function:
    """A tool, as `@tool` makes it; may be called as the plain function that it is made from, or bound as a method.

    Arguments are always those of a model: an object of JSON.
    """

    entrypoint: Callable[..., Any]
    name: str = ""
    """What a model calls it; the function's name, if not given."""
    description: str = ""
    """What a model is told; if not given, what the docstring says before its sections."""
    strict: bool | None = None
    instructions: str | None = None
    """What an agent that has the tool is told beside."""
    requires_confirmation: bool = False
    requires_user_input: bool = False
    user_input_fields: Sequence[str] = ()
    """The parameters that people fill in; all, if none is named."""
    external_execution: bool = False
    external_execution_silent: bool = False
    stop_after_tool_call: bool = False
    """Whether its result is the agent's last word."""
    editable: Sequence[str] = ()
    """The parameters that whoever confirms a call may change."""
    secret_args: Sequence[str] = ()
    """The parameters whose values are shown to nobody, beside those whose name says so, as `password` or `api_key`."""
    irreversible: bool = False
    """Whether people are warned that it can't be undone."""
    on_crash: str | None = None
    """What happens to a call in flight when its process died, `ask` or `repeat`; None: `ask` if people were asked."""
    asks: Literal["fields", "questions"] | None = None
    """Whether the function returns what people are to be asked: UserInputFields, or UserFeedbackQuestions."""
    parameters: dict[str, Any] = field(init=False)
    """JSON schema of the arguments."""

    def __post_init__(self) -> None:
        functools.update_wrapper(self, self.entrypoint, updated=())
        self.name = self.name or getattr(self.entrypoint, "__name__", "")
        about, descriptions = parse(self.entrypoint.__doc__)
        self.description = self.description or about
        self._taken, definitions = read_parameters(self.entrypoint, descriptions, self._where)
        self.requires_user_input = self.requires_user_input or bool(self.user_input_fields)
        self._check_settings()
        self.parameters = {
            "type": "object",
            "properties": {name: item.schema for name, item in self._taken.items()},
            "required": [name for name, item in self._taken.items() if item.is_required and name not in self._asked],
            "additionalProperties": False,
            **definitions,
        }

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Call the function itself, asking nobody."""
        return self.entrypoint(*args, **kwargs)

    def __get__(self, instance: object, owner: type | None = None) -> Function:
        return self if instance is None else replace(self, entrypoint=MethodType(self.entrypoint, instance))

    def spec(self) -> ToolSpec:
        """Return what a model is told."""
        return ToolSpec(name=self.name, description=self.description, parameters=self.parameters, strict=self.strict)

    def checked(self, arguments: Mapping[str, Any], *, without: Collection[str] = ()) -> dict[str, Any]:
        """Return the arguments as the function takes them; those in `without` are left out, given or not.

        ToolArgumentError names each one that is unknown, missing or wrong.
        """
        given = {name: value for name, value in arguments.items() if name not in without}
        if listed := self.problems_with(given, without=without):
            raise ToolArgumentError(f"{self._where} was not called: {listed}. Correct the arguments and call it again.")
        return {name: self._taken[name].adapter.validate_python(value) for name, value in given.items()}

    def problems_with(self, arguments: Mapping[str, Any], *, without: Collection[str] = ()) -> str:
        """Return what is wrong with arguments, each by its name; empty if nothing is."""
        names = [name for name in {**self._taken, **arguments} if name not in without]
        problems = {name: problem for name in names if (problem := self._problem_with(name, arguments))}
        return "; ".join(f"{name!r} {problem}" for name, problem in problems.items())

    def masked(self, arguments: Mapping[str, Any]) -> dict[str, Any]:
        """Return the arguments without what is secret: by its name, or as the author says so."""
        return dict(masked(arguments, self.secret_args))

    def fields_to_fill(self, arguments: Mapping[str, Any]) -> list[UserInputField]:
        """Return what people are to fill in, or may change, before it runs; ToolArgumentError as `checked`.

        What is asked for is empty, the model's guess a suggestion. The rest has the model's value, and is not secret.
        """
        if self.asks == "fields":
            return list(self.entrypoint(**self.checked(arguments)))
        given = self.checked(arguments, without=self._asked)
        beside = set(given if self.requires_user_input else self.editable) - set(self.secret_args)
        return [
            self._empty_field(item, arguments) if name in self._asked else _filled_field(item, given)
            for name, item in self._taken.items()
            if name in self._asked or name in beside
        ]

    def questions_to_ask(self, arguments: Mapping[str, Any]) -> list[UserFeedbackQuestion]:
        """Return the questions with choices that a call puts to people; ToolArgumentError as `checked`."""
        return list(self.entrypoint(**self.checked(arguments))) if self.asks == "questions" else []

    def filled(self, arguments: Mapping[str, Any], values: Mapping[str, Any]) -> dict[str, Any]:
        """Return the arguments with what people gave for `fields_to_fill`: nothing they left empty is guessed."""
        replaced = (*self._asked, *self.editable)
        kept = {name: value for name, value in arguments.items() if name not in replaced}
        return {**kept, **{name: None for name in replaced if self._taken[name].is_required}, **values}

    @property
    def _where(self) -> str:
        return f"Tool {self.name!r}"

    @property
    def _asked(self) -> Collection[str]:
        """The parameters that people fill in."""
        return (self.user_input_fields or self._taken) if self.requires_user_input else ()

    def _problem_with(self, name: str, given: Mapping[str, Any]) -> str | None:
        if name not in self._taken:
            return "is no argument of it"
        if name not in given:
            return "is missing" if self._taken[name].is_required else None
        try:
            self._taken[name].adapter.validate_python(given[name])
        except ValidationError as error:
            return "is wrong" if self._is_secret(name) else f"is wrong: {_in_words(error)}"
        return None

    def _empty_field(self, item: Parameter, arguments: Mapping[str, Any]) -> UserInputField:
        is_secret = self._is_secret(item.name)
        return item.field(suggestion=None if is_secret else arguments.get(item.name), secret=is_secret)

    def _is_secret(self, name: str) -> bool:
        return name in self.secret_args or is_secret_name(name)

    def _check_settings(self) -> None:
        if not _NAME.fullmatch(self.name):
            raise DefinitionError(f"{self._where}: a name has up to 64 letters, digits, _ and -; give it one: name=...")
        kinds = [name for name in _KINDS if getattr(self, name)]
        if len(kinds) > 1:
            raise DefinitionError(f"{self._where}: {' and '.join(kinds)} exclude each other.")
        for setting in ("user_input_fields", "editable", "secret_args"):
            if unknown := [name for name in getattr(self, setting) if name not in self._taken]:
                raise DefinitionError(f"{self._where}: {setting} names {unknown[0]!r}, which is no parameter of it.")
        if self.requires_user_input and not self._taken:
            raise DefinitionError(f"{self._where}: requires_user_input needs a parameter that people can fill in.")
        if self.editable and not self.requires_confirmation:
            raise DefinitionError(f"{self._where}: editable needs requires_confirmation.")
        if hidden := set(self.editable) & set(self.secret_args):
            raise DefinitionError(f"{self._where}: {hidden.pop()!r} is secret, so nobody can edit it.")
        self.on_crash = None if self.on_crash is None else as_enum(OnCrash, self.on_crash, "on_crash")


def _filled_field(item: Parameter, given: Mapping[str, Any]) -> UserInputField:
    return item.field(value=item.as_json(given[item.name]) if item.name in given else None)


def _in_words(error: ValidationError) -> str:
    """Say what is wrong with one argument, without what was given."""
    problems = [(".".join(map(str, item["loc"])), item["msg"]) for item in error.errors(include_input=False)]
    return ", ".join(f"({place}) {text}" if place else text for place, text in problems)
