"""What must come of a run, written from the documents: no journal, no store, no restarts, no order of branches."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from tests.engine import trees
from tests.engine.trees import Branches, Case, Choice, Cycle, Flow, Fork, Leaf, Outcome, Question, Said, Shape


class _StoppedError(Exception):
    """Why it can't go on: questions without an answer, names of steps that failed, None for a no that ends the run."""


@dataclass(frozen=True)
class _Left:
    """What a node left. It is final if there is nothing to review: the node itself failed, or nothing in it ran."""

    content: str | None = None
    failed: tuple[str, ...] = ()
    stop: bool = False
    is_final: bool = False
    last: str | None = None


@dataclass(frozen=True)
class _Sight:
    """What a node sees, and what holds for a failure of it."""

    input: str
    content: str | None = None
    data: dict[str, Any] = field(default_factory=dict)
    on_error: trees.OnError | None = None
    around: trees.OnError = "fail"

    def after(self, lefts: Sequence[_Left]) -> _Sight:
        return replace(self, content=_joined(lefts).content or self.content)

    def on_error_of(self, node: Shape) -> trees.OnError:
        on_error = node.on_error or self.on_error or "skip"
        return "pause" if on_error == "fail" and self.around == "pause" else on_error


def expected(case: Case, asked: Sequence[Question] = (), forgiven: Sequence[str] = ()) -> Outcome:
    """Return what must come of a run; it starts anew here with each answer, and with each error that is retried."""
    model = _Model(case.people, forgiven, Outcome(asked=list(asked)))
    try:
        left = model.flow(Flow(inside=case.tree, on_error="fail"), _Sight("x"))
    except _StoppedError as stopped:
        failed = [name for name in stopped.args if isinstance(name, str)]
        if None in stopped.args or (failed and case.patience == 0):
            return replace(model.outcome, status="CANCELLED" if None in stopped.args else "ERROR")
        if not failed:
            return expected(case, [*asked, *case.answered(stopped.args)], forgiven)
        return expected(replace(case, patience=case.patience - 1), asked, [*forgiven, *failed])
    content = left.content or (None if left.failed else "No steps were executed.")
    return replace(model.outcome, content=content, failed=list(left.failed))


