"""The blocks.

Comments name pages below docs.slack.dev/reference/block-kit/blocks/.
"""

from __future__ import annotations

from kernbot.localslack.block_kit.elements import ACCESSORY, ACTION, INPUT, image
from kernbot.localslack.block_kit.objects import plain_text, text, texts
from kernbot.localslack.block_kit.rich_text import RICH_TEXT
from kernbot.localslack.block_kit.rules import some_of
from kernbot.localslack.block_kit.schema import Array, Boolean, Integer, Object, OneOf, Schema, String, Typed

_ID: dict[str, Schema] = {"block_id": String(255)}

_BLOCKS: dict[str, Schema] = {
    # section-block
    "section": Object(
        optional={
            **_ID,
            "text": text(3000),
            "fields": Array(text(2000), 10),
            "accessory": ACCESSORY,
            "expand": Boolean(),
        },
        rules=(some_of("text", "fields"),),
    ),
    # header-block
    "header": Object(required={"text": plain_text(150)}, optional={**_ID, "level": Integer(1, 4)}),
    # divider-block
    "divider": Object(optional=_ID),
    # image-block
    "image": image(**_ID, title=plain_text(2000)),
    # context-block
    "context": Object(
        required={"elements": Array(Typed({**texts(3000), "image": image()}), 10)},
        optional=_ID,
    ),
    # actions-block
    "actions": Object(required={"elements": Array(ACTION, 25)}, optional=_ID),
    # input-block
    "input": Object(
        required={"label": plain_text(2000), "element": INPUT},
        optional={**_ID, "hint": plain_text(2000), "optional": Boolean(), "dispatch_action": Boolean()},
    ),
    # rich-text-block
    "rich_text": Object(required={"elements": Array(Typed(RICH_TEXT), at_least=0)}, optional=_ID),
}

_RICH = Typed({"rich_text": _BLOCKS["rich_text"]})

# table-block; cells of the type raw_number are left out, for their fields are not known here
_CELL = Typed({"raw_text": Object(required={"text": String()}), "rich_text": _BLOCKS["rich_text"]})
_COLUMN = Object(optional={"align": OneOf(("left", "center", "right")), "is_wrapped": Boolean()})
_TABLE: dict[str, Schema] = {
    "table": Object(
        required={"rows": Array(Array(_CELL, 20), 100)},
        optional={**_ID, "column_settings": Array(_COLUMN, 20)},
    ),
}

# url-source-element
SOURCE = Typed({"url": Object(required={"url": String(3000), "text": String()})})
TASK_STATUS = OneOf(("pending", "in_progress", "complete", "error"))

# task-card-block
_TASK_CARD: dict[str, Schema] = {
    "task_card": Object(
        required={"task_id": String(), "title": String(), "status": TASK_STATUS},
        optional={**_ID, "details": _RICH, "output": _RICH, "sources": Array(SOURCE, at_least=0)},
    ),
}

MESSAGE_BLOCK = Typed(
    {
        **_BLOCKS,
        **_TABLE,
        **_TASK_CARD,
        # markdown-block
        "markdown": Object(required={"text": String(12_000)}, optional=_ID),
        # plan-block
        "plan": Object(
            required={"title": String()},
            optional={**_ID, "tasks": Array(Typed(_TASK_CARD), at_least=0)},
        ),
    },
)
MODAL_BLOCK = Typed(
    {
        **_BLOCKS,
        # alert-block
        "alert": Object(
            required={"text": text(3000)},
            optional={**_ID, "level": OneOf(("default", "info", "warning", "error", "success"))},
        ),
    },
)
HOME_BLOCK = Typed({**_BLOCKS, **_TABLE})
