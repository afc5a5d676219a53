"""What an agent says in the thread of its run: as it comes, and then whole."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import partial
from typing import Any

from kernbot.slack.ids import block_id
from kernbot.slack.render.blocks import At, Block, context, message, note, quote, rich_text, section, words
from kernbot.slack.render.facts import RunFacts, TalkFacts
from kernbot.slack.render.text import code, cut, escape, names, short, with_lines, without_backticks
from kernbot.slack.render.whole import pieces

Chunk = dict[str, Any]
"""A part of a message that is streamed."""

_LONGEST = 9_000
_LONGEST_PIECE = 3_000
_MOST_CALLS = 10
_SAFE_NAME = re.compile(r"[A-Za-z0-9_-]{1,60}")
_STATES = {
    "working": "is at work",
    "waiting": "waits for an answer",
    "done": "is done",
    "failed": "failed",
    "stopped": "was stopped",
}
_HIDDEN = "What it says is not shown: this channel is shared with another organisation."
FENCE = "```"


def talk(run: RunFacts, said: TalkFacts, *, revision: int) -> dict[str, Any]:
    """Return the message of an agent as it should be now."""
    state = _STATES[said.state]
    text = f"{escape(short(said.agent))} {state} in {escape(short(run.workflow))}"
    return message(text, _blocks(said, partial(block_id, said.talk_id, revision)))


def plain_talk(run: RunFacts, said: TalkFacts, *, revision: int) -> dict[str, Any]:
    """Return what takes its place where Slack does not take it: without its words."""
    where = "\nWhat it says cannot be shown here. *Details* of the run hold it." if said.text else ""
    head = section(block_id(said.talk_id, revision, "head"), f"{_head(said)}{where}")
    return message(f"An agent of {escape(short(run.workflow))}", [head])


def opening(agent: str, step_name: str) -> str:
    """Return what a streamed message begins with, as `mrkdwn`: it stays true if nothing follows."""
    return f"{code(agent)} begins to speak, step {code(step_name)}."


def streamed(text: str) -> str:
    """Return text of others as it is streamed, between two fences: there it is literal, and no link comes of it."""
    return escape(without_backticks(with_lines(text)))


def said_chunk(text: str, *, begins: bool, ends: bool) -> Chunk:
    """Return a piece of what an agent says; `text` is made by `streamed`."""
    return _markdown(f"{FENCE}\n" * begins + text + f"\n{FENCE}\n" * ends)


def task_chunk(call_id: str, name: str | None, status: str) -> Chunk:
    """Return a card for a call of a tool; its name is the model's, and only shown if nothing can come of it."""
    title = f"Call {name}" if name and _SAFE_NAME.fullmatch(name) else "Call a tool"
    return {"type": "task_update", "id": call_id, "title": title, "status": status}


def _markdown(text: str) -> Chunk:
    return {"type": "markdown_text", "text": text}


def _blocks(said: TalkFacts, at: At) -> Iterator[Block]:
    yield section(at("head"), _head(said))
    if said.hides_words:
        yield context(at("hidden"), _HIDDEN)
        return
    piece = cut(said.text, _LONGEST, keep_lines=True)
    for number, part in enumerate(pieces(piece.text, _LONGEST_PIECE)):
        if part:
            yield rich_text(at(f"said-{number}"), quote(words(part)))
        elif said.state == "done":
            yield rich_text(at("said"), quote(note("nothing said")))
    if not piece.is_whole:
        yield context(at("cut"), f"{piece.amount} are shown. *Details* of the run hold all.")
    if said.calls:
        yield context(at("calls"), f"Asked to call {names(said.calls, _MOST_CALLS)}.")


def _head(said: TalkFacts) -> str:
    return f"{said.kind.capitalize()} {code(said.agent)} {_STATES[said.state]}, step {code(said.step_name)}."
