"""Workflows: what to do, and what may be asked of people.

Names are loaded when they are first used, so that the modules of the contract may import each other.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from kernbot.workflow.condition import Condition
    from kernbot.workflow.decorators import pause
    from kernbot.workflow.loop import Loop
    from kernbot.workflow.parallel import Parallel
    from kernbot.workflow.review import HumanReview, OnError, OnReject, OnTimeout
    from kernbot.workflow.router import Router
    from kernbot.workflow.step import Step
    from kernbot.workflow.steps import Steps
    from kernbot.workflow.types import StepInput, StepOutput
    from kernbot.workflow.workflow import Workflow

__all__ = [
    "Condition",
    "HumanReview",
    "Loop",
    "OnError",
    "OnReject",
    "OnTimeout",
    "Parallel",
    "Router",
    "Step",
    "StepInput",
    "StepOutput",
    "Steps",
    "Workflow",
    "pause",
]

_HOMES = {
    "Condition": "condition",
    "HumanReview": "types",
    "Loop": "loop",
    "OnError": "types",
    "OnReject": "types",
    "OnTimeout": "types",
    "Parallel": "parallel",
    "Router": "router",
    "Step": "step",
    "StepInput": "types",
    "StepOutput": "types",
    "Steps": "steps",
    "Workflow": "workflow",
    "pause": "decorators",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_HOMES[name]}"), name)