@dataclass
class _Model:
    people: trees.People
    forgiven: Sequence[str]
    outcome: Outcome
    counts: Counter[object] = field(default_factory=Counter)

    def flow(self, node: Flow, sight: _Sight) -> _Left:
        on_error, given = sight.on_error_of(node), sight.content or sight.input
        within = replace(sight, input=given, content=None, on_error=None, around=on_error)
        try:
            return replace(_joined(self._sequence(node.inside, within)), stop=False)
        except _StoppedError as stopped:
            if on_error == "fail" or None in stopped.args:
                raise
            if waiting := [question for question in stopped.args if isinstance(question, Question)]:
                raise _StoppedError(*waiting) from None
            return _Left(failed=(node.name,), is_final=True)

    def _sequence(self, nodes: Sequence[Shape], sight: _Sight) -> list[_Left]:
        lefts: list[_Left] = []
        for node in nodes:
            if left := self._node(node, sight.after(lefts)):
                lefts.append(left)
                if left.stop:
                    break
        return lefts

    def _node(self, node: Shape, sight: _Sight) -> _Left | None:
        """Return what a node left; None if it was skipped."""
        if isinstance(node, Fork) and node.picks is not None and (tried := self._tried(node, sight)).failed:
            return tried
        said = Said() if node.gate == "none" else self._before(node, node.gate, sight.content)
        if said is None:
            return None
        if isinstance(node, Choice):
            return self._chosen(node, sight, is_rejected=not said.yes)
        data = sight.data | ({"user_input": {"value": said.value}} if said.value else {})
        return self._reviewed(node, replace(sight, data=data), [])

    def _ask(self, node: Shape, kind: trees.Kind, about: str | None = None) -> Said:
        self.counts[node.name, kind] += 1
        number = self.counts[node.name, kind]
        if number > sum((other.name, other.kind) == (node.name, kind) for other in self.outcome.asked):
            raise _StoppedError(Question(node.name, kind, about))
        return self.people.say(node.name, kind, number)

    def _before(self, node: Shape, kind: trees.Kind, about: str | None, retries: int = 0) -> Said | None:
        """Return a yes, or the no that means `else`; None where the node is to be skipped."""
        said = self._ask(node, kind, about)
        if said.yes or node.on_reject == "else":
            return said
        if node.on_reject == "cancel":
            raise _StoppedError(None)
        if node.on_reject == "skip" or retries == node.max_retries:
            return None
        return self._before(node, kind, about, retries + 1)

    def _reviewed(self, node: Shape, sight: _Sight, done: list[_Left], retries: int = 0) -> _Left | None:
        """Carry a node out until what it left is accepted, or is not to be reviewed; `done` are a loop's iterations."""
        left = self._body(node, sight, done, retries)
        if left is None or left.is_final or not node.is_reviewed(left.content):
            return left
        about = done[-1].last if node.review == "iteration" else left.content
        said = self._ask(node, "review", about)
        if said.yes and said.edit:
            return replace(left, content=said.edit, failed=left.failed if left.content else ())
        is_enough = node.review != "iteration" and (retries == node.max_retries or len(done) == node.times)
        if not said.yes and (node.on_reject == "cancel" or (node.on_reject == "retry" and is_enough)):
            raise _StoppedError(None)
        if said.yes or node.on_reject == "skip":
            return left if said.yes else None
        data = sight.data | {"rejection_feedback": said.feedback, "previous_output": about or ""}
        return self._reviewed(node, replace(sight, data=data), done, retries + 1)

    def _tried(self, node: Shape, sight: _Sight) -> _Left:
        self.outcome.ran.append(f"{node.name}({trees.shown(sight.content or sight.input, sight.data)})")
        self.counts[node.name] += 1
        if self.counts[node.name] > node.fails:
            self.outcome.worked[node.name] += 1
            return _Left(self.outcome.ran[-1], stop=node.stops)
        on_error = sight.on_error_of(node)
        if on_error == "fail" and self.counts[node.name] > self.forgiven.count(node.name):
            raise _StoppedError(node.name)
        is_retried = on_error == "fail" or (on_error == "pause" and self._ask(node, "error").yes)
        return self._tried(node, sight) if is_retried else _Left(failed=(node.name,), is_final=True)

    def _body(self, node: Shape, sight: _Sight, done: list[_Left], retries: int) -> _Left | None:
        match node:
            case Leaf():
                return self._tried(node, sight)
            case Flow():
                return self.flow(node, sight)
            case Branches():
                return _joined(self._branches(node, sight))
            case Cycle():
                return self._iterated(node, sight, done)
            case Fork():
                names, choices = node.proposal, {choice.name: choice for choice in node.inside}
                if node.selects or retries > 0:
                    said = self._before(node, "route", ",".join(names))
                    names = said.chosen(list(choices), several=node.several) if said else []
                return _joined(self._sequence([choices[name] for name in names], sight)) if names else None
        return _joined(self._sequence(node.inside, sight))

    def _chosen(self, node: Choice, sight: _Sight, *, is_rejected: bool) -> _Left | None:
        if not is_rejected and (tried := self._tried(node, sight)).failed:
            return tried
        branch = node.inside if node.holds and not is_rejected else node.otherwise
        lefts = self._sequence(branch, replace(sight, on_error=node.on_error or sight.on_error))
        return _joined(lefts) if branch else None

    def _iterated(self, node: Cycle, sight: _Sight, done: list[_Left]) -> _Left:
        done.append(_joined(self._sequence(node.inside, sight.after(done if node.forwards else []))))
        is_over = len(done) == node.times or done[-1].stop or (node.may_end and trees.is_doubtful(done[-1].content))
        if not is_over and node.review != "iteration":
            return self._iterated(node, sight, done)
        ran_nothing = all(iteration.is_final for iteration in done)
        return replace(_joined(done), is_final=is_over if node.review == "iteration" else ran_nothing)

    def _branches(self, node: Branches, sight: _Sight) -> list[_Left]:
        lefts, stops = list[_Left | None](), list[object]()
        for child in node.inside:
            try:
                lefts.append(self._node(child, sight))
            except _StoppedError as stopped:
                stops += stopped.args
        if stops:
            raise _StoppedError(*stops)
        return [left for left in lefts if left]


def _joined(lefts: Sequence[_Left]) -> _Left:
    contents = [left.content for left in lefts]
    content = next(filter(None, reversed(contents)), None)
    failed = tuple(name for left in lefts for name in left.failed)
    return _Left(content, failed, any(left.stop for left in lefts), not lefts, (contents or [None])[-1])
