"""Step functions that yield, and async ones in plain runs."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

import pytest

from kernbot.db.base import Store
from kernbot.workflow import Step, StepInput, StepOutput, Workflow


def _yielding(*values: Any) -> list[Callable[[StepInput], Any]]:
    """Return generator functions, a plain and an async one, that yield these values."""

    def plain(_: StepInput) -> Iterator[Any]:
        yield from values

    async def waiting(_: StepInput) -> AsyncIterator[Any]:
        for value in values:
            await asyncio.sleep(0)
            yield value

    return [plain, waiting]


@pytest.mark.parametrize(
    ("values", "content"),
    [
        (["a", "b", "c"], "abc"),
        (["n = ", 1, None, "; "], "n = 1; "),
        ([{"rows": 3}], {"rows": 3}),
        ([None], None),
        ([], None),
        (["text before ", StepOutput(content="whole")], "whole"),
        (["a", "b", StepOutput(stop=True)], "ab"),
        ([StepOutput(content=0), "never"], 0),
    ],
)
def test_what_is_yielded_becomes_one_value(db: Store, values: list[Any], content: Any) -> None:
    """Several are joined as text, one stays as it is, a StepOutput ends it and gets the text before if it has none."""
    for function in _yielding(*values):
        assert Workflow(db=db, steps=[function]).run("x").content == content
        assert asyncio.run(Workflow(db=db, steps=[function]).arun("x")).content == content


def test_what_comes_after_a_step_output_is_not_run() -> None:
    """The generator is closed there and then, its `finally` runs; a stop ends the workflow."""
    seen: list[str] = []

    def plain(_: StepInput) -> Iterator[Any]:
        try:
            yield StepOutput(content="end", stop=True)
            seen.append("after")
        finally:
            seen.append("closed")

    async def waiting(_: StepInput) -> AsyncIterator[Any]:
        try:
            yield StepOutput(content="end", stop=True)
            seen.append("after")
        finally:
            seen.append("closed")

    for function in (plain, waiting):
        workflow = Workflow(steps=[function, lambda _: seen.append("next step")])
        assert [workflow.run("x").content, asyncio.run(workflow.arun("x")).content] == ["end", "end"]
    assert seen == ["closed"] * 4


def test_a_generator_that_raises_has_failed() -> None:
    """What it yielded before is gone, and it is tried again from its beginning."""
    tries: list[int] = []

    def work(_: StepInput) -> Iterator[str]:
        yield "a"
        tries.append(1)
        if len(tries) < 2:
            raise ValueError("once")
        yield "b"

    run = Workflow(steps=[Step("work", work, max_retries=1)]).run("x")
    assert (run.content, len(tries), run.has_failed_steps) == ("ab", 2, False)


def test_a_generator_gets_what_it_takes() -> None:
    """`session_state` and `run_context`, as any step function; what it changes while it yields is stored."""

    def count(_: StepInput, session_state: dict[str, Any], run_context: Any) -> Iterator[str]:
        for word in ("a", "b"):
            session_state[word] = run_context.run_id
            yield word

    workflow = Workflow(steps=[count])
    workflow.run("x", run_id="R", session_id="s")
    assert workflow.get_session_state("s") == {"a": "R", "b": "R"}


def test_a_function_may_return_a_generator() -> None:
    """A lambda over a generator function, say."""
    for function in _yielding("a", "b"):
        assert Workflow(steps=[Step("work", lambda seen, made=function: made(seen))]).run("x").content == "ab"


def test_an_async_function_works_in_a_plain_run(db: Store) -> None:
    """In one that is streamed too."""

    async def work(step_input: StepInput) -> str:
        await asyncio.sleep(0)
        return f"{step_input.input}!"

    workflow = Workflow(db=db, steps=[work])
    run = workflow.run("x")
    assert (run.content, run.has_failed_steps) == ("x!", False)
    assert [event.event for event in workflow.run("x", stream=True)][-2:] == ["StepOutput", "WorkflowCompleted"]
