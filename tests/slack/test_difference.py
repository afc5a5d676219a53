"""What an edit changed."""

from __future__ import annotations

import pytest

from kernbot.slack.render.difference import difference


def lines(before: str, after: str) -> list[str]:
    """Return the lines of a difference."""
    (part,) = difference("d", before, after)["elements"]
    return "".join(element["text"] for element in part["elements"]).split("\n")


@pytest.mark.parametrize(
    ("before", "after", "shown"),
    [
        ("One. Two. Three.", "One. 2. Three.", ["- Two.", "+ 2."]),
        ("One.\nTwo.", "One.", ["- Two."]),
        ("One.", "One.\nTwo.", ["+ Two."]),
        ("", "New.", ["+ New."]),
        ("a\nb", "a\n\nb", ["Only spaces or line breaks changed."]),
        ("x\u202ey", "xy", ["- x\\u202ey", "+ xy"]),
    ],
)
def test_only_sentences_that_changed_are_shown(before: str, after: str, shown: list[str]) -> None:
    """What went has a minus, what came a plus; what can't be seen is an escape."""
    assert lines(before, after) == shown


def test_the_place_that_differs_is_never_cut_away() -> None:
    """A change at the end of a long line is shown with the words before it."""
    went, came = lines("word " * 500 + "18 percent", "word " * 500 + "8 percent")
    assert went.startswith("- … word")
    assert (went[-10:], came[-9:]) == ("18 percent", "8 percent")


def test_a_large_difference_is_cut_and_says_so() -> None:
    """A block has room for some lines only."""
    shown = lines("\n".join(f"old {n}" for n in range(5_000)), "\n".join(f"new {n}" for n in range(5_000)))
    assert len(shown) == 41
    assert shown[-1] == "and more"
