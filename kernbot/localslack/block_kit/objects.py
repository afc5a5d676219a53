"""Composition objects: texts, options, confirmation dialogs and the like.

Comments name pages below docs.slack.dev/reference/block-kit/composition-objects/.
"""

from __future__ import annotations

from kernbot.localslack.block_kit.rules import one_of, some_of
from kernbot.localslack.block_kit.schema import Array, Boolean, Object, OneOf, Schema, String, Typed

BUTTON_STYLE = OneOf(("primary", "danger"))


# text-object
def texts(at_most: int) -> dict[str, Schema]:
    """Return both kinds of text by their type; the limit is in characters."""
    return {
        "plain_text": Object(required={"text": String(at_most)}, optional={"emoji": Boolean()}),
        "mrkdwn": Object(required={"text": String(at_most)}, optional={"verbatim": Boolean()}),
    }


def text(at_most: int) -> Typed:
    """Return a text of either kind."""
    return Typed(texts(at_most))


def plain_text(at_most: int) -> Typed:
    """Return a text without formatting."""
    return Typed({"plain_text": texts(at_most)["plain_text"]})


# option-object
def _option(label: Schema, **more: Schema) -> Object:
    return Object(
        required={"text": label, "value": String(150)},
        optional={"description": plain_text(75), **more},
    )


OPTION = _option(plain_text(75))
OVERFLOW_OPTION = _option(plain_text(75), url=String(3000))
BOX_OPTION = _option(text(75))

# option-group-object
OPTION_GROUP = Object(required={"label": plain_text(75), "options": Array(OPTION, 100)})

# confirmation-dialog-object
CONFIRM = Object(
    required={"title": plain_text(100), "text": text(300), "confirm": plain_text(30), "deny": plain_text(30)},
    optional={"style": BUTTON_STYLE},
)

# dispatch-action-configuration-object
DISPATCH_ACTION_CONFIG = Object(
    required={"trigger_actions_on": Array(OneOf(("on_enter_pressed", "on_character_entered")))},
)

# conversation-filter-object
CONVERSATION_FILTER = Object(
    optional={
        "include": Array(OneOf(("im", "mpim", "private", "public"))),
        "exclude_external_shared_channels": Boolean(),
        "exclude_bot_users": Boolean(),
    },
    rules=(some_of("include", "exclude_external_shared_channels", "exclude_bot_users"),),
)

# slack-file-object
SLACK_FILE = Object(optional={"id": String(), "url": String(3000)}, rules=(one_of("id", "url"),))
