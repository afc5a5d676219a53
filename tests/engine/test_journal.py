"""What is known of a run, by path."""

from __future__ import annotations

from typing import Any

from kernbot.db.base import JournalEntry, RunRecord, SessionRecord, Snapshot, StateChanges
from kernbot.engine.journal import SKIPPED, Journal, apply_changes, output_payload, state_changes
from kernbot.engine.questions import Asking, ask_before
from kernbot.run import RunStatus
from kernbot.workflow import Step, StepOutput


def _entry(path: str, kind: Any = "output", payload: Any = None, attempt: int = 1) -> JournalEntry:
    return JournalEntry(path=path, kind=kind, attempt=attempt, node="Step:a", payload=payload or {}, created_at=1.0)


def _journal(*entries: JournalEntry, asked: str | None = None) -> Journal:
    run = RunRecord(
        run_id="R",
        session_id="S",
        workflow_id="w",
        workflow_name="w",
        user_id=None,
        origin="library",
        status=RunStatus.RUNNING,
        request={},
        created_at=1.0,
        updated_at=1.0,
    )
    session = SessionRecord(session_id="S", workflow_id="w", user_id=None, state={}, created_at=1.0, updated_at=1.0)
    gated = Step(name="a", executor=lambda _: None, requires_confirmation=True)
    pauses = (ask_before(gated, Asking(run_id="R", path=asked, now=1.0)),) if asked else ()
    return Journal(Snapshot(run=run, session=session, journal=entries, pauses=pauses))


def test_an_output_comes_back_as_it_was_stored() -> None:
    """Its values are those that a reload gives."""
    output = StepOutput(step_name="a", content=(1, {"n": {2}}), stop=True)
    assert _journal(_entry("root/a", payload=output_payload(output))).output("root/a") == output


def test_a_skipped_node_is_over_and_has_no_output() -> None:
    """It will not be looked at again, and leaves nothing."""
    journal = _journal(_entry("root/a", payload=SKIPPED))
    assert (journal.is_over("root/a"), journal.output("root/a")) == (True, None)
    assert (journal.is_over("root/b"), journal.output("root/b")) == (False, None)


def test_a_composite_stores_no_value_twice() -> None:
    """Its entry names the paths inside it, and its output is put together from them."""
    inner = StepOutput(step_name="a", content="x" * 1_000)
    payload = output_payload(StepOutput(step_name="s"), ["root/s/a", "root/s/skipped"])
    assert len(str(payload)) < 500
    skipped = _entry("root/s/skipped", payload=SKIPPED)
    journal = _journal(_entry("root/s/a", payload=output_payload(inner)), skipped, _entry("root/s", payload=payload))
    output = journal.output("root/s")
    assert output is not None
    assert (output.steps, output.content) == ([inner], inner.content)


def test_attempts_are_counted_by_their_number() -> None:
    """The last one that was begun or failed, and the last one that failed."""
    begun = [_entry("root/a", "started", attempt=number) for number in (1, 2, 3)]
    journal = _journal(*begun, _entry("root/a", "failure", attempt=2))
    assert (journal.attempts("root/a"), journal.failures("root/a")) == (3, 2)
    assert (journal.attempts("root/b"), journal.failures("root/b")) == (0, 0)


def test_a_node_has_begun_once_anything_is_known_of_it_or_inside_it() -> None:
    """An entry or a question inside counts; its own question does not, and neither does a neighbour's entry."""
    assert not _journal(_entry("root/ab"), asked="root/a").has_begun("root/a")
    assert _journal(_entry("root/a/b")).has_begun("root/a")
    assert _journal(asked="root/a/b").has_begun("root/a")


def test_only_what_changed_is_stored_of_a_state() -> None:
    """Keys that were set or taken out; nothing where nothing changed, also deep inside."""
    before = {"same": [1], "deep": {"n": 1}, "gone": 1}
    changes = state_changes(before, {"same": [1], "deep": {"n": 2}, "new": (1,)})
    assert changes == StateChanges(set={"deep": {"n": 2}, "new": {"$kernbot": ["tuple", [1]]}}, deleted=("gone",))
    assert state_changes(before, {"gone": 1, "deep": {"n": 1}, "same": [1]}) is None
    apply_changes(before, changes)
    assert before == {"same": [1], "deep": {"n": 2}, "new": (1,)}
