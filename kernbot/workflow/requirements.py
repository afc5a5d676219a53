"""Open questions as the author's program sees them: views of stored pauses, and what was decided about them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING, Any

from kernbot.errors import AnswerError
from kernbot.run.answer import Action, Answer
from kernbot.run.requirement import RunRequirement
from kernbot.workflow.dicts import (
    read,
    read_bool,
    read_object,
    read_objects,
)
from kernbot.workflow.fields import UserInputField, checked_values
from kernbot.workflow.inputs import as_plain
from kernbot.workflow.requirement import Requirement
from kernbot.workflow.review import OnReject

if TYPE_CHECKING:
    from kernbot.workflow.types import StepInput, StepOutput


@dataclass(kw_only=True)
class StepRequirement(Requirement):
    """A question about a node: may it run and with which values, which way does it go on, is what came out right."""

    step_type: str | None = None
    requires_confirmation: bool = False
    confirmation_message: str | None = None
    on_reject: str = "cancel"
    """What a reject does now: `skip`, `cancel`, `else` or `retry`, as long as retries are left.

    Setting it to `cancel` makes a reject cancel the run; nothing else can be set.
    """
    promised_on_reject: str | None = field(default=None, repr=False)
    requires_user_input: bool = False
    user_input_message: str | None = None
    user_input_schema: list[UserInputField] | None = None
    requires_route_selection: bool = False
    available_choices: list[str] | None = None
    """The names of the choices of a router."""
    proposed_choices: list[str] | None = None
    """Those of them that the selector chose."""
    allow_multiple_selections: bool = False
    requires_output_review: bool = False
    output_review_message: str | None = None
    step_output: StepOutput | None = field(default=None, repr=False)
    """What came out, and is to be reviewed."""
    is_post_execution: bool = False
    requires_executor_input: bool = False
    executor_requirements: list[RunRequirement] | None = None
    """The questions about calls of tools, each decided by itself."""
    executor_id: str | None = None
    executor_name: str | None = None
    executor_run_id: str | None = None
    executor_type: str | None = None
    """`agent` or `team`."""
    retry_count: int = 0
    """How often people have had it asked, or done, again."""
    max_retries: int | None = None
    on_timeout: str = "cancel"
    step_input: StepInput | None = field(default=None, repr=False)
    confirmed: bool | None = None
    """True once somebody said yes, be it by values, choices or an edit; False after a no."""
    user_input: dict[str, Any] | None = None
    """The values given."""

    def answer_to_store(self) -> Answer | None:
        """Return the decision as it goes to the ledger: a reject that is to cancel the run is a cancel."""
        is_stricter = self.on_reject == OnReject.cancel and self.promised_on_reject not in (None, OnReject.cancel)
        if self.answer and self.answer.action is Action.reject and is_stricter:
            return replace(self.answer, action=Action.cancel)
        return self.answer

    def _written(self) -> dict[str, Any]:
        schema, calls = self.user_input_schema, self.executor_requirements
        return {
            **super()._written(),
            "user_input_schema": None if schema is None else [item.to_dict() for item in schema],
            "executor_requirements": None if calls is None else [item.to_dict() for item in calls],
            "step_output": self.step_output and self.step_output.to_dict(),
            "step_input": self.step_input and self.step_input.to_dict(),
            "rejection_feedback": self.rejection_feedback,
            "selected_choices": self.selected_choices,
            "edited_output": as_plain(self.edited_output),
        }

    @classmethod
    def _readers(cls) -> dict[str, Callable[[Any], Any]]:
        from kernbot.workflow.types import StepInput, StepOutput  # noqa: PLC0415 - it imports this module

        return {
            **super()._readers(),
            "user_input_schema": lambda schema: read_objects(UserInputField.from_dict, schema) or None,
            "executor_requirements": lambda calls: read_objects(RunRequirement.from_dict, calls) or None,
            "step_output": partial(read_object, StepOutput.from_dict),
            "step_input": partial(read_object, StepInput.from_dict),
            "confirmed": read_bool,
            "user_input": partial(read, dict[str, Any]),
        }

    def _take_decision(self, data: Mapping[str, Any]) -> None:
        self.answer = self._decision_in(data)
        if self.answer is not None:
            self.confirmed = self.answer.action is not Action.reject

    def _forget_decision(self) -> None:
        self.confirmed = self.user_input = None

    def _decision_in(self, data: Mapping[str, Any]) -> Answer | None:
        if self.confirmed is False:
            return Answer(action=Action.reject, feedback=read(str, data.get("rejection_feedback")))
        if routes := read(tuple[str, ...], data.get("selected_choices")):
            return Answer(action=Action.select, routes=routes)
        if data.get("edited_output") is not None:
            return Answer(action=Action.edit, output=data["edited_output"])
        says_yes = self.confirmed and not self.requires_route_selection
        return self._answer_so_far() if says_yes or self.requires_user_input else None

    @property
    def is_resolved(self) -> bool:
        """Whether everything that is asked has been decided; a reject decides all of it."""
        if self.requires_executor_input:
            return not self.needs_executor_resolution
        return self.answer is not None

    @property
    def needs_executor_resolution(self) -> bool:
        """Whether a call of a tool is still to be decided; as good as that where it is not known what is asked."""
        calls = self.executor_requirements
        return self.requires_executor_input and (not calls or any(not item.is_resolved() for item in calls))

    @property
    def executor_agent_name(self) -> str | None:
        """What `executor_name` is called in programs written for earlier interfaces."""
        return self.executor_name

    @property
    def rejection_feedback(self) -> str | None:
        """The reason given with a reject."""
        return self.answer.feedback if self.answer else None

    @property
    def selected_choices(self) -> list[str] | None:
        """The names of the choices that were selected, in the order in which they run."""
        return list(self.answer.routes) if self.answer and self.answer.action is Action.select else None

    @selected_choices.setter
    def selected_choices(self, choices: Sequence[str]) -> None:
        self.select(*choices)

    @property
    def edited_output(self) -> Any:
        """What a reviewer put in the place of the content."""
        return self.answer.output if self.answer else None

    @property
    def needs_confirmation(self) -> bool:
        """Whether a yes or no is still to be given, before anything runs."""
        asks = self.requires_confirmation and not self.is_post_execution
        return asks and not self.is_resolved and not self.confirmed

    @property
    def needs_user_input(self) -> bool:
        """Whether values are still to be given; a schema of optional fields is listed too until it is submitted."""
        return self.requires_user_input and not self.is_resolved and self.user_input is None

    @property
    def needs_route_selection(self) -> bool:
        """Whether choices are still to be selected."""
        return self.requires_route_selection and not self.is_resolved

    @property
    def needs_output_review(self) -> bool:
        """Whether what came out is still to be reviewed."""
        return self.requires_output_review and not self.is_resolved

    def confirm(self, feedback: str | None = None) -> None:
        """Say yes, to values that are set already too: run it, or take what came out; `feedback` is the reason.

        AnswerError when neither is asked, or something else was answered; the same again changes nothing.
        """
        if not self.requires_confirmation:
            raise AnswerError(f"Step {self.step_name!r} asks for no confirmation; {self._what_it_asks}.")
        if self._says_again(Answer(action=Action.confirm, feedback=feedback)):
            return
        self.confirmed = True
        answer = self._answer_so_far()
        self._decide(answer and replace(answer, feedback=feedback))

    def reject(self, feedback: str | None = None) -> None:
        """Say no, to whatever is asked, or to every call that is undecided; what follows is `on_reject`.

        AnswerError when something else was answered; the same again changes nothing.
        """
        if self.requires_executor_input:
            for item in self.executor_requirements or ():
                if not item.is_resolved():
                    item.reject(feedback)
            return
        answer = Answer(action=Action.reject, feedback=feedback)
        if not self._says_again(answer):
            self.confirmed = False
            self._decide(answer)

    def edit(self, new_output: Any, feedback: str | None = None) -> None:
        """Take what came out, with another content, for a reason. AnswerError when no review is asked."""
        if not self.requires_output_review:
            raise AnswerError(f"Step {self.step_name!r} asks for no review of an output; {self._what_it_asks}.")
        self._check_is_open()
        self.confirmed = True
        self._decide(Answer(action=Action.edit, output=new_output, feedback=feedback))

    def set_user_input(self, /, **values: Any) -> None:
        """Give the values, all at once; AnswerError lists every problem, and then nothing has changed."""
        if not self.requires_user_input:
            raise AnswerError(f"Step {self.step_name!r} asks for no values; {self._what_it_asks}.")
        self._check_is_open()
        schema = self.user_input_schema or []
        self.user_input = checked_values(schema, values)
        self.user_input_schema = [replace(item, value=self.user_input.get(item.name)) for item in schema]
        if not self.requires_confirmation:
            self.confirmed = True
        self._decide(self._answer_so_far())

    def get_user_input(self, field_name: str) -> Any:
        """Return one of the values given, or None."""
        return (self.user_input or {}).get(field_name)

    def select(self, *choices: str) -> None:
        """Select choices of a router, by name, to be run in this order.

        AnswerError, and nothing has changed, for none, an unknown or a repeated one, or several where one is asked for.
        """
        if not self.requires_route_selection:
            raise AnswerError(f"Step {self.step_name!r} asks for no selection; {self._what_it_asks}.")
        self._check_is_open()
        if problem := problem_with_routes(
            choices, self.available_choices or [], several=self.allow_multiple_selections
        ):
            raise AnswerError(f"Router {self.step_name!r}: {problem}")
        self.confirmed = True
        self._decide(Answer(action=Action.select, routes=choices))

    def select_single(self, choice: str) -> None:
        """Select one choice."""
        self.select(choice)

    def select_multiple(self, choices: Sequence[str]) -> None:
        """Select several choices; AnswerError where only one may be selected."""
        self.select(*choices)

    @property
    def _what_it_asks(self) -> str:
        if self.requires_executor_input:
            return "it asks about calls of tools: decide each of its executor_requirements"
        if self.requires_output_review:
            return "it asks for a review: confirm(), edit() or reject()"
        if self.requires_route_selection:
            return "it asks for a selection: select() or reject()"
        if self.requires_user_input and self.requires_confirmation:
            return "it asks for a yes and values: confirm() and set_user_input(), or reject()"
        if self.requires_user_input:
            return "it asks for values: set_user_input() or reject()"
        return "it asks for a yes or no: confirm() or reject()"

    def _answer_so_far(self) -> Answer | None:
        """Return the answer that the parts given make; None while one is missing, the reject while it stands."""
        if self.requires_confirmation and not self.confirmed:
            return self.answer
        if not self.requires_user_input:
            return Answer(action=Action.confirm)
        return None if self.user_input is None else Answer(action=Action.provide, values=self.user_input)


def problem_with_routes(routes: Sequence[str], available: Sequence[str], *, several: bool) -> str | None:
    """Say what is wrong with a selection, or None."""
    if not routes:
        return f"nothing was selected; select one of {', '.join(map(repr, available))}."
    if unknown := [name for name in routes if name not in available]:
        return f"{unknown[0]!r} is no choice; select among {', '.join(map(repr, available))}."
    if len(set(routes)) < len(routes):
        return "a choice was selected twice; select each once."
    if len(routes) > 1 and not several:
        return "only one choice may be selected."
    return None


_RETRY_OR_SKIP = (Action.retry, Action.skip)


@dataclass(kw_only=True)
class ErrorRequirement(Requirement):
    """A question about a node that failed, or that may have run already when its process died."""

    error_type: str = ""
    error_message: str = ""
    retry_count: int = 0
    """How often people have had it retried so far."""
    actions: tuple[Action, ...] = _RETRY_OR_SKIP
    """What may be answered; cancelling the run is always possible."""

    @property
    def decision(self) -> str | None:
        """`retry`, `skip` or None."""
        return str(self.answer.action) if self.answer else None

    @property
    def needs_decision(self) -> bool:
        """Whether it is undecided."""
        return not self.is_resolved

    @property
    def should_retry(self) -> bool:
        """Whether it was decided to have the step run again."""
        return self.decision == Action.retry

    @property
    def should_skip(self) -> bool:
        """Whether it was decided to go on without the step."""
        return self.decision == Action.skip

    def retry(self) -> None:
        """Have the step run again."""
        self._choose(Action.retry)

    def skip(self) -> None:
        """Go on without the step."""
        self._choose(Action.skip)

    def _choose(self, action: Action) -> None:
        if action not in self.actions:
            allowed = " or ".join(f"{name}()" for name in self.actions)
            raise AnswerError(
                f"Step {self.step_name!r} cannot be answered with {action}(): {self.error_message} Use {allowed}."
            )
        self._decide(Answer(action=action))

    def _written(self) -> dict[str, Any]:
        return {**super()._written(), "decision": self.decision}

    @classmethod
    def _readers(cls) -> dict[str, Callable[[Any], Any]]:
        return {**super()._readers(), "actions": lambda names: read(tuple[Action, ...], names) or _RETRY_OR_SKIP}

    def _take_decision(self, data: Mapping[str, Any]) -> None:
        if action := read(Action, data.get("decision")):
            self.answer = Answer(action=action)
