"""The workflow that is carried on while its processes are killed: one of everything that asks people."""

from __future__ import annotations

import asyncio
import time
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from random import Random
from typing import Any

from kernbot.db.base import Store
from kernbot.run import RunContext
from kernbot.workflow import Condition, Loop, Parallel, Router, Step, StepInput, Steps, Workflow
from kernbot.workflow.node import Node

GATED = "asked_"
"""How the names of nodes begin that may not run before people said so."""
LARGE = "x" * 300_000
"""More than a journal entry holds itself."""


@dataclass(frozen=True)
class Bodies:
    """What steps do: each notes an execution as it begins, by its idempotency key, an id, and when."""

    note: Callable[[str], None]
    chance: Random

    async def act(self, _: StepInput, run_context: RunContext) -> dict[str, str]:
        """Take a moment."""
        done = self._begin(run_context)
        await asyncio.sleep(self.chance.random() * 0.005)
        return done

    def act_plainly(self, _: StepInput, run_context: RunContext) -> dict[str, str]:
        """Take a moment, in a thread."""
        done = self._begin(run_context)
        time.sleep(self.chance.random() * 0.005)
        return done

    def act_at_length(self, _: StepInput, run_context: RunContext) -> dict[str, str]:
        """Leave a large content."""
        return self._begin(run_context) | {"large": LARGE}

    def read_at_length(self, step_input: StepInput, run_context: RunContext) -> dict[str, str]:
        """Fail unless the step before has left its large content."""
        if step_input.previous_step_content["large"] != LARGE:
            raise ValueError("The large content is not whole.")
        return self._begin(run_context)

    def fail_at_first(self, _: StepInput, run_context: RunContext) -> dict[str, str]:
        """Fail until somebody wants it done again; the error names the execution."""
        done = self._begin(run_context)
        if run_context.idempotency_key.endswith(":1"):
            raise RuntimeError(done["execution"])
        return done

    def is_lucky(self, _: StepInput) -> bool:
        """Choose a branch, perhaps another one when asked again."""
        return self.chance.random() < 0.5

    def _begin(self, run_context: RunContext) -> dict[str, str]:
        execution = uuid.uuid4().hex
        self.note(f"{run_context.idempotency_key} {execution} {time.time()}")
        run_context.session_state[run_context.idempotency_key] = execution
        return {"execution": execution}


def gated(name: str, executor: Callable[..., Any], **settings: Any) -> Step:
    """Return a step that asks for a confirmation."""
    return Step(name=f"{GATED}{name}", executor=executor, requires_confirmation=True, **settings)


REVIEWED: dict[str, Any] = {"requires_output_review": True, "on_reject": "retry"}


def steps(bodies: Bodies) -> list[Node]:
    """Return steps that ask nothing, for a yes, for values, for a review, and for a yes and a review."""
    amount = {"name": "amount", "field_type": "int"}
    return [
        Step(name="first", executor=bodies.act),
        gated("yes", bodies.act),
        Step(name=f"{GATED}values", executor=bodies.act, requires_user_input=True, user_input_schema=[amount]),
        Step(name="reviewed", executor=bodies.act_plainly, **REVIEWED),
        gated("and_reviewed", bodies.act, **REVIEWED),
    ]


def composites(bodies: Bodies) -> list[Node]:
    """Return a loop with reviews, a router with a selection, two gates beside each other, and a condition."""
    act = bodies.act
    ways = [Step(name="left", executor=act), [Step(name="far", executor=act), Step(name="further", executor=act)]]
    line = Steps(name="line", steps=[Step(name="beside", executor=act), gated("there", act)])
    return [
        Loop([Step(name="draft", executor=act)], "loop", requires_iteration_review=True, on_reject="retry"),
        Router(ways, name=f"{GATED}way", requires_user_input=True, allow_multiple_selections=True, **REVIEWED),
        Parallel(gated("here", act), line, Step(name="free", executor=bodies.act_plainly), name="parallel"),
        Condition([gated("if", act)], bodies.is_lucky, [gated("else", act)], name="choice"),
    ]


def contents(bodies: Bodies) -> list[Node]:
    """Return a workflow as a step, in which a step fails and asks; and steps with a large content."""
    shaky = Step(name="shaky", executor=bodies.fail_at_first, on_error="pause")
    inner = [Step(name="inside", executor=bodies.act), gated("inside", bodies.act), shaky]
    return [
        Step(name="nested", workflow=Workflow(name="inner", steps=inner), **REVIEWED),
        Step(name="large", executor=bodies.act_at_length),
        gated("reader", bodies.read_at_length),
        Step(name="last", executor=bodies.act),
    ]


PARTS: Mapping[str, Callable[[Bodies], list[Node]]] = {
    "steps": steps,
    "composites": composites,
    "contents": contents,
}


def make_workflow(db: Store, bodies: Bodies, parts: Sequence[str]) -> Workflow:
    """Return the workflow that is made of these parts."""
    return Workflow(name="kill", db=db, steps=[node for part in parts for node in PARTS[part](bodies)])
