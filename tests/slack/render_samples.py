"""A run and its question as facts, to be changed with `dataclasses.replace`, and ways to look at what was rendered."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

from kernbot.run.answer import Action, Answer
from kernbot.run.status import RunStatus
from kernbot.slack.ids import TokenMaker
from kernbot.slack.render.facts import FieldFacts, Followed, PauseFacts, RunFacts, StepFacts

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
) -> PauseFacts:
    """Return a question after an answer."""
    answer = Answer(action=action, values=values or {}, feedback=feedback)
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
    return {button["text"]["text"]: button for row in rows for button in row}


def strings(shown: Any) -> list[str]:
    """Return every string of a JSON value."""
    if isinstance(shown, str):
        return [shown]
    children = shown.values() if isinstance(shown, dict) else shown if isinstance(shown, list) else ()
    return [text for child in children for text in strings(child)]


def size(shown: dict[str, Any]) -> int:
    """Return the length of the JSON."""
    return len(json.dumps(shown))
