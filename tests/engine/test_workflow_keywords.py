"""The keywords of a Workflow and of its methods: honoured, without effect, or refused."""

from __future__ import annotations

from typing import Any

import pytest

from kernbot.db.base import Store
from kernbot.workflow import StepInput, Workflow
from tests.engine.bench import Calls

WITHOUT_EFFECT = {
    "telemetry": False,
    "debug_mode": True,
    "debug_level": 2,
    "stream_executor_events": False,
    "store_events": True,
    "events_to_skip": [],
    "store_executor_outputs": False,
    "store_media": False,
    "cache_session": True,
    "add_workflow_history_to_steps": True,
}


@pytest.mark.parametrize("keyword", WITHOUT_EFFECT)
def test_some_keywords_are_without_effect(calls: Calls, keyword: str) -> None:
    """Programs that give them run, as if they had not."""
    given: Any = {keyword: WITHOUT_EFFECT[keyword]}
    workflow = Workflow(steps=[calls.step("a")], **given)
    assert workflow.run("x").content == "a(x)"
    assert [event.event for event in workflow.run("x", stream=True)] == [
        "WorkflowStarted",
        "StepOutput",
        "WorkflowCompleted",
    ]


@pytest.mark.parametrize(
    ("keyword", "instead"),
    [
        ("agent", "Router"),
        ("media_storage", "path"),
        ("websocket_handler", "stream=True"),
        ("add_dependencies_to_context", "run_context.dependencies"),
        ("add_session_state_to_context", "run_context.session_state"),
    ],
)
def test_what_a_workflow_can_not_be_is_no_keyword(keyword: str, instead: str) -> None:
    """TypeError says that kernbot has no such thing, and what to do instead."""
    given: Any = {keyword: None}
    with pytest.raises(TypeError, match=f"Workflow.. takes no '{keyword}', because kernbot has no .*{instead}"):
        Workflow(**given)


@pytest.mark.parametrize(
    ("keyword", "instead"),
    [
        ("background", "arun"),
        ("background_tasks", "step"),
        ("websocket", "stream=True"),
        ("images", "path"),
        ("files", "additional_data"),
        ("add_dependencies_to_context", "run_context.dependencies"),
    ],
)
async def test_what_a_run_can_not_do_is_no_keyword(calls: Calls, keyword: str, instead: str) -> None:
    """TypeError in all four methods, at the call; nothing has run."""
    workflow = Workflow(steps=[calls.step("a", requires_confirmation=True)])
    run = await workflow.arun("x")
    given: Any = {keyword: None}
    for start in (workflow.run, workflow.arun):
        with pytest.raises(TypeError, match=f"run.. takes no '{keyword}', because kernbot has no .*{instead}"):
            start("x", **given)
    for go_on in (workflow.continue_run, workflow.acontinue_run):
        with pytest.raises(TypeError, match=f"continue_run.. takes no '{keyword}'"):
            go_on(run, **given)
    assert calls.names == []


def test_an_unknown_keyword_is_pythons_own_error(calls: Calls) -> None:
    """The same words as for any function."""
    workflow = Workflow(steps=[calls.step("a")])
    unknown: Any = {"sesion_id": "s"}
    for call in (Workflow, workflow.run, workflow.continue_run):
        with pytest.raises(TypeError, match="got an unexpected keyword argument 'sesion_id'"):
            call(**unknown)


def test_a_workflow_is_no_function() -> None:
    """TypeError says how to make a step of it."""

    def everything(workflow: Workflow, execution_input: Any) -> None: ...

    with pytest.raises(TypeError, match=r"give a list, steps=\[everything\]"):
        Workflow(steps=everything)  # type: ignore[arg-type]


def test_a_given_state_may_take_the_place_of_the_sessions(db: Store) -> None:
    """With `overwrite_db_session_state`, in a run that is given one: the session begins anew, as the workflow says."""

    def look(_: StepInput, session_state: dict[str, Any]) -> dict[str, Any]:
        before = dict(session_state)
        session_state["left"] = True
        session_state["n"] = 1
        return before

    workflow = Workflow(db=db, steps=[look], session_state={"n": 0}, overwrite_db_session_state=True)
    states: list[dict[str, Any] | None] = [{"a": 1}, None, {"b": 2}, {}]
    runs = [workflow.run("x", session_id="s", session_state=state) for state in states]
    assert [run.content for run in runs] == [
        {"n": 0, "a": 1},
        {"n": 1, "a": 1, "left": True},
        {"n": 0, "b": 2},
        {"n": 0},
    ]


def test_a_run_that_is_refused_leaves_the_state_as_it_was(db: Store, calls: Calls) -> None:
    """A run id that is taken changes nothing."""
    workflow = Workflow(db=db, steps=[calls.step("a")], overwrite_db_session_state=True)
    workflow.run("x", run_id="R", session_id="s", session_state={"kept": 1})
    with pytest.raises(Exception, match="R"):
        workflow.run("x", run_id="R", session_id="s", session_state={})
    assert workflow.get_session_state("s") == {"kept": 1}


def test_a_copy_is_the_same_workflow_with_a_memory_of_its_own(calls: Calls) -> None:
    """It shares steps and database, and continues what the other began; but its runs are in a session of their own."""
    workflow = Workflow(name="w", steps=[calls.step("a", requires_confirmation=True)])
    run = workflow.run("x")
    copied = workflow.deep_copy()
    other = copied.run("y")
    assert other.session_id != run.session_id
    run.step_requirements[-1].confirm()
    assert copied.continue_run(run).content == "a(x)"
    assert (copied.id, copied.steps) == (workflow.id, workflow.steps)
