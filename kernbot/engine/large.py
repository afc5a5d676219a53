"""Large contents: stored once, by digest, and read when something needs them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from kernbot.db.base import JournalEntry, Json, Snapshot, Store
from kernbot.engine.values import LargeValue, canonical, decode, digest, encode
from kernbot.errors import NotFoundError
from kernbot.workflow.types import StepOutput

LARGE = 256 * 1024
"""Characters of JSON from which on a content is stored apart."""


async def load(store: Store, run_id: str) -> Snapshot:
    """Return all that is known of a run, its large contents too; NotFoundError if there is none."""
    snapshot = await store.load_run(run_id)
    if snapshot is None:
        raise NotFoundError(f"There is no run {run_id}.")
    wanted = digests_in(snapshot.journal)
    return replace(snapshot, blobs=await store.get_blobs(wanted)) if wanted else snapshot


def take_out(payload: Any) -> tuple[Any, dict[str, Json]]:
    """Return an output's payload with a content that is large replaced by a reference, and that content by digest."""
    content = payload.get("output", {}).get("content") if isinstance(payload, dict) else None
    size = 0 if content is None or isinstance(content, bool | int | float) else len(canonical(content))
    if size < LARGE:
        return payload, {}
    name = digest(content)
    reference = encode(LargeValue(name, size), "A large value")
    return {**payload, "output": {**payload["output"], "content": reference}}, {name: content}


def digests_in(entries: Iterable[JournalEntry]) -> list[str]:
    """Return the digests of the large contents that entries refer to, each once."""
    contents = (entry.payload.get("output", {}).get("content") for entry in entries if isinstance(entry.payload, dict))
    found = (decode(content) for content in contents if isinstance(content, dict) and len(content) == 1)
    return list(dict.fromkeys(value.digest for value in found if isinstance(value, LargeValue)))


def filled(value: Any, known: dict[str, Any]) -> Any:
    """Return a content, or what it stands for if that is known."""
    return known.get(value.digest, value) if isinstance(value, LargeValue) else value


def filled_output(output: StepOutput, known: dict[str, Any]) -> StepOutput:
    """Return an output with every large content in it that is known."""
    steps = None if output.steps is None else [filled_output(inner, known) for inner in output.steps]
    return replace(output, content=filled(output.content, known), steps=steps)
