"""The last requests between the local Slack and the apps, without their secrets."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from kernbot.localslack.changes import Changes

_SECRETS = {"token", "response_url", "response_urls", "trigger_id", "upload_url"}
_SECRET_TEXTS = re.compile(r"\bx(?:ox[a-z]|app)-[\w-]+|(?<=[?&]ticket=)[\w-]+")
"""Tokens, and what opens a Socket Mode connection."""
_KEPT = 500


@dataclass(frozen=True)
class Entry:
    """One request and what became of it."""

    at: float
    """Unix seconds."""
    direction: str
    """`from app` or `to app`."""
    name: str
    """The Web API method, or the type of what was delivered."""
    payload: Any
    verdict: str
    """`ok`, or why not."""
    number: int
    """Counts from 1."""
    answer: Any = None
    """What the other side answered; None for nothing."""


class Traffic:
    """A bounded log of entries, the newest last; each is a change that can be waited for."""

    def __init__(self, clock: Callable[[], float], changes: Changes) -> None:
        self._clock = clock
        self._changes = changes
        self._count = 0
        self.entries: deque[Entry] = deque(maxlen=_KEPT)

    def from_app(self, name: str, payload: Any, verdict: str, answer: Any = None) -> int:
        """Record what an app sent; return the number of the entry."""
        return self._record("from app", name, payload, verdict, answer)

    def to_app(self, name: str, payload: Any, verdict: str, answer: Any = None) -> int:
        """Record what was sent to an app; return the number of the entry."""
        return self._record("to app", name, payload, verdict, answer)

    def _record(self, direction: str, name: str, payload: Any, verdict: str, answer: Any) -> int:
        self._count += 1
        at, sent, answered = self._clock(), _redacted(payload), _redacted(answer)
        self.entries.append(Entry(at, direction, name, sent, verdict, number=self._count, answer=answered))
        self._changes.announce()
        return self._count


def _redacted(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: "[redacted]" if key in _SECRETS else _redacted(part) for key, part in value.items()}
    if isinstance(value, list):
        return [_redacted(part) for part in value]
    return _SECRET_TEXTS.sub("[redacted]", value) if isinstance(value, str) else value
