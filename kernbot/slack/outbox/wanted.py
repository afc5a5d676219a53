"""Which messages a run should have, and how each is made: pure."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property, partial
from typing import Any, Protocol

from kernbot.db.slack import MessageRole
from kernbot.engine.values import digest
from kernbot.run.status import RunStatus
from kernbot.slack.ids import TokenMaker, block_id, slack_user
from kernbot.slack.outbox.pace import Urgency
from kernbot.slack.render import plainly
from kernbot.slack.render.blocks import context
from kernbot.slack.render.card import card
from kernbot.slack.render.ending import ending
from kernbot.slack.render.facts import PauseFacts, RunFacts, TalkFacts
from kernbot.slack.render.parent import parent
from kernbot.slack.render.result import result
from kernbot.slack.render.talk import plain_talk, talk

SECONDS_OF_A_BROADCAST = 15 * 60.0
"""How long a broadcast question that nobody answers speaks for the next ones of its run."""

Key = tuple[MessageRole, str | None, str | None]
"""Role of a message, the question that it was posted for, and the person whose it is."""

Message = dict[str, Any]


class Render(Protocol):
    """Makes a message."""

    def __call__(self, *, revision: int) -> Message:
        """Return it as it should be now; `revision` grows with every update."""


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where a run's questions are asked beside its thread."""

    moved: Mapping[str, str] = field(default_factory=dict)
    """For open questions, by id: the channel that takes the place of one that can't be used."""
    because: str | None = None
    """What has become of that one, as `mrkdwn`."""
    readers: Mapping[str, Collection[str]] = field(default_factory=dict)
    """For open questions, by id: those who get a copy in their direct messages."""
    tells: str | None = None
    """The requester, as `slack:T…:U…`, who is told of the end in their direct messages if they started elsewhere."""


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """A message that a run should have, and how to make it."""

    role: MessageRole
    pause_id: str | None = None
    person_id: str | None = None
    render: Render
    plain: Render
    """Makes what takes its place where Slack does not take it, or it can't be made."""
    urgency: Urgency
    """Of an update."""
    channel: str | None = None
    """Where it goes, if not to the run's own channel."""
    in_thread: bool = True
    broadcast: bool = False
    can_be_new: bool = True
    """Whether it is posted if it has not been."""
    is_plain: bool = False

    @property
    def key(self) -> Key:
        """What tells it from the other messages of the run."""
        return self.role, self.pause_id, self.person_id

    def in_plain(self) -> Wanted:
        """Return what takes its place."""
        return replace(self, render=self.plain, is_plain=True)

    @cached_property
    def state(self) -> str:
        """A digest of what it should show, whatever the revision."""
        return digest(self.render(revision=0))


def wanted_messages(
    run: RunFacts, tokens: TokenMaker, place: Place | None = None, known: Collection[Key] = ()
) -> Iterator[Wanted]:
    """Yield the messages that a run should have; those of its thread in the order in which they stand there.

    `known` are those that it has had so far: what was posted once is kept up to date, wherever it stands.
    """
    place = place or Place()
    yield Wanted(
        role="parent",
        in_thread=False,
        urgency=Urgency.PROGRESS,
        render=partial(parent, run, tokens=tokens),
        plain=partial(plainly.parent, run, tokens=tokens),
    )
    said = [(talk.began_at, [_talk(run, talk)]) for talk in run.talks]
    asked = _asked(run, tokens, place, known)
    for _, wanted in sorted([*said, *asked], key=lambda timed: timed[0]):
        yield from wanted
    if _is_told_of_the_end(run):
        yield Wanted(
            role="result",
            urgency=Urgency.OUTCOME,
            render=partial(result, run),
            plain=partial(plainly.result, run),
        )
    yield from _ending(run, place, known)


def _asked(
    run: RunFacts, tokens: TokenMaker, place: Place, known: Collection[Key]
) -> Iterator[tuple[float, Sequence[Wanted]]]:
    """Yield what shows each question, with the time at which it was first asked."""
    broadcast = _broadcast(run.pauses)
    for first_id, rounds in _rounds(run.pauses).items():
        shown = next((pause for pause in reversed(rounds) if pause.is_open), rounds[-1])
        in_thread = _card(run, first_id, shown, tokens, broadcast=first_id in broadcast)
        of_this = [key for key in known if key[1] == first_id]
        yield rounds[0].opened_at, [in_thread, *_elsewhere(run, _Asked(first_id, shown), tokens, place, of_this)]


