"""What waits for one person, as the facts that lists and App Home show."""

from __future__ import annotations

from collections.abc import Sequence

from kernbot.db.base import PauseRecord
from kernbot.runtime.waiting import Question, Queue, open_questions, questions_of, queue_of
from kernbot.slack.listeners.doors import Doors
from kernbot.slack.reading.runs import card_of, listed_facts
from kernbot.slack.render.facts import Listed, Waiting
from kernbot.slack.render.lists import MOST_IN_LIST


async def waiting_for(doors: Doors, who: str) -> Waiting:
    """Return the open questions that a person may answer. Raises CannotCheckError."""
    return await listed(doors, await queue_of(doors.service, who, await open_questions(doors.service)))


async def waiting_of(doors: Doors, workflow_id: str, who: str) -> Waiting:
    """Return the open questions of a workflow that a person may answer. Raises CannotCheckError."""
    questions = await open_questions(doors.service)
    of_this = [question for question in questions if question.open.run.workflow_id == workflow_id]
    return await listed(doors, await queue_of(doors.service, who, of_this))


async def waiting_in(doors: Doors, run_id: str, who: str, *, errors_only: bool = False) -> Waiting:
    """Return the open questions of a run that a person may answer. Raises NotFoundError if they may not see it."""
    questions = questions_of(doors.service, *await doors.service.look(run_id, who))
    if errors_only:
        questions = [question for question in questions if question.open.pause.kind == "error"]
    return await listed(doors, await queue_of(doors.service, who, questions))


async def listed(doors: Doors, queue: Queue, known: dict[str, Listed] | None = None) -> Waiting:
    """Return the questions of a person as facts: as many of them as a list shows.

    `known` holds, by pause id, what has been read for others at the same time, and takes in what is read here.
    """
    known = {} if known is None else known
    return Waiting(
        asked=await _listed(doors, queue.asked, known),
        others=await _listed(doors, queue.others, known),
        all_asked=len(queue.asked),
        all_others=len(queue.others),
    )


async def _listed(doors: Doors, questions: Sequence[Question], known: dict[str, Listed]) -> list[Listed]:
    shown = questions[:MOST_IN_LIST]
    for question in shown:
        if question.open.pause.pause_id not in known:
            known[question.open.pause.pause_id] = await _one(doors, question)
    return [known[question.open.pause.pause_id] for question in shown]


async def _one(doors: Doors, question: Question) -> Listed:
    run, pause = question.open.run, question.open.pause
    link = await doors.outbox.link_to_card(run.run_id, await _card(doors, pause))
    facts = listed_facts(run, pause, question.registered.channel)
    return Listed(run=facts[0], pause=facts[1], link=link)


async def _card(doors: Doors, pause: PauseRecord) -> str:
    """Return the question whose card a question stands on; only calls, and later rounds, share one with others."""
    may_share = pause.kind == "tool" or pause.number > 1
    snapshot = await doors.service.store.load_run(pause.run_id) if may_share else None
    return card_of(snapshot, pause) if snapshot else pause.pause_id
