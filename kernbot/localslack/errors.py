"""What the local Slack refuses, and whom it tells."""

from __future__ import annotations

from typing import Any

from kernbot.errors import KernbotError


class LocalSlackError(KernbotError):
    """The root of the local Slack's own errors."""


class SetUpError(LocalSlackError):
    """The workspace or the manifest cannot be as it was described; the message says what to change."""


class ActError(LocalSlackError):
    """Slack's own client would not let the person do this; nothing was sent to the app."""


class ApiError(LocalSlackError):
    """The Web API refuses a call; `body` is what it answers (https://docs.slack.dev/apis/web-api)."""

    def __init__(self, error: str, **details: Any) -> None:
        super().__init__(error)
        self.body: dict[str, Any] = {"ok": False, "error": error, **details}

    def __str__(self) -> str:
        messages = self.body.get("response_metadata", {}).get("messages", [])
        return ": ".join([self.body["error"], *messages[:1]])


def invalid_arguments(*messages: str) -> ApiError:
    """Return the refusal of a call whose arguments are wrong, one sentence per argument."""
    return ApiError("invalid_arguments", response_metadata={"messages": [f"[ERROR] {text}" for text in messages]})
