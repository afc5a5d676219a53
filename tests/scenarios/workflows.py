"""Small workflows for scenarios."""

from __future__ import annotations

from typing import Any

from kernbot.workflow import Condition, OnReject, Step, StepInput, Workflow
from kernbot.workflow.types import UserInputField

QUESTION = "Deploy?"


class Deploy:
    """A workflow that asks before its second step, and remembers what ran."""

    def __init__(self, **gate: Any) -> None:
        self.ran: list[str] = []
        gate = {"requires_confirmation": True, "confirmation_message": QUESTION, **gate}
        steps = [
            Step(name="build", executor=self._build),
            Step(name="deploy", executor=self._deploy, **gate),
            Step(name="announce", executor=self._announce),
        ]
        self.workflow = Workflow(name="deploy", steps=steps)

    def _build(self, _: StepInput) -> str:
        self.ran.append("build")
        return "built"

    def _deploy(self, _: StepInput) -> str:
        self.ran.append("deploy")
        return "deployed"

    def _announce(self, step_input: StepInput) -> str:
        self.ran.append("announce")
        return f"announced: {step_input.previous_step_content}"


def configure(**gate: Any) -> Workflow:
    """Return a workflow that asks for values, and with `requires_confirmation` for a yes too."""

    def process(step_input: StepInput) -> str:
        given = step_input.additional_data["user_input"]
        return f"Processed with threshold={given['threshold']}, mode={given['mode']}"

    fields = [
        UserInputField(name="threshold", field_type="float"),
        UserInputField(name="mode", field_type="str", allowed_values=["fast", "accurate"]),
    ]
    step = Step(
        name="process",
        executor=process,
        requires_user_input=True,
        user_input_message="Configure processing:",
        user_input_schema=fields,
        **gate,
    )
    return Workflow(name="configure", steps=[step])


def branching() -> Workflow:
    """Return a workflow that runs its else branch where a person rejects."""
    condition = Condition(
        name="which",
        evaluator=True,
        steps=[Step(name="new", executor=lambda _: "the new way")],
        else_steps=[Step(name="old", executor=lambda _: "the old way")],
        requires_confirmation=True,
        confirmation_message="Take the new way?",
        on_reject=OnReject.else_branch,
    )
    return Workflow(name="branching", steps=[condition])
