"""The card of a question that is asked anew because its step has changed."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernbot.localslack.block_kit import check_message
from kernbot.run.answer import Action
from kernbot.slack.render import refusals
from kernbot.slack.render.card import card
from kernbot.slack.render.facts import PauseFacts
from tests.slack.render_samples import (
    AT_DEADLINE,
    CALL,
    CONFIRMATION,
    ROUTE,
    RUN,
    TOKENS,
    USER_INPUT,
    answered,
    part,
    parts,
    text_of,
)
from tests.slack.test_render_properties import ANY

ANEW = replace(CONFIRMATION, changed=("3", "4"))


def _shown(pause: PauseFacts) -> dict[str, object]:
    return card(RUN, pause, tokens=TOKENS, revision=4)


def test_it_says_what_changed_and_what_holds() -> None:
    """In the notification, under the question, under the values, and in the rules."""
    shown = _shown(ANEW)
    assert shown["text"] == "The step changed since this was asked: Ship this release to production?"
    assert parts(shown) == ["question", "changed", "values", "why-anew", "context", "rules", "actions"]
    changed = "*The step changed since this was asked.* Earlier answers were not used; please answer again."
    assert text_of(part(shown, "changed")) == changed
    why = "The version of the step was `3`, now it is `4`. What is asked and its values are the same."
    assert text_of(part(shown, "why-anew")) == why
    _, buttons, silence = text_of(part(shown, "rules")).split("\n")
    assert buttons == "*Approve* runs the step as it is now. *Reject* skips this step; the run goes on with `announce`."
    assert silence == f"If nobody answers by {AT_DEADLINE} (unchanged): rejected, this step is skipped."


@pytest.mark.parametrize("changed", [(None, None), ("3", None), (None, "4")])
def test_code_without_a_version_is_not_what_it_was(changed: tuple[str | None, str | None]) -> None:
    """That is all there is to say."""
    why = text_of(part(_shown(replace(ANEW, changed=changed)), "why-anew"))
    assert why.startswith("The code of the step is not what it was. ")


def test_a_tool_is_called_so() -> None:
    """The call is what people allow."""
    shown = _shown(replace(CALL, changed=(None, None)))
    assert text_of(part(shown, "why-anew")).startswith("The code of the tool is not what it was.")
    assert "*Approve* runs the tool as it is now." in text_of(part(shown, "rules"))


def test_once_it_is_answered_nothing_is_said_of_it() -> None:
    """The card looks like any other then."""
    done = answered(ANEW, Action.confirm, "ran", seconds=4)
    assert _shown(done) == _shown(replace(done, changed=None))


@given(was=ANY, now=ANY, pause=st.sampled_from([CONFIRMATION, USER_INPUT, ROUTE, CALL]))
def test_any_version_fits(was: tuple[str, int], now: tuple[str, int], pause: PauseFacts) -> None:
    """And is shown as code, so that no link and no mention comes of it."""
    changed = (was[0] * was[1], now[0] * now[1])
    anew = replace(pause, changed=changed)
    shown = _shown(anew)
    assert not check_message(shown)
    refused = refusals.asked_anew(anew)
    assert not check_message(refused)
    for text in (text_of(part(shown, "why-anew")), text_of(refused["blocks"][0])):
        assert "<!channel>" not in text
        assert "<@U02ANA>" not in text
