"""Commands, clicks and submitted modals, as Slack sends them."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernbot.slack import ids
from kernbot.slack.parse.payloads import (
    Cancel,
    Click,
    Command,
    Complaint,
    Help,
    History,
    List,
    Pending,
    Retry,
    Run,
    Status,
    Submission,
    parse_command,
)
from tests.slack.render_samples import TOKENS

KNOWN = ["data_pipeline", "data", "weekly report"]
SUBJECT = "ab" * 16
TOKEN = TOKENS.make(ids.APPROVE, SUBJECT, "d")
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=10),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=10), inner, max_size=3),
    max_leaves=10,
)


@pytest.mark.parametrize(
    ("text", "command"),
    [
        ("", Help()),
        ("  help me", Help()),
        ("list", List()),
        ("STATUS", Status(None)),
        ("status 7f3c", Status("7f3c")),
        ("cancel 7f3c now", Cancel("7f3c")),
        ("Retry 7f3c", Retry("7f3c")),
        ("pending", Pending()),
        ("history", History(None)),
        ("history weekly report", History("weekly report")),
        ("run", Run(None, None)),
        ("run data_pipeline", Run("data_pipeline", None)),
        ("run data_pipeline Q4 sales", Run("data_pipeline", "Q4 sales")),
        ('run data  "Q4  sales" ', Run("data", '"Q4  sales"')),
        (
            "run weekly report for <@U02ANA|ana> &amp; <#C01|ops>",
            Run("weekly report", "for <@U02ANA|ana> & <#C01|ops>"),
        ),
        ("run data a &lt; b &amp;lt; c", Run("data", "a < b &lt; c")),
        ("run data two\nlines", Run("data", "two\nlines")),
    ],
)
def test_a_command_says_what_it_asks_for(text: str, command: Command) -> None:
    """The input is the rest of the line as it was typed, quotes and mentions kept."""
    assert parse_command(text, KNOWN) == command


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        (
            "run data_pipline x",
            (
                "There is no workflow `data_pipline`. Did you mean `data_pipeline`? "
                "There are: `data_pipeline`, `data`, `weekly report`."
            ),
        ),
        (
            "run <!channel>",
            "There is no workflow `&lt;!channel&gt;`. There are: `data_pipeline`, `data`, `weekly report`.",
        ),
        ("lst", "`lst` is not a command. Did you mean `list`? Try `/kern help`."),
        (
            "`*x*`",
            "`\N{MODIFIER LETTER GRAVE ACCENT}*x*\N{MODIFIER LETTER GRAVE ACCENT}` is not a command. Try `/kern help`.",
        ),
        ("data", "Did you mean `/kern run data`?"),
        ("cancel", "Which run? Type `/kern cancel RUN`; `/kern status` shows yours."),
    ],
)
def test_a_command_that_cannot_be_understood_gets_a_sentence_that_helps(text: str, complaint: str) -> None:
    """The complaint names what was typed, as code, and what to type instead."""
    assert parse_command(text, KNOWN) == Complaint(complaint)


def test_without_workflows_the_complaint_says_so() -> None:
    """A bot that knows no workflow doesn't list nothing."""
    assert parse_command("run x", [], command="/k") == Complaint(
        "There is no workflow `x`. There are no workflows that you may start."
    )


@given(st.text(max_size=100))
def test_no_command_makes_a_mention(text: str) -> None:
    """Whatever is typed, a complaint about it holds no bracket."""
    command = parse_command(text, KNOWN)
    assert not isinstance(command, Complaint) or not set(command.text) & set("<>\n")


def block_actions(**changes: Any) -> dict[str, Any]:
    """Return a click on Approve in a thread."""
    payload = {
        "type": "block_actions",
        "user": {"id": "U02ANA", "team_id": "T09OTHER"},
        "team": {"id": "T01ACME"},
        "channel": {"id": "C01OPS", "name": "ops"},
        "container": {"type": "message", "message_ts": "2.0", "thread_ts": "1.0", "channel_id": "C01OPS"},
        "trigger_id": "1.2.abc",
        "response_url": "https://hooks.slack.com/actions/x",
        "actions": [{"type": "button", "action_id": ids.APPROVE, "block_id": "b", "value": TOKEN}],
    }
    return {**payload, **changes}


def test_a_click_tells_who_did_what_where() -> None:
    """The team is the one of the person, not of the installation."""
    assert Click.of(block_actions(message={"ts": "2.0", "subtype": "thread_broadcast"})) == Click(
        action_id=ids.APPROVE,
        token=ids.Token(SUBJECT, ids.read_token(TOKEN).proof),  # type: ignore[union-attr]
        user_id="U02ANA",
        user_team_id="T09OTHER",
        channel_id="C01OPS",
        message_ts="2.0",
        thread_ts="1.0",
        is_broadcast=True,
        is_ephemeral=False,
        trigger_id="1.2.abc",
        response_url="https://hooks.slack.com/actions/x",
        view_id=None,
        view_hash=None,
    )


def test_a_click_in_a_modal_names_its_view() -> None:
    """A view has an id and a hash, and no channel."""
    view = {"id": "V1", "hash": "h1"}
    click = Click.of(block_actions(channel=None, container={"type": "view", "view_id": "V1"}, view=view))
    assert click is not None
    assert (click.view_id, click.view_hash, click.channel_id) == ("V1", "h1", None)


@pytest.mark.parametrize(
    "changes",
    [
        {"actions": []},
        {"actions": None},
        {"actions": [{"action_id": ids.APPROVE}]},
        {"actions": [{"action_id": ids.APPROVE, "value": "not a token"}]},
        {"actions": [{"value": TOKEN}]},
        {"user": None},
        {"user": {"id": ""}},
    ],
)
def test_a_click_that_is_not_ours_is_none(changes: dict[str, Any]) -> None:
    """Without a person, an action and a token of our form there is no click."""
    assert Click.of(block_actions(**changes)) is None


def view_submission(**view: Any) -> dict[str, Any]:
    """Return a submitted form."""
    values = {"field.0": {"input.0": {"type": "plain_text_input", "value": "x"}}}
    ours = {"callback_id": ids.FILL_IN, "private_metadata": TOKEN, "state": {"values": values}}
    return {"type": "view_submission", "user": {"id": "U02ANA", "team_id": "T01ACME"}, "view": {**ours, **view}}


def test_a_submission_tells_who_sent_what() -> None:
    """The values are those of the view's state."""
    submission = Submission.of(view_submission())
    assert submission is not None
    assert (submission.callback_id, submission.user_id, submission.user_team_id) == (ids.FILL_IN, "U02ANA", "T01ACME")
    assert submission.token.subject == SUBJECT
    assert submission.values["field.0"]["input.0"]["value"] == "x"


def test_a_submission_without_inputs_has_no_values() -> None:
    """A review has nothing to fill in."""
    submission = Submission.of(view_submission(state=None))
    assert submission is not None
    assert submission.values == {}


@pytest.mark.parametrize("view", [{"private_metadata": ""}, {"private_metadata": "x"}, {"callback_id": None}])
def test_a_submission_that_is_not_ours_is_none(view: dict[str, Any]) -> None:
    """Without a token of our form there is no submission."""
    assert Submission.of(view_submission(**view)) is None


@given(st.dictionaries(st.sampled_from(["user", "view", "actions", "container", "channel"]), JSON))
def test_whatever_is_sent_nothing_is_raised(payload: dict[str, Any]) -> None:
    """A payload of any shape is either ours or None."""
    assert Click.of(payload) is None
    assert Submission.of(payload) is None