def _talk(run: RunFacts, said: TalkFacts) -> Wanted:
    return Wanted(
        role="talk",
        pause_id=said.talk_id,
        urgency=Urgency.PROGRESS,
        render=partial(talk, run, said),
        plain=partial(plain_talk, run, said),
    )


def _card(run: RunFacts, first_id: str, pause: PauseFacts, tokens: TokenMaker, *, broadcast: bool) -> Wanted:
    return Wanted(
        role="card",
        pause_id=first_id,
        broadcast=broadcast,
        urgency=_urgency(pause),
        render=_card_of(run, pause, tokens),
        plain=partial(plainly.card, run, pause, tokens=tokens),
    )


def _card_of(run: RunFacts, pause: PauseFacts, tokens: TokenMaker) -> Render:
    made = plainly.card if pause.cause == "damaged" else card
    return partial(made, run, pause, tokens=tokens)


@dataclass(frozen=True)
class _Asked:
    """A question, and the one that its card was posted for."""

    first_id: str
    pause: PauseFacts


def _elsewhere(
    run: RunFacts, asked: _Asked, tokens: TokenMaker, place: Place, of_this: Collection[Key]
) -> Iterator[Wanted]:
    """Yield what shows a question outside of its run's thread."""
    first_id, pause = asked.first_id, asked.pause
    had = {person for role, _, person in of_this if role == "copy" and person}
    readers = place.readers.get(pause.pause_id, ()) if pause.is_open else ()
    whose: list[tuple[MessageRole, str | None]] = [("copy", person) for person in sorted({*readers, *had})]
    moved_to = place.moved.get(pause.pause_id) if pause.is_open else None
    if moved_to or ("moved", first_id, None) in of_this:
        whose.append(("moved", None))
    for role, person in whose:
        yield Wanted(
            role=role,
            pause_id=first_id,
            person_id=person,
            channel=slack_user(person) or moved_to,
            in_thread=False,
            can_be_new=pause.is_open and bool(person or moved_to),
            urgency=_urgency(pause),
            render=partial(_with_note, _card_of(run, pause, tokens), pause.pause_id, _note(run, place)),
            plain=partial(plainly.card, run, pause, tokens=tokens),
        )


def _ending(run: RunFacts, place: Place, known: Collection[Key]) -> Iterator[Wanted]:
    told = {person for role, _, person in known if role == "ending"}
    for person in {*told, place.tells} - {None} if _is_told_of_the_end(run) else ():
        yield Wanted(
            role="ending",
            person_id=person,
            channel=slack_user(person),
            in_thread=False,
            urgency=Urgency.OUTCOME,
            render=partial(ending, run),
            plain=partial(plainly.result, run),
        )


def _rounds(pauses: Sequence[PauseFacts]) -> dict[str, list[PauseFacts]]:
    """Return questions by the first of those that share one card: rounds of the same node, or calls of one turn."""
    rounds: dict[str, list[PauseFacts]] = {}
    for pause in pauses:
        rounds.setdefault(pause.first_asked or pause.pause_id, []).append(pause)
    return rounds


def _broadcast(pauses: Sequence[PauseFacts]) -> set[str]:
    """Return the questions that the channel sees too: the first, and any that finds the last such one done, or old."""
    chosen: list[PauseFacts] = []
    for pause in pauses:
        if pause.first_asked in (None, pause.pause_id) and (not chosen or _is_done(chosen[-1], pause.opened_at)):
            chosen.append(pause)
    return {pause.pause_id for pause in chosen}


def _is_done(last: PauseFacts, now: float) -> bool:
    is_answered = last.answered_at is not None and last.answered_at <= now
    return is_answered or now - last.opened_at > SECONDS_OF_A_BROADCAST


def _is_told_of_the_end(run: RunFacts) -> bool:
    """Whether a message says that the run has ended: not to those who have just ended it themselves."""
    if run.status is RunStatus.CANCELLED and run.cancelled_by == run.requester_id:
        return False
    return run.content is not None or (run.status.has_ended and run.requester_id is not None)


def _urgency(pause: PauseFacts) -> Urgency:
    if pause.is_open:
        return Urgency.QUESTION
    return Urgency.CLAIM if pause.followed == "resuming" else Urgency.OUTCOME


def _note(run: RunFacts, place: Place) -> str:
    if place.because:
        return f"Moved here because {place.because}."
    return f"A copy for you: <{run.run_link}|open the run>." if run.run_link else "A copy for you."


def _with_note(render: Callable[..., Message], subject: str, note: str, *, revision: int) -> Message:
    message = render(revision=revision)
    return message | {"blocks": [*message["blocks"], context(block_id(subject, revision, "note"), note)]}
