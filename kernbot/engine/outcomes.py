"""What becomes of what a node's body left: an output, a draft under review, or a failure."""

from __future__ import annotations

import copy
import logging
from collections.abc import Sequence
from typing import Any

from kernbot.db.base import StateChanges
from kernbot.engine.execution import Execution, Failure, StepFailed, Visit
from kernbot.engine.journal import output_payload
from kernbot.engine.questions import error_text
from kernbot.engine.values import digest_of
from kernbot.workflow.node import Node, keyed
from kernbot.workflow.review import OnError
from kernbot.workflow.step import Step
from kernbot.workflow.types import StepOutput, StepType

_log = logging.getLogger(__name__)


def labels(node: Node) -> dict[str, Any]:
    """Return what every output says about its node."""
    runs_workflow = isinstance(node, Step) and node.workflow is not None
    kind = StepType.WORKFLOW if runs_workflow else node.kind
    return {"step_name": node.name, "step_id": node.step_id, "step_type": str(kind)}


async def keep(
    run: Execution,
    node: Node,
    visit: Visit,
    output: StepOutput,
    payload: dict[str, Any],
    *,
    attempt: int = 0,
    changes: StateChanges | None = None,
) -> None:
    """Journal what came out of a node: as its output, or as a draft where people are to review it first."""
    if await _is_to_be_reviewed(run, node, visit, output):
        drafted = {**payload, "attempt": attempt}
        await run.append(node, visit.path, "draft", drafted, attempt=visit.round, changes=changes)
    else:
        await run.append(node, visit.path, "output", payload, changes=changes)


async def keep_composite(
    run: Execution,
    node: Node,
    visit: Visit,
    inside: Sequence[str],
    *,
    edited_in: tuple[str, int] | None = None,
    of_workflow: str | None = None,
    stop: bool | None = None,
) -> dict[str, StepOutput]:
    """Journal a composite's output, which only names the outputs at the paths inside it, and return these.

    `edited_in` names the review, by kind and number, whose edit takes the place of the last content; `of_workflow` is
    the name of the workflow that was a step. `stop` says whether the run ends here; None: as any output inside says.
    """
    outputs = outputs_at(run, inside)
    summary = StepOutput(
        **labels(node),
        executor_type="workflow" if of_workflow else None,
        executor_name=of_workflow,
        success=all(output.success for output in outputs.values()),
        stop=any(output.stop for output in outputs.values()) if stop is None else stop,
    )
    payload = output_payload(summary, list(outputs))
    if edited_in:
        payload["edited_in"] = list(edited_in)
    summary.steps = list(outputs.values())
    summary.content = summary.last_content
    if outputs:
        await keep(run, node, visit, summary, payload)
    else:
        await run.append(node, visit.path, "output", payload)
    return outputs


async def give_up(run: Execution, node: Node, visit: Visit, failed: StepFailed) -> None:
    """Do what `on_error` says of a node that failed for good: raise it, or store a failed output and go on."""
    if visit.on_error_of(node) is OnError.fail:
        raise failed from failed.failure.error
    await keep_failure(run, node, visit.path, failed.failure)


async def keep_failure(run: Execution, node: Node, path: str, failure: Failure) -> None:
    """Journal the output of a node that failed."""
    _log.warning("%s failed, and the run goes on: %s", node.signature, failure.text.partition(":")[0])
    failed = StepOutput(**labels(node), success=False, error=failure.text)
    await run.append(node, path, "output", output_payload(failed))


def reference_to(output: StepOutput | None) -> dict[str, str]:
    """Return the digest of what a question is about: it refers to it, it is not stored again."""
    return {"digest": digest_of(output and output.last_content, "What is reviewed")}


def paths_of(base: str, nodes: Sequence[Node]) -> list[str]:
    """Return where nodes stand that run under the path `base`."""
    return [f"{base}/{key}" for key, _ in keyed(nodes)]


def outputs_at(run: Execution, paths: Sequence[str]) -> dict[str, StepOutput]:
    """Return the outputs at these paths; a node that was skipped has none."""
    return {path: output for path in paths if (output := run.journal.output(path)) is not None}


async def _is_to_be_reviewed(run: Execution, node: Node, visit: Visit, output: StepOutput) -> bool:
    """Whether people are to see an output before it counts; where that can't be told, they are."""
    asks = node.human_review.requires_output_review
    if isinstance(asks, bool):
        return asks
    whole = await run.whole(output)
    try:
        says, _ = await run.called(visit, asks, lambda _: copy.deepcopy(whole))
    except Exception as error:  # noqa: BLE001 - whatever an author's code raises
        _log.warning("requires_output_review of %s raised, so people are asked: %s", node.name, error_text(error))
        return True
    return bool(says)
