"""Everything that can hold nodes, each of which runs once there."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from kernbot.workflow import Condition, Loop, Parallel, Router, Step, Steps, Workflow
from kernbot.workflow.node import Node

Around = Callable[[str, Sequence[Node]], Node]
"""Puts nodes into another one, of a name."""

AROUND: dict[str, Around] = {
    "steps": lambda name, nodes: Steps(name=name, steps=nodes),
    "if": lambda name, nodes: Condition(nodes, True, name=name),
    "else": lambda name, nodes: Condition([], False, nodes, name=name),
    "loop": lambda name, nodes: Loop(nodes, name=name, max_iterations=1),
    "routes": lambda name, nodes: Router(nodes, lambda _: [node.name for node in nodes], name=name),
    "route": lambda name, nodes: Router([list(nodes)], lambda _: "steps_group_0", name=name),
    "parallel": lambda name, nodes: Parallel(Steps(name="branch", steps=nodes), name=name),
    "workflow": lambda name, nodes: Step(workflow=Workflow(name=name, steps=nodes)),
}
