"""What the fault tests share."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.faults.scene import Scene, make_scene


@pytest.fixture
async def scene(tmp_path: Path, request: pytest.FixtureRequest) -> AsyncIterator[Scene]:
    """Yield a local Slack and a folder for bots: over Socket Mode, unless a test asks for `http`."""
    async with make_scene(tmp_path, getattr(request, "param", "socket")) as scene:
        yield scene
