"""What Slack's client checks in a form before it submits it (https://docs.slack.dev/surfaces/modals)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from decimal import Decimal, InvalidOperation

from kernbot.localslack.elements import Block, Element, Values, held

_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
_URL = re.compile(r"https?://\S+")


def complaints(blocks: Sequence[Block], values: Values) -> dict[str, str]:
    """Return what the client shows at the fields that cannot be submitted as they are, by block id."""
    found: dict[str, str] = {}
    for block in blocks:
        if block["type"] == "input":
            problem = _complaint(block, held(block, block["element"], values))
            if problem:
                found[block["block_id"]] = problem
    return found


def _complaint(block: Block, value: object) -> str | None:
    if value in (None, "", []):
        return None if block.get("optional", False) else "Please complete this required field."
    check = _CHECKS.get(block["element"]["type"])
    return check(block["element"], str(value)) if check else None


def _text(element: Element, value: str) -> str | None:
    if len(value) > element.get("max_length", len(value)):
        return f"This field takes at most {element['max_length']} characters."
    if len(value) < element.get("min_length", 0):
        return f"This field takes at least {element['min_length']} characters."
    return None


def _number(element: Element, value: str) -> str | None:
    try:
        number = Decimal(value)
    except InvalidOperation:
        return "Please enter a number."
    if not number.is_finite():
        return "Please enter a number."
    if number != number.to_integral_value() and not element["is_decimal_allowed"]:
        return "Please enter a whole number."
    return _range(element, number)


def _range(element: Element, number: Decimal) -> str | None:
    if "min_value" in element and number < Decimal(element["min_value"]):
        return f"Please enter a number of at least {element['min_value']}."
    if "max_value" in element and number > Decimal(element["max_value"]):
        return f"Please enter a number of at most {element['max_value']}."
    return None


def _email(_element: Element, value: str) -> str | None:
    return None if _EMAIL.fullmatch(value) else "Please enter an email address."


def _url(_element: Element, value: str) -> str | None:
    return None if _URL.fullmatch(value) else "Please enter a URL."


_CHECKS = {"plain_text_input": _text, "number_input": _number, "email_text_input": _email, "url_text_input": _url}
