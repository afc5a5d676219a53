"""Nodes one after the other, each seeing what the ones before it left."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import aclosing
from dataclasses import replace

from kernbot.engine.execution import Execution, Visit
from kernbot.engine.waiting import Events, Walk
from kernbot.workflow.node import Node, keyed

Keyed = Sequence[tuple[str, Node]]
"""Nodes, each with its key among its siblings."""


async def in_sequence(run: Execution, nodes: Sequence[Node], base: str, visit: Visit, walk: Walk) -> Events:
    """Execute nodes under the path `base`, in their order; a `stop` ends the sequence."""
    async with aclosing(keyed_in_sequence(run, keyed(nodes), base, visit, walk)) as events:
        async for event in events:
            yield event


async def keyed_in_sequence(run: Execution, children: Keyed, base: str, visit: Visit, walk: Walk) -> Events:
    """Do the same with nodes that are some of their siblings, in any order."""
    chain = visit.chain
    for number, (key, node) in enumerate(children):
        following = children[number + 1][1].name if number + 1 < len(children) else visit.next_step
        here = replace(visit, path=f"{base}/{key}", chain=chain, next_step=following, round=1)
        if visit.of is None:
            here = replace(here, index=number, of=len(children))
        async with aclosing(walk(run, node, here)) as events:
            async for event in events:
                yield event
        output = run.journal.output(here.path)
        if output is not None and output.stop:
            return
        if output is not None:
            chain = chain.then(output, here.path)
