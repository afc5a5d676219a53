"""Runs on a terminal, and where there is none."""

from __future__ import annotations

from io import StringIO
from typing import Any

import pytest
from rich.console import Console

from kernbot.utils import pprint
from kernbot.workflow import Router, Step, Workflow
from tests.engine.bench import Calls


def _plain() -> Console:
    return Console(file=StringIO(), force_terminal=False, width=40)


def _terminal() -> Console:
    return Console(file=StringIO(), force_terminal=True, width=60, color_system="standard")


def _written(console: Console) -> str:
    assert isinstance(console.file, StringIO)
    return console.file.getvalue()


def _saying(text: Any) -> Workflow:
    return Workflow(name="w", steps=[Step("say", lambda _: text)])


def test_a_run_is_printed_plainly_where_there_is_no_terminal() -> None:
    """Title and content, without frames, colours or wrapping; the steps if they are asked for."""
    run = _saying("word " * 20).run("x")
    bare, detailed = _plain(), _plain()
    pprint.pprint_run_response(run, console=bare)
    pprint.pprint_run_response(run, show_step_details=True, console=detailed)
    content = ("word " * 20).rstrip()
    assert _written(bare) == f"w: COMPLETED\n{content}\n"
    assert _written(detailed) == f"say\n{content}\nw: COMPLETED\n{content}\n"


@pytest.mark.parametrize("show", [_plain, _terminal])
def test_texts_are_shown_literally(show: Any) -> None:
    """Markup has no effect, and a control sequence can't rule the terminal."""
    console = show()
    pprint.pprint_run_response(_saying("[bold red]x[/] :smile: \x1b[2J\x9b1m\r").run("x"), console=console)
    assert r"[bold red]x[/] :smile: \x1b[2J\x9b1m\r" in _written(console)


def test_a_terminal_gets_frames() -> None:
    """And Markdown, if it is asked for."""
    framed, rendered = _terminal(), _terminal()
    run = _saying("# Head\n\n* one").run("x")
    pprint.pprint_run_response(run, console=framed)
    pprint.pprint_run_response(run, markdown=True, console=rendered)
    assert "─ w: COMPLETED ─" in _written(framed)
    assert "# Head" in _written(framed)
    assert "# Head" not in _written(rendered)
    assert " • " in _written(rendered)


def test_values_are_shown_as_json() -> None:
    """A dict is indented; nothing is shown of nothing."""
    for content, shown in (({"a": [1]}, 'w: COMPLETED\n{\n  "a": [\n    1\n  ]\n}\n'), (None, "w: COMPLETED\n")):
        console = _plain()
        pprint.pprint_run_response(_saying(content).run("x"), console=console)
        assert _written(console) == shown


def test_a_paused_run_shows_what_it_asks(calls: Calls) -> None:
    """The message of every open question; the same lines, streamed and collected."""
    gates: dict[str, dict[str, Any]] = {
        "Sure?": {"requires_confirmation": True, "confirmation_message": "Sure?"},
        "Fill in": {
            "requires_user_input": True,
            "user_input_message": "Fill in",
            "user_input_schema": [{"name": "n"}],
        },
        "Is it right?": {"requires_output_review": True, "output_review_message": "Is it right?"},
    }
    for message, gate in gates.items():
        workflow = Workflow(name="w", steps=[calls.step("g", **gate)])
        collected, streamed = _plain(), _plain()
        pprint.pprint_run_response(workflow.run("x"), console=collected)
        pprint.pprint_run_response(workflow.run("x", stream=True), console=streamed)
        assert _written(collected) == _written(streamed) == f"g asks\n{message}\nw: PAUSED\n"


def test_a_router_shows_what_it_asks(calls: Calls) -> None:
    """Its message, streamed and collected."""
    router = Router(
        name="way",
        choices=[calls.step("a"), calls.step("b")],
        requires_user_input=True,
        user_input_message="Which way?",
    )
    workflow = Workflow(name="w", steps=[router])
    for shown in (workflow.run("x"), workflow.run("x", stream=True)):
        console = _plain()
        pprint.pprint_run_response(shown, console=console)
        assert _written(console) == "way asks\nWhich way?\nw: PAUSED\n"


def test_a_run_that_went_wrong_shows_how(calls: Calls) -> None:
    """A failed step its error, a cancelled run its reason, a run that asks about a failure the failure."""
    skipped = Workflow(name="w", steps=[calls.failing("f", max_retries=0)])
    asking = Workflow(name="w", steps=[calls.failing("f", on_error="pause")])
    cancelled = Workflow(name="w", steps=[calls.step("g", requires_confirmation=True)])
    paused = cancelled.run("x")
    cancelled.cancel_run(paused.run_id)
    for run, shown in (
        (skipped.run("x"), "f\nValueError: f is broken\nw: COMPLETED\n"),
        (asking.run("x"), "f failed\nf is broken\nw: PAUSED\n"),
        (cancelled.get_run(paused.run_id), "w: CANCELLED\nThe run was cancelled by library.\n"),
    ):
        console = _plain()
        assert run is not None
        pprint.pprint_run_response(run, show_step_details=True, console=console)
        assert _written(console) == shown


async def test_what_async_code_has_is_printed_too(calls: Calls) -> None:
    """A run, a stream, and what is still to be awaited."""
    workflow = Workflow(name="w", steps=[calls.step("a")])
    for shown in (await workflow.arun("x"), workflow.arun("x"), workflow.arun("x", stream=True)):
        console = _plain()
        await pprint.apprint_run_response(shown, console=console)
        assert _written(console) == "w: COMPLETED\na(x)\n"


def test_a_workflow_prints_what_it_runs(calls: Calls) -> None:
    """Step by step as it goes, with the time if it is asked for; the run is the last one of the session."""
    workflow = Workflow(name="w", steps=[calls.step("a"), calls.step("b")])
    detailed, bare, timed = _plain(), _plain(), _plain()
    workflow.print_response("x", session_id="s", console=detailed)
    workflow.print_response("x", show_step_details=False, console=bare)
    workflow.print_response("x", stream=True, show_step_details=False, show_time=True, console=timed)
    assert _written(detailed) == "a\na(x)\nb\nb(a(x))\nw: COMPLETED\nb(a(x))\n"
    assert _written(bare) == "w: COMPLETED\nb(a(x))\n"
    assert _written(timed).startswith("w: COMPLETED (0.")
    run = workflow.get_last_run_output("s")
    assert run is not None
    assert run.content == "b(a(x))"


async def test_a_workflow_prints_from_async_code(calls: Calls) -> None:
    """The same."""
    console = _plain()
    await Workflow(name="w", steps=[calls.step("a")]).aprint_response("x", console=console)
    assert _written(console) == "a\na(x)\nw: COMPLETED\na(x)\n"


def test_a_workflow_prints_how_it_failed_before_it_raises(calls: Calls) -> None:
    """The exception of a step with `on_error=fail` follows what is printed."""
    console = _plain()
    workflow = Workflow(name="w", steps=[calls.failing("f", max_retries=0, on_error="fail")])
    with pytest.raises(ValueError, match="f is broken"):
        workflow.print_response("x", console=console)
    assert _written(console) == "w: ERROR\nValueError: f is broken\n"


def test_the_console_is_that_of_the_terminal(calls: Calls, capsys: pytest.CaptureFixture[str]) -> None:
    """Without one of its own, what is printed goes to where `print` does."""
    Workflow(name="w", steps=[calls.step("a")]).print_response("x", show_step_details=False)
    assert capsys.readouterr().out == "w: COMPLETED\na(x)\n"
