"""What is known of a question whose row can't be read: pure."""

from __future__ import annotations

from kernbot.db.base import PauseRecord
from kernbot.slack.ids import slack_user
from kernbot.slack.render.facts import PauseFacts


def damaged(pause: PauseRecord, error: Exception) -> PauseFacts:
    """Return a question of which only its place and its times can be told: nobody can answer it, or be misled by it.

    `error` is what came of reading the rest; its text may hold values, so its class alone is told.
    """
    answered = pause.answered
    return PauseFacts(
        pause_id=pause.pause_id,
        kind="error",
        cause="damaged",
        message=f"What is stored of the question of step `{pause.step_name}` cannot be read",
        step_name=pause.step_name,
        digest=pause.digest,
        index=None,
        of=None,
        next_step=None,
        values=[],
        requires_confirmation=False,
        fields=[],
        on_reject=None,
        silence=None,
        actions=[],
        error=type(error).__name__,
        opened_at=pause.opened_at,
        deadline=pause.deadline,
        is_open=pause.state == "open",
        answered_at=answered.at if answered else None,
        answered_by=(slack_user(answered.by) or answered.by) if answered else None,
    )
