"""What of an agent's doings is to be streamed next, and how: pure."""

from __future__ import annotations

from dataclasses import dataclass, field

from kernbot.run.agent import (
    RunCompletedEvent,
    RunContentEvent,
    RunEvent,
    RunPausedEvent,
    ToolCallCompletedEvent,
    ToolCallStartedEvent,
)
from kernbot.run.masking import scrubbed
from kernbot.slack.render.talk import Chunk, said_chunk, streamed, task_chunk

MOST_STREAMED = 10_000
"""Characters that are streamed of what an agent says in one go. The rest is shown at the end."""


@dataclass
class _Words:
    """What an agent says in one go, as far as it has come."""

    raw: str = ""
    is_over: bool = False
    sent: int = 0
    """Characters, as they are streamed."""

    def unsent(self, secrets: frozenset[str]) -> str:
        """Return what can be shown now and has not been; the end is kept back, as it may begin a secret."""
        shown = scrubbed(self.raw, secrets)
        if not self.is_over:
            kept_back = max((len(secret) for secret in secrets), default=1)
            shown = shown[: max(0, len(shown) - kept_back)].rstrip("\r")
        return streamed(shown)[self.sent : MOST_STREAMED]

    def take(self, secrets: frozenset[str]) -> Chunk | None:
        """Return it as it is sent; None for nothing."""
        text = self.unsent(secrets)
        if not text and not (self.is_over and self.sent):
            return None
        begins, self.sent = not self.sent, self.sent + len(text)
        return said_chunk(text, begins=begins, ends=self.is_over)


@dataclass
class Talking:
    """One agent at work, as far as it has come."""

    parts: list[_Words | Chunk] = field(default_factory=list)
    """What is to be sent, in its order."""
    is_over: bool = False

    def hear(self, event: RunEvent) -> None:
        """Take in what happens."""
        match event:
            case RunContentEvent():
                self._words().raw += str(event.content)
            case ToolCallStartedEvent() | ToolCallCompletedEvent() if event.tool:
                self._end_words()
                is_over = isinstance(event, ToolCallCompletedEvent)
                status = ("error" if event.tool.tool_call_error else "complete") if is_over else "in_progress"
                self.parts.append(task_chunk(event.tool.tool_call_id or "", event.tool.tool_name, status))
            case RunPausedEvent() | RunCompletedEvent():
                self.end()

    def end(self) -> None:
        """Expect nothing more."""
        self._end_words()
        self.is_over = True

    def has_news(self, secrets: frozenset[str]) -> bool:
        """Whether there is something to send."""
        first = self.parts[0] if self.parts else None
        if isinstance(first, _Words):
            return bool(first.unsent(secrets)) or (first.is_over and (first.sent > 0 or len(self.parts) > 1))
        return first is not None

    def take(self, secrets: frozenset[str]) -> list[Chunk]:
        """Return what is to be sent now, and forget it."""
        chunks: list[Chunk] = []
        while self.parts:
            first = self.parts[0]
            chunk = first.take(secrets) if isinstance(first, _Words) else first
            chunks += [chunk] if chunk else []
            if isinstance(first, _Words) and not first.is_over:
                break
            del self.parts[0]
        return chunks

    def _words(self) -> _Words:
        if not self.parts or not isinstance(self.parts[-1], _Words) or self.parts[-1].is_over:
            self.parts.append(_Words())
        words = self.parts[-1]
        assert isinstance(words, _Words)  # noqa: S101 - it has just been made
        return words

    def _end_words(self) -> None:
        if self.parts and isinstance(self.parts[-1], _Words):
            self.parts[-1].is_over = True
