"""App Home: what waits for one person, what they have started, and how they are told. It holds no values."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from kernbot.slack import ids
from kernbot.slack.ids import TokenMaker
from kernbot.slack.render.blocks import At, Block, Element, actions, button, context, divider, header, plain, section
from kernbot.slack.render.buttons import details_of_run
from kernbot.slack.render.facts import RunFacts, Waiting
from kernbot.slack.render.lists import left_out, others_heading, question_rows, run_line
from kernbot.slack.render.text import code

MOST_RUNS = 5
"""As many runs of their own are shown to a person."""

_SAFETY = "A question that is neither here nor in {pending} is not ours. This bot never asks for a password."


@dataclass(frozen=True, kw_only=True)
class HomeFacts:
    """What there is to show to one person."""

    person_id: str
    waiting: Waiting
    is_unfolded: bool
    """Whether the questions that they may answer, and are not asked by name, are shown."""
    runs: Sequence[RunFacts] = field(default_factory=list)
    """Their own, newest first."""
    direct_messages: bool
    """Whether they want questions as direct messages."""
    command: str
    """The slash command, with its slash."""


def home(facts: HomeFacts, *, tokens: TokenMaker, revision: str) -> dict[str, Any]:
    """Return the Home tab of a person; `revision` is another one for each state that is shown."""

    def at(part: str) -> str:
        return f"home.{revision}.{part}"

    return _view([*_questions(facts, tokens, at), *_runs(facts, tokens, at), *_end(facts, tokens, at)])


def cannot_check() -> dict[str, Any]:
    """Return the Home tab of a person as long as Slack can't be asked what they may see."""
    text = "The bot cannot check your rights just now. Please open this tab again in a moment."
    return _view([section("home.cannot-check", text)])


def _questions(facts: HomeFacts, tokens: TokenMaker, at: At) -> Iterator[Block]:
    waiting = facts.waiting
    yield header(at("asked"), f"Asked of you: {waiting.all_asked:,}")
    if not waiting.all_asked:
        yield context(at("nothing-asked"), "No question names you, or a group that you are in.")
    yield from question_rows(at, waiting.asked, tokens)
    if more := left_out(len(waiting.asked), waiting.all_asked):
        yield context(at("asked-more"), more)
    if waiting.all_others:
        yield divider(at("line"))
        yield _fold(facts, tokens, at)
    if waiting.all_others and facts.is_unfolded:
        yield from question_rows(at, waiting.others, tokens, first=len(waiting.asked))
        if more := left_out(len(waiting.others), waiting.all_others):
            yield context(at("others-more"), more)


def _fold(facts: HomeFacts, tokens: TokenMaker, at: At) -> Block:
    count = facts.waiting.all_others
    more = " more" if facts.waiting.all_asked else ""
    action_id, label = (ids.LESS, "Hide") if facts.is_unfolded else (ids.MORE, "Show")
    says = f"{label} the questions that you may answer: {count:,}"
    value = tokens.make_for_person(action_id, facts.person_id)
    text = f"{others_heading(facts.waiting)} {count:,}{more}"
    return section(at("folded"), text, button(action_id, label, value, says))


def _runs(facts: HomeFacts, tokens: TokenMaker, at: At) -> Iterator[Block]:
    yield divider(at("line.1"))
    yield header(at("runs"), "Your runs")
    if not facts.runs:
        yield context(
            at("no-runs"), f"You have started none. {code(f'{facts.command} list')} shows what you may start."
        )
    for number, run in enumerate(facts.runs):
        yield section(at(f"run.{number}"), run_line(run), details_of_run(run, tokens, number))


def _end(facts: HomeFacts, tokens: TokenMaker, at: At) -> Iterator[Block]:
    yield divider(at("line.2"))
    yield actions(at("start"), [_start(facts, tokens), _direct_messages(facts, tokens)])
    pending = code(f"{facts.command} pending")
    yield context(at("safety"), f"Not sure about a message? {_SAFETY.format(pending=pending)}")


def _start(facts: HomeFacts, tokens: TokenMaker) -> Element:
    label = "Start a workflow"
    return button(ids.HOME_START, label, tokens.make_for_person(ids.HOME_START, facts.person_id), label)


def _direct_messages(facts: HomeFacts, tokens: TokenMaker) -> Element:
    option = {
        "text": plain("DM me what waits for me"),
        "value": tokens.make_for_person(ids.DIRECT_MESSAGES, facts.person_id),
    }
    box: Element = {"type": "checkboxes", "action_id": ids.DIRECT_MESSAGES, "options": [option]}
    return box | ({"initial_options": [option]} if facts.direct_messages else {})


def _view(blocks: list[Block]) -> dict[str, Any]:
    return {"type": "home", "callback_id": "home", "blocks": blocks}
