"""Ask named people before something that can't be undone, and ask again when a step fails.

To try, as Dee: `/kern run deploy 2026.12.1`. Her own Approve is refused, as only @release-managers may answer, and
never about a run of their own. Ana is one of them. Olga is too, but not in #data: she is asked by direct message once
she has ticked the box in App Home. After the yes the announcement fails once: choose Retry, Skip or Cancel run. Or let
the hour pass: silence counts as a no.
"""

from __future__ import annotations

from kernbot.run.context import RunContext
from kernbot.workflow import HumanReview, OnError, OnReject, OnTimeout, Step, StepInput, Workflow

_announced: set[str] = set()


def build(step_input: StepInput) -> str:
    """Put the release together."""
    return f"version {step_input.input or 'next'}, 41 commits, 3 migrations"


def ship(step_input: StepInput) -> str:
    """Bring it to the servers."""
    return f"{step_input.previous_step_content}: on 40 servers"


def announce(step_input: StepInput, run_context: RunContext) -> str:
    """Tell the status page, which is down when it is first asked."""
    if run_context.run_id not in _announced:
        _announced.add(run_context.run_id)
        raise ConnectionError("status page: 503 Service Unavailable")
    return f"Announced: {step_input.previous_step_content}."


workflow = Workflow(
    name="deploy",
    description="Ships a version to production, once a release manager has said yes.",
    steps=[
        Step(name="build", executor=build),
        Step(
            name="ship",
            executor=ship,
            human_review=HumanReview(
                requires_confirmation=True,
                confirmation_message="Ship this version to production?",
                approve_label="Ship it",
                irreversible=True,
                on_reject=OnReject.cancel,
                reason="reject",
                reasons=["Tests are red", "Not during the freeze", "Needs another look"],
                timeout=3600,
                on_timeout=OnTimeout.reject,
            ),
        ),
        Step(name="announce", executor=announce, on_error=OnError.pause),
    ],
)
