"""Messages that are still being written: text and tasks that arrive in chunks.

From https://docs.slack.dev/messaging/sending-and-scheduling-messages#text-streaming. Documented are the kinds of chunks
and their fields; that a later update of a task replaces the fields that it names is chosen here.
"""

from __future__ import annotations

import copy
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from kernbot.localslack.block_kit import check_chunks
from kernbot.localslack.content import Content, refusal
from kernbot.localslack.elements import Block, with_ids
from kernbot.localslack.errors import ApiError, invalid_arguments
from kernbot.localslack.ids import short_id

MOST_BLOCKS = 50
"""Blocks that may come in chunks, besides as many that stand at the end of the finished message."""

Chunk = dict[str, Any]


@dataclass
class Stream:
    """What has arrived of a message so far."""

    display: str
    """`timeline`: each task where it came up; `plan`: all of them together."""
    running: bool = True
    _parts: list[Block] = field(default_factory=list)
    _written: list[Block] = field(default_factory=list)
    """Those of the parts that hold text."""
    _given: int = 0
    """How many of the parts came as blocks."""
    _tasks: dict[str, Block] = field(default_factory=dict)
    _plan: Block = field(default_factory=lambda: {"type": "plan", "block_id": short_id(), "title": "", "tasks": []})

    def add(self, chunks: Sequence[Chunk]) -> None:
        """Take what has arrived; raises ApiError `msg_blocks_too_many`, and takes nothing then."""
        given = self._given + sum(len(chunk["blocks"]) for chunk in chunks if chunk["type"] == "blocks")
        if given > MOST_BLOCKS:
            raise ApiError("msg_blocks_too_many")
        self._given = given
        for chunk in chunks:
            self._take(chunk)

    def content(self, metadata: dict[str, Any] | None = None, ending: Sequence[Block] = ()) -> Content:
        """Return the message as it stands, with these blocks at its end."""
        text = "".join(part["text"] for part in self._written)
        return Content(text, copy.deepcopy([*self._parts, *ending]), metadata)

    def _take(self, chunk: Chunk) -> None:
        match chunk["type"]:
            case "markdown_text":
                self._write(chunk["text"])
            case "task_update":
                self._update_task(chunk)
            case "plan_update":
                self._plan["title"] = chunk["title"]
                self._show_plan()
            case "blocks":
                self._parts += with_ids(chunk["blocks"])

    def _write(self, text: str) -> None:
        if not self._parts or not self._written or self._parts[-1] is not self._written[-1]:
            self._written.append({"type": "markdown", "block_id": short_id(), "text": ""})
            self._parts.append(self._written[-1])
        self._written[-1]["text"] += text

    def _update_task(self, chunk: Chunk) -> None:
        known = self._tasks.get(chunk["id"])
        task = known or {"type": "task_card", "block_id": short_id(), "task_id": chunk["id"]}
        task |= {name: chunk[name] for name in ("title", "status", "sources") if name in chunk}
        task |= {name: _rich(chunk[name]) for name in ("details", "output") if name in chunk}
        if known is None:
            self._tasks[chunk["id"]] = task
            if self.display == "plan":
                self._plan["tasks"].append(task)
                self._show_plan()
            else:
                self._parts.append(task)

    def _show_plan(self) -> None:
        if not any(part is self._plan for part in self._parts):
            self._parts.append(self._plan)


def read_chunks(chunks: Any) -> list[Chunk]:
    """Return checked chunks.

    Raises ApiError with `invalid_blocks` for what is wrong in blocks, else with `invalid_arguments`.
    """
    problems = check_chunks(chunks)
    if any("/blocks/" in problem.pointer for problem in problems):
        raise refusal(problems, "invalid_blocks")
    if problems:
        raise refusal(problems, "invalid_arguments")
    read: list[Chunk] = chunks
    return read


def read_display(mode: str) -> str:
    """Return a `task_display_mode`; raises ApiError for an unknown one."""
    if mode not in ("timeline", "plan"):
        raise invalid_arguments(f"task_display_mode must be timeline or plan, it is {mode!r}")
    return mode


def _rich(text: str) -> Block:
    section = {"type": "rich_text_section", "elements": [{"type": "text", "text": text}]}
    return {"type": "rich_text", "elements": [section]}
