"""What a function's docstring tells a model: what it does, and what its arguments are."""

from __future__ import annotations

import inspect
import re
import textwrap

_SECTION = re.compile(r"^(Args|Arguments|Parameters|Returns?|Raises|Yields):[ \t]*$", re.MULTILINE)
_FIELD = re.compile(r"^:(?:param|type|returns?|rtype|raises)\b", re.MULTILINE)
_ENTRY = re.compile(r"^(\w+)[ \t]*(?:\(.*?\))?[ \t]*:[ \t]*(.*(?:\n[ \t]+.*)*)", re.MULTILINE)
_PARAM = re.compile(r"^:param(?:[ \t]+[^:\n]+)?[ \t]+(\w+):[ \t]*(.*(?:\n[ \t]+.*)*)", re.MULTILINE)


def parse(docstring: str | None) -> tuple[str, dict[str, str]]:
    """Return the description, and that of each argument by name.

    Arguments are read from an indented `Args:` section or from `:param name:` lines.
    """
    text = inspect.cleandoc(docstring or "")
    before, *sections = _SECTION.split(text)
    arguments = dict(_PARAM.findall(text))
    for title, body in zip(sections[::2], sections[1::2], strict=True):
        if title in ("Args", "Arguments", "Parameters"):
            arguments |= dict(_ENTRY.findall(textwrap.dedent(body.strip("\n"))))
    return _FIELD.split(before)[0].strip(), {name: " ".join(words.split()) for name, words in arguments.items()}
