"""What of an agent's words is streamed, and when: whatever they are, in whatever pieces they come."""

from __future__ import annotations

import re
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from kernbot.run.agent import RunCompletedEvent, RunContentEvent, RunEvent, ToolCallCompletedEvent, ToolCallStartedEvent
from kernbot.run.masking import MASK, scrubbed
from kernbot.run.tool_execution import ToolExecution
from kernbot.slack.outbox.talking import MOST_STREAMED, Talking
from kernbot.slack.render.talk import FENCE, streamed
from tests.slack.test_render_properties import TRICKS

SECRET = "hunter2-is-long"
TEXTS = st.lists(st.sampled_from([*TRICKS, SECRET, SECRET[:7], "\r", "\n", "word ", "```"]) | st.text(max_size=8))
NO_SECRETS: frozenset[str] = frozenset()


def _text(chunks: list[dict[str, Any]]) -> str:
    return "".join(chunk["text"] for chunk in chunks if chunk["type"] == "markdown_text")


def _inside(markdown: str) -> str:
    """Return what stands between the fences."""
    return markdown.removeprefix(f"{FENCE}\n").removesuffix(f"\n{FENCE}\n")


def _heard(*events: RunEvent, secrets: frozenset[str] = NO_SECRETS) -> list[list[dict[str, Any]]]:
    talking = Talking()
    taken = []
    for event in events:
        talking.hear(event)
        taken.append(talking.take(secrets))
    return taken


@given(pieces=TEXTS, times=st.lists(st.booleans()))
def test_what_is_streamed_is_all_that_is_said_made_safe(pieces: list[str], times: list[bool]) -> None:
    """Whenever it is sent: each time a beginning of the whole; nothing of a secret, and no fence, is in it."""
    secrets = frozenset({SECRET})
    whole = streamed(scrubbed("".join(pieces), secrets))
    talking, sent = Talking(), ""
    for number, piece in enumerate(pieces):
        talking.hear(RunContentEvent(content=piece))
        if number >= len(times) or times[number]:
            assert talking.has_news(secrets) or not _text(talking.take(secrets))
            sent += _text(talking.take(secrets))
            assert whole.startswith(sent.removeprefix(f"{FENCE}\n"))
    talking.hear(RunCompletedEvent(content="".join(pieces)))
    sent += _text(talking.take(secrets))
    assert _inside(sent) == whole
    assert SECRET not in sent
    assert (talking.has_news(secrets), talking.is_over) == (False, True)


@given(text=st.text() | st.sampled_from(TRICKS))
def test_streamed_text_is_literal(text: str) -> None:
    """No markup, mention or link can come of it, and all of it can be seen."""
    safe = streamed(text)
    assert not re.search(r"[`<>\x00-\x08\x0b-\x1f\u200b-\u200f\u202a-\u202e\u2066-\u2069\ufeff]", safe)
    assert not re.search(r"&(?!amp;|lt;|gt;)", safe)


def test_words_and_calls_keep_their_order() -> None:
    """Words before a call are ended before it; the call is shown again when it is over."""
    call = ToolExecution(tool_call_id="call_1", tool_name="look")
    failed = ToolExecution(tool_call_id="call_1", tool_name="look", tool_call_error=True)
    said, begun, over, more = _heard(
        RunContentEvent(content="Let me see"),
        ToolCallStartedEvent(tool=call),
        ToolCallCompletedEvent(tool=failed),
        RunContentEvent(content="Done."),
    )
    assert said == [{"type": "markdown_text", "text": "```\nLet me se"}]
    assert begun == [
        {"type": "markdown_text", "text": "e\n```\n"},
        {"type": "task_update", "id": "call_1", "title": "Call look", "status": "in_progress"},
    ]
    assert over == [{"type": "task_update", "id": "call_1", "title": "Call look", "status": "error"}]
    assert more == [{"type": "markdown_text", "text": "```\nDone"}]


def test_a_name_that_a_model_made_up_is_not_shown() -> None:
    """It may be anything."""
    for name in ("<!channel>", "evil.example", "https://evil.example", "x" * 100, "", None):
        call = ToolExecution(tool_call_id="1", tool_name=name)
        assert _heard(ToolCallStartedEvent(tool=call))[0][0]["title"] == "Call a tool"


def test_a_secret_is_kept_back_until_it_is_known() -> None:
    """Not even its beginning is shown."""
    talking, secrets = Talking(), frozenset({SECRET})
    sent = ""
    for letter in f"the key is {SECRET}, keep it":
        talking.hear(RunContentEvent(content=letter))
        sent += _text(talking.take(secrets))
        assert SECRET[:3] not in sent
    talking.end()
    assert _inside(sent + _text(talking.take(secrets))) == f"the key is {MASK}, keep it"


def test_what_is_too_long_is_streamed_in_part() -> None:
    """The end of the message holds the rest."""
    ((chunk,), *_) = _heard(RunContentEvent(content="x" * 50_000))
    assert len(_inside(chunk["text"])) == MOST_STREAMED
