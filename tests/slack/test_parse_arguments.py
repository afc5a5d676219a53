"""From the rest of a command line to its arguments."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from kernbot.slack.parse.arguments import parse_arguments


@pytest.mark.parametrize(
    ("typed", "named", "words"),
    [
        ("", {}, ""),
        ("region=EU units=3", {"region": "EU", "units": "3"}, ""),
        ("region = EU", {"region": "EU"}, ""),
        ('note="by Friday" a=1', {"note": "by Friday", "a": "1"}, ""),
        ("note='by \"Friday\"'", {"note": 'by "Friday"'}, ""),
        (r'note="a \"b\" \\ \n"', {"note": r'a "b" \ \n'}, ""),
        ("note=\u201cby Friday\u201d", {"note": "by Friday"}, ""),
        ("note=\u2018by Friday\u2019", {"note": "by Friday"}, ""),
        ('"unit price"=5', {"unit price": "5"}, ""),
        ("note=two\nlines", {"note": "two"}, "lines"),
        ("url=https://x.example/?a=b", {"url": "https://x.example/?a=b"}, ""),
        ("note=don't stop", {"note": "don't"}, "stop"),
        ('note="open end', {"note": '"open'}, "end"),
        ("empty=", {"empty": ""}, ""),
        ("a=1 a=2", {"a": "2"}, ""),
        ("ship it a=1 now", {"a": "1"}, "ship it now"),
        ("=1", {}, "=1"),
        ('{"a": 1, "b": null}', {"a": 1, "b": None}, ""),
    ],
)
def test_arguments_have_names_or_are_words(typed: str, named: dict[str, Any], words: str) -> None:
    """A value with blanks stands in quotes, straight or curly; a quote that is not closed is a character."""
    arguments = parse_arguments(typed)
    assert (arguments.named, arguments.words) == (named, words)


def quoted(text: str) -> str:
    """Return a text as it is typed in quotes."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


@given(st.dictionaries(st.text(max_size=8), st.text(max_size=20), max_size=4))
@example({"": ""})
@example({"a": "\\"})
@example({'"': '\\"', "=": "= ="})
def test_what_was_quoted_comes_back(named: dict[str, str]) -> None:
    """Whatever names and values hold."""
    typed = " ".join(f"{quoted(name)}={quoted(value)}" for name, value in named.items())
    arguments = parse_arguments(typed)
    assert (arguments.named, arguments.words) == (named, "")


@given(st.text(max_size=40))
def test_nothing_that_was_typed_is_lost(typed: str) -> None:
    """Every character of it, but for blanks, quotes, backslashes and equals signs, is in a name, a value or a word."""
    try:
        arguments = parse_arguments(typed)
    except ValueError:
        return
    if arguments.is_json:
        return
    kept = "".join([arguments.words, *arguments.named, *map(str, arguments.named.values())])
    spelt = {character for character in typed if character.isalnum()}
    assert spelt <= set(kept) or len(arguments.named) < typed.count("=")


def test_what_begins_as_json_and_is_none_is_said() -> None:
    """With the place, and an example."""
    with pytest.raises(ValueError, match=r"This is not JSON: .* line 1, column 8"):
        parse_arguments('{"a": 1')
