"""What is secret, and what is shown in its place: one rule for every door."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import fields, is_dataclass
from typing import Any, Self

from pydantic import BaseModel, SecretBytes, SecretStr

MASK = "•" * 8

_SECRET_WORDS = {"password", "token", "secret", "key"}
_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+")
"""A word within a name: `api_key`, `apiKey` and `APIKey` end with the same one."""
_ASSIGNED = re.compile(
    r"""([\w-]*(?:password|token|secret|key)[\w-]*(?<!Error)(?<!Exception))"""
    r"""(["']?\s*[=:]\s*)("[^"\n]*"|'[^'\n]*'|[^\s,;&"')\]}]+)""",
    re.IGNORECASE,
)
"""What may be a secret name, what stands between, and a value, as in `api_key=…` or `"password": "…"`."""
_SHORTEST = 4
"""Characters: shorter secrets are not looked for within texts, where they would be found in any word."""


class Masked(str):
    """What is shown in the place of a secret. A text of others is never one, whatever it looks like."""

    __slots__ = ("length",)

    length: int
    """Characters of the secret."""

    def __new__(cls, length: int) -> Self:  # noqa: D102 - what a secret of this length is shown as
        masked = super().__new__(cls, f"{MASK} {hidden(length)}")
        masked.length = length
        return masked


def hidden(length: int) -> str:
    """Return how much is hidden: `hidden, 24 characters`."""
    return f"hidden, {length:,} character{'' if length == 1 else 's'}"


def is_secret_name(name: str) -> bool:
    """Whether what has this name is secret: one of its words is password, token, secret or key."""
    return any(word.lower() in _SECRET_WORDS for word in _WORD.findall(name))


def masked(value: Any, also: Collection[str] = ()) -> Any:
    """Return a value with a `Masked` in the place of each secret in it, however deep; itself where there is none.

    Secret is a SecretStr, and what has a secret name, in an object or in a text that is JSON; on top, also what has
    one of the names in `also`.
    """
    return _without_secrets(value, lambda secret: Masked(len(_text(secret))), also)


def secrets_in(value: Any, also: Collection[str] = ()) -> set[str]:
    """Return the texts that `masked` hides, as far as they are long enough to be found within others."""
    found: list[Any] = []
    _without_secrets(value, found.append, also)
    return {text for secret in found for text in _leaves(secret) if len(text) >= _SHORTEST}


def scrubbed(text: str, known: Iterable[str]) -> str:
    """Return a text in which a mask stands for each of the secrets that are known."""
    for secret in sorted(known, key=len, reverse=True):
        text = text.replace(secret, MASK)
    return text


def scrubbed_error(text: str, known: Iterable[str] = ()) -> str:
    """Return the text of an error or a traceback, also without what has a secret name in it, as in `api_key=…`."""
    return _ASSIGNED.sub(_without_assigned, scrubbed(text, known))


def _without_assigned(found: re.Match[str]) -> str:
    name, between, _ = found.groups()
    return f"{name}{between}{MASK}" if is_secret_name(name) else found[0]


def _without_secrets(value: Any, hide: Callable[[Any], Any], also: Collection[str] = ()) -> Any:
    if isinstance(value, SecretStr | SecretBytes):
        return hide(value.get_secret_value())
    if isinstance(value, str):
        return _without_secrets_in_json(value, hide)
    if isinstance(value, list | tuple | set | frozenset):
        items = [_without_secrets(item, hide) for item in value]
        return items if any(new is not old for new, old in zip(items, value, strict=True)) else value
    if (named := by_name(value)) is None:
        return value
    without = {name: _without_secret(name, item, hide, also) for name, item in named.items()}
    return without if any(without[name] is not item for name, item in named.items()) else value


def _without_secret(name: Any, value: Any, hide: Callable[[Any], Any], also: Collection[str]) -> Any:
    is_secret = name in also or is_secret_name(str(name))
    is_given = value is not None and value != "" and not isinstance(value, bool)
    return hide(value) if is_secret and is_given else _without_secrets(value, hide)


def _without_secrets_in_json(text: str, hide: Callable[[Any], Any]) -> str:
    if text.lstrip()[:1] not in ("{", "["):
        return text
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return text
    without = _without_secrets(value, hide)
    indent = 2 if "\n" in text else None
    return text if without is value else json.dumps(without, indent=indent, ensure_ascii=False, default=str)


def by_name(value: Any) -> Mapping[Any, Any] | None:
    """Return what an object holds by name; None for what holds nothing by name."""
    if isinstance(value, Mapping):
        return value
    if isinstance(value, BaseModel):
        return dict(value)
    if is_dataclass(value) and not isinstance(value, type):
        return {item.name: getattr(value, item.name) for item in fields(value)}
    return None


def _text(value: Any) -> str:
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)


def _leaves(value: Any) -> Iterable[str]:
    if isinstance(value, Mapping):
        value = list(value.values())
    if isinstance(value, list | tuple):
        return [text for item in value for text in _leaves(item)]
    return [_text(value)]
