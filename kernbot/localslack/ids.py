"""Ids, tokens and timestamps in the forms that Slack gives them."""

from __future__ import annotations

import secrets
import string

_CAPITALS = string.ascii_uppercase + string.digits
_ANY = string.ascii_letters + string.digits


def object_id(prefix: str) -> str:
    """Return a new id such as `V0A1B2C3D4E`."""
    return prefix + "0" + "".join(secrets.choice(_CAPITALS) for _ in range(10))


def short_id() -> str:
    """Return a new id for a block or an element that came without one."""
    return "".join(secrets.choice(_ANY) for _ in range(5))


def timestamp(microseconds: int) -> str:
    """Return a message timestamp such as `1503435956.000247`."""
    return f"{microseconds // 1_000_000}.{microseconds % 1_000_000:06d}"


def microseconds(seconds: float) -> int:
    """Return unix seconds as whole microseconds."""
    return round(seconds * 1_000_000)
