"""The last requests between the local Slack and the apps, without their secrets."""

from __future__ import annotations

import copy
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from kernbot.localslack.changes import Changes

_SECRETS = {"token", "response_url", "response_urls", "trigger_id"}
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


class Traffic:
    """A bounded log of entries, the newest last; each is a change that can be waited for."""

    def __init__(self, clock: Callable[[], float], changes: Changes) -> None:
        self._clock = clock
        self._changes = changes
        self.entries: deque[Entry] = deque(maxlen=_KEPT)

    def from_app(self, name: str, payload: Any, verdict: str) -> None:
        """Record what an app sent."""
        self._record("from app", name, payload, verdict)

    def to_app(self, name: str, payload: Any, verdict: str) -> None:
        """Record what was sent to an app."""
        self._record("to app", name, payload, verdict)

    def _record(self, direction: str, name: str, payload: Any, verdict: str) -> None:
        self.entries.append(Entry(self._clock(), direction, name, _redacted(payload), verdict))
        self._changes.announce()


def _redacted(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: "[redacted]" if key in _SECRETS else _redacted(part) for key, part in value.items()}
    if isinstance(value, list):
        return [_redacted(part) for part in value]
    return copy.copy(value)
