"""What takes the place of a message that Slack does not take, or that can't be made: nothing is left unasked."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

from kernbot.slack import ids
from kernbot.slack.ids import TokenMaker, block_id, short_id
from kernbot.slack.render.blocks import actions, message, section
from kernbot.slack.render.buttons import button_of, cancel_run, details_of_run
from kernbot.slack.render.facts import CardKind, PauseFacts, RunFacts
from kernbot.slack.render.outcome import state_in_short
from kernbot.slack.render.parent import state
from kernbot.slack.render.promise import NOT_READABLE
from kernbot.slack.render.text import code, escape, short

_OPENS: Mapping[CardKind, str] = {
    "confirmation": ids.REVIEW,
    "user_input": ids.FILL_IN,
    "route": ids.CHOOSE,
    "output_review": ids.REVIEW,
    "iteration_review": ids.REVIEW,
    "call_confirmation": ids.REVIEW,
    "call_input": ids.FILL_IN,
    "call_result": ids.RESULT,
    "agent_input": ids.FILL_IN,
    "agent_choices": ids.FILL_IN,
    "error": ids.DETAILS,
}
"""The modal in which a question of a kind can be read and answered."""


def card(run: RunFacts, pause: PauseFacts, *, tokens: TokenMaker, revision: int) -> dict[str, Any]:
    """Return a card that names its question, and opens it."""
    at = partial(block_id, pause.pause_id, revision)
    where = f"{code(run.workflow)}, step {code(pause.step_name)}, run {short_id(run.run_id)}"
    if not pause.is_open:
        return message(state_in_short(pause), [section(at("outcome"), f"*{state_in_short(pause)}:* {where}")])
    buttons = [button_of(run, pause, tokens, _OPENS[pause.kind], label="Open")]
    if pause.kind == "error":
        answers = [action for action in (ids.RETRY, ids.SKIP) if action.rpartition(".")[2] in pause.actions]
        buttons += [button_of(run, pause, tokens, action) for action in answers]
        buttons.append(cancel_run(run, tokens))
    told = NOT_READABLE if pause.cause == "damaged" else "It cannot be shown here; open it to read and answer it."
    asked = f"*A question waits:* {where}.\n{told}"
    text = f"A question of {escape(short(run.workflow))} waits"
    return message(text, [section(at("question"), asked), actions(at("actions"), buttons)])


def parent(run: RunFacts, *, tokens: TokenMaker, revision: int) -> dict[str, Any]:
    """Return a parent message that says where the run stands, and opens it."""
    at = partial(block_id, run.run_id, revision)
    buttons = [details_of_run(run, tokens)]
    return message(
        f"A {escape(short(run.workflow))} run", [section(at("state"), state(run)), actions(at("a"), buttons)]
    )


def result(run: RunFacts, *, revision: int) -> dict[str, Any]:
    """Return a message that says that a run has ended, and where to look."""
    at = partial(block_id, run.run_id, revision)
    text = f"{state(run)}\nThe result cannot be shown here. *Details* of the run hold it."
    return message(f"A {escape(short(run.workflow))} run has ended", [section(at("state"), text)])
