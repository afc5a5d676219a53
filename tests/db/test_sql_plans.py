"""What a transaction costs does not grow with what has happened before: none of them reads a whole table."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, create_engine, event, insert

from kernbot.db import sql_runs, sql_shared, sql_slack
from kernbot.db.base import AnswerRecord, JournalEntry, PauseRecord, RunFilter, RunRecord, StateChanges
from kernbot.db.schema import ensure_schema, enter_schema
from kernbot.db.slack import OfferedForm, Preferences, SlackMessage
from kernbot.db.tables import runs
from kernbot.run.status import RunStatus

RUN = RunRecord(
    run_id="r1",
    session_id="s1",
    workflow_id="weekly",
    workflow_name="Weekly report",
    user_id="U02ANA",
    origin="bot",
    status=RunStatus.RUNNING,
    request={},
    epoch=1,
    lease_until=2000.0,
    created_at=1000.0,
    updated_at=1000.0,
)
ENTRY = JournalEntry(
    path="root/a", kind="output", node="Step:a", payload=1, state_changes=StateChanges(set={"a": 1}), created_at=1.0
)
PAUSE = PauseRecord(
    pause_id="p1",
    run_id="r1",
    path="root/a",
    kind="confirmation",
    number=1,
    step_name="a",
    question={},
    digest="d1",
    silence={},
    opened_at=1.0,
    deadline=5.0,
)
ANSWER = AnswerRecord(answer={}, at=1.0, by="ana", door="button")
MESSAGE = SlackMessage(message_id="m1", run_id="r1", role="parent", pause_id=None, channel="C01")

HOT: list[tuple[Callable[..., Any], tuple[Any, ...]]] = [
    (partial(sql_runs.create_run, replaces_state=False), (replace(RUN, run_id="new"), {"a": 1})),
    (partial(sql_runs.create_run, replaces_state=True), (replace(RUN, run_id="new"), {"a": 1})),
    (sql_runs.append, ("r1", 1, ENTRY, {"d1": "large"})),
    (sql_runs.renew_lease, ("r1", 1, 1000.0, 30.0)),
    (sql_runs.load_run, ("r1",)),
    (sql_runs.next_deadline, ()),
    (sql_runs.suspend, ("r1", 1, [PAUSE], 1.0)),
    (partial(sql_runs.finish_run, now=1.0), ("r1", 1, RunStatus.ERROR, {})),
    (sql_runs.reopen_run, ("r3", 1.0)),
    (sql_runs.close_pause, ("p1", ANSWER, None)),
    (sql_runs.close_pause, ("p1", ANSWER, "d1")),
    (sql_runs.claim_run, ("r1", "w1", 1000.0, 30.0)),
    (sql_runs.release_run, ("r1", 1, 1.0)),
    (sql_runs.expire_pauses, (5.0, 10, None)),
    (sql_runs.expire_pauses, (5.0, 10, "weekly")),
    (sql_runs.list_work, (1000.0, 10)),
    (sql_runs.list_runs, (RunFilter(session_id="s1"),)),
    (sql_runs.list_runs, (RunFilter(workflow_ids=["weekly"]),)),
    (sql_runs.list_runs, (RunFilter(user_id="U02ANA"),)),
    (sql_runs.list_runs, (RunFilter(run_id_prefix="r"),)),
    (sql_runs.list_runs, (RunFilter(statuses=list(RunStatus)),)),
    (sql_runs.list_runs, (RunFilter(session_id="s1", statuses=list(RunStatus)),)),
    (sql_runs.list_runs, (RunFilter(workflow_ids=["weekly"], statuses=list(RunStatus)),)),
    (sql_runs.list_open_pauses, (10,)),
    (sql_shared.get_session, ("s1",)),
    (sql_shared.get_blobs, (["d1", "d2"],)),
    (partial(sql_shared.update_session, name="May", state=StateChanges(set={"a": 1})), ("s1", 1.0)),
    (sql_shared.delete_session, ("s2",)),
    (partial(sql_runs.cancel_run, lease_now=1.0), ("r1", "ana", "button", 1.0)),
    (sql_slack.save_message, (MESSAGE,)),
    (sql_slack.list_messages, ("r1",)),
    (sql_slack.list_unsettled, (10,)),
    (sql_slack.settle_run, ("r1",)),
    (sql_slack.put_inbox, ({}, 1.0)),
    (sql_slack.delete_inbox, (1,)),
    (sql_slack.put_form, (OfferedForm(form_id="f1", asked={}, created_at=1.0),)),
    (sql_slack.get_form, ("f1",)),
    (sql_slack.delete_forms, (1.0,)),
    (sql_slack.get_preferences, ("slack:T01:U02ANA",)),
    (sql_slack.save_preferences, (Preferences(person_id="slack:T01:U02ANA"),)),
    (sql_slack.list_direct_message_readers, ()),
    (sql_slack.get_key, ("modal",)),
]


def begin(connection: Connection, run: RunRecord) -> None:
    """Store a run."""
    sql_runs.create_run(connection, run, {}, replaces_state=False)


@pytest.fixture(params=["sqlite", "postgres"])
def connection(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Connection]:
    """Yield a connection to a database with a run that is running, one that is paused, and one that has failed."""
    url = f"sqlite:///{tmp_path}/kernbot.db"
    if request.param == "postgres":
        url = request.getfixturevalue("postgres_server").replace("postgresql", "postgresql+psycopg", 1)
    engine = create_engine(url)
    with engine.connect() as connection:  # nothing is committed
        if request.param == "postgres":
            enter_schema(connection, "plans", create=True)
        ensure_schema(connection)
        begin(connection, RUN)
        begin(connection, replace(RUN, run_id="r2"))
        begin(connection, replace(RUN, run_id="r3", session_id="s2", status=RunStatus.ERROR))
        sql_runs.append(connection, "r1", 1, replace(ENTRY, path="root/0"), {"d1": 1, "d2": 2})
        sql_runs.suspend(connection, "r2", 1, [replace(PAUSE, pause_id="p2", run_id="r2")], 1.0)
        yield connection
    engine.dispose()


def plans(connection: Connection, work: Callable[..., Any], *arguments: Any) -> list[str]:
    """Run a transaction, and return how its rows are found: one line for each table and statement, or more."""
    found: list[str] = []
    is_sqlite = connection.dialect.name == "sqlite"
    if not is_sqlite:
        connection.exec_driver_sql("SET enable_seqscan = off")  # a table this small is read whole where it can be

    def explain(_: Any, cursor: Any, statement: str, parameters: Any, *_more: Any) -> None:
        lines = cursor.execute(f"EXPLAIN {'QUERY PLAN ' * is_sqlite}{statement}", parameters).fetchall()
        found.extend(str(line[-1]).strip() for line in lines)

    event.listen(connection, "before_cursor_execute", explain)
    work(connection, *arguments)
    event.remove(connection, "before_cursor_execute", explain)
    return found


def whole(plan: list[str]) -> list[str]:
    """Return the lines of a plan that say that a table is read whole."""
    return [line for line in plan if line.startswith("SCAN") or "Seq Scan" in line]


@pytest.mark.parametrize(("work", "arguments"), HOT)
def test_no_table_is_read_whole(connection: Connection, work: Callable[..., Any], arguments: tuple[Any, ...]) -> None:
    """Every statement searches by an index."""
    assert whole(plans(connection, work, *arguments)) == []


def test_the_newest_runs_are_read_along_an_index(connection: Connection) -> None:
    """The list of all runs is read along their age, up to its limit, and not sorted."""
    plan = plans(connection, sql_runs.list_runs, RunFilter())
    assert plan == ["SCAN runs USING INDEX runs_by_age"] or "Presorted Key: created_at" in plan


def test_the_runs_of_a_session_are_read_by_their_status(connection: Connection) -> None:
    """Neither the history of the session is read, nor what is in the same statuses in other sessions."""
    kinds = [("s1", RunStatus.COMPLETED), ("s2", RunStatus.PAUSED), ("s2", RunStatus.ERROR)] * 300
    history = [
        replace(RUN, run_id=f"old{age}", session_id=session_id, status=status, created_at=age)
        for age, (session_id, status) in enumerate(kinds)
    ]
    connection.execute(insert(runs), [{**vars(run), "settled": True} for run in history])
    connection.exec_driver_sql("ANALYZE runs")
    which = RunFilter(session_id="s1", statuses=[RunStatus.PAUSED, RunStatus.ERROR])
    found = plans(connection, sql_runs.list_runs, which)
    assert len([line for line in found if "runs_by_session_and_status" in line]) == 2


def test_the_runs_of_a_workflow_are_read_by_their_status(connection: Connection) -> None:
    """Neither the history of the workflow is read, nor what is in the same statuses of other workflows."""
    kinds = [("weekly", RunStatus.COMPLETED), ("daily", RunStatus.CANCELLED), ("daily", RunStatus.ERROR)] * 300
    history = [
        replace(RUN, run_id=f"old{age}", workflow_id=workflow_id, status=status, created_at=age)
        for age, (workflow_id, status) in enumerate(kinds)
    ]
    connection.execute(insert(runs), [{**vars(run), "settled": True} for run in history])
    connection.exec_driver_sql("ANALYZE runs")
    which = RunFilter(workflow_ids=["weekly"], statuses=[RunStatus.CANCELLED, RunStatus.ERROR])
    found = plans(connection, sql_runs.list_runs, which)
    assert len([line for line in found if "runs_by_workflow_and_status" in line]) == 2


def test_open_questions_are_read_without_those_that_are_answered(connection: Connection) -> None:
    """The list of open questions is read along their deadlines, however many were answered."""
    plan = plans(connection, sql_runs.list_open_pauses, 10)
    assert len([line for line in plan if "pauses_by_deadline" in line]) == 2


def test_a_plan_would_show_a_scan(connection: Connection) -> None:
    """A statement that reads a whole table is told apart."""
    plan = plans(connection, lambda c: c.exec_driver_sql("SELECT * FROM runs WHERE owner = 'w1'"))
    assert len(whole(plan)) == 1
