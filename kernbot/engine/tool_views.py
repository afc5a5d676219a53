"""Questions about calls of tools as the author's program sees them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from kernbot.db.base import PauseRecord
from kernbot.engine.calling import questions_of
from kernbot.engine.gates import fields_of
from kernbot.engine.values import decode
from kernbot.run.answer import Action, Answer
from kernbot.run.requirement import RunRequirement
from kernbot.run.tool_execution import ToolExecution, UserInputField


def group_of(pause: PauseRecord) -> str:
    """Return what the questions share that are one requirement: those about calls that are open in one step."""
    if pause.kind != "tool":
        return pause.pause_id
    return str(pause.question["step_path"] if pause.state == "open" else pause.question["turn"])


def about_calls(run_id: str, pauses: Sequence[PauseRecord]) -> dict[str, Any]:
    """Return what the requirement of a step says of its agent, or team, and of the calls."""
    question = pauses[-1].question
    return {
        "step_id": question["step_path"],
        "step_type": question["step_type"],
        "user_input_message": "\n".join(pause.question["message"] for pause in pauses),
        "requires_executor_input": True,
        "executor_requirements": [run_requirement(run_id, pause) for pause in pauses],
        "executor_id": question["executor"]["id"],
        "executor_name": question["executor"]["name"],
        "executor_type": question["executor"]["kind"],
        "executor_run_id": executor_run_id(run_id, pauses[-1]),
        "on_reject": question["on_reject"],
        "on_timeout": question["on_timeout"],
    }


def executor_run_id(run_id: str, pause: PauseRecord) -> str:
    """Return the id of what the agent, or team, in a step has done in this round, of which a call is a part."""
    path = pause.question["step_path"]
    again = re.match(r"/~\d+(?=/)", pause.path.removeprefix(path))
    return f"{run_id}:{path}{again.group() if again else ''}"


def run_requirement(run_id: str, pause: PauseRecord) -> RunRequirement:
    """Return one question about a call."""
    member = pause.question["member"] or {}
    return RunRequirement(
        pause_id=pause.pause_id,
        tool_execution=_execution(pause),
        created_at=datetime.fromtimestamp(pause.opened_at, UTC),
        member_agent_id=member.get("id"),
        member_agent_name=member.get("name"),
        member_run_id=f"{run_id}:{pause.path.rpartition('/')[0]}" if member else None,
        stored_answer=_stored(pause),
        decided_at=pause.answered.at if pause.answered else None,
    )


def _execution(pause: PauseRecord) -> ToolExecution:
    question, tool = pause.question, pause.question["tool"]
    fields = [item for item in fields_of(question) if isinstance(item, UserInputField)]
    return ToolExecution(
        tool_call_id=tool["call_id"],
        tool_name=tool["name"],
        tool_args=dict(tool["arguments"]),
        created_at=int(pause.opened_at),
        requires_confirmation=tool["asks"] == "confirmation",
        requires_user_input=tool["asks"] in ("user_input", "fields"),
        user_input_schema=fields or None,
        user_feedback_schema=questions_of(question) or None,
        external_execution_required=tool["asks"] == "external_execution",
        external_execution_silent=question["is_silent"],
    )


def _stored(pause: PauseRecord) -> Answer | None:
    """Return the answer of a pause; one that was closed by a cancel counts as answered so."""
    if pause.state == "open" or pause.answered is None:
        return None
    if not pause.answered.answer:
        return Answer(action=Action.cancel)
    answer = Answer.from_dict(pause.answered.answer)
    return replace(answer, values=decode(answer.values), output=decode(answer.output))
