"""What every store does with large values, which are stored once, by their digests."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from kernbot.db.base import FencedError
from kernbot.errors import ConflictError, StorageError

if TYPE_CHECKING:
    from tests.contracts.conftest import Bench


async def test_large_values_come_back_by_their_digests(bench: Bench) -> None:
    """Those that are asked for are returned, as they were stored with an entry."""
    epoch = await bench.start()
    values = {"d1": "é" * 1_000_000, "d2": {"list": [1, None]}, "d3": None}
    await bench.store.append("r1", epoch, bench.entry(), values)
    assert await bench.store.get_blobs(["d3", "d1", "d1"]) == {"d1": values["d1"], "d3": None}
    assert await bench.store.get_blobs(["d2"]) == {"d2": values["d2"]}
    assert await bench.store.get_blobs([]) == {}


async def test_a_large_value_is_stored_once(bench: Bench) -> None:
    """What another run has stored under a digest stays, and counts for both."""
    for run_id, session_id in (("r1", "s1"), ("r2", "s2")):
        epoch = await bench.start(run_id, session_id=session_id)
        await bench.store.append(run_id, epoch, bench.entry(), {"d1": "large", run_id: "own"})
    assert await bench.store.get_blobs(["d1", "r1", "r2"]) == {"d1": "large", "r1": "own", "r2": "own"}


async def test_a_missing_large_value_is_named(bench: Bench) -> None:
    """StorageError names the digest for which there is nothing."""
    epoch = await bench.start()
    await bench.store.append("r1", epoch, bench.entry(), {"d1": "large"})
    with pytest.raises(StorageError, match="the large value d2 is missing; restore it from a backup"):
        await bench.store.get_blobs(["d1", "d2"])


async def test_large_values_are_stored_with_their_entry_or_not_at_all(bench: Bench) -> None:
    """Nothing is stored with an entry that is refused: for an old claim, or for its place being taken."""
    epoch = await bench.start()
    await bench.store.append("r1", epoch, bench.entry())
    with pytest.raises(ConflictError, match="root/fetch already"):
        await bench.store.append("r1", epoch, bench.entry(), {"d1": "large"})
    with pytest.raises(FencedError):
        await bench.store.append("r1", epoch - 1, bench.entry("root/next"), {"d1": "large"})
    with pytest.raises(StorageError, match="d1 is missing"):
        await bench.store.get_blobs(["d1"])


async def test_large_values_are_copies(bench: Bench) -> None:
    """The store is unchanged when a caller changes what it gave or what it got."""
    epoch = await bench.start()
    value: list[Any] = [1]
    await bench.store.append("r1", epoch, bench.entry(), {"d1": value})
    value.append(2)
    (await bench.store.get_blobs(["d1"]))["d1"].append(3)
    assert await bench.store.get_blobs(["d1"]) == {"d1": [1]}
