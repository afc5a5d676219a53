"""Calls to Slack that wait for their turn, and once more where Slack puts them off."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_slack_response import AsyncSlackResponse

from kernbot.slack.failures import error_code
from kernbot.slack.outbox.pace import Pace, Turn, Urgency

Call = Callable[[], Awaitable[AsyncSlackResponse]]


class RateLimitedError(Exception):
    """Slack puts a call off; it was not made."""

    def __init__(self, seconds: float) -> None:
        super().__init__(f"Slack puts the call off for {seconds} s")
        self.seconds = seconds


async def in_turn(pace: Pace, turn: Turn, call: Call) -> AsyncSlackResponse:
    """Make a call when it is its turn, again if Slack puts it off. Raises what Slack's client raises."""
    while True:
        await pace.ask(turn).granted()
        try:
            return await unless_put_off(call())
        except RateLimitedError as late:
            pace.hold(turn, late.seconds)


async def look_up(pace: Pace, method: str, call: Call) -> AsyncSlackResponse:
    """Ask Slack something that somebody waits for; they wait as long as Slack puts it off."""
    return await in_turn(pace, Turn(method, Urgency.CLAIM), call)


async def unless_put_off(call: Awaitable[AsyncSlackResponse]) -> AsyncSlackResponse:
    """Return the response of a call; raises RateLimitedError where Slack has put it off."""
    try:
        return await call
    except SlackApiError as error:
        if error_code(error) not in ("ratelimited", "rate_limited"):
            raise
        raise RateLimitedError(float(error.response.headers.get("Retry-After", 1))) from None
