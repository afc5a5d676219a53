"""The alarm clock."""

from __future__ import annotations

import asyncio

from kernbot.runtime.deadlines import Alarm


class Sweeps:
    """Counts sweeps; tells what a test has set as the time that is left."""

    def __init__(self) -> None:
        self.count = 0
        self.left: float | None = None
        self.swept = asyncio.Event()

    async def sweep(self) -> None:
        """Count."""
        self.count += 1
        self.left = None
        self.swept.set()

    async def seconds_left(self) -> float | None:
        """Return what was set."""
        return self.left


async def test_the_alarm_rings_at_the_next_deadline() -> None:
    """It rings once when the deadline that it was told of is due, long before the interval."""
    sweeps = Sweeps()
    alarm = Alarm(sweeps.sweep, sweeps.seconds_left, interval=600)
    alarm.start()
    sweeps.left = 0.2
    alarm.look()
    await asyncio.wait_for(sweeps.swept.wait(), 5)
    assert sweeps.count == 1
    await alarm.stop()


async def test_a_deadline_that_has_passed_rings_at_once() -> None:
    """What is overdue is not dropped for being late."""
    sweeps = Sweeps()
    sweeps.left = -3_600.0
    alarm = Alarm(sweeps.sweep, sweeps.seconds_left, interval=600)
    alarm.start()
    await asyncio.wait_for(sweeps.swept.wait(), 5)
    await alarm.stop()


async def test_the_safety_net_needs_no_deadline() -> None:
    """It rings at intervals though nobody told it anything."""
    sweeps = Sweeps()
    alarm = Alarm(sweeps.sweep, sweeps.seconds_left, interval=0.1)
    alarm.start()
    await asyncio.wait_for(sweeps.swept.wait(), 5)
    await alarm.stop()
