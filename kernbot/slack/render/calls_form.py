"""The modal in which all calls of a card are read whole, and approved at once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from itertools import chain

from kernbot.errors import ConfigurationError
from kernbot.slack import ids
from kernbot.slack.ids import TokenMaker, block_id
from kernbot.slack.render.blocks import At, Block, context, plain, rich_text
from kernbot.slack.render.calls import about_all, name_line
from kernbot.slack.render.facts import FieldFacts, RunFacts
from kernbot.slack.render.inputs import input_blocks
from kernbot.slack.render.question import question_block
from kernbot.slack.render.turn import Calls, digest_of_all, silence_of_all, to_approve
from kernbot.slack.render.view_parts import MOST_BLOCKS, MOST_BYTES_OF_VALUES, View, modal, numbered, parts_asked_about
from kernbot.slack.render.whole import that_fit

_ONE_BY_ONE = (
    "To decide them one by one, close this and use the buttons of each call. Nothing is decided by closing this."
)


def boxes_of(calls: Calls) -> Sequence[FieldFacts]:
    """Return what must be ticked before all are approved: a box for each call that can't be undone."""
    return [
        FieldFacts(
            name=f"Call {call.call} cannot be undone",
            field_type="str",
            allowed_values=["Yes, make this call"],
            several=True,
        )
        for call in to_approve(calls)
        if call.irreversible
    ]


def review_of_all(run: RunFacts, calls: Calls, *, tokens: TokenMaker) -> View:
    """Return the modal. Raises ConfigurationError for more than a modal can show: nothing is approved unseen."""
    lead = about_all(calls)
    at = partial(block_id, lead.pause_id, 1)
    blocks = chain(
        [question_block(at("question"), lead)],
        _of_calls(calls, at),
        [context(at("rules"), f"{_ONE_BY_ONE}\n{silence_of_all(calls)}")],
    )
    fitting, are_all = that_fit(blocks, MOST_BLOCKS, MOST_BYTES_OF_VALUES)
    if not are_all:
        raise ConfigurationError(
            f"The {len(calls)} calls of run {run.run_id[:6]} hold more than a Slack modal shows; "
            "decide them one by one."
        )
    title = "Review both calls" if len(to_approve(calls)) == 2 else "Review all calls"  # noqa: PLR2004
    return modal(title, fitting) | {
        "callback_id": ids.REVIEW_ALL,
        "private_metadata": tokens.make(ids.REVIEW_ALL, lead.pause_id, digest_of_all(calls)),
        "submit": plain("Approve all"),
    }


def _of_calls(calls: Calls, at: At) -> Iterator[Block]:
    boxes = iter(input_blocks(boxes_of(calls)))
    for call in to_approve(calls):
        yield rich_text(at(f"call.{call.call}"), name_line(call))
        yield from numbered(at, f"values.{call.call}", parts_asked_about(call))
        if call.irreversible:
            yield next(boxes)
