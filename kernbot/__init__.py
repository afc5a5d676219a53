"""Python workflows that stop, ask a person in Slack, and carry on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from kernbot.runtime.registry import KernBot

__all__ = ["KernBot"]


def __getattr__(name: str) -> Any:
    if name == "KernBot":
        from kernbot.runtime.registry import KernBot  # noqa: PLC0415 - an author of workflows needs no runtime

        return KernBot
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
