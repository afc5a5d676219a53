"""Printing runs on a terminal: in frames there, as plain lines elsewhere. What a run holds is shown literally."""

from __future__ import annotations

import inspect
import json
import re
import time
from collections.abc import AsyncIterable, Awaitable, Iterable, Iterator
from typing import Any, NamedTuple, TypeAlias

from rich.console import Console
from rich.markdown import Markdown
from rich.panel import Panel
from rich.text import Text

from kernbot.run.agent import (
    RunCancelledEvent,
    RunContentEvent,
    RunErrorEvent,
    RunEvent,
    RunOutput,
    RunPausedEvent,
)
from kernbot.run.workflow import (
    RouterPausedEvent,
    StepOutputEvent,
    StepOutputReviewEvent,
    StepPausedEvent,
    WorkflowCancelledEvent,
    WorkflowCompletedEvent,
    WorkflowErrorEvent,
    WorkflowPausedEvent,
    WorkflowRunOutput,
    WorkflowRunOutputEvent,
)
from kernbot.workflow.inputs import as_plain
from kernbot.workflow.types import StepOutput, StepRequirement

_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")


class _Block(NamedTuple):
    title: str
    content: Any
    is_outcome: bool = True
    """Whether it says how a run ended, or where it stands, and not what a step left."""


Part: TypeAlias = WorkflowRunOutput | RunOutput | WorkflowRunOutputEvent


def pprint_run_response(
    run_response: WorkflowRunOutput | RunOutput | Iterable[Part],
    markdown: bool = False,
    show_time: bool = False,
    *,
    show_step_details: bool = False,
    console: Console | None = None,
) -> None:
    """Print a run of a workflow, an agent or a team, or the events of one as they come.

    `markdown` renders texts as Markdown, `show_time` adds the seconds since the call, `show_step_details` what each
    step left.
    """
    printer = _Printer(console, markdown, show_time, show_step_details)
    for part in [run_response] if isinstance(run_response, WorkflowRunOutput | RunOutput) else run_response:
        printer.print(part)
    printer.finish()


async def apprint_run_response(
    run_response: WorkflowRunOutput | RunOutput | AsyncIterable[Part] | Awaitable[WorkflowRunOutput | RunOutput],
    markdown: bool = False,
    show_time: bool = False,
    *,
    show_step_details: bool = False,
    console: Console | None = None,
) -> None:
    """Do what `pprint_run_response` does, with what `arun` or `acontinue_run` returned, awaited or not."""
    printer = _Printer(console, markdown, show_time, show_step_details)
    shown = run_response
    if inspect.isawaitable(shown) and not isinstance(shown, AsyncIterable):
        shown = await shown
    if isinstance(shown, WorkflowRunOutput | RunOutput):
        printer.print(shown)
        return
    async for event in shown:
        printer.print(event)
    printer.finish()


class _Printer:
    def __init__(self, console: Console | None, markdown: bool, show_time: bool, show_step_details: bool) -> None:
        self._console = console or Console()
        self._markdown = markdown
        self._begun = time.monotonic() if show_time else None
        self._show_step_details = show_step_details
        self._speaker: str | None = None
        self._said = ""

    def print(self, part: Part) -> None:
        if isinstance(part, RunContentEvent):
            self._hear(part)
            return
        for block in _blocks_of(part):
            if block.is_outcome or self._show_step_details:
                self.finish()
                self._print(block)

    def finish(self) -> None:
        """Print what an agent has said so far."""
        said, self._said = self._said, ""
        if said:
            self._print(_Block(str(self._speaker), said))

    def _hear(self, piece: RunContentEvent) -> None:
        if piece.agent_name != self._speaker:
            self.finish()
        self._speaker = piece.agent_name
        self._said += _as_text(piece.content)

    def _print(self, block: _Block) -> None:
        took = "" if self._begun is None else f" ({time.monotonic() - self._begun:.1f} s)"
        title, body = _literal(block.title + took), _literal(_as_text(block.content))
        if self._console.is_terminal:
            shown = Markdown(body) if self._markdown else Text(body)
            self._console.print(Panel(shown, title=Text(title), title_align="left"))
        else:
            self._console.print(Text(f"{title}\n{body}".rstrip()), soft_wrap=True)


def _blocks_of(part: Part) -> Iterator[_Block]:
    return _blocks_of_agent(part) if isinstance(part, RunOutput | RunEvent) else _blocks_of_workflow(part)


def _blocks_of_workflow(part: WorkflowRunOutput | WorkflowRunOutputEvent) -> Iterator[_Block]:
    name = part.workflow_name
    match part:
        case WorkflowRunOutput():
            yield from map(_step, part.step_results)
            yield from (_Block(f"{item.step_name} asks", _message(item)) for item in part.active_step_requirements)
            yield from (_Block(f"{item.step_name} failed", item.error_message) for item in part.steps_with_errors)
            yield _Block(f"{name}: {part.status}", part.error or part.content)
        case StepOutputEvent(step_output=StepOutput() as output):
            yield _step(output)
        case StepPausedEvent():
            yield _Block(f"{part.step_name} asks", part.confirmation_message)
        case StepOutputReviewEvent():
            yield _Block(f"{part.step_name} asks", part.output_review_message)
        case RouterPausedEvent():
            yield _Block(f"{part.step_name} asks", part.user_input_message)
        case WorkflowCompletedEvent():
            yield _Block(f"{name}: COMPLETED", part.content)
        case WorkflowPausedEvent():
            yield _Block(f"{name}: PAUSED", None)
        case WorkflowCancelledEvent():
            yield _Block(f"{name}: CANCELLED", part.reason)
        case WorkflowErrorEvent():
            yield _Block(f"{name}: ERROR", part.error)


def _blocks_of_agent(part: RunOutput | RunEvent) -> Iterator[_Block]:
    match part:
        case RunOutput():
            yield _Block(f"{part.agent_name}: {part.status}", part.error or part.content)
        case RunPausedEvent():
            yield _Block(f"{part.agent_name}: PAUSED", part.content)
        case RunCancelledEvent():
            yield _Block(f"{part.agent_name}: CANCELLED", part.content)
        case RunErrorEvent():
            yield _Block(f"{part.agent_name}: ERROR", part.error)


def _step(output: StepOutput) -> _Block:
    return _Block(str(output.step_name), output.last_content if output.success else output.error, is_outcome=False)


def _message(asked: StepRequirement) -> str | None:
    return asked.output_review_message or asked.user_input_message or asked.confirmation_message


def _as_text(content: Any) -> str:
    if content is None or isinstance(content, str):
        return content or ""
    return json.dumps(as_plain(content), indent=2, ensure_ascii=False)


def _literal(text: str) -> str:
    """Return a text in which control characters, which could rule the terminal, are spelled out."""
    return _CONTROL.sub(lambda found: repr(found[0])[1:-1], text)
