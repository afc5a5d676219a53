"""What a rich text block holds.

Comments name pages below docs.slack.dev/reference/block-kit/block-elements/.
"""

from __future__ import annotations

from kernbot.localslack.block_kit.schema import Array, Boolean, Integer, Object, OneOf, Pattern, Schema, String, Typed

_STYLES = ("bold", "italic", "strike", "underline", "code", "highlight", "client_highlight", "unlink")
_STYLE: dict[str, Schema] = {"style": Object(optional={name: Boolean() for name in _STYLES})}

_LITERAL: dict[str, Schema] = {
    # text-element
    "text": Object(required={"text": String()}, optional=_STYLE),
    # link-element
    "link": Object(required={"url": String()}, optional={**_STYLE, "text": String(), "unsafe": Boolean()}),
}
_INLINE: dict[str, Schema] = {
    **_LITERAL,
    # user-element, usergroup-element, channel-element, broadcast-element, emoji-element
    "user": Object(required={"user_id": String()}, optional=_STYLE),
    "usergroup": Object(required={"usergroup_id": String()}, optional=_STYLE),
    "channel": Object(required={"channel_id": String()}, optional=_STYLE),
    "broadcast": Object(required={"range": OneOf(("here", "channel", "everyone"))}, optional=_STYLE),
    "emoji": Object(
        required={"name": String()},
        optional={**_STYLE, "unicode": String(), "skin_tone": Integer(1)},
    ),
    # date-element
    "date": Object(
        required={"timestamp": Integer(0), "format": String()},
        optional={**_STYLE, "timezone": String(), "url": String(), "fallback": String()},
    ),
    # color-element
    "color": Object(required={"value": Pattern("#[0-9A-Fa-f]{6}", "a colour like #F405B3")}, optional=_STYLE),
}

_INLINE_ELEMENTS = Array(Typed(_INLINE), at_least=0)
_BORDER: dict[str, Schema] = {"border": Integer(0, 1)}

# rich-text-section-element
_SECTION = Object(required={"elements": _INLINE_ELEMENTS})

RICH_TEXT: dict[str, Schema] = {
    "rich_text_section": _SECTION,
    # rich-text-list-element
    "rich_text_list": Object(
        required={
            "style": OneOf(("bullet", "ordered")),
            "elements": Array(Typed({"rich_text_section": _SECTION}), at_least=0),
        },
        optional={**_BORDER, "indent": Integer(0, 8), "offset": Integer(0)},
    ),
    # rich-text-preformatted-element
    "rich_text_preformatted": Object(
        required={"elements": Array(Typed(_LITERAL), at_least=0)},
        optional=_BORDER,
    ),
    # rich-text-quote-element
    "rich_text_quote": Object(required={"elements": _INLINE_ELEMENTS}, optional=_BORDER),
}
