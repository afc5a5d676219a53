"""Block elements: what people click, choose and type into, and images.

Comments name pages below docs.slack.dev/reference/block-kit/block-elements/.
"""

from __future__ import annotations

from kernbot.localslack.block_kit.objects import (
    BOX_OPTION,
    BUTTON_STYLE,
    CONFIRM,
    CONVERSATION_FILTER,
    DISPATCH_ACTION_CONFIG,
    OPTION,
    OPTION_GROUP,
    OVERFLOW_OPTION,
    SLACK_FILE,
    plain_text,
)
from kernbot.localslack.block_kit.rules import initial_among_options, one_of, ordered, whole_unless_decimal_allowed
from kernbot.localslack.block_kit.schema import Array, Boolean, Integer, Object, Pattern, Schema, String, Typed

_ID: dict[str, Schema] = {"action_id": String(255)}
_CLICKED: dict[str, Schema] = {**_ID, "confirm": CONFIRM}
_CHOSEN: dict[str, Schema] = {**_CLICKED, "focus_on_load": Boolean()}
_MENU: dict[str, Schema] = {**_CHOSEN, "placeholder": plain_text(150)}
_TEXT_FIELD: dict[str, Schema] = {
    **_ID,
    "focus_on_load": Boolean(),
    "placeholder": plain_text(150),
    "dispatch_action_config": DISPATCH_ACTION_CONFIG,
}

_NUMBER = Pattern(r"-?\d+(\.\d+)?", "a string with a number")
_DATE = Pattern(r"\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])", "a date like 2026-11-20")
_TIME = Pattern(r"([01]\d|2[0-3]):[0-5]\d", "a time like 23:59")
_TIME_ZONE = Pattern(r"[A-Za-z_]+(/[\w+-]+)*", "a time zone like Europe/Berlin")
_TEN_DIGITS = Integer(1_000_000_000, 9_999_999_999)


# image-element
def image(**more: Schema) -> Object:
    """Return an image, with these optional fields too."""
    return Object(
        required={"alt_text": String(2000)},
        optional={"image_url": String(3000), "slack_file": SLACK_FILE, **more},
        rules=(one_of("image_url", "slack_file"),),
    )


# multi-select-menu-element, select-menu-element
_OPTIONS: dict[str, Schema] = {"options": Array(OPTION, 100), "option_groups": Array(OPTION_GROUP, 100)}
_SEVERAL: dict[str, Schema] = {**_MENU, "max_selected_items": Integer(1)}
_OPTIONS_RULES = (one_of("options", "option_groups"), initial_among_options)

ELEMENTS: dict[str, Schema] = {
    "image": image(),
    # button-element
    "button": Object(
        required={"text": plain_text(75)},
        optional={
            **_CLICKED,
            "value": String(2000, at_least=0),
            "url": String(3000),
            "style": BUTTON_STYLE,
            "accessibility_label": String(75),
            "agent_prompt": String(4000),
            "visible_to_user_ids": Array(String()),
        },
    ),
    # overflow-menu-element
    "overflow": Object(required={"options": Array(OVERFLOW_OPTION, 5)}, optional=_CLICKED),
    # select-menu-element
    "static_select": Object(optional={**_MENU, **_OPTIONS, "initial_option": OPTION}, rules=_OPTIONS_RULES),
    "external_select": Object(optional={**_MENU, "initial_option": OPTION, "min_query_length": Integer(0)}),
    "users_select": Object(optional={**_MENU, "initial_user": String()}),
    "channels_select": Object(
        optional={**_MENU, "initial_channel": String(), "response_url_enabled": Boolean()},
    ),
    "conversations_select": Object(
        optional={
            **_MENU,
            "initial_conversation": String(),
            "default_to_current_conversation": Boolean(),
            "filter": CONVERSATION_FILTER,
            "response_url_enabled": Boolean(),
        },
    ),
    # multi-select-menu-element
    "multi_static_select": Object(
        optional={**_SEVERAL, **_OPTIONS, "initial_options": Array(OPTION)},
        rules=_OPTIONS_RULES,
    ),
    "multi_external_select": Object(
        optional={**_SEVERAL, "initial_options": Array(OPTION), "min_query_length": Integer(0)},
    ),
    "multi_users_select": Object(optional={**_SEVERAL, "initial_users": Array(String())}),
    "multi_channels_select": Object(optional={**_SEVERAL, "initial_channels": Array(String())}),
    "multi_conversations_select": Object(
        optional={
            **_SEVERAL,
            "initial_conversations": Array(String()),
            "default_to_current_conversation": Boolean(),
            "filter": CONVERSATION_FILTER,
        },
    ),
    # checkboxes-element
    "checkboxes": Object(
        required={"options": Array(BOX_OPTION, 10)},
        optional={**_CHOSEN, "initial_options": Array(BOX_OPTION)},
        rules=(initial_among_options,),
    ),
    # radio-button-group-element
    "radio_buttons": Object(
        required={"options": Array(BOX_OPTION, 10)},
        optional={**_CHOSEN, "initial_option": BOX_OPTION},
        rules=(initial_among_options,),
    ),
    # date-picker-element
    "datepicker": Object(optional={**_MENU, "initial_date": _DATE}),
    # time-picker-element
    "timepicker": Object(optional={**_MENU, "initial_time": _TIME, "timezone": _TIME_ZONE}),
    # datetime-picker-element
    "datetimepicker": Object(optional={**_CHOSEN, "initial_date_time": _TEN_DIGITS}),
    # plain-text-input-element
    "plain_text_input": Object(
        optional={
            **_TEXT_FIELD,
            "initial_value": String(3000, at_least=0),
            "multiline": Boolean(),
            "min_length": Integer(0, 3000),
            "max_length": Integer(1, 3000),
        },
        rules=(ordered("min_length", "max_length"),),
    ),
    # number-input-element
    "number_input": Object(
        required={"is_decimal_allowed": Boolean()},
        optional={**_TEXT_FIELD, "initial_value": _NUMBER, "min_value": _NUMBER, "max_value": _NUMBER},
        rules=(ordered("min_value", "max_value"), whole_unless_decimal_allowed),
    ),
    # email-input-element
    "email_text_input": Object(optional={**_TEXT_FIELD, "initial_value": String()}),
    # url-input-element
    "url_text_input": Object(optional={**_TEXT_FIELD, "initial_value": String()}),
}

_EVERYWHERE = (
    "static_select",
    "external_select",
    "users_select",
    "channels_select",
    "conversations_select",
    "multi_static_select",
    "multi_external_select",
    "multi_users_select",
    "multi_channels_select",
    "multi_conversations_select",
    "checkboxes",
    "radio_buttons",
    "datepicker",
    "timepicker",
)


def _among(*types: str) -> Typed:
    return Typed({name: ELEMENTS[name] for name in types})


# Each page above says at its top with which blocks the element works.
ACCESSORY = _among(*_EVERYWHERE, "button", "overflow", "image")
ACTION = _among(*_EVERYWHERE, "button", "overflow", "datetimepicker")
INPUT = _among(
    *_EVERYWHERE,
    "datetimepicker",
    "plain_text_input",
    "number_input",
    "email_text_input",
    "url_text_input",
)
