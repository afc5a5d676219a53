"""One worker's hold on one run: what is known, what may be written, and what the nodes share."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextvars import copy_context
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any, Literal, TypeVar

from kernbot.db.base import JournalEntry, PauseRecord, RunRecord, Snapshot, StateChanges, Store
from kernbot.engine.authority import Rule
from kernbot.engine.callers import Caller
from kernbot.engine.calls import call
from kernbot.engine.journal import ROOT, Journal, apply_changes, state_changes
from kernbot.engine.large import filled, filled_output, take_out
from kernbot.engine.lease import Lease
from kernbot.engine.live import Tell
from kernbot.engine.questions import Asking, error_text
from kernbot.engine.sessions import session_view
from kernbot.engine.values import decode, decode_state, digest_of
from kernbot.errors import ConflictError
from kernbot.run.context import RunContext
from kernbot.run.events import WorkflowRunOutputEvent
from kernbot.session.workflow import WorkflowSession
from kernbot.workflow.node import Node
from kernbot.workflow.review import OnError
from kernbot.workflow.types import StepInput, StepOutput

_Event = TypeVar("_Event", bound=WorkflowRunOutputEvent)


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


class StepFailed(Exception):  # noqa: N818 - carries a failure to the end of its workflow
    """A node with `on_error=fail` failed for good; or several did that ran at the same time."""

    def __init__(
        self, step_name: str, failure: Failure, attempts: Mapping[str, int], waiting: Sequence[PauseRecord] = ()
    ) -> None:
        super().__init__(failure.text)
        self.step_name = step_name
        self.failure = failure
        self.attempts = attempts
        """By path, the last attempt of each node that failed."""
        self.waiting = waiting
        """What people are asked beside it, at the same time."""


class LeaseLostError(ConflictError):
    """The lease ran out before a step could start: another worker may have the run."""


@dataclass(frozen=True)
class Part:
    """Something inside a node that is journaled by itself: a turn of a model, a call of a tool."""

    signature: str


@dataclass(frozen=True, kw_only=True)
class Chain:
    """What a node can see of the nodes before it."""

    input: Any
    input_reference: dict[str, str] | None = None
    """Inside a workflow that is a step and begins with what came before it: where that is journaled, and its digest."""
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
        """Return where the content, or else the input, is journaled and its digest: a question only refers to it."""
        if self.content_path is None:
            return self.input_reference
        return {"path": self.content_path, "digest": digest_of(self.content, f"What {self.content_path} left")}

    def filled(self, known: dict[str, Any]) -> Chain:
        """Return the chain with the large contents in it that are known."""
        outputs = {name: filled_output(output, known) for name, output in self.outputs.items()}
        return replace(self, input=filled(self.input, known), outputs=outputs, content=filled(self.content, known))

    def step_input(self, user_input: dict[str, Any], session: WorkflowSession) -> StepInput:
        """Return what a step function receives; it may change it as it likes."""
        extra = {"user_input": decode(user_input)} if user_input else {}
        return StepInput(
            input=copy.deepcopy(self.input),
            previous_step_content=copy.deepcopy(self.content),
            previous_step_outputs={name: _copy_of(output) for name, output in self.outputs.items()},
            additional_data={**copy.deepcopy(self.additional_data), **extra},
            workflow_session=session,
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
    round: int = 1
    """How often the node is done, counted from 1: a reviewer may have it done again."""
    on_error: OnError | None = None
    """What holds for nodes that say nothing themselves."""
    asks_for_fail: bool = False
    """Whether people are asked where a failure would end a workflow that is a step."""

    @property
    def base(self) -> str:
        """The path under which nodes inside stand; another one in each round."""
        return self.path if self.round == 1 else f"{self.path}/~{self.round}"

    is_parallel: bool = False
    """Whether something else runs at the same time: a plain function must not hold it up."""

    def names(self, node: Node) -> dict[str, Any]:
        """Return what an event says about a node here."""
        depth = self.path.count("/") - 1
        return {"step_name": node.name, "step_index": self.index, "step_id": node.step_id, "nested_depth": depth}

    def wanted_on_error(self, node: Node) -> OnError:
        """Return what the author wants a failure of a node to do here."""
        return node.on_error or self.on_error or OnError.skip

    def on_error_of(self, node: Node) -> OnError:
        """Return what a failure of a node does here."""
        wanted = self.wanted_on_error(node)
        return OnError.pause if wanted is OnError.fail and self.asks_for_fail else wanted

    @property
    def feedback(self) -> str | None:
        """What the reviewer said who had it done again; None in the first round, or if nothing was said."""
        return self.chain.additional_data.get("rejection_feedback") if self.round > 1 else None

    def reviewed(self, feedback: str | None, content: Any) -> Visit:
        """Return the next round here, in which every step sees what the reviewer said, and about which content."""
        previous_output = "" if content is None else str(content)
        data = {**self.chain.additional_data, "rejection_feedback": feedback, "previous_output": previous_output}
        if not feedback:
            del data["rejection_feedback"]
        return replace(self, chain=replace(self.chain, additional_data=data), round=self.round + 1)

    def asking(self, run: Execution, node: Node) -> Asking:
        """Return what a question of a node here says about its place, and who may answer it."""
        return Asking(
            run_id=run.run_id,
            path=self.path,
            now=run.clock(),
            rule=run.rule.at(node.human_review),
            place={
                "index": self.index,
                "of": self.of,
                "next_step": self.next_step,
                "previous": self.chain.reference(),
                "input": self.chain.input_reference,
            },
        )


async def _stop_with(caller: Caller) -> None:
    """Stop the walk where agents that a function called stopped, whatever the function made of it."""
    await caller.has_stopped()
    if caller.cancelled is not None:
        raise caller.cancelled from None
    if caller.waiting:
        raise Suspended(caller.waiting) from None


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
        self,
        store: Store,
        snapshot: Snapshot,
        lease: Lease,
        clock: Callable[[], float],
        *,
        inline: bool,
        live: bool,
        num_history_runs: int,
        rule: Rule,
    ) -> None:
        self.rule = rule
        """Who may answer, where a gate says nothing of its own."""
        self._store = store
        self._session = snapshot.session
        self._num_history_runs = num_history_runs
        self._lease = lease
        self._run = snapshot.run
        self.clock = clock
        self._inline = inline
        self.live = live
        """Whether somebody reads the events as they come."""
        self.live_context = copy_context()
        """Where the context variables are that the functions of live steps set, for those that follow."""
        self.journal = Journal(snapshot)
        self.session_state: dict[str, Any] = decode_state(copy.deepcopy(snapshot.session.state))
        self._cancel_was_asked = snapshot.run.cancel_requested_by is not None
        self.is_broken = False
        """Whether something could not be written: then this worker's part is over, whatever an author catches."""

    @property
    def run_id(self) -> str:
        """The run's id."""
        return self._run.run_id

    @property
    def record(self) -> RunRecord:
        """The run's own row, as it was when this worker claimed it."""
        return self._run

    @property
    def store(self) -> Store:
        """Where the run is stored."""
        return self._store

    async def append(
        self,
        node: Node | Part,
        path: str,
        kind: Literal["started", "waiting", "failure", "decision", "draft", "output"],
        payload: Any,
        *,
        attempt: int = 1,
        changes: StateChanges | None = None,
    ) -> None:
        """Store one fact, and take it in. Raises FencedError when the run has another worker now."""
        small, blobs = take_out(payload)
        entry = JournalEntry(
            path=path,
            kind=kind,
            attempt=attempt,
            node=node.signature,
            payload=small,
            state_changes=changes,
            created_at=self.clock(),
        )
        try:
            self._cancel_was_asked = await self._store.append(self.run_id, self._run.epoch, entry, blobs)
        except Exception:
            self.is_broken = True
            raise
        self.journal.learn(blobs)
        self.journal.add(entry)
        state = dict(self.session_state)  # a new one: another thread may be copying the old one
        apply_changes(state, changes)
        self.session_state = state

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

    async def called(
        self,
        visit: Visit,
        function: Callable[..., Any],
        given: Callable[[RunContext], Any],
        attempt: int = 1,
        *,
        node: Node | None = None,
        tell: Tell | None = None,
        **offered: Any,
    ) -> tuple[Any, StateChanges | None]:
        """Call an author's function with what it is given; return its result and what it changed in the session state.

        It also gets `run_context`, `session_state` and what else is offered, if it has parameters of these names. A
        plain function is called in this very thread, unless in the bot, or beside something else. Agents that it calls
        are a part of the run, if it is the function of a `node`; what they do is told to `tell`.
        """
        context = self.context(visit.path, attempt)
        return await self._bound_called(
            visit, partial(function, given(context)), context, node=node, tell=tell, **offered
        )

    async def called_by_name(
        self,
        visit: Visit,
        function: Callable[..., Any],
        named: dict[str, Any],
        attempt: int,
        *,
        node: Node,
        tell: Tell | None,
        **offered: Any,
    ) -> tuple[Any, StateChanges | None]:
        """Do the same with arguments that are given by their names."""
        context = self.context(visit.path, attempt)
        return await self._bound_called(visit, partial(function, **named), context, node=node, tell=tell, **offered)

    async def _bound_called(
        self,
        visit: Visit,
        function: Callable[..., Any],
        context: RunContext,
        *,
        node: Node | None,
        tell: Tell | None,
        **offered: Any,
    ) -> tuple[Any, StateChanges | None]:
        before = copy.deepcopy(context.session_state)
        inline = self._inline and not visit.is_parallel
        caller = Caller(run=self, visit=visit, node=node, states=(before, context.session_state), tell=tell)
        try:
            result = await caller.awaited(call(function, context, inline=inline, **offered))
        except (Exception, BaseExceptionGroup, Suspended, Cancelled):
            await _stop_with(caller)
            raise
        await _stop_with(caller)
        return result, state_changes(before, context.session_state)

    async def seen(
        self, visit: Visit, values: dict[str, Any] | None = None, num_runs: int | None = None
    ) -> Callable[[RunContext], StepInput]:
        """Return what makes the step input of a function here, with the values that a person filled in.

        Large contents that came before are read now. `num_runs` is how many runs of history it gets if it names none.
        """
        chain = await self.whole_chain(visit)
        return lambda context: chain.step_input(values or {}, self._session_view(context.session_state, num_runs))

    async def read(self, content: Any) -> Any:
        """Return a content, read if it is a large one."""
        await self.read_large()
        return filled(content, self.journal.large)

    async def whole_chain(self, visit: Visit) -> Chain:
        """Return what a node sees of those before it, with large contents read."""
        await self.read_large()
        return visit.chain.filled(self.journal.large) if self.journal.large else visit.chain

    async def whole(self, output: StepOutput) -> StepOutput:
        """Return an output with its large contents read."""
        return (await self.all_whole([output]))[0]

    async def all_whole(self, outputs: Iterable[StepOutput]) -> list[StepOutput]:
        """Return outputs with their large contents read."""
        await self.read_large()
        return [filled_output(output, self.journal.large) for output in outputs]

    async def read_large(self) -> None:
        """Read the large contents that have not been read yet; StorageError when one can't be."""
        if unread := self.journal.unread():
            self.journal.learn(await self._store.get_blobs(unread))

    def _session_view(self, state: dict[str, Any], num_runs: int | None) -> WorkflowSession:
        most = self._num_history_runs if num_runs is None else num_runs
        return session_view(self._store, self._session, state, most)

    def event(self, kind: type[_Event], **fields: Any) -> _Event:
        """Return an event of this run."""
        return event_of(self._run, kind, **fields)

    def begin(self) -> Visit:
        """Return the place before the first node."""
        request = self._run.request
        extra = decode(request["additional_data"]) or {}
        return Visit(path=ROOT, chain=Chain(input=decode(request["input"]), additional_data=extra))
