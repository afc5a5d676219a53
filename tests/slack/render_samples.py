"""A run and its question as facts, to be changed with `dataclasses.replace`, and ways to look at what was rendered."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from kernbot.run.answer import Action, Answer
from kernbot.run.masking import Masked
from kernbot.run.status import RunStatus
from kernbot.slack.ids import TokenMaker
from kernbot.slack.render.facts import (
    Choice,
    FieldFacts,
    Followed,
    Listed,
    PauseFacts,
    Reviewed,
    RunFacts,
    StepFacts,
    Waiting,
)
from kernbot.slack.render.lists import MOST_IN_LIST

TOKENS = TokenMaker(key=b"k" * 32, team_id="T01ACME")
ASKED_AT = 1_795_183_500.0
DEADLINE = 1_795_190_700.0
ANSWERED_AT = 1_795_185_120.0
ANSWERED = "<!date^1795185120^{date_short_pretty} at {time}|2026-11-20 14:32 UTC>"
AT_DEADLINE = "<!date^1795190700^{date_short_pretty} at {time}|2026-11-20 16:05 UTC>"

CONFIRMATION = PauseFacts(
    pause_id="41" * 16,
    kind="confirmation",
    message="Ship this release to production?",
    step_name="ship-to-production",
    digest="d",
    index=3,
    of=6,
    next_step="announce",
    values=[("version", "2026.11.3"), ("environment", "production"), ("changes", "41 commits, 3 migrations")],
    requires_confirmation=True,
    fields=[],
    on_reject="skip",
    silence="reject",
    actions=["confirm", "reject"],
    requester_may=True,
    opened_at=ASKED_AT,
    deadline=DEADLINE,
    is_open=True,
)

FIELDS = [
    FieldFacts(name="headline", field_type="str", description="One line for the top of the report"),
    FieldFacts(name="items", field_type="int", default=12),
    FieldFacts(name="audience", field_type="str", allowed_values=["Everyone", "Leadership"], default="Leadership"),
    FieldFacts(name="include numbers", field_type="bool", default=True),
    FieldFacts(name="notes", field_type="str", required=False),
]

USER_INPUT = replace(
    CONFIRMATION,
    kind="user_input",
    message="Fill in what this week's report should cover",
    step_name="report-scope",
    next_step="subject-line",
    values=[],
    requires_confirmation=False,
    fields=FIELDS,
    silence="skip",
    actions=["provide", "reject"],
)

MAY_HAVE_RUN = replace(
    CONFIRMATION,
    kind="error",
    message="Retry `refund`? It may have run already",
    step_name="refund",
    requires_confirmation=False,
    on_reject=None,
    silence=None,
    deadline=None,
    actions=["retry", "skip", "cancel"],
    error="The process stopped while this step ran, and cannot see whether it took effect.",
    cause="may_have_run",
)

DEFINITION_CHANGED = replace(
    MAY_HAVE_RUN,
    message="Look again at `refund`? It changed while this run was under way",
    actions=["retry", "cancel"],
    error="DefinitionChanged: step 'refund' is gone",
    cause="definition_changed",
)

DRAFT = "Failed payments fell by 18 percent. Support tickets fell to 4."
OUTPUT_REVIEW = replace(
    CONFIRMATION,
    kind="output_review",
    message="Approve this draft of the weekly report?",
    step_name="write-draft",
    next_step="send",
    values=[("output", DRAFT)],
    reviewed=Reviewed(text=DRAFT),
    requires_confirmation=False,
    on_reject="retry",
    silence="cancel",
    actions=["confirm", "edit", "reject"],
    retries=1,
    max_retries=3,
)
DATA_REVIEW = replace(
    OUTPUT_REVIEW,
    values=[("output", '{"cut": 18}')],
    reviewed=Reviewed(text='{"cut": 18}', is_data=True),
    on_reject="skip",
    retries=0,
)

ITERATION_REVIEW = replace(
    OUTPUT_REVIEW,
    kind="iteration_review",
    message="Accept this version of the subject line?",
    step_name="subject-line",
    next_step="write-draft",
    silence="confirm",
    max_retries=None,
    iteration=2,
    max_iterations=5,
)

ROUTE = replace(
    CONFIRMATION,
    kind="route",
    message="Choose how this release reaches production",
    step_name="roll-out",
    values=[],
    requires_confirmation=False,
    silence="select",
    actions=["select", "reject"],
    choices=[
        Choice(name="canary", description="5 percent first, everyone after 30 minutes"),
        Choice(name="blue-green", description="a second set of servers, then switch over"),
        Choice(name="all-at-once"),
    ],
    proposed=["canary"],
    max_retries=3,
)
REGIONS = replace(
    ROUTE,
    message="Choose the regions that get this release",
    step_name="regions",
    choices=[Choice(name=f"region-{number}", description=f"{number} servers") for number in range(1, 8)],
    several=True,
    proposed=["region-1", "region-2"],
)

CALL = replace(
    CONFIRMATION,
    kind="call_confirmation",
    message="Run the tool `issue_refund`?",
    step_name="settle",
    values=[("order", "A-20419"), ("amount", "129.00 EUR"), ("api_token", Masked(24))],
    requires_confirmation=False,
    silence="reject",
    actions=["confirm", "provide", "reject"],
    fields=[FieldFacts(name="amount", field_type="str", default="129.00 EUR")],
    asker=("agent", "refund-agent"),
    tool="issue_refund",
    irreversible=True,
)
CALL_INPUT = replace(
    CALL,
    kind="call_input",
    message="Fill in what the tool `book_courier` needs",
    actions=["provide", "reject"],
    values=[("order", "A-20419")],
    fields=[
        FieldFacts(name="pickup_time", field_type="str", suggestion="Mon 09:00"),
        FieldFacts(name="account_key", field_type="str", secret=True),
    ],
    tool="book_courier",
    irreversible=False,
)
CALL_RESULT = replace(CALL_INPUT, kind="call_result", message="Run `check` elsewhere, and give its result", fields=[])
AGENT_INPUT = replace(CALL_INPUT, kind="agent_input", message="Fill in what the agent asks for", values=[])
AGENT_CHOICES = replace(
    CALL_INPUT,
    kind="agent_choices",
    message="Answer what the agent asks",
    values=[("question 1", "Which colour?"), ("question 2", "Which sizes?")],
    fields=[
        FieldFacts(name="Which colour?", field_type="str", allowed_values=["red", "blue"], descriptions=["warm", None]),
        FieldFacts(name="Which sizes?", field_type="str", allowed_values=["S", "M", "L"], several=True),
    ],
)

RUN = RunFacts(
    run_id="7f3c" * 8,
    workflow="deploy",
    status=RunStatus.PAUSED,
    requester="dee",
    channel="C0DEPLOY",
    started_at=1_795_183_320.0,
    ended_at=None,
    steps=[
        StepFacts(name="build", state="done", seconds=48),
        StepFacts(name="test", state="done", seconds=72),
        StepFacts(name="roll-out", state="skipped"),
        StepFacts(name="ship-to-production", state="waiting"),
        StepFacts(name="announce", state="not_yet"),
        StepFacts(name="clean-up", state="not_yet"),
    ],
    pauses=[CONFIRMATION],
    content=None,
    open_question_link="https://acme.slack.com/archives/C0DEPLOY/p2?thread_ts=1",
    run_link="https://acme.slack.com/archives/C0DEPLOY/p1",
)


def answered(
    pause: PauseFacts,
    action: Action,
    followed: Followed,
    *,
    by: str = "U02ANA",
    feedback: str | None = None,
    seconds: float | None = None,
    values: dict[str, Any] | None = None,
    **more: Any,
) -> PauseFacts:
    """Return a question after an answer."""
    answer = Answer(action=action, values=values or {}, feedback=feedback, **more)
    return replace(
        pause,
        is_open=False,
        answer=answer,
        answered_at=ANSWERED_AT,
        answered_by=by,
        followed=followed,
        seconds=seconds,
    )


def ended(status: RunStatus = RunStatus.COMPLETED, **changes: Any) -> RunFacts:
    """Return the run after its end, all steps done unless said otherwise."""
    done = [replace(step, state="done") for step in RUN.steps]
    over: dict[str, Any] = {"status": status, "ended_at": 1_795_185_360.0, "open_question_link": None, "steps": done}
    return replace(RUN, **over | changes)


def waiting_of(asked: Sequence[Listed] = (), others: Sequence[Listed] = ()) -> Waiting:
    """Return what waits for somebody: as many of the questions as are handed to what shows them, and how many."""
    return Waiting(
        asked=asked[:MOST_IN_LIST], others=others[:MOST_IN_LIST], all_asked=len(asked), all_others=len(others)
    )


def part(shown: dict[str, Any], name: str) -> dict[str, Any]:
    """Return the block that is this part of a message or view."""
    return next(block for block in shown["blocks"] if block["block_id"].split(".", 2)[-1] == name)


def parts(shown: dict[str, Any]) -> list[str]:
    """Return the names of the parts of a message or view, in order."""
    return [block["block_id"].split(".", 2)[-1] for block in shown["blocks"]]


def text_of(block: dict[str, Any]) -> str:
    """Return the text of a section, a context or rich text, without styles."""
    if block["type"] == "section":
        return str(block["text"]["text"])
    if block["type"] == "context":
        return str(block["elements"][0]["text"])
    return "".join(inline["text"] for element in block["elements"] for inline in element["elements"])


def buttons(message: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Return the buttons of a message or view by their labels."""
    rows = [block["elements"] for block in message["blocks"] if block["type"] == "actions"]
    return {button["text"]["text"]: button for row in rows for button in row if button["type"] == "button"}


def entries(message: dict[str, Any]) -> list[str]:
    """Return the entries of the menus of a message."""
    rows = [block["elements"] for block in message["blocks"] if block["type"] == "actions"]
    menus = [element["options"] for row in rows for element in row if element["type"] == "overflow"]
    return [option["text"]["text"] for options in menus for option in options]


def strings(shown: Any) -> list[str]:
    """Return every string of a JSON value."""
    if isinstance(shown, str):
        return [shown]
    children = shown.values() if isinstance(shown, dict) else shown if isinstance(shown, list) else ()
    return [text for child in children for text in strings(child)]


def size(shown: dict[str, Any]) -> int:
    """Return the length of the JSON."""
    return len(json.dumps(shown))
