"""What a question says whose step has changed since it was asked."""

from __future__ import annotations

from collections.abc import Iterator

from kernbot.slack.render.blocks import At, Block, context, section
from kernbot.slack.render.facts import CALLS, PauseFacts
from kernbot.slack.render.text import code

CHANGED = "The step changed since this was asked"
_SAME = "What is asked and its values are the same."


def asked_anew(pause: PauseFacts, at: At) -> Iterator[Block]:
    """Yield what stands under the question of an open card that is asked anew; nothing on any other."""
    if pause.changed is not None:
        yield section(at("changed"), f"*{CHANGED}.* Earlier answers were not used; please answer again.")


def why_anew(pause: PauseFacts, at: At) -> Iterator[Block]:
    """Yield what stands under its values."""
    if pause.changed is not None:
        yield context(at("why-anew"), f"{which_change(pause)} {_SAME}")


def which_change(pause: PauseFacts) -> str:
    """Return what changed, as a sentence."""
    was, now = pause.changed or (None, None)
    what = "tool" if pause.kind in CALLS else "step"
    if was is None or now is None:
        return f"The code of the {what} is not what it was."
    return f"The version of the {what} was {code(was)}, now it is {code(now)}."


def runs_as_it_is_now(pause: PauseFacts, yes: str) -> Iterator[str]:
    """Yield what the yes of such a card does, in front of what a no does."""
    if pause.changed is not None and pause.kind in ("confirmation", "call_confirmation"):
        yield f"{yes} runs the {'tool' if pause.kind in CALLS else 'step'} as it is now."
