"""That people answer what they were asked: an answer about code that has changed since is refused, and asked again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from kernbot.db.base import PauseRecord, Store
from kernbot.engine.fingerprint import node_at
from kernbot.engine.ledger import AskedAnewError
from kernbot.engine.questions import digest_of_pause
from kernbot.engine.versions import Version, is_outdated, version_of, version_of_call
from kernbot.run.executor import AgentSetup, Tool
from kernbot.workflow.node import Node
from kernbot.workflow.step import Step


async def check_holds(store: Store, nodes: Sequence[Node], pause: PauseRecord) -> None:
    """Raise AskedAnewError where the workflow's code is not what an open question is about; then it is asked anew.

    It stays the same question, with the same deadline, but answers to it as it was do not count any more.
    """
    now = _version_now(nodes, pause)
    if pause.state != "open" or not is_outdated(pause, now):
        return
    raise AskedAnewError(await store.renew_pause(pause.digest, _asked_anew(pause, now)) or pause)


def _asked_anew(pause: PauseRecord, now: Version | None) -> PauseRecord:
    replaced = [*pause.question.get("replaced", ()), pause.digest]
    changed = {"was": pause.question["version"]}
    question = {**pause.question, "version": now, "changed": changed, "replaced": replaced}
    return replace(pause, question=question, digest=digest_of_pause(replace(pause, question=question)))


def _version_now(nodes: Sequence[Node], pause: PauseRecord) -> Version | None:
    """Return the version of what a question is about; None where that can't be told from the definition alone."""
    if pause.kind != "tool":
        node = node_at(nodes, pause.path)
        return version_of(node) if node else None
    node = node_at(nodes, pause.question["step_path"])
    tool = _tool_of(node, pause) if node else None
    return version_of_call(node, tool) if node and tool else None


def _tool_of(node: Node, pause: PauseRecord) -> Tool | None:
    """Return the tool that a call is of; None for one of an agent that a function calls."""
    if not isinstance(node, Step) or node.agent is None:
        return None
    asker = pause.question["member"] or pause.question["executor"]
    for setup in _all_of(node.agent.setup()):
        if (setup.kind, setup.executor_id) == (asker["kind"], asker["id"]):
            return next((tool for tool in setup.tools if tool.name == pause.question["tool"]["name"]), None)
    return None


def _all_of(setup: AgentSetup) -> list[AgentSetup]:
    return [setup, *(inner for member in setup.members for inner in _all_of(member))]
