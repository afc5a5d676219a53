"""One worker's hold on one run: what is known, what may be written, and what the nodes share."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal, TypeVar

from kernbot.db.base import JournalEntry, PauseRecord, RunRecord, Snapshot, StateChanges, Store
from kernbot.engine.journal import ROOT, Journal, apply_changes
from kernbot.engine.lease import Lease
from kernbot.engine.questions import Asking, error_text
from kernbot.engine.values import decode, decode_state, digest, encode
from kernbot.errors import ConflictError
from kernbot.run.context import RunContext
from kernbot.run.events import WorkflowRunEvent
from kernbot.workflow.node import Node
from kernbot.workflow.types import StepInput, StepOutput

_Event = TypeVar("_Event", bound=WorkflowRunEvent)


class Suspended(BaseException):
    """The walk can't go on before these pauses are answered.

    No Exception, so that an author's `except Exception` can't swallow it.
    """

    def __init__(self, pauses: list[PauseRecord]) -> None:
        super().__init__("waiting for " + ", ".join(pause.step_name for pause in pauses))
        self.pauses = pauses


class Cancelled(BaseException):
    """The run is to end as CANCELLED; `outcome` says why, and is empty where somebody asked for it."""

    def __init__(self, outcome: dict[str, Any]) -> None:
        super().__init__(outcome)
        self.outcome = outcome


@dataclass(frozen=True)
class Failure:
    """What an author's code raised: the exception, and its text as it is stored."""

    error: Exception
    text: str

    @classmethod
    def of(cls, error: Exception) -> Failure:
        """Return the failure that an exception is."""
        return cls(error, error_text(error))


class StepFailed(Exception):  # noqa: N818 - carries a failure to the end of the run
    """A node with `on_error=fail` failed for good."""

    def __init__(self, step_name: str, failure: Failure) -> None:
        super().__init__(failure.text)
        self.step_name = step_name
        self.failure = failure


