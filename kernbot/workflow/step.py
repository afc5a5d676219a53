"""A step: one function or workflow, and what is asked before it runs and about what came out."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any

from kernbot.errors import DefinitionError
from kernbot.workflow.decorators import get_pause_metadata
from kernbot.workflow.fields import UserInputField
from kernbot.workflow.node import Node
from kernbot.workflow.review import HumanReview, OnCrash, OnError, OnReject, OnTimeout, as_enum, review_of

if TYPE_CHECKING:
    from kernbot.run.executor import Executor
    from kernbot.workflow.types import StepOutput
    from kernbot.workflow.workflow import Workflow

DEFAULT_RETRIES = 3
_INJECTED = ("run_context", "session_state")


class Step(Node):
    """Calls `executor(step_input)` and stores what it returns; or asks an agent, a team, or runs another workflow.

    An `agent` or a `team` works on the content of the step before, or else on the input of the run, and each turn of
    its model and each call of a tool is stored by itself. A `workflow` runs as a part of this run.

    A function may also take `run_context` (a RunContext) and `session_state` (a dict). It may be a coroutine function;
    a plain one never blocks an event loop. It may be a generator: the texts it yields are joined, and a StepOutput that
    it yields ends it. It is retried up to `max_retries` times when it raises (after 0.5 s, doubled
    each time, at most 8 s); a step that a person had to approve is tried once per approval, and one whose `on_error`
    asks people is tried once per question, unless `max_retries` is given. `on_crash` says what happens to a step that
    was running when its process died. What is asked of people may be given flat, by `human_review`, which wins, or by
    `@pause` on the function; `hitl_max_retries` and `hitl_timeout` are its `max_retries` and `timeout`.

    An answer counts for the code that people were asked about. If that is another one when they answer, as a bot was
    started again with a change, the answer is refused and the question asked again. What counts is the `version` if it
    is given, else what the function is compiled to (of an agent, its instructions, model and tools); a HumanReview with
    `accept_changes` takes any.

    `num_history_runs` is how many runs of the session `step_input.get_workflow_history()` returns (None: the workflow's
    number); `add_workflow_history` has no effect on a function, which asks for it itself.

    The nodes of a `workflow` ask, fail and are retried each for itself; its input is the content of the step before, or
    else the input of the run.
    """

    kind = "Step"
    gates = ("requires_confirmation", "requires_user_input", "requires_output_review")
    has_on_error = True

    def __init__(
        self,
        name: str | None = None,
        executor: Callable[..., Any] | None = None,
        *,
        agent: Executor | None = None,
        team: Executor | None = None,
        workflow: Workflow | None = None,
        description: str | None = None,
        step_id: str | None = None,
        max_retries: int | None = None,
        skip_on_failure: bool = False,
        strict_input_validation: bool = False,  # noqa: ARG002 - has no effect, as in the documents' programs
        on_crash: OnCrash | str | None = None,
        version: str | int | None = None,
        add_workflow_history: bool | None = None,
        num_history_runs: int | None = None,
        human_review: HumanReview | None = None,
        requires_confirmation: bool | None = None,
        confirmation_message: str | None = None,
        requires_user_input: bool | None = None,
        user_input_message: str | None = None,
        user_input_schema: Sequence[UserInputField | dict[str, Any]] | None = None,
        requires_output_review: bool | Callable[[StepOutput], bool] | None = None,
        output_review_message: str | None = None,
        hitl_max_retries: int | None = None,
        on_reject: OnReject | str | None = None,
        on_error: OnError | str | None = None,
        timeout: float | None = None,
        hitl_timeout: float | None = None,
        on_timeout: OnTimeout | str | None = None,
    ) -> None:
        flat = {
            "requires_confirmation": requires_confirmation,
            "confirmation_message": confirmation_message,
            "requires_user_input": requires_user_input,
            "user_input_message": user_input_message,
            "user_input_schema": user_input_schema,
            "requires_output_review": requires_output_review,
            "output_review_message": output_review_message,
            "max_retries": hitl_max_retries,
            "on_reject": on_reject,
            "on_error": OnError.skip if skip_on_failure and on_error is None else on_error,
            "timeout": hitl_timeout if timeout is None else timeout,
            "on_timeout": on_timeout,
        }
        _check_it_has_one_executor(name, executor, agent, team, workflow)
        self.executor = None if executor is None else _checked_executor(name, executor)
        self.agent = agent or team
        self.workflow = workflow
        decorated = get_pause_metadata(executor)
        own_name = decorated.pop("name", None) or getattr(agent or team or workflow, "name", None)
        super().__init__(
            str(name or own_name or getattr(executor, "__name__", "")),
            description=description,
            step_id=step_id,
            human_review=review_of(human_review, flat, decorated),
        )
        self.on_crash = None if on_crash is None else as_enum(OnCrash, on_crash, "on_crash")
        self.version = None if version is None else str(version)
        self.retries_were_asked_for = max_retries is not None
        self.max_retries = self._checked_retries(max_retries)
        self.add_workflow_history = add_workflow_history
        self.num_history_runs = num_history_runs

    @property
    def asks_before(self) -> bool:
        """Whether a pause opens before the step runs."""
        return self.human_review.requires_confirmation or self.human_review.requires_user_input

    def _checked_retries(self, max_retries: int | None) -> int:
        if max_retries is not None and max_retries < 0:
            raise DefinitionError(f"Step {self.name!r}: max_retries is {max_retries}; it must be 0 or more.")
        if self.workflow is not None and (self.retries_were_asked_for or self.on_crash):
            raise DefinitionError(f"Step {self.name!r} runs a workflow: give max_retries and on_crash to its steps.")
        if self.agent is not None and self.on_crash:
            raise DefinitionError(f"Step {self.name!r} has an agent: give on_crash to its tools.")
        if self.workflow is not None:
            return 0
        return DEFAULT_RETRIES if max_retries is None else max_retries

    def children(self) -> Iterable[Sequence[Node]]:
        """Return the nodes of its workflow, if it runs one."""
        return () if self.workflow is None else (self.workflow.steps,)


def _check_it_has_one_executor(name: str | None, *candidates: object) -> None:
    where = f"Step {name!r}" if name else "A Step"
    given = sum(candidate is not None for candidate in candidates)
    if given > 1:
        raise DefinitionError(f"{where} has several of executor, agent, team and workflow; give it one.")
    if not given:
        raise DefinitionError(
            f"{where} needs an executor, a function that takes a StepInput, or an agent, a team or a workflow; "
            "it has none of these."
        )


def _checked_executor(name: str | None, executor: Callable[..., Any]) -> Callable[..., Any]:
    where = f"Step {name!r}" if name else "A Step"
    if not callable(executor):
        raise DefinitionError(f"{where} needs an executor, a function that takes a StepInput; it has {executor!r}.")
    try:
        signature = inspect.signature(executor)
        signature.bind(None, **dict.fromkeys(name for name in _INJECTED if name in signature.parameters))
    except (TypeError, ValueError) as error:
        raise DefinitionError(
            f"{where}: the executor must take (step_input), and may take run_context and session_state: {error}."
        ) from None
    return executor
