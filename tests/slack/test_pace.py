"""The pace of calls: within the rates, the most urgent first, and one that Slack puts off holds no other up."""

from __future__ import annotations

import asyncio

import pytest

from kernbot.slack.outbox.pace import POSTS_IN_A_CHANNEL, TIER_2, TIER_3, TIER_4, Pace, Rate, Time, Turn, Urgency

UPDATE = Turn("chat.update", Urgency.OUTCOME)


class Passing:
    """A time that stands still until everybody waits for it."""

    def __init__(self) -> None:
        self.now = 0.0
        self.time = Time(lambda: self.now, self._sleep)

    async def _sleep(self, seconds: float) -> None:
        await asyncio.sleep(0)
        self.now += seconds


async def make_calls(pace: Pace, passing: Passing, turns: list[Turn]) -> list[tuple[float, Turn]]:
    """Ask for all turns at once; return when each came, in the order in which they came."""
    made: list[tuple[float, Turn]] = []

    async def call(turn: Turn) -> None:
        await pace.ask(turn).granted()
        made.append((passing.now, turn))

    await asyncio.gather(*map(call, turns))
    return made


@pytest.mark.parametrize(("rate", "most"), [(TIER_2, 20), (TIER_3, 50), (TIER_4, 100)])
def test_what_is_had_at_once_counts_too(rate: Rate, most: int) -> None:
    """No minute holds more calls than Slack's documentation names for the tier."""
    assert rate.burst + 60 / rate.seconds <= most


async def test_no_minute_holds_more_than_the_rate() -> None:
    """Of many calls at once some are made at once, and the others one by one."""
    passing = Passing()
    made = await make_calls(Pace(passing.time), passing, [UPDATE] * 120)
    times = [at for at, _ in made]
    assert times[:10] == [0.0] * 10
    assert times[10] > 0
    assert max(sum(start <= at < start + 60 for at in times) for start in times) <= 50


async def test_the_most_urgent_goes_first() -> None:
    """Whatever was asked for before waits for what is more urgent; of the same urgency, the first goes first."""
    passing = Passing()
    pace = Pace(passing.time)
    await make_calls(pace, passing, [UPDATE] * 10)
    turns = [
        Turn("chat.update", urgency, run_id=f"r{number}") for number, urgency in enumerate(reversed(Urgency), start=1)
    ]
    made = await make_calls(pace, passing, [*turns, UPDATE])
    assert [turn.urgency for _, turn in made] == sorted(turn.urgency for _, turn in made)
    assert [turn.run_id for _, turn in made if turn.urgency is Urgency.OUTCOME] == ["r2", None]


async def test_a_channel_has_a_pace_of_its_own() -> None:
    """Posts to one channel wait for each other, and not for those to another."""
    passing = Passing()
    posts = [Turn("chat.postMessage", Urgency.QUESTION, channel=channel) for channel in ["C1"] * 8 + ["C2"]]
    made = await make_calls(Pace(passing.time), passing, posts)
    assert [at for at, turn in made if turn.channel == "C2"] == [0.0]
    assert [at for at, turn in made if turn.channel == "C1"][POSTS_IN_A_CHANNEL.burst :] == [1.0, 2.0, 3.0]


async def test_what_slack_puts_off_holds_no_other_up() -> None:
    """A channel that is put off waits as long as Slack has said; another one and another method go on."""
    passing = Passing()
    pace = Pace(passing.time)
    late = Turn("chat.postMessage", Urgency.CLAIM, channel="C1")
    pace.hold(late, 30.0)
    made = await make_calls(pace, passing, [late, Turn("chat.postMessage", Urgency.QUESTION, channel="C2"), UPDATE])
    assert [(at, turn.channel) for at, turn in made] == [(0.0, "C2"), (0.0, None), (30.0, "C1")]


async def test_progress_of_a_run_is_shown_once_a_second() -> None:
    """The updates of one parent message are a second apart, those of another run are not held up by them."""
    passing = Passing()
    turns = [Turn("chat.update", Urgency.PROGRESS, run_id=run_id) for run_id in ("r1", "r1", "r1", "r2")]
    made = await make_calls(Pace(passing.time), passing, turns)
    assert [(at, turn.run_id) for at, turn in made] == [(0.0, "r1"), (0.0, "r2"), (1.0, "r1"), (2.0, "r1")]


async def test_a_place_that_was_given_up_uses_no_call() -> None:
    """Whoever stands behind it in the queue goes on as if it were not there."""
    passing = Passing()
    pace = Pace(passing.time)
    await make_calls(pace, passing, [UPDATE] * 10)
    pace.ask(UPDATE).withdraw()
    made = await make_calls(pace, passing, [UPDATE])
    assert [at for at, _ in made] == [TIER_3.seconds]


async def test_a_call_is_taken_only_if_it_can_be_made_at_once() -> None:
    """Whoever has another way does not wait."""
    pace = Pace(Passing().time)
    turn = Turn("chat.postEphemeral", Urgency.CLAIM)
    assert [pace.take(turn) for _ in range(TIER_4.burst + 1)] == [True] * TIER_4.burst + [False]


async def test_lanes_that_nobody_uses_are_forgotten() -> None:
    """What is kept does not grow with the runs that there have been."""
    passing = Passing()
    pace = Pace(passing.time)
    for number in range(3_000):
        pace.take(Turn("chat.update", Urgency.PROGRESS, run_id=f"r{number}"))
        passing.now += 2
    assert len(pace._lanes) <= 1_001
