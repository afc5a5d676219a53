"""What the modals are made of, and how values are fitted into them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import partial
from typing import Any

from kernbot.slack.ids import block_id
from kernbot.slack.render.blocks import At, Block, plain, rich_text, section
from kernbot.slack.render.facts import PauseFacts
from kernbot.slack.render.question import question_cut
from kernbot.slack.render.whole import Part, parts_of, pieces_of, that_fit

MOST_BLOCKS = 100
MOST_BYTES_OF_VALUES = 200_000
_NO_ROOM = "*Not everything fits into this window:* only the first part is shown."

View = dict[str, Any]


def modal(title: str, blocks: Iterable[Block], close: str = "Close") -> View:
    """Return a modal without a submit; its title is always ours."""
    return {"type": "modal", "title": plain(title), "close": plain(close), "blocks": list(blocks)}


def ids_of(pause: PauseFacts) -> At:
    """Return how the blocks of a modal about a question are named."""
    return partial(block_id, pause.pause_id, 1)


def parts_asked_about(pause: PauseFacts) -> Iterator[Part]:
    """Yield all that a question is about, whole; the question too where its top was cut. Choices come apart."""
    if not question_cut(pause).is_whole:
        yield from pieces_of("question", pause.message)
    yield from parts_of(pause.values)


def fitted(at: At, parts: Iterable[Part], room: int, size: int = MOST_BYTES_OF_VALUES) -> list[Block]:
    """Return values as blocks, as many as there is room for, and a warning where that is not all."""
    return fitted_blocks(at, numbered(at, "values", parts), room, size)


def numbered(at: At, name: str, parts: Iterable[Part]) -> Iterator[Block]:
    """Yield values as blocks that are named by their places."""
    return (rich_text(at(f"{name}.{place}"), *part) for place, part in enumerate(parts))


def fitted_blocks(at: At, blocks: Iterable[Block], room: int, size: int = MOST_BYTES_OF_VALUES) -> list[Block]:
    """Return as many blocks as there is room for, and a warning before them where that is not all."""
    fitting, are_all = that_fit(blocks, room, size)
    return fitting if are_all else [section(at("no-room"), _NO_ROOM), *fitting[: room - 1]]
