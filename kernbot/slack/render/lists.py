"""Lists that one person sees: open questions, and runs with what was decided in them. They hold no values."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from kernbot.slack import ids
from kernbot.slack.ids import TokenMaker, short_id
from kernbot.slack.render.blocks import At, Block, actions, button, context, message, rich_text, section
from kernbot.slack.render.buttons import button_of, cancel_run, details_of_run
from kernbot.slack.render.facts import Listed, RunFacts, Waiting
from kernbot.slack.render.outcome import decision
from kernbot.slack.render.parent import asked_for, state
from kernbot.slack.render.promise import silence
from kernbot.slack.render.question import place_of, question_block
from kernbot.slack.render.steps import steps_around_current
from kernbot.slack.render.text import channel, date, fitting

MOST_IN_LIST = 12
"""A message holds 50 blocks and about 12,000 characters."""

_LONGEST_QUESTION = 200
_LONGEST_DECISIONS = 600


def pending(waiting: Waiting, *, tokens: TokenMaker) -> dict[str, Any]:
    """Return the open questions that somebody may answer, those that they are asked first."""
    if not waiting.all_asked and not waiting.all_others:
        return message("Nothing waits for you.", [section(_at("none"), "Nothing waits for you.")])
    return message("What waits for you", _pending(waiting, tokens))


def history(runs: Sequence[RunFacts], *, are_all: bool, tokens: TokenMaker) -> dict[str, Any]:
    """Return runs that have ended, each with who decided what."""
    if not runs:
        return message("No ended runs.", [section(_at("none"), "No run that you may see has ended yet.")])
    blocks = [
        section(_at(f"run.{place}"), _ended(run), details_of_run(run, tokens, place)) for place, run in enumerate(runs)
    ]
    older = [] if are_all else [context(_at("older"), "Older runs are left out.")]
    return message("Runs that have ended", [*blocks, *older])


def status_of_run(run: RunFacts, waiting: Waiting, *, may_cancel: bool, tokens: TokenMaker) -> dict[str, Any]:
    """Return where one run stands: its steps, and those of its open questions that the person may answer."""
    return message("Run:", _status(run, waiting, tokens, may_cancel=may_cancel))


def look_first(run: RunFacts, waiting: Waiting, *, tokens: TokenMaker) -> dict[str, Any]:
    """Return the questions of a run that has to be looked at before anything in it is tried again."""
    why = f"Nothing was changed: look at what went wrong in run {short_id(run.run_id)} first, then choose Retry there."
    head = section(_at("why"), why)
    return message(why, [head, *question_rows(_at, waiting.asked, tokens), *question_rows(_at, waiting.others, tokens)])


def question_rows(at: At, listed: Sequence[Listed], tokens: TokenMaker, first: int = 0) -> Iterator[Block]:
    """Yield three blocks for each question; `first` is the number of the first one, to be unique."""
    for number, item in enumerate(listed, start=first):
        run, pause = item.run, item.pause
        yield question_block(at(f"item.{number}"), pause, _LONGEST_QUESTION)
        where = f"{place_of(run, pause)} · {channel(run.channel)}"
        yield context(at(f"item-context.{number}"), f"{where}\n{silence(pause)}")
        answer = button_of(run, pause, tokens, ids.numbered(ids.ANSWER, number), label="Answer", style="primary")
        yield actions(at(f"item-actions.{number}"), [answer, *_to_thread(item, number, tokens)])


def left_out(shown: int, of: int) -> str | None:
    """Return how many questions are not shown; None if all are."""
    return f"{of - shown:,} more wait: they are shown here as these are answered." if of > shown else None


def run_line(run: RunFacts) -> str:
    """Return a run of somebody's own in two lines."""
    word = "" if run.status.has_ended else "started "
    return f"{state(run)}\nRun {short_id(run.run_id)}, {word}{date(run.ended_at or run.started_at)}"


def _pending(waiting: Waiting, tokens: TokenMaker) -> Iterator[Block]:
    asked = waiting.asked[:MOST_IN_LIST]
    if waiting.all_asked:
        yield section(_at("asked"), f"*Asked of you:* {waiting.all_asked:,}")
        yield from question_rows(_at, asked, tokens)
        yield from _more("asked", len(asked), waiting.all_asked)
    others = waiting.others[: MOST_IN_LIST - len(asked)]
    if waiting.all_others:
        yield section(_at("others"), f"{others_heading(waiting)} {waiting.all_others:,}")
        yield from question_rows(_at, others, tokens, first=len(asked))
        yield from _more("others", len(others), waiting.all_others)


def others_heading(waiting: Waiting) -> str:
    """Return what the questions are called that somebody may answer and is not asked by name."""
    return "*You may also answer:*" if waiting.all_asked else "*You may answer:*"


def _more(name: str, shown: int, of: int) -> Iterator[Block]:
    if more := left_out(shown, of):
        yield context(_at(f"{name}-more"), more)


def _status(run: RunFacts, waiting: Waiting, tokens: TokenMaker, *, may_cancel: bool) -> Iterator[Block]:
    link = f"\n<{run.run_link}|Open the run>" if run.run_link else ""
    yield section(_at("state"), f"{state(run)}{link}")
    if run.steps:
        yield rich_text(_at("steps"), steps_around_current(run))
    if decisions := _decisions(run):
        yield section(_at("decisions"), decisions)
    yield context(_at("context"), f"{asked_for(run)} · {_when(run)}")
    listed = [*waiting.asked, *waiting.others][:MOST_IN_LIST]
    yield from question_rows(_at, listed, tokens)
    yield from _more("questions", len(listed), waiting.all_asked + waiting.all_others)
    cancel = [cancel_run(run, tokens)] if may_cancel and not run.status.has_ended else []
    yield actions(_at("actions"), [details_of_run(run, tokens), *cancel])


def _ended(run: RunFacts) -> str:
    return "\n".join(filter(None, (state(run), f"{asked_for(run)} · {_when(run)}", _decisions(run))))


def _decisions(run: RunFacts) -> str:
    return fitting(filter(None, map(decision, run.pauses)), _LONGEST_DECISIONS)


def _when(run: RunFacts) -> str:
    until = f" to {date(run.ended_at)}" if run.ended_at is not None else ""
    return f"{date(run.started_at)}{until}" if until else f"started {date(run.started_at)}"


def _to_thread(item: Listed, number: int, tokens: TokenMaker) -> list[dict[str, Any]]:
    if item.link is None:
        return []
    action_id = ids.numbered(ids.THREAD, number)
    value = tokens.make(action_id, item.pause.pause_id, item.pause.digest)
    says = f"Go to the thread of run {short_id(item.run.run_id)}"
    return [button(action_id, "Go to thread", value, says, url=item.link)]


def _at(part: str) -> str:
    return f"list.{part}"
