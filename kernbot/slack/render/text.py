"""How text of others, times and numbers are written.

Text from people, models, tools and authors is hostile: nothing in it may become a mention, a link, an invisible
character, or a line that looks like one of the bot's own.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from itertools import accumulate

_LINE_BREAK = "⏎"
_NO_BACKTICK = "\N{MODIFIER LETTER GRAVE ACCENT}"
_INVISIBLE = frozenset(("Cc", "Cf", "Cs", "Zl", "Zp"))
"""Unicode's categories of control, bidi and zero-width characters, surrogates, and separators of lines."""
_BLANK_LETTERS = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2800\u3164\ufe00-\ufe0f\uffa0\U000e0100-\U000e01ef]"
)
"""What Unicode counts among letters and marks, and yet shows nothing."""
_CHARACTER = re.compile("[\u2190-\u2bff\U0001f000-\U0001faff]\ufe0f|.", re.DOTALL)
"""A symbol with the selector that asks for it in colour, or any one character."""
_USER_ID = re.compile("[UW][A-Z0-9]{2,20}")
_CHANNEL_ID = re.compile("[CDG][A-Z0-9]{2,20}")
_LONGEST_NAME = 40


@dataclass(frozen=True)
class Cut:
    """As much of a text as there is room for."""

    text: str
    """Ready to be shown in rich text, where all text is literal."""
    shown: int
    """Characters of the original."""
    of: int

    @property
    def is_whole(self) -> bool:
        """Whether nothing was left out."""
        return self.shown == self.of

    @property
    def amount(self) -> str:
        """How much is shown: `168 of 642 characters`."""
        return f"{self.shown:,} of {self.of:,} characters"


def one_line(text: str) -> str:
    """Return the text with line breaks as one sign and what can't be seen as escapes."""
    return _shown(_unix(text), _visible)


def with_lines(text: str) -> str:
    """Return the text with its line breaks and tabs, and what else can't be seen as escapes."""
    return _shown(_unix(text), _visible_in_lines)


def restored(typed: str, original: str) -> str:
    """Return what was typed over a text shown by `with_lines`; what can't be seen in it is there again."""
    if typed == with_lines(original):
        return original
    hidden = {character for character in original if _visible_in_lines(character) != character}
    for character in hidden:
        if (escaped := _visible(character)) not in original:
            typed = typed.replace(escaped, character)
    return typed


def cut(text: str, at_most: int, *, keep_lines: bool = False) -> Cut:
    """Return the beginning of a text that takes this many characters to show; it ends with a word if it can."""
    text = _unix(text)
    show = _visible_in_lines if keep_lines else _visible
    characters = _CHARACTER.findall(text[: at_most + 1])
    widths = accumulate(len(show(character)) for character in characters)
    room = sum(len(character) for character, width in zip(characters, widths, strict=True) if width <= at_most)
    if room == len(text):
        return Cut(_shown(text, show), room, room)
    space = text.rfind(" ", max(0, room - at_most // 5), room)
    room = space if space > 0 else room
    return Cut(f"{_shown(text[:room], show)} …", room, len(text))


def short(text: str, at_most: int = _LONGEST_NAME) -> str:
    """Return a name on one line of at most so many characters; where its end is left out, the last one says so."""
    piece = cut(text, at_most)
    return piece.text if piece.is_whole else f"{cut(text, at_most - 1).text.removesuffix(' …')}…"


def escape(text: str) -> str:
    """Return text for `mrkdwn` in which no mention and no link can form."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def code(text: str, at_most: int = _LONGEST_NAME) -> str:
    """Return a name or a short value as a code span of `mrkdwn`."""
    shown = escape(without_backticks(short(text, at_most)))
    return f"`{shown}`" if shown.strip() else "_blank_"


def without_backticks(text: str) -> str:
    """Return text that can stand in backticks."""
    return text.replace("`", _NO_BACKTICK)


def names(of: Sequence[str], at_most: int = 5) -> str:
    """Return names for `mrkdwn` as code spans; of many, the rest is counted."""
    more = [f"{len(of) - at_most} more"] if len(of) > at_most else []
    return ", ".join([*map(code, of[:at_most]), *more])


def person(who: str) -> str:
    """Return for `mrkdwn` who did something: a mention of a Slack user id, the name of anybody else as code."""
    return f"<@{who}>" if _USER_ID.fullmatch(who) else code(who)


def channel(channel_id: str) -> str:
    """Return a channel for `mrkdwn`."""
    return f"<#{channel_id}>" if _CHANNEL_ID.fullmatch(channel_id) else code(channel_id)


def date(seconds: float) -> str:
    """Return a time for `mrkdwn`, which each reader sees in their own zone; `seconds` are unix seconds."""
    in_words = datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M UTC")
    return f"<!date^{int(seconds)}^{{date_short_pretty}} at {{time}}|{in_words}>"


def duration(seconds: float) -> str:
    """Return how long something took, in its two largest units: `1 min 12 s`."""
    if seconds < 1:
        return "under 1 s"
    minutes, second = divmod(round(seconds), 60)
    hours, minute = divmod(minutes, 60)
    days, hour = divmod(hours, 24)
    units = ((days, "d"), (hour, "h"), (minute, "min"), (second, "s"))
    largest = next(place for place, (count, _) in enumerate(units) if count)
    return " ".join(f"{count} {unit}" for count, unit in units[largest : largest + 2] if count)


def counted(number: int, noun: str, plural: str | None = None) -> str:
    """Return a number with its noun: `1 failed step`, `2 failed steps`."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {plural or f'{noun}s'}"


def sentence(clauses: str) -> str:
    """Return clauses as a sentence, or nothing for none."""
    return f"{clauses[0].upper()}{clauses[1:]}{'' if clauses.endswith('…') else '.'}" if clauses else ""


def fitting(lines: Iterable[str], at_most: int = 2_800) -> str:
    """Return as many lines as there is room for, and how many more there are."""
    lines = list(lines)
    widths = accumulate(len(line) + 1 for line in lines)
    room = sum(1 for width in widths if width <= at_most)
    more = [f"{len(lines) - room} more"] if room < len(lines) else []
    return "\n".join([*lines[:room], *more])


def _unix(text: str) -> str:
    return text.replace("\r\n", "\n")


def _shown(text: str, show: Callable[[str], str]) -> str:
    return "".join(map(show, _CHARACTER.findall(text)))


def _visible(character: str) -> str:
    """Return a character as it is shown; a symbol goes without its selector, which would be invisible."""
    return character[0] if len(character) > 1 else _visible_alone(character)


def _visible_in_lines(character: str) -> str:
    return character if character in "\n\t" else _visible(character)


@cache
def _visible_alone(char: str) -> str:
    if char == "\n":
        return _LINE_BREAK
    if unicodedata.category(char) in _INVISIBLE or _BLANK_LETTERS.match(char):
        return f"\\u{ord(char):04x}" if ord(char) <= 0xFFFF else f"\\U{ord(char):08x}"  # noqa: PLR2004
    return char
