"""Agents' runs on a terminal, and where there is none."""

from __future__ import annotations

from io import StringIO

from rich.console import Console

from kernbot.utils import pprint
from tests.engine.agent_bench import Desk, agent, looks, sends, team


def _console() -> Console:
    return Console(file=StringIO(), force_terminal=False, width=40)


def _written(console: Console) -> str:
    assert isinstance(console.file, StringIO)
    return console.file.getvalue()


def test_what_is_said_is_printed_as_one(desk: Desk) -> None:
    """Whether the run is printed, or the stream of it, which says that it pauses too."""
    ann = agent([[sends("a")], "All is well."], desk.send)
    console = _console()
    ann.print_response("x", console=console)
    assert _written(console) == "Ann: PAUSED\nWaiting for people: a yes or no about the tool send.\n"
    run = ann.get_last_run_output()
    assert run is not None
    run.requirements[0].confirm()
    console = _console()
    pprint.pprint_run_response(ann.continue_run(run, stream=True), console=console)
    assert _written(console) == "Ann\nAll is well.\n"
    console = _console()
    pprint.pprint_run_response(ann.get_last_run_output() or run, console=console)
    assert _written(console) == "Ann: COMPLETED\nAll is well.\n"


async def test_from_async_code(desk: Desk) -> None:
    """A stream is printed without being awaited first, and a run that is not awaited yet is."""
    ann = agent([[looks("a")], "All is well."], desk.look)
    written = []
    for response in (ann.arun("x", stream=True), ann.arun("x")):
        console = _console()
        await pprint.apprint_run_response(response, console=console)
        written.append(_written(console))
    console = _console()
    await ann.aprint_response("x", console=console)
    assert [*written, _written(console)] == [
        "Ann\nAll is well.\n",
        "Ann: COMPLETED\nAll is well.\n",
        "Ann\nAll is well.\n",
    ]


def test_each_speaker_is_named() -> None:
    """With all events, what members say is printed under their names."""
    crew = team([[("ann", "Go")], "All done."], agent(["Ann done."]))
    console = _console()
    pprint.pprint_run_response(crew.run("x", stream=True, stream_events=True), console=console)
    assert _written(console) == "Ann\nAnn done.\nCrew\nAll done.\n"
