"""The message of an agent in the thread of its run."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernbot.localslack.block_kit import check_message
from kernbot.slack.render.facts import TalkFacts, TalkState
from kernbot.slack.render.modals import run_details
from kernbot.slack.render.talk import plain_talk, talk
from tests.slack.render_samples import RUN, part, parts, text_of
from tests.slack.test_render_properties import ANY, SHORT

TALK = TalkFacts(
    talk_id="a" * 32,
    kind="agent",
    agent="Ann",
    step_name="write",
    state="done",
    text="The cows are out.\nThe gate is open.",
    calls=["look", "send"],
    began_at=RUN.started_at,
)


def _shown(said: TalkFacts) -> dict[str, object]:
    return talk(RUN, said, revision=2)


def test_it_says_who_said_what() -> None:
    """Its words stand in a quote, whole and with their lines."""
    shown = _shown(TALK)
    assert shown["text"] == "Ann is done in deploy"
    assert parts(shown) == ["head", "said-0", "calls"]
    assert text_of(part(shown, "head")) == "Agent `Ann` is done, step `write`."
    assert text_of(part(shown, "said-0")) == TALK.text
    assert text_of(part(shown, "calls")) == "Asked to call `look`, `send`."


@pytest.mark.parametrize(
    ("state", "says"),
    [
        ("working", "is at work"),
        ("waiting", "waits for an answer"),
        ("done", "is done"),
        ("failed", "failed"),
        ("stopped", "was stopped"),
    ],
)
def test_it_says_how_far_it_has_come(state: TalkState, says: str) -> None:
    """In the notification and in the message."""
    shown = _shown(replace(TALK, state=state, kind="team"))
    assert shown["text"] == f"Ann {says} in deploy"
    assert text_of(part(shown, "head")) == f"Team `Ann` {says}, step `write`."


def test_long_words_are_shown_in_pieces() -> None:
    """As far as a message has room; how much there is, is said."""
    shown = _shown(replace(TALK, text="word " * 3_000, calls=[]))
    head, *said, cut = parts(shown)
    assert (head, len(said), cut) == ("head", 4, "cut")
    assert text_of(part(shown, "cut")).endswith("of 15,000 characters are shown. *Details* of the run hold all.")


def test_details_of_the_run_hold_all_that_was_said() -> None:
    """In pieces, under the name of who said it and the step; of who said nothing, nothing."""
    long, silent = replace(TALK, text="word " * 3_000), replace(TALK, text="", agent="Bob")
    view = run_details(replace(RUN, talks=[TALK, silent, long]))
    said = [text_of(part(view, name)) for name in parts(view) if name.startswith("said.")]
    assert said[0] == f"Ann, step write{TALK.text}"
    heads = [f"Ann, step write part {number} of 5" for number in range(1, 6)]
    assert [text.startswith(head) for text, head in zip(said[1:], heads, strict=True)] == [True] * 5
    assert "".join(text.removeprefix(head) for text, head in zip(said[1:], heads, strict=True)) == long.text


def test_where_strangers_read_it_has_no_words() -> None:
    """And no names of what it called."""
    shown = _shown(replace(TALK, hides_words=True))
    assert parts(shown) == ["head", "hidden"]
    assert "shared with another organisation" in text_of(part(shown, "hidden"))


@given(name=SHORT, step=SHORT, text=ANY, calls=st.lists(SHORT, max_size=30), state=st.sampled_from(["working", "done"]))
def test_whatever_it_is_slack_takes_it(
    name: str, step: str, text: tuple[str, int], calls: list[str], state: TalkState
) -> None:
    """Also in plain."""
    said = replace(TALK, agent=name, step_name=step, text=text[0] * text[1], calls=calls, state=state)
    assert not check_message(_shown(said))
    assert not check_message(plain_talk(RUN, said, revision=1))
