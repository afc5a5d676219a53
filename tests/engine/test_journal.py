"""What is known of a run, by path."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from kernbot.db.base import (
    AnswerRecord,
    JournalEntry,
    PauseRecord,
    RunRecord,
    SessionRecord,
    Snapshot,
    StateChanges,
)
from kernbot.engine.journal import (
    SKIPPED,
    Journal,
    accepted_payload,
    apply_changes,
    output_payload,
    state_changes,
)
from kernbot.engine.large import take_out
from kernbot.engine.questions import Asked, Asking, ask_about_output, ask_after_failure, ask_before
from kernbot.run import RunStatus
from kernbot.run.answer import Action, Answer
from kernbot.workflow import Step, StepOutput


def _entry(path: str, kind: Any = "output", payload: Any = None, attempt: int = 1) -> JournalEntry:
    return JournalEntry(path=path, kind=kind, attempt=attempt, node="Step:a", payload=payload or {}, created_at=1.0)


NODE = Step(name="a", executor=lambda _: None, requires_confirmation=True)


def _asking(path: str) -> Asking:
    return Asking(run_id="R", path=path, now=1.0)


def _draft(content: str, of_attempt: int = 1) -> dict[str, Any]:
    return {**output_payload(StepOutput(step_name="a", content=content)), "attempt": of_attempt}


def _journal(*entries: JournalEntry, pauses: Sequence[PauseRecord] = (), outcome: Any = None) -> Journal:
    run = RunRecord(
        run_id="R",
        session_id="S",
        workflow_id="w",
        workflow_name="w",
        user_id=None,
        origin="library",
        status=RunStatus.RUNNING,
        request={},
        outcome=outcome,
        created_at=1.0,
        updated_at=1.0,
    )
    session = SessionRecord(session_id="S", workflow_id="w", user_id=None, state={}, created_at=1.0, updated_at=1.0)
    return Journal(Snapshot(run=run, session=session, journal=entries, pauses=tuple(pauses)))


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


def test_an_attempt_that_failed_or_left_a_draft_has_ended() -> None:
    """One that only began was in flight."""
    begun = _entry("root/a", "started", attempt=3)
    failed = _entry("root/a", "failure", attempt=1)
    drafted = _entry("root/a", "draft", _draft("first", of_attempt=2))
    ended = [_journal(begun, *known).ended_attempts("root/a") for known in ([], [failed], [failed, drafted])]
    assert ended == [0, 1, 2]


def test_failures_count_since_a_person_had_it_done_again() -> None:
    """After an answered retry, after a draft, and after a run was taken up that had ended in ERROR."""
    answered = AnswerRecord(answer=Answer(action=Action.retry).to_dict(), at=2.0, by="ann", door="button")
    asked = ask_after_failure(NODE, _asking("root/a"), 3, "ValueError: no")
    assert _journal(pauses=[asked]).retried("root/a") == 0
    assert _journal(pauses=[replace(asked, state="answered", answered=answered)]).retried("root/a") == 3
    assert _journal(_entry("root/a", "draft", _draft("first", of_attempt=2))).retried("root/a") == 2
    assert _journal(outcome={"failed": {"root/a": 4}}).retried("root/a") == 4


def test_an_output_may_be_a_draft() -> None:
    """As it was written, or as it was edited in that review; a later draft has another number."""
    drafts = [_entry("root/a", "draft", _draft(text), attempt=number) for number, text in enumerate(["x", "y"], 1)]
    edit = Answer(action=Action.edit, output="edited")
    reviewed = ask_about_output(NODE, _asking("root/a"), Asked(number=2), {"draft": 2}, may_retry=True)
    record = AnswerRecord(answer=edit.to_dict(), at=2.0, by="ann", door="button")
    pauses = [replace(reviewed, state="answered", answered=record)]
    contents = []
    for edited_in in (None, ("output_review", 2)):
        over = _entry("root/a", payload=accepted_payload(2, edited_in))
        journal = _journal(*drafts, over, pauses=pauses)
        output = journal.output("root/a")
        contents.append(output and output.content)
    assert contents == ["y", "edited"]
    first, last = journal.draft("root/a", 1), journal.last_draft("root/a")
    assert (first and first.content, last and last.content, journal.last_draft("root/b")) == ("x", "y", None)


def test_large_contents_are_there_once_they_are_read() -> None:
    """Until then the journal names what is to be read."""
    payload, blobs = take_out(output_payload(StepOutput(step_name="a", content="x" * 300_000)))
    journal = _journal(_entry("root/a", payload=payload))
    assert journal.unread() == list(blobs)
    journal.learn(blobs)
    output = journal.output("root/a")
    assert output is not None
    assert (len(output.content), journal.unread()) == (300_000, [])


def test_a_run_has_gone_on_once_anything_was_written_since() -> None:
    """At a path or inside it, an entry or a question; what is older does not count, and neither does a neighbour."""
    written = _journal(_entry("root/a/b"))
    asked = _journal(pauses=[ask_before(NODE, _asking("root/a/b"))])
    for journal in (written, asked):
        assert (journal.has_gone_on("root/a", 0.5), journal.has_gone_on("root/a", 1.0)) == (True, False)
        assert not journal.has_gone_on("root/ab", 0.5)


def test_only_what_changed_is_stored_of_a_state() -> None:
    """Keys that were set or taken out; nothing where nothing changed, also deep inside."""
    before = {"same": [1], "deep": {"n": 1}, "gone": 1}
    changes = state_changes(before, {"same": [1], "deep": {"n": 2}, "new": (1,)})
    assert changes == StateChanges(
        set={"deep": {"n": 2}, "new": {"$kernbot": ["tuple", [1]]}},
        deleted=("gone",),
        was={"deep": {"n": 1}, "gone": 1},
    )
    assert state_changes(before, {"gone": 1, "deep": {"n": 1}, "same": [1]}) is None
    apply_changes(before, changes)
    assert before == {"same": [1], "deep": {"n": 2}, "new": (1,)}
