"""Text of others, times and numbers."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernbot.slack.render.text import channel, code, cut, date, duration, fitting, one_line, person, short, with_lines

ANY_TEXT = st.text(max_size=400)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Tokyo\nOsaka", "Tokyo⏎Osaka"),
        ("Tokyo\r\nOsaka", "Tokyo⏎Osaka"),
        ("abc\u202efdp.exe", "abc\\u202efdp.exe"),
        ("zero\u200bwidth", "zero\\u200bwidth"),
        ("bell\x07", "bell\\u0007"),
        ("tag\U000e0041", "tag\\U000e0041"),
        ("filler\u3164", "filler\\u3164"),
        ("half \ud83d", "half \\ud83d"),
        ("two\u2028lines", "two\\u2028lines"),
        ("שלום 😀 é", "שלום 😀 é"),
        ("⚠\ufe0f", "⚠"),
        ("a\ufe0f", "a\\ufe0f"),
    ],
)
def test_what_cannot_be_seen_is_shown_as_escapes(text: str, shown: str) -> None:
    """Control, bidi and zero-width characters are shown as escapes, line breaks as one sign, all else as it is."""
    assert one_line(text) == shown


def test_lines_are_kept_where_a_text_may_have_lines() -> None:
    """Line breaks and tabs stay, everything else that can't be seen is an escape."""
    assert with_lines("a\r\n\tb\u200b") == "a\n\tb\\u200b"


def test_a_cut_ends_at_a_word_and_says_how_much_is_shown() -> None:
    """The text ends after a whole word, and the amount counts characters of the original."""
    piece = cut("one two three four five six", 20)
    assert (piece.text, piece.amount, piece.is_whole) == ("one two three four …", "18 of 27 characters", False)
    assert cut("one " + "x" * 50, 20).text == "one " + "x" * 16 + " …"


def test_a_text_that_fits_is_not_cut() -> None:
    """A text of exactly the width there is stays whole."""
    assert cut("x" * 200, 200).is_whole


@given(ANY_TEXT, st.integers(1, 80))
def test_a_cut_is_never_wider_than_asked_for(text: str, at_most: int) -> None:
    """What is shown of a text takes at most the width given, and two characters for the sign that it is cut."""
    piece = cut(text, at_most)
    assert len(piece.text) <= at_most + 2
    assert piece.shown <= piece.of


@given(ANY_TEXT)
def test_no_text_leaves_its_code_span(text: str) -> None:
    """Between the two backticks of a code span stands neither a backtick, nor a bracket, nor a line break."""
    inner = code(text)[1:-1]
    assert not set(inner) & set("`<>\n")


@given(ANY_TEXT, st.integers(1, 80))
def test_a_short_name_keeps_its_length(text: str, at_most: int) -> None:
    """A shortened name is at most as long as asked for."""
    assert len(short(text, at_most)) <= at_most


def test_ampersands_and_brackets_are_escaped_in_code() -> None:
    """A mention typed by somebody is shown, not made."""
    assert code("<!channel> & co") == "`&lt;!channel&gt; &amp; co`"


def test_an_empty_name_is_said_to_be_blank() -> None:
    """Slack has no empty code span, so it is named."""
    assert code("") == code("  ") == "_blank_"


def test_only_ids_of_slack_become_mentions() -> None:
    """A user id is a mention; a name, a timer or a door is code."""
    assert person("U02ANA") == "<@U02ANA>"
    assert person("library") == "`library`"
    assert person("U1|x>") == "`U1|x&gt;`"
    assert channel("C0DEPLOY") == "<#C0DEPLOY>"
    assert channel("#deploys") == "`#deploys`"


def test_a_date_is_read_in_the_zone_of_the_reader_and_falls_back_to_utc() -> None:
    """A date has the day, the time, and a fallback that names its zone."""
    assert date(1_795_190_700.9) == "<!date^1795190700^{date_short_pretty} at {time}|2026-11-20 16:05 UTC>"


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [
        (0.2, "under 1 s"),
        (4.4, "4 s"),
        (59.7, "1 min"),
        (72, "1 min 12 s"),
        (2_040, "34 min"),
        (7_500, "2 h 5 min"),
        (3_605, "1 h"),
        (100_000, "1 d 3 h"),
    ],
)
def test_a_duration_has_at_most_two_units(seconds: float, shown: str) -> None:
    """A duration is told in its largest unit and the next one, without zeros."""
    assert duration(seconds) == shown


def test_lines_that_do_not_fit_are_counted() -> None:
    """What there is no room for is counted, not dropped silently."""
    assert fitting(["aaaa", "bbbb", "cccc"], 10) == "aaaa\nbbbb\n1 more"
