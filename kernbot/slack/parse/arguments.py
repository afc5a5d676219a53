"""From the rest of a command line to the arguments that it holds: `name=value`, or an object in JSON."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from kernbot.slack.parse.fields import read_json

_DOUBLE, _SINGLE = "\u201c\u201d", "\u2018\u2019"
"""Curly quotes, as phones type them."""
_QUOTED = rf"""
    "(?:\\.|[^"\\])*" | '[^']*' | [{_DOUBLE}][^{_DOUBLE}]*[{_DOUBLE}] | [{_SINGLE}][^{_SINGLE}]*[{_SINGLE}]
"""
_WORD = re.compile(
    rf"""\s*(?:
        (?P<name>{_QUOTED}|[^\s="'{_DOUBLE}{_SINGLE}]+) \s*=\s* (?P<value>(?:{_QUOTED})(?=\s|$)|\S*)
        | (?P<word>(?:{_QUOTED})(?=\s|$)|\S+)
    )""",
    re.VERBOSE | re.DOTALL,
)
_ESCAPED = re.compile(r"\\([\\\"])")


@dataclass(frozen=True, kw_only=True)
class Arguments:
    """What somebody has typed after the name of a workflow."""

    named: Mapping[str, Any]
    """By name: texts, or values as JSON has them. Of two with the same name, the last."""
    words: str
    """What had no name."""
    is_json: bool = False


def parse_arguments(text: str) -> Arguments:
    r"""Return the arguments in a text; ValueError, in words for the person, for one that begins as JSON and is none.

    Names and values with blanks in them stand in quotes, straight or curly; within straight double quotes, `\"` and
    `\\` stand for a quote and a backslash.
    """
    if text.lstrip().startswith("{"):
        return Arguments(named=read_json(text, "dict"), words="", is_json=True)
    named: dict[str, str] = {}
    words: list[str] = []
    for found in _WORD.finditer(text.rstrip()):
        if found["name"] is None:
            words.append(found["word"])
        else:
            named[_bare(found["name"])] = _bare(found["value"])
    return Arguments(named=named, words=" ".join(words))


def _bare(text: str) -> str:
    """Return what stands in quotes, or a text without quotes as it is."""
    if not re.fullmatch(_QUOTED, text, re.VERBOSE | re.DOTALL):
        return text
    return _ESCAPED.sub(r"\1", text[1:-1]) if text[0] == '"' else text[1:-1]
