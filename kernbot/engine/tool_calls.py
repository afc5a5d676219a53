"""Making one call of a tool: once, and what came of it is journaled."""

from __future__ import annotations

from contextlib import aclosing
from dataclasses import replace
from typing import Any

from kernbot.db.base import PauseRecord, StateChanges
from kernbot.engine.calling import Call, as_text, told_of
from kernbot.engine.execution import Cancelled, Execution, Part, Suspended, Visit
from kernbot.engine.gates import Verdict
from kernbot.engine.journal import output_payload
from kernbot.engine.live import Made, Tell, told_live
from kernbot.engine.questions import ask_after_crash, error_text
from kernbot.engine.values import decode
from kernbot.engine.waiting import Events, answer_to, going_on
from kernbot.errors import UsageError
from kernbot.run.answer import Action, Answer
from kernbot.run.executor import AgentSetup
from kernbot.workflow.node import Node
from kernbot.workflow.types import StepOutput

UNKNOWN = "This call may have been made already when the process stopped; its result is not known."


async def make_call(
    run: Execution, node: Node, visit: Visit, *, setup: AgentSetup, call: Call, pause: PauseRecord | None
) -> Events:
    """Do what people decided about a call, or make it if nobody is asked.

    Stops the walk to ask about one that was in flight when its process died; raises Cancelled where that is decided.
    """
    answer = _answer(pause)
    if answer is not None and (told := told_of(answer, str(call.asks))) is not None:
        await keep_result(run, call, told, success=answer.action is not Action.reject)
        return
    here = replace(visit, path=call.path)
    attempt = run.journal.attempts(call.path)
    if attempt > run.journal.ended_attempts(call.path):
        answered = answer_to(run, ask_after_crash(node, here.asking(run, node), attempt, what=call.asked.name))
        async for event in going_on(run, node, here, answered):
            yield event
        if answered.decision.verdict is Verdict.CANCEL:
            raise Cancelled({"reason": answered.decision.reason, "path": call.path})
        if answered.decision.verdict is not Verdict.RETRY:
            await keep_result(run, call, UNKNOWN, success=False)
            return
    making = told_live(
        lambda tell: _run(run, node, here, setup=setup, call=call, answer=answer, tell=tell), live=run.live
    )
    async with aclosing(making) as events:
        async for item in events:
            if not isinstance(item, Made):
                yield item


async def keep_result(
    run: Execution, call: Call, text: str, *, success: bool = True, changes: StateChanges | None = None
) -> None:
    """Journal what came of a call."""
    name = call.asked.name
    output = StepOutput(step_name=name, step_type="Tool", content=text, success=success)
    await run.append(Part(f"Tool:{name}"), call.path, "output", output_payload(output), changes=changes)


async def _run(
    run: Execution, node: Node, here: Visit, *, setup: AgentSetup, call: Call, answer: Answer | None, tell: Tell | None
) -> None:
    """Call the function; what it raises goes to the model."""
    tool = call.tool
    assert tool is not None  # noqa: S101 - a call without a tool is never made
    attempt = run.journal.attempts(call.path) + 1
    is_noted = tool.on_crash == "ask" or (tool.on_crash is None and bool(call.asks or here.gated))
    if is_noted:
        await run.append(Part(f"Tool:{tool.name}"), call.path, "started", {}, attempt=attempt)
    try:
        is_changed = answer and answer.action is Action.provide
        given = tool.filled(call.arguments, decode(answer.values)) if answer and is_changed else call.arguments
        named = tool.checked(given)
        result, changes = await run.called_by_name(
            here, tool.entrypoint, named, attempt, node=node, tell=tell, agent=setup, team=setup
        )
        text = as_text(result)
    except Suspended:  # an agent that the tool called waits for people
        if is_noted:
            await run.append(Part(f"Tool:{tool.name}"), call.path, "waiting", {}, attempt=attempt)
        raise
    except UsageError as error:
        await keep_result(run, call, str(error), success=False)
    except Exception as error:  # noqa: BLE001 - whatever an author's tool raises
        await keep_result(run, call, error_text(error), success=False)
    else:
        await keep_result(run, call, text, changes=changes)


def _answer(pause: PauseRecord | None) -> Answer | None:
    stored: Any = pause and pause.answered and pause.answered.answer
    return Answer.from_dict(stored) if stored else None
