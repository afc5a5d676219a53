"""Where it is found out what is to be sent of a run: its rows, its messages, the channels and the people."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, replace

from kernbot.db.base import PauseRecord, Snapshot, Store
from kernbot.db.slack import STREAMING, SlackMessage, SlackStore
from kernbot.engine.large import load
from kernbot.engine.runner import OWNER
from kernbot.run.status import RunStatus
from kernbot.runtime.registry import KernBot, Registration
from kernbot.runtime.troubles import Troubles
from kernbot.slack.channels import Channels, Standing, what_became_of
from kernbot.slack.ids import TokenMaker, permalink, slack_user
from kernbot.slack.outbox.complaints import Complaints
from kernbot.slack.outbox.folds import Folds
from kernbot.slack.outbox.readers import Readers
from kernbot.slack.outbox.wanted import Key, Place, Wanted, wanted_messages
from kernbot.slack.outbox.work import PARENT, Desk, Rows, key_of
from kernbot.slack.reading.runs import run_facts
from kernbot.slack.render.facts import RunFacts


@dataclass(frozen=True)
class _Places:
    """The channels that matter to a run."""

    home: str
    place: Place
    closed: Collection[str]
    hides_values: bool


class Desks:
    """Gathers what decides over the messages of a run."""

    def __init__(
        self,
        bot: KernBot,
        store: Store,
        *,
        messages: SlackStore,
        tokens: TokenMaker,
        workspace_url: str,
        channels: Channels,
        readers: Readers,
        folds: Folds,
        complaints: Complaints,
        troubles: Troubles,
        is_live: Callable[[str, str | None], bool],
    ) -> None:
        self._bot = bot
        self._store = store
        self._messages = messages
        self._tokens = tokens
        self._workspace_url = workspace_url
        self._channels = channels
        self._readers = readers
        self._folds = folds
        self._complaints = complaints
        self._troubles = troubles
        self._is_live = is_live
        self._in_plain: set[tuple[str, Key, str]] = set()

    async def of_run(self, run_id: str, given_up: Collection[Key]) -> Desk | None:
        """Return what there is to send of a run; None for a run that is not the bot's."""
        run = await self._store.get_run(run_id)
        registered = self._bot.of_workflow(run.workflow_id) if run and run.origin == "bot" else None
        if registered is None:
            return None
        snapshot = await load(self._store, run_id)
        rows = {key_of(row): row for row in await self._messages.list_messages(run_id)}
        places = await self._places(snapshot, registered, rows)
        facts = self._facts(snapshot, registered, places, rows)
        live = {key for key in _talks(facts) if self._is_live(run_id, key[1])}
        streamed = live | {key for key in _talks(facts) if _is_streamed_elsewhere(snapshot, rows.get(key))}
        wanted = list(self._made(facts, places.place, rows))
        if await self._is_folded(wanted, rows, registered):
            wanted = [replace(item, broadcast=False) for item in wanted]
        return Desk(
            run_id=run_id,
            workflow_id=snapshot.run.workflow_id,
            has_ended=snapshot.run.status.has_ended and not streamed,
            home=places.home,
            wanted=wanted,
            rows=rows,
            closed=places.closed,
            given_up=given_up,
            streamed=streamed,
            about_to_begin={key for key in live if key not in rows or rows[key].ts is None},
        )

    def note_closed(self, channel: str, error: BaseException) -> bool:
        """Remember what a refused call says of a channel; return whether it says that nothing can be posted there."""
        return self._channels.note(channel, error) is not None

    def show_in_plain(self, run_id: str, wanted: Wanted) -> bool:
        """Have a plain message take the place of one; False if it has none."""
        if wanted.is_plain:
            return False
        self._in_plain.add((run_id, wanted.key, wanted.state))
        return True

    async def _places(self, snapshot: Snapshot, registered: Registration, rows: Rows) -> _Places:
        home = rows[PARENT].channel if PARENT in rows else registered.channel
        waiting = [pause for pause in snapshot.pauses if pause.state == "open"]
        used = {home, *(row.channel for row in rows.values() if row.role == "moved")}
        standings = {channel: await self._channels.look_at(channel) for channel in used}
        place = Place(tells=snapshot.run.user_id if _is_elsewhere(snapshot, home) else None)
        if reason := standings[home].closed:
            place = await self._away(waiting, registered, standings)
            place = replace(place, because=what_became_of(home, reason), tells=snapshot.run.user_id)
            if any(pause.pause_id not in place.moved and not place.readers[pause.pause_id] for pause in waiting):
                self._complaints.log(
                    "a question can be asked nowhere, and waits", f"{home} {reason}", snapshot.run.run_id
                )
        else:
            place = replace(place, readers=await self._readers.of_questions(waiting, registered, home))
        closed = {channel for channel, standing in standings.items() if standing.closed}
        is_shared = any(standing.is_shared for standing in standings.values())
        return _Places(home, place, closed, hides_values=is_shared)

    async def _away(
        self, waiting: Sequence[PauseRecord], registered: Registration, standings: dict[str, Standing]
    ) -> Place:
        """Return where questions are asked that can't be in the thread of their run.

        That is the workflow's channel, or else, for each question, its named approvers by direct message, or else, if
        nobody is named or reached, the operators' channel. Who may answer stays the same.
        """
        if await self._is_open(registered.channel, standings):
            moved = {pause.pause_id: registered.channel for pause in waiting}
            return Place(moved=moved, readers=await self._readers.of_questions(waiting, registered, registered.channel))
        readers = await self._readers.of_questions(waiting, registered, None)
        operators = self._bot.operators_channel
        if operators is None or not await self._is_open(operators, standings):
            return Place(readers=readers)
        named = self._readers.named
        unseen = [pause for pause in waiting if not (named(registered, pause) and readers[pause.pause_id])]
        return Place(moved={pause.pause_id: operators for pause in unseen}, readers=readers)

    async def _is_open(self, channel: str, standings: dict[str, Standing]) -> bool:
        standings[channel] = await self._channels.look_at(channel)
        return standings[channel].closed is None

    def _facts(self, snapshot: Snapshot, registered: Registration, places: _Places, rows: Rows) -> RunFacts:
        waiting = next((pause for pause in snapshot.pauses if pause.state == "open"), None)
        facts = run_facts(
            snapshot,
            registered.channel,
            hides_values=places.hides_values,
            run_link=self._link(rows.get(PARENT)),
            trouble=self._troubles.of(snapshot.run.run_id),
        )
        for pause in facts.pauses:
            if pause.cause == "damaged":
                self._complaints.tell(
                    "a question can't be read; a plain card says so", f"{pause.pause_id} ({pause.error})", facts.run_id
                )
        if waiting is None:
            return facts
        asked = next(pause for pause in facts.pauses if pause.pause_id == waiting.pause_id)
        card = rows.get(("card", asked.first_asked or asked.pause_id, None))
        return replace(facts, open_question_link=self._link(card))

    def _made(self, facts: RunFacts, place: Place, rows: Rows) -> Iterator[Wanted]:
        """Yield the wanted messages that can be made: in plain where that is the only way."""
        for wanted in wanted_messages(facts, self._tokens, place, rows):
            try:
                is_taken = (facts.run_id, wanted.key, wanted.state) not in self._in_plain
            except Exception as error:  # noqa: BLE001 - whatever a card can't show, its question is asked
                self._complaints.log("a message can't be made; a plain one is", type(error).__name__, facts.run_id)
                is_taken = False
            yield wanted if is_taken else wanted.in_plain()

    async def _is_folded(self, wanted: Collection[Wanted], rows: Rows, registered: Registration) -> bool:
        """Whether so many questions of a workflow are open that the channel sees one message for all."""
        if not any(item.broadcast and item.key not in rows for item in wanted):
            return False
        return await self._folds.are_many(registered.definition.workflow_id)

    def _link(self, row: SlackMessage | None) -> str | None:
        return permalink(self._workspace_url, row.channel, row.ts, row.thread_ts) if row and row.ts else None


def _talks(facts: RunFacts) -> Iterator[Key]:
    return (("talk", said.talk_id, None) for said in facts.talks)


def _is_streamed_elsewhere(snapshot: Snapshot, row: SlackMessage | None) -> bool:
    """Whether another process, which executes the run, is writing a message just now."""
    is_elsewhere = snapshot.run.status is RunStatus.RUNNING and snapshot.run.owner != OWNER
    return is_elsewhere and row is not None and row.shown == STREAMING


def _is_elsewhere(snapshot: Snapshot, home: str) -> bool:
    """Whether a person of Slack started a run in another channel than the one that its thread is in, or in none."""
    started_in = snapshot.run.request["notes"].get("started_in", home)
    return slack_user(snapshot.run.user_id) is not None and started_in != home
