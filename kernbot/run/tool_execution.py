"""Calls of tools as an author's program sees them, and what they ask of people."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Literal

from kernbot.errors import AnswerError
from kernbot.workflow import fields
from kernbot.workflow.dicts import fields_in, read, read_bool, read_objects
from kernbot.workflow.inputs import as_plain

PauseType = Literal["confirmation", "user_input", "user_feedback", "external_execution"]


class ByKey:
    """Attributes as keys too, for programs that take what a run asks for a dict."""

    def __getitem__(self, key: str) -> Any:
        self._check(key)
        return getattr(self, key)

    def __setitem__(self, key: str, value: Any) -> None:
        self._check(key)
        setattr(self, key, value)

    def get(self, key: str, default: Any = None) -> Any:
        """Return an attribute, or `default` if there is none of this name."""
        try:
            return self[key]
        except KeyError:
            return default

    def _check(self, key: str) -> None:
        if key.startswith("_") or not hasattr(self, key):
            raise KeyError(key)


@dataclass(kw_only=True)
class UserInputField(fields.UserInputField):
    """One argument of a call that a person fills in, or sees beside what is to be filled in."""

    value: Any = field(default=None, repr=False)
    suggestion: Any = None
    """What the model guessed: shown, never taken."""


@dataclass
class UserFeedbackOption:
    """One choice."""

    label: str
    description: str | None = None


@dataclass
class UserFeedbackQuestion:
    """One question with choices."""

    question: str
    options: list[UserFeedbackOption]
    header: str | None = None
    """A word or two for the question, where space is short."""
    multi_select: bool = False
    selected_options: list[str] | None = field(default=None, init=False)
    """The labels that a person chose."""

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> UserFeedbackQuestion:
        """Return the question that `dataclasses.asdict` wrote."""
        options = read(list[UserFeedbackOption], data.get("options")) or []
        item = cls(
            str(data.get("question", "")), options, data.get("header"), read_bool(data.get("multi_select")) or False
        )
        item.selected_options = read(list[str], data.get("selected_options"))
        return item

    def problem_with(self, labels: object) -> str | None:
        """Say what is wrong with the labels chosen, or None."""
        allowed = [option.label for option in self.options]
        if not isinstance(labels, list | tuple) or not labels:
            return f"needs a choice among {', '.join(map(repr, allowed))}"
        if unknown := [label for label in labels if label not in allowed]:
            return f"has no choice {unknown[0]!r}: choose among {', '.join(map(repr, allowed))}"
        if len(labels) > 1 and not self.multi_select:
            return "takes only one choice"
        return "has a choice that was made twice" if len(set(labels)) < len(labels) else None


def checked_selections(
    questions: Sequence[UserFeedbackQuestion], selections: Mapping[str, Any]
) -> dict[str, list[str]]:
    """Return the labels chosen, by question; AnswerError names every problem. A single label may be given as text."""
    chosen = {name: [labels] if isinstance(labels, str) else labels for name, labels in selections.items()}
    asked = {item.question: item for item in questions}
    problems = {name: problem for name, item in asked.items() if (problem := item.problem_with(chosen.get(name)))}
    problems |= {name: "was not asked" for name in chosen if name not in asked}
    if problems:
        raise AnswerError(
            "Nothing was stored: " + "; ".join(f"{name!r} {text}" for name, text in problems.items()) + "."
        )
    return {name: list(chosen[name]) for name in asked}


def answer_text(asks: Literal["fields", "questions"], values: Mapping[str, Any]) -> str:
    """Return what a model is told that asked people for values or choices: a JSON list."""
    name, value = ("name", "value") if asks == "fields" else ("question", "selected")
    return json.dumps([{name: key, value: given} for key, given in values.items()], ensure_ascii=False)


@dataclass(kw_only=True)
class ToolExecution(ByKey):
    """One call that a model asked for: what it is to do, what people decided about it, and what came of it.

    Its repr names neither arguments nor values nor the result: they may be secret.
    """

    tool_call_id: str | None = None
    tool_name: str | None = None
    tool_args: dict[str, Any] = field(default_factory=dict, repr=False)
    """As the model gave them; whole, so that a program can do itself what runs elsewhere."""
    tool_call_error: bool | None = None
    """Whether the result is an error."""
    result: Any = field(default=None, repr=False)
    stop_after_tool_call: bool = False
    created_at: int | None = None
    """Unix seconds."""
    requires_confirmation: bool = False
    confirmed: bool | None = None
    confirmation_note: str | None = None
    """The reason that came with a no; the model is told."""
    requires_user_input: bool = False
    user_input_schema: list[UserInputField] | None = field(default=None, repr=False)
    user_feedback_schema: list[UserFeedbackQuestion] | None = field(default=None, repr=False)
    answered: bool | None = None
    """Whether the values, or the choices, were given."""
    external_execution_required: bool = False
    external_execution_silent: bool = False

    @property
    def pause_type(self) -> PauseType | None:
        """What is asked of people; None if nothing is."""
        if self.user_feedback_schema:
            return "user_feedback"
        if self.external_execution_required:
            return "external_execution"
        if self.requires_user_input:
            return "user_input"
        return "confirmation" if self.requires_confirmation else None

    @property
    def is_paused(self) -> bool:
        """Whether people are, or were, asked about it."""
        return self.pause_type is not None

    def to_dict(self) -> dict[str, Any]:
        """Return it as JSON, without what is None."""
        return {name: value for name, value in as_plain(self).items() if value is not None}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> ToolExecution:
        """Return what `to_dict` was called on; nothing is checked, and other keys are left out."""
        known = fields_in(
            cls,
            data,
            tool_args=lambda arguments: read(dict[str, Any], arguments) or {},
            confirmed=read_bool,
            answered=read_bool,
            user_input_schema=partial(read_objects, UserInputField.from_dict),
            user_feedback_schema=partial(read_objects, UserFeedbackQuestion.from_dict),
        )
        return cls(**known)
