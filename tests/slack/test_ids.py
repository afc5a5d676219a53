"""Identities that cross into Slack."""

from __future__ import annotations

from dataclasses import replace

import pytest

from kernbot.slack import ids
from tests.slack.render_samples import TOKENS

SUBJECT = "ab" * 16


def test_a_token_leads_back_to_what_it_was_made_for() -> None:
    """A token names its subject, and is genuine for its action and digest only."""
    token = ids.read_token(TOKENS.make(ids.APPROVE, SUBJECT, "d1"))
    assert token is not None
    assert token.subject == SUBJECT
    assert TOKENS.is_genuine(token, ids.APPROVE, "d1")
    assert not TOKENS.is_genuine(token, ids.REJECT, "d1")
    assert not TOKENS.is_genuine(token, ids.APPROVE, "d2")


def test_a_token_of_another_workspace_or_key_is_not_genuine() -> None:
    """The workspace and the key are part of the proof."""
    token = ids.read_token(TOKENS.make(ids.APPROVE, SUBJECT, "d1"))
    assert token is not None
    assert not replace(TOKENS, team_id="T02").is_genuine(token, ids.APPROVE, "d1")
    assert not replace(TOKENS, key=b"x" * 32).is_genuine(token, ids.APPROVE, "d1")


def test_a_token_fits_into_an_option() -> None:
    """A token is no longer than the 150 characters of an option's value."""
    assert len(TOKENS.make(ids.APPROVE, SUBJECT, "d" * 500)) <= 150


@pytest.mark.parametrize("value", ["", "k1.", "k1.!!!", "k1.YWJj", "approve", "k2.YWJj", "k1.é"])
def test_what_is_not_a_token_is_none(value: str) -> None:
    """A value that we can't have made is no token."""
    assert ids.read_token(value) is None


def test_a_person_of_slack_is_told_from_all_others() -> None:
    """A name of Slack gives its user id back; the clock and other doors have none."""
    assert ids.slack_user(ids.person_id("T01", "U02")) == "U02"
    assert ids.slack_user("timeout") is None
    assert ids.slack_user("slack:T01") is None
    assert ids.slack_user(None) is None


def test_block_ids_change_with_the_revision() -> None:
    """A block has a new id each time its message is updated."""
    assert ids.block_id(SUBJECT, 1, "values") == "abababab.1.values"
    assert ids.block_id(SUBJECT, 2, "values") != ids.block_id(SUBJECT, 1, "values")
