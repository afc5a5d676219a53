"""Setting up a workspace, and waiting for it."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from kernbot.localslack import Actor, App, LocalSlack, SetUpError
from tests.localslack.office import EMPTY, MANIFEST, OPS, manifest_for


def changed(*path: str | int, value: Any) -> dict[str, Any]:
    """Return the manifest with another value at a path; None takes it away."""
    manifest = manifest_for("http://127.0.0.1:9/")
    place: Any = manifest
    for step in path[:-1]:
        place = place[step]
    if value is None:
        del place[path[-1]]
    else:
        place[path[-1]] = value
    return manifest


COMMAND = ("features", "slash_commands", 0)


@pytest.mark.parametrize(
    ("manifest", "sentence"),
    [
        (changed("display_information", "name", value="x" * 36), "/display_information/name must be less than 36"),
        (changed("nonsense", value=1), "invalid additional property: nonsense"),
        (changed("features", "bot_user", value=None), "missing required field: bot_user"),
        (changed(*COMMAND, "command", value="kern"), "must be a slash and up to 31 characters"),
        (changed(*COMMAND, "url", value=None), "must have a `url`, for Socket Mode is off"),
        (changed(*COMMAND, "url", value="https://kern.example/slack"), "must be on this machine"),
        (changed(*COMMAND, "url", value="http://127.0.0.1.evil.example/"), "must be on this machine"),
        (changed("settings", "interactivity", "request_url", value=None), "must have a `request_url`"),
    ],
)
def test_manifests(slack: LocalSlack, manifest: dict[str, Any], sentence: str) -> None:
    """A manifest that Slack would refuse, or whose URLs are elsewhere, cannot be installed."""
    with pytest.raises(SetUpError, match=sentence):
        slack.install(manifest)


def test_installing_twice(slack: LocalSlack) -> None:
    """Each installation has ids and secrets of its own, which its repr does not show."""
    first, second = slack.install(MANIFEST), slack.install(MANIFEST)
    assert first.bot_token.startswith("xoxb-local-")
    assert first.app_token.startswith("xapp-local-")
    for name in ("app_id", "bot_user_id", "bot_token", "app_token", "signing_secret"):
        assert getattr(first, name) != getattr(second, name)
    assert first.bot_token not in repr(first)


def test_names_that_clash(slack: LocalSlack) -> None:
    """Ids are given once, and members are people who are there."""
    with pytest.raises(SetUpError, match="already somebody"):
        slack.add_person("U01ANA", name="other")
    with pytest.raises(SetUpError, match="already a channel"):
        slack.add_channel(OPS, name="other")
    with pytest.raises(SetUpError, match="add_person before"):
        slack.add_channel("C0NEW", name="new", members=["U0NOBODY"])
    with pytest.raises(SetUpError, match="no IANA time zone"):
        slack.add_person("U0NEW", name="new", tz="Berlin")


def test_names_that_are_unknown(slack: LocalSlack) -> None:
    """Whoever and whatever is not there is named."""
    with pytest.raises(SetUpError, match="nobody with the id U0NOBODY"):
        slack.person("U0NOBODY")
    with pytest.raises(SetUpError, match="no channel C0NOWHERE"):
        slack.join("U01ANA", "C0NOWHERE")


async def test_until(slack: LocalSlack, ana: Actor) -> None:
    """`until` returns what it waited for as soon as it is there."""
    waiting = asyncio.create_task(slack.until(lambda: ana.messages(OPS)))
    await asyncio.sleep(0)
    await ana.say(OPS, "hi")
    assert (await waiting)[0]["text"] == "hi"


async def test_until_gives_up(slack: LocalSlack) -> None:
    """`until` raises with a sentence when nothing comes."""
    with pytest.raises(TimeoutError, match=r"has not come true in 0.01 s; no request"):
        await slack.until(lambda: False, timeout=0.01)


async def test_changed(slack: LocalSlack) -> None:
    """`changed` wakes everybody who waits, at the next change."""
    waiting = [asyncio.create_task(slack.changed()) for _ in range(2)]
    await asyncio.sleep(0)
    slack.join("U01ANA", EMPTY)
    await asyncio.gather(*waiting)


async def test_log_is_bounded(slack: LocalSlack, app: App, ana: Actor) -> None:
    """The log keeps the last 500 requests."""
    for _ in range(501):
        await ana.command(OPS, "/kern")
    assert len(slack.log) == 500
    assert {entry.verdict for entry in slack.log} == {"dispatch_failed"}
    assert app.verification_token not in repr(slack.log)
