"""What operators and owners are told in the operators' channel. It holds no values."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from kernbot.slack.ids import is_group, short_id
from kernbot.slack.render.blocks import Block, context, message, section
from kernbot.slack.render.facts import Listed
from kernbot.slack.render.question import place_of
from kernbot.slack.render.text import code, counted, date, duration, fitting, person


def stale(workflow: str, listed: Sequence[Listed], total: int, after: float, owners: Sequence[str]) -> dict[str, Any]:
    """Return the list of questions that have waited longer than `after` seconds; it calls the owners.

    `listed` are some of the `total`, the oldest first; `owners` are ids.
    """
    waiting = "waits" if total == 1 else "wait"
    headline = f"{counted(total, 'question')} of {code(workflow)} {waiting} for more than {duration(after)}."
    return message(headline, _stale(headline, listed, total, owners))


def trouble(what: str, cause: str, run_id: str) -> dict[str, Any]:
    """Return what is told of a message or a question that goes wrong: `what` is a sentence of ours without its end."""
    headline = f"{what[0].upper()}{what[1:]}."
    where = f"Run {short_id(run_id)}: {code(cause)}. The same is told again after an hour at the earliest."
    return message(headline, [section("trouble.what", f"*{headline}*"), context("trouble.where", where)])


def _stale(headline: str, listed: Sequence[Listed], total: int, owners: Sequence[str]) -> Iterator[Block]:
    lines = [f"{place_of(item.run, item.pause)} · since {date(item.pause.opened_at)}{_link(item)}" for item in listed]
    more = [f"{total - len(listed):,} more"] if total > len(listed) else []
    yield section("stale.list", fitting([f"*{headline}*", *lines, *more]))
    called = ", ".join(f"<!subteam^{of}>" if is_group(of) else person(of) for of in owners)
    who = f"Owners: {called}. " if called else ""
    yield context("stale.what", f"{who}They have no deadline: answer them, or cancel their runs.")


def _link(item: Listed) -> str:
    return f" · <{item.link}|open it>" if item.link else ""
