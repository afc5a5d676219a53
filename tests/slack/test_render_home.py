"""App Home, as one person sees it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from kernbot.localslack.block_kit import check_view
from kernbot.run.status import RunStatus
from kernbot.slack.render.facts import Listed, StepFacts
from kernbot.slack.render.home import HomeFacts, cannot_check, home
from tests.slack.render_samples import (
    AT_DEADLINE,
    CONFIRMATION,
    RUN,
    TOKENS,
    USER_INPUT,
    ended,
    strings,
    text_of,
    waiting_of,
)

ITEM = Listed(run=RUN, pause=CONFIRMATION, link="https://acme.slack.com/archives/C0DEPLOY/p2?thread_ts=1")
OTHER = replace(ITEM, pause=replace(USER_INPUT, deadline=None))
FACTS = HomeFacts(
    person_id="slack:T01ACME:U02BOB",
    waiting=waiting_of([ITEM], [OTHER] * 3),
    is_unfolded=False,
    runs=[RUN],
    direct_messages=False,
    command="/kern",
)


def rendered(facts: HomeFacts) -> dict[str, Any]:
    """Return a Home, which Slack must take."""
    view = home(facts, tokens=TOKENS, revision="1a2b3c4d")
    assert check_view(view) == []
    return view


def lines(facts: HomeFacts) -> list[str]:
    """Return the lines of a Home."""
    found = []
    for block in rendered(facts)["blocks"]:
        if block["type"] == "header":
            found.append(f"# {block['text']['text']}")
        elif block["type"] not in ("actions", "divider"):
            found += text_of(block).split("\n")
    return found


def elements(facts: HomeFacts) -> dict[str, dict[str, Any]]:
    """Return what can be acted on, by its action id."""
    blocks = rendered(facts)["blocks"]
    found = [e for block in blocks if block["type"] == "actions" for e in block["elements"]]
    found += [block["accessory"] for block in blocks if "accessory" in block]
    return {element["action_id"]: element for element in found}


def test_home_shows_what_is_asked_then_what_may_be_answered_then_ones_runs() -> None:
    """What is asked comes whole, what may be answered too is folded, and the last line says where to check."""
    assert lines(FACTS) == [
        "# Asked of you: 1",
        "Ship this release to production?",
        "`deploy` · step 4 of 6 · run 7f3c7f · <#C0DEPLOY>",
        f"If nobody answers by {AT_DEADLINE}: rejected, this step is skipped.",
        "*You may also answer:* 3 more",
        "# Your runs",
        "*Waiting for an answer:* `deploy`, step 4 of 6",
        "Run 7f3c7f, started <!date^1795183320^{date_short_pretty} at {time}|2026-11-20 14:02 UTC>",
        (
            "Not sure about a message? A question that is neither here nor in `/kern pending` is not ours. "
            "This bot never asks for a password."
        ),
    ]
    assert sorted(elements(FACTS)) == [
        "home.answer.0",
        "home.dm",
        "home.more",
        "home.start",
        "home.thread.0",
        "run.details.0",
    ]


def test_no_value_stands_in_home() -> None:
    """Neither what a question is about nor a result is shown, folded or not."""
    run = ended(content="the result", steps=[StepFacts(name="build", state="failed", error="KeyError: the-error")])
    shown = "".join(strings(rendered(replace(FACTS, is_unfolded=True, runs=[run]))))
    assert "production" in shown  # of the question
    assert not [value for value in ("2026.11.3", "the result", "the-error") if value in shown]


def test_unfolded_the_others_are_listed() -> None:
    """Each has its Answer button, numbered after those that are asked; Hide folds them again."""
    facts = replace(FACTS, is_unfolded=True)
    assert lines(facts).count("Fill in what this week's report should cover") == 3
    assert [f"home.answer.{number}" in elements(facts) for number in range(5)] == [True] * 4 + [False]
    assert elements(facts)["home.less"]["text"]["text"] == "Hide"
    assert elements(FACTS)["home.more"]["text"]["text"] == "Show"


def test_where_nobody_is_asked_by_name_the_others_are_no_more() -> None:
    """Under the rule of the channel no question names anybody."""
    shown = lines(replace(FACTS, waiting=waiting_of([], [OTHER] * 3)))
    assert shown[:3] == [
        "# Asked of you: 0",
        "No question names you, or a group that you are in.",
        "*You may answer:* 3",
    ]


def test_with_300_questions_of_each_kind_it_fits() -> None:
    """A view has at most 100 blocks; what is not shown is counted."""
    facts = replace(FACTS, waiting=waiting_of([ITEM] * 300, [OTHER] * 300), is_unfolded=True, runs=[RUN] * 5)
    assert len(rendered(facts)["blocks"]) <= 100
    assert lines(facts).count("288 more wait: they are shown here as these are answered.") == 2


def test_a_person_without_anything_reads_so() -> None:
    """Nothing to show is said, not left blank."""
    shown = lines(replace(FACTS, waiting=waiting_of(), runs=[]))
    assert shown[1:4] == [
        "No question names you, or a group that you are in.",
        "# Your runs",
        "You have started none. `/kern list` shows what you may start.",
    ]


def test_the_box_shows_what_was_chosen() -> None:
    """It is ticked for who wants direct messages."""
    assert "initial_options" not in elements(FACTS)["home.dm"]
    box = elements(replace(FACTS, direct_messages=True))["home.dm"]
    assert box["initial_options"] == box["options"]


def test_a_run_that_has_failed_steps_says_so() -> None:
    """The line of a run is that of its parent message."""
    run = ended(status=RunStatus.COMPLETED, steps=[StepFacts(name="send", state="failed")])
    assert "*Finished with 1 failed step:* `send`, in `deploy`" in lines(replace(FACTS, runs=[run]))


def test_while_slack_cannot_be_asked_it_shows_nothing() -> None:
    """Who somebody is decides what they see."""
    assert check_view(cannot_check()) == []
    assert "cannot check your rights" in "".join(strings(cannot_check()))
