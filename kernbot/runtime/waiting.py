"""What waits for one person: the open questions that they may answer."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from kernbot.db.base import OpenPause, Snapshot
from kernbot.engine import authority
from kernbot.engine.authority import Person, Rule
from kernbot.runtime.registry import Registration
from kernbot.runtime.service import Service

MOST_QUESTIONS = 1_000
"""Of more open questions, those with the latest deadlines, or none, are listed to nobody."""


@dataclass(frozen=True, kw_only=True)
class Question:
    """An open question, with the workflow that asks it."""

    open: OpenPause
    registered: Registration
    rule: Rule
    """Who may answer it now."""


@dataclass(frozen=True, kw_only=True)
class Queue:
    """The open questions that one person may answer, those with the nearest deadline first."""

    asked: list[Question] = field(default_factory=list)
    """Those that they are asked by name, or as one of a group."""
    others: list[Question] = field(default_factory=list)


async def open_questions(service: Service) -> list[Question]:
    """Return the open questions of the workflows that the bot serves, those with the nearest deadline first."""
    found = await service.store.list_open_pauses(MOST_QUESTIONS)
    known = [(item, service.bot.of_workflow(item.run.workflow_id)) for item in found]
    return [_question(service, item, registered) for item, registered in known if registered is not None]


def questions_of(service: Service, snapshot: Snapshot, registered: Registration) -> list[Question]:
    """Return the open questions of one run."""
    waiting = (pause for pause in snapshot.pauses if pause.state == "open")
    return [_question(service, OpenPause(run=snapshot.run, pause=pause), registered) for pause in waiting]


async def queue_of(service: Service, person_id: str, questions: Iterable[Question]) -> Queue:
    """Return those of the questions that a person may answer. Raises CannotCheckError."""
    queue = Queue()
    known: dict[tuple[str, Rule], Person] = {}
    for question in questions:
        registered, rule, pause = question.registered, question.rule, question.open.pause
        if (registered.name, rule) not in known:
            known[registered.name, rule] = await service.answerer(registered, rule, person_id)
        person = known[registered.name, rule]
        requester, owners = question.open.run.user_id, registered.policy.owners
        if authority.may_answer(rule, person, requester, authority.deed_of(pause), owners) is None:
            is_asked = authority.is_named(rule.approvers or frozenset(), person)
            (queue.asked if is_asked else queue.others).append(question)
    return queue


def _question(service: Service, item: OpenPause, registered: Registration) -> Question:
    return Question(open=item, registered=registered, rule=service.bot.rule_of(registered, item.pause))
