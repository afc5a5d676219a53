"""The blocks.

Comments name pages below docs.slack.dev/reference/block-kit/blocks/.
"""

from __future__ import annotations

from kernbot.localslack.block_kit.elements import ACCESSORY, ACTION, INPUT, image
from kernbot.localslack.block_kit.objects import plain_text, text, texts
from kernbot.localslack.block_kit.rich_text import RICH_TEXT
from kernbot.localslack.block_kit.rules import some_of
from kernbot.localslack.block_kit.schema import Array, Boolean, Integer, Object, Schema, String, Typed

_ID: dict[str, Schema] = {"block_id": String(255)}

BLOCK = Typed(
    {
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
    },
)
