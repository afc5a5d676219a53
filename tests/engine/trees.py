"""Workflows as plain data, people with moods, and what comes of a run: the words of model and engine alike."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from operator import attrgetter
from typing import Any, Literal
from zlib import crc32

Gate = Literal["none", "confirm", "input", "both"]
"""What is asked before a node does anything."""
Review = Literal["none", "always", "sometimes", "iteration"]
"""What is asked about what came out; `sometimes` is up to `is_doubtful`."""
OnReject = Literal["skip", "cancel", "else", "retry"]
OnError = Literal["skip", "fail", "pause"]
Kind = Literal["confirm", "input", "both", "route", "review", "error"]


@dataclass(frozen=True, kw_only=True)
class Shape:
    """A node."""

    name: str = ""
    inside: tuple[Shape, ...] = ()
    otherwise: tuple[Shape, ...] = ()
    gate: Gate = "none"
    review: Review = "none"
    on_reject: OnReject = "skip"
    max_retries: int = 0
    """How often people may have it asked, or done, again."""
    on_error: OnError | None = None
    fails: int = 0
    """How often its function is called before it works."""
    stops: bool = False
    times: int = 1
    """How often a loop goes round."""

    def is_reviewed(self, content: str | None) -> bool:
        """Say whether people are to see what came out."""
        return self.review in ("always", "iteration") or (self.review == "sometimes" and is_doubtful(content))


@dataclass(frozen=True, kw_only=True)
class Leaf(Shape):
    """A step that calls a function."""


@dataclass(frozen=True, kw_only=True)
class Flow(Shape):
    """A step that runs a workflow."""


@dataclass(frozen=True, kw_only=True)
class Pipe(Shape):
    """A pipeline."""


@dataclass(frozen=True, kw_only=True)
class Branches(Shape):
    """A parallel."""


@dataclass(frozen=True, kw_only=True)
class Choice(Shape):
    """A condition, and what its evaluator says."""

    holds: bool = True


@dataclass(frozen=True, kw_only=True)
class Cycle(Shape):
    """A loop, and whether it has an end condition: `is_doubtful` of what an iteration left."""

    may_end: bool = False
    forwards: bool = False


@dataclass(frozen=True, kw_only=True)
class Fork(Shape):
    """A router: its selector picks choices, people select among them, or both."""

    picks: tuple[int, ...] | None = None
    selects: bool = False
    several: bool = False

    @property
    def proposal(self) -> list[str]:
        """The names of what the selector picks."""
        return list(dict.fromkeys(self.inside[pick % len(self.inside)].name for pick in self.picks or ()))


@dataclass(frozen=True)
class Question:
    """What people are asked, and what they are shown: what came before, what came out, or what is proposed."""

    name: str
    kind: Kind
    about: str | None = None


@dataclass(frozen=True)
class Said:
    """An answer, a yes or a no, and what comes with it."""

    yes: bool = True
    value: str | None = None
    """What is filled in."""
    edit: str | None = None
    feedback: str | None = None
    mood: int = 0

    def chosen(self, choices: Sequence[str], *, several: bool) -> list[str]:
        """Return what is selected among choices."""
        first = self.mood % len(choices)
        return [*choices[first:], *choices[:first]][: 1 + self.mood % len(choices) if several else 1]


@dataclass(frozen=True)
class People:
    """What they answer depends on the name of the node, the kind of the question, and how often it was asked."""

    moods: tuple[int, ...] = (0,)

    def say(self, name: str, kind: Kind, number: int) -> Said:
        """Answer a question that is put for that time."""
        mood = self.moods[crc32(f"{name} {kind} {number}".encode()) % len(self.moods)]
        return Said(
            yes=mood not in (1, 2),
            value=f"v{number}" if kind in ("input", "both") else None,
            edit=f"edit {number}" if mood == 3 and kind == "review" else None,
            feedback=f"f{number}" if mood == 1 else None,
            mood=mood,
        )


@dataclass
class Outcome:
    """What comes of a run."""

    status: str = "COMPLETED"
    content: str | None = None
    asked: list[Question] = field(default_factory=list)
    ran: list[str] = field(default_factory=list)
    """Each call of a function of a step, a condition or a router, with what it saw."""
    failed: list[str] = field(default_factory=list)
    worked: Counter[str] = field(default_factory=Counter)
    """How often each function worked, as the session state says."""

    def without_order(self) -> Outcome:
        """Return it with all that happened sorted."""
        return replace(self, asked=sorted(self.asked, key=repr), ran=sorted(self.ran))


@dataclass(frozen=True)
class Case:
    """A workflow, and what people make of it."""

    tree: tuple[Shape, ...]
    people: People = People()
    patience: int = 0
    """How often they have the run go on that ended in ERROR."""
    one_by_one: bool = False
    """Whether the run goes on with each answer, as in a bot; else when all open questions are answered."""

    @property
    def runs_in_parallel(self) -> bool:
        """Whether there is a Parallel in it, so that some things happen in no certain order."""
        return any(isinstance(shape, Branches) for shape in _all(self.tree))

    def answered(self, waiting: Sequence[Question]) -> Sequence[Question]:
        """Return which of the open questions are answered before the run goes on."""
        return sorted(waiting, key=attrgetter("name"))[:1] if self.one_by_one else waiting


def shown(seen: str, data: Mapping[str, Any]) -> str:
    """Return all that a function sees as one text; a draft that was rejected as its checksum, as it can be long."""
    value, feedback = data.get("user_input", {}).get("value"), data.get("rejection_feedback")
    draft = f"~{crc32(data['previous_output'].encode()):x}" if "previous_output" in data else None
    return " ".join(part for part in (seen, value, feedback, draft) if part is not None)


def is_doubtful(content: str | None) -> bool:
    """Say whether a review that is sometimes wanted is wanted."""
    return crc32(str(content).encode()) % 2 == 0


def _all(tree: Sequence[Shape]) -> Iterator[Shape]:
    for shape in tree:
        yield shape
        yield from _all((*shape.inside, *shape.otherwise))