class EvaluatorFailed(Exception):  # noqa: N818 - carries a failure to its Condition
    """The evaluator of a Condition raised."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(failure.text)
        self.failure = failure


class LeaseLostError(ConflictError):
    """The lease ran out before a step could start: another worker may have the run."""


@dataclass(frozen=True, kw_only=True)
class Chain:
    """What a node can see of the nodes before it."""

    input: Any
    additional_data: dict[str, Any] = field(default_factory=dict)
    outputs: dict[str, StepOutput] = field(default_factory=dict)
    content: Any = None
    content_path: str | None = None
    """Where that content is journaled."""

    def then(self, output: StepOutput, path: str) -> Chain:
        """Return the chain after one more output; a failed one is seen by name, but never passed on as content."""
        outputs = {**self.outputs, str(output.step_name): output}
        if not output.passes_on:
            return replace(self, outputs=outputs)
        return replace(self, outputs=outputs, content=output.last_content, content_path=path)

    def after(self, outputs: Mapping[str, StepOutput]) -> Chain:
        """Return the chain after several outputs, by path."""
        chain = self
        for path, output in outputs.items():
            chain = chain.then(output, path)
        return chain

    def reference(self) -> dict[str, str] | None:
        """Return where the content is journaled and its digest: a question refers to it, it is not stored again."""
        if self.content_path is None:
            return None
        seen = encode(self.content, f"What {self.content_path} left")
        return {"path": self.content_path, "digest": digest(seen)}

    def step_input(self, user_input: dict[str, Any]) -> StepInput:
        """Return what a step function receives; it may change it as it likes."""
        extra = {"user_input": decode(user_input)} if user_input else {}
        return StepInput(
            input=copy.deepcopy(self.input),
            previous_step_content=copy.deepcopy(self.content),
            previous_step_outputs={name: _copy_of(output) for name, output in self.outputs.items()},
            additional_data={**copy.deepcopy(self.additional_data), **extra},
        )


def _copy_of(output: StepOutput) -> StepOutput:
    """Return a copy that shares nothing; much faster than `deepcopy`, which every step would pay for all before it."""
    steps = None if output.steps is None else [_copy_of(inner) for inner in output.steps]
    return StepOutput(**{**vars(output), "content": copy.deepcopy(output.content), "steps": steps})


@dataclass(frozen=True, kw_only=True)
class Visit:
    """Where the walk stands: at a path, with what can be seen from there."""

    path: str
    chain: Chain
    index: int | None = None
    """Position of the top-level node it is in, from 0."""
    of: int | None = None
    """The number of top-level nodes."""
    next_step: str | None = None
    """What the run goes on with; None if nothing follows."""
    gated: bool = False
    """Whether people stand before it, here or further out."""
    is_parallel: bool = False
    """Whether something else runs at the same time: a plain function must not hold it up."""

    def names(self, node: Node) -> dict[str, Any]:
        """Return what an event says about a node here."""
        return {"step_name": node.name, "step_index": self.index, "step_id": node.step_id}

    def asking(self, run: Execution) -> Asking:
        """Return what a question here says about its place."""
        return Asking(
            run_id=run.run_id,
            path=self.path,
            now=run.clock(),
            place={
                "index": self.index,
                "of": self.of,
                "next_step": self.next_step,
                "previous": self.chain.reference(),
            },
        )


def event_of(run: RunRecord, kind: type[_Event], **fields: Any) -> _Event:
    """Return an event of a run."""
    return kind(
        workflow_id=run.workflow_id,
        workflow_name=run.workflow_name,
        session_id=run.session_id,
        run_id=run.run_id,
        **fields,
    )


class Execution:
    """A claimed run while it is walked."""

    def __init__(
        self, store: Store, snapshot: Snapshot, lease: Lease, clock: Callable[[], float], *, inline: bool
    ) -> None:
        self._store = store
        self._lease = lease
        self._run = snapshot.run
        self.clock = clock
        self._inline = inline
        self.journal = Journal(snapshot)
        self.session_state: dict[str, Any] = decode_state(copy.deepcopy(snapshot.session.state))
        self._cancel_was_asked = snapshot.run.cancel_requested_by is not None

    @property
    def run_id(self) -> str:
        """The run's id."""
        return self._run.run_id

    async def append(
        self,
        node: Node,
        path: str,
        kind: Literal["started", "failure", "decision", "output"],
        payload: Any,
        *,
        attempt: int = 1,
        changes: StateChanges | None = None,
    ) -> None:
        """Store one fact, and take it in. Raises FencedError when the run has another worker now."""
        entry = JournalEntry(
            path=path,
            kind=kind,
            attempt=attempt,
            node=node.signature,
            payload=payload,
            state_changes=changes,
            created_at=self.clock(),
        )
        self._cancel_was_asked = await self._store.append(self.run_id, self._run.epoch, entry)
        self.journal.add(entry)
        apply_changes(self.session_state, changes)

    def check_may_go_on(self) -> None:
        """Raise Cancelled if somebody asked for it, or LeaseLostError if this worker may have been replaced."""
        if self._cancel_was_asked:
            raise Cancelled({})
        if not self._lease.is_held:
            raise LeaseLostError(f"The lease on run {self.run_id} ran out; continue the run to take it up again.")

    def context(self, path: str, attempt: int) -> RunContext:
        """Return the context of one attempt at a step, with a copy of the session state that it may change."""
        request = self._run.request
        return RunContext(
            run_id=self.run_id,
            session_id=self._run.session_id,
            user_id=self._run.user_id,
            session_state=copy.deepcopy(self.session_state),
            dependencies=decode(request["dependencies"]),
            metadata=decode(request["metadata"]),
            idempotency_key=f"{self.run_id}:{path}:{attempt}",
        )

    def runs_inline(self, visit: Visit) -> bool:
        """Whether a plain function is called in this very thread: not in the bot, and not beside something else."""
        return self._inline and not visit.is_parallel

    def event(self, kind: type[_Event], **fields: Any) -> _Event:
        """Return an event of this run."""
        return event_of(self._run, kind, **fields)

    def begin(self) -> Visit:
        """Return the place before the first node."""
        request = self._run.request
        extra = decode(request["additional_data"]) or {}
        return Visit(path=ROOT, chain=Chain(input=decode(request["input"]), additional_data=extra))
