"""The clock that can be moved."""

from __future__ import annotations

import math

import pytest

from kernbot.localslack import ActError, Clock
from tests.localslack.office import NOON
from tests.localslack.office import Clock as Standing


def test_jumps_add_up() -> None:
    """It runs with the machine's time, ahead of it by all jumps."""
    machine = Standing()
    clock = Clock(machine)
    clock.jump(60)
    machine.now += 5
    clock.jump(3600)
    assert (clock(), clock.ahead) == (NOON + 5 + 3660, 3660)


@pytest.mark.parametrize("seconds", [0, -1, 400 * 24 * 3600, math.inf, math.nan])
def test_no_way_back(seconds: float) -> None:
    """It goes forward only, and by a year at most; what is refused moves nothing."""
    clock = Clock(Standing())
    with pytest.raises(ActError, match="only forward, and by a year at most"):
        clock.jump(seconds)
    assert clock() == NOON
