"""Open questions about calls of tools, as the author's program sees and decides them."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import Any

from kernbot.errors import AnswerError
from kernbot.run.answer import Action, Answer
from kernbot.run.tool_execution import (
    ByKey,
    PauseType,
    ToolExecution,
    UserFeedbackQuestion,
    UserInputField,
    checked_selections,
)
from kernbot.workflow.dicts import fields_in, read, read_moment, read_past
from kernbot.workflow.fields import checked_values
from kernbot.workflow.inputs import as_plain

_ASKS: dict[PauseType, str] = {
    "confirmation": "a yes or no: confirm() or reject()",
    "user_input": "values: provide_user_input() or reject()",
    "user_feedback": "choices: provide_user_feedback() or reject()",
    "external_execution": "the result of what is run elsewhere: set_external_execution_result() or reject()",
}
_BESIDE = {
    "confirmed": "confirmation",
    "confirmation_note": "confirmation_note",
    "result": "external_execution_result",
}
_CONFIRMED = {Action.confirm: True, Action.reject: False}


@dataclass(kw_only=True)
class RunRequirement(ByKey):
    """A question about one call of a tool: a view of a stored pause, with the decision noted on it.

    What is decided is read off `tool_execution`, so that what a program sets there itself counts as well. It may be
    changed until it is stored.
    """

    pause_id: str = ""
    tool_execution: ToolExecution
    created_at: datetime | None = None
    """When it was asked, UTC."""
    member_agent_id: str | None = None
    """Of a team: whose call it is; None for one of the leader's own."""
    member_agent_name: str | None = None
    member_run_id: str | None = None
    stored_answer: Answer | None = field(default=None, repr=False)
    """The decision that counts, once it is stored."""
    decided_at: float | None = field(default=None, repr=False)
    """When a method was last told a decision, in unix seconds."""
    _first_values: dict[str, Any] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        self._first_values = self._values
        if self.stored_answer:
            self._show(self.stored_answer)

    @property
    def id(self) -> str:
        """The id of the pause."""
        return self.pause_id

    @property
    def is_stored(self) -> bool:
        """Whether the decision is stored, so that it can't be changed any more."""
        return self.stored_answer is not None

    @property
    def answer(self) -> Answer | None:
        """The decision so far; AnswerError if it is wrong, which only one that was set directly can be."""
        if self.stored_answer:
            return self.stored_answer
        match self._action:
            case None:
                return None
            case Action.reject:
                return Answer(action=Action.reject, feedback=self.confirmation_note)
            case Action.supply:
                return Answer(action=Action.supply, output=self.external_execution_result)
            case Action.provide:
                return Answer(action=Action.provide, values=self._provided())
            case action:
                return Answer(action=action)

    @property
    def resolved_at(self) -> float | None:
        """When it was decided, in unix seconds: compared with the deadline. What was set directly is decided now."""
        is_set_directly = self.decided_at is None and not self.is_stored and self.is_resolved()
        return time.time() if is_set_directly else self.decided_at

    def is_resolved(self) -> bool:
        """Return whether it is decided; a no decides everything that is asked."""
        return self.is_stored or self._action is not None

    @property
    def pause_type(self) -> PauseType:
        """What is asked."""
        return self.tool_execution.pause_type or "confirmation"

    @property
    def needs_confirmation(self) -> bool:
        """Whether a yes or no is still to be given."""
        return self._needs("confirmation")

    @property
    def needs_user_input(self) -> bool:
        """Whether values are still to be given."""
        return self._needs("user_input")

    @property
    def needs_user_feedback(self) -> bool:
        """Whether choices are still to be made."""
        return self._needs("user_feedback")

    @property
    def needs_external_execution(self) -> bool:
        """Whether a result is still to be supplied."""
        return self._needs("external_execution")

    @property
    def external_execution_silent(self) -> bool:
        """Whether the agent says nothing of its own while the result is missing."""
        return self.tool_execution.external_execution_silent

    @property
    def confirmation(self) -> bool | None:
        """True or False once somebody said so."""
        return self.tool_execution.confirmed

    @confirmation.setter
    def confirmation(self, value: bool | None) -> None:
        self.tool_execution.confirmed = value

    @property
    def confirmation_note(self) -> str | None:
        """The reason that came with a no; the model is told."""
        return self.tool_execution.confirmation_note

    @confirmation_note.setter
    def confirmation_note(self, value: str | None) -> None:
        self.tool_execution.confirmation_note = value

    @property
    def user_input_schema(self) -> list[UserInputField] | None:
        """The arguments: those that are asked for are empty, the others have the model's value."""
        return self.tool_execution.user_input_schema

    @property
    def user_feedback_schema(self) -> list[UserFeedbackQuestion] | None:
        """The questions with their choices."""
        return self.tool_execution.user_feedback_schema

    @property
    def external_execution_result(self) -> Any:
        """The result that was supplied."""
        return self.tool_execution.result

    @external_execution_result.setter
    def external_execution_result(self, value: Any) -> None:
        self.tool_execution.result = value

    def confirm(self) -> None:
        """Say yes: run it.

        AnswerError when something else is asked, or was answered; the same again changes nothing.
        """
        self._expect("confirmation", "yes or no")
        self._decide(Answer(action=Action.confirm))

    def reject(self, note: str | None = None) -> None:
        """Say no, to whatever is asked: it doesn't run, and the model is told the note.

        AnswerError when something else was answered; the same again changes nothing.
        """
        self._decide(Answer(action=Action.reject, feedback=note))

    def provide_user_input(self, values: Mapping[str, Any]) -> None:
        """Give the values, all at once; AnswerError lists every problem, and then nothing has changed.

        A text that stands for a value of the field's type is taken as that. Where a yes or no is asked about arguments
        that may be changed, this is the yes.
        """
        if not self.user_input_schema:
            self._expect("user_input", "values")
        self._decide(Answer(action=Action.provide, values=self._checked_input(values)))

    def provide_user_feedback(self, selections: Mapping[str, Any]) -> None:
        """Make the choices, a list of labels by question; AnswerError lists every problem, and nothing has changed."""
        self._expect("user_feedback", "choices")
        chosen = checked_selections(self.user_feedback_schema or [], selections)
        self._decide(Answer(action=Action.provide, values=chosen))

    def set_external_execution_result(self, result: Any) -> None:
        """Supply the result of what was run elsewhere; None is none."""
        self._expect("external_execution", "result")
        if result is None:
            raise AnswerError(f"{self._call} needs a result, and None is none: give a text, if only 'done'.")
        self._decide(Answer(action=Action.supply, output=result))

    def to_dict(self) -> dict[str, Any]:
        """Return it as JSON, without what is None."""
        whole = {
            "id": self.pause_id,
            "created_at": self.created_at and self.created_at.isoformat(),
            "tool_execution": self.tool_execution.to_dict(),
            "pause_type": self.pause_type,
            "confirmation": self.confirmation,
            "confirmation_note": self.confirmation_note,
            "member_agent_id": self.member_agent_id,
            "member_agent_name": self.member_agent_name,
            "member_run_id": self.member_run_id,
            "first_values": as_plain(self._first_values) or None,
            "stored_answer": as_plain(self.stored_answer),
            "decided_at": self.decided_at,
        }
        return {name: value for name, value in whole.items() if value is not None}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> RunRequirement:
        """Return what `to_dict` was called on; it may be decided, and given to `continue_run`.

        Other keys are left out, and nothing is checked before a decision is stored: a question is what its pause says,
        whatever the dictionary makes of it. A decision may stand in the dictionary: in its `tool_execution`, where a
        program would set it too, or beside it as `confirmation`, `confirmation_note` or `external_execution_result`.
        """
        beside = {name: data[key] for name, key in _BESIDE.items() if data.get(key) is not None}
        call = {**(read(dict[str, Any], data.get("tool_execution")) or {}), **beside}
        known = fields_in(cls, data, created_at=read_moment, stored_answer=partial(read, Answer), decided_at=read_past)
        own = {"pause_id": data.get("id", ""), "tool_execution": ToolExecution.from_dict(call)}
        item = cls(**{**known, **own})
        item._first_values = read(dict[str, Any], data.get("first_values")) or item._first_values
        return item

    @property
    def _call(self) -> str:
        return f"The call of tool {self.tool_execution.tool_name!r}"

    @property
    def _values(self) -> dict[str, Any]:
        return {item.name: item.value for item in self.user_input_schema or ()}

    @property
    def _action(self) -> Action | None:
        """What was decided, right or wrong."""
        call = self.tool_execution
        if call.confirmed is False:
            return Action.reject
        match self.pause_type:
            case "confirmation":
                changed = self._values != self._first_values
                return (Action.provide if changed else Action.confirm) if call.confirmed else None
            case "user_input":
                return Action.provide if call.answered or self._is_filled_in else None
            case "user_feedback":
                is_complete = all(item.selected_options for item in self.user_feedback_schema or ())
                return Action.provide if is_complete else None
            case "external_execution":
                return None if call.result is None else Action.supply

    @property
    def _is_filled_in(self) -> bool:
        """Whether a program wrote values into the fields, and none is missing."""
        missing = [item for item in self.user_input_schema or () if item.required and item.value in (None, "")]
        return not missing and self._values != self._first_values

    def _needs(self, pause_type: PauseType) -> bool:
        return self.pause_type == pause_type and not self.is_resolved()

    def _expect(self, pause_type: PauseType, what: str) -> None:
        if self.pause_type != pause_type:
            raise AnswerError(f"{self._call} asks for no {what}; it asks for {_ASKS[self.pause_type]}.")

    def _decide(self, answer: Answer) -> None:
        if self.stored_answer is None:
            self._show(answer)
            self.decided_at = time.time()
        elif not answer.repeats(self.stored_answer):
            raise AnswerError(
                f"{self._call} has been answered already ({self.stored_answer.action}); "
                "load the run again and answer what is open now."
            )

    def _show(self, answer: Answer) -> None:
        """Write a decision on the call, in the place of an earlier one."""
        call = self.tool_execution
        call.confirmed = _CONFIRMED.get(answer.action)
        call.confirmation_note = answer.feedback
        if answer.action is Action.supply:
            call.result = answer.output
        if answer.action is Action.provide:
            call.confirmed = True if self.pause_type == "confirmation" else None
            call.answered = True
            for item in self.user_input_schema or ():
                item.value = answer.values.get(item.name)
            for question in self.user_feedback_schema or ():
                question.selected_options = answer.values.get(question.question)

    def _provided(self) -> dict[str, Any]:
        if self.pause_type != "user_feedback":
            return self._checked_input({})
        questions = self.user_feedback_schema or []
        return checked_selections(questions, {item.question: item.selected_options for item in questions})

    def _checked_input(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """Return what is in the fields, with these values in the place of some; AnswerError names every problem.

        A field that was emptied is None, so that the value that stood there first does not come back.
        """
        schema = self.user_input_schema or []
        given = {**self._values, **values}
        typed = given | {item.name: _as_typed(item, given[item.name]) for item in schema}
        emptied = {name: None for name, value in self._first_values.items() if value is not None}
        return emptied | checked_values(schema, typed)


def _as_typed(item: UserInputField, value: object) -> Any:
    """Return a text that stands for a value of the field's type as that value: `input()` gives texts only."""
    if item.field_type == "str" or not isinstance(value, str):
        return value
    try:
        return json.loads(value.lower() if item.field_type == "bool" else value, parse_constant=_refuse)
    except ValueError:
        return value


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is no JSON.")
