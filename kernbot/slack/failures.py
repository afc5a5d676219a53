"""What goes wrong on the way to Slack."""

from __future__ import annotations

import aiohttp
from slack_sdk.errors import SlackApiError, SlackClientError

SLACK_FAILURES = (SlackClientError, aiohttp.ClientError, TimeoutError, OSError)
"""What a call raises that Slack refused, or that did not reach it, or whose answer was lost."""


def error_code(error: BaseException) -> str:
    """Return why Slack refused a call, in its own word; the class of anything else, whose text may hold an address."""
    if isinstance(error, SlackApiError):
        return str(error.response.get("error"))
    return type(error).__name__
