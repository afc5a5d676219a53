"""Deliveries that come twice, late, or whose acknowledgement is lost, over both transports."""

from __future__ import annotations

import pytest

from kernbot.localslack import ActError, LocalSlack, SetUpError
from tests.localslack.office import OPS, Clock, Wired, actions, button, modal, wired, workspace

TRANSPORTS = pytest.mark.parametrize("transport", ["socket", "http"])


async def posted(both: Wired) -> str:
    """Post a message with a button and return its timestamp."""
    answer = await both.bot.client.chat_postMessage(channel=OPS, text="?", blocks=[actions(button("go"))])
    return str(answer["ts"])


async def test_command_twice(both: Wired) -> None:
    """Two copies of one command arrive; the person sees one answer."""
    both.bot.answers["command"] = {"text": "done"}
    both.slack.disturb(twice=True)
    assert (await both.ana.command(OPS, "/kern")).body == {"text": "done"}
    first, second = await both.bot.told(), await both.bot.told()
    assert first == second
    assert [message["text"] for message in both.ana.messages(OPS)] == ["done"]
    await both.ana.command(OPS, "/kern")
    await both.bot.told()
    assert both.bot.was_told_nothing()


async def test_click_twice(both: Wired) -> None:
    """Two copies of one click arrive, with one trigger id."""
    ts = await posted(both)
    both.slack.disturb("interactive", twice=True)
    assert (await both.ana.click(OPS, ts, "go")).ok
    assert (await both.bot.told())["trigger_id"] == (await both.bot.told())["trigger_id"]


async def test_event_twice(both: Wired) -> None:
    """Two copies of one event arrive under one id."""
    both.slack.disturb("events_api", twice=True)
    both.slack.deactivate("U02BOB")
    assert (await both.bot.told())["event_id"] == (await both.bot.told())["event_id"]
    assert both.bot.retries == [(0, ""), (0, "")]


async def test_kind(both: Wired) -> None:
    """What is to happen to one kind of delivery waits for it."""
    both.slack.disturb("events_api", lose_ack=True)
    assert (await both.ana.command(OPS, "/kern")).ok


async def test_lost_ack_of_a_command(both: Wired) -> None:
    """The app has heard the command and answered; the person reads of a timeout."""
    both.bot.answers["command"] = {"text": "done"}
    both.slack.disturb("slash_commands", lose_ack=True)
    assert (await both.ana.command(OPS, "/kern")).error == "operation_timeout"
    assert (await both.bot.told())["command"] == "/kern"
    assert both.ana.messages(OPS)[-1]["text"] == '/kern failed with the error "operation_timeout"'


async def test_lost_ack_of_a_form(both: Wired) -> None:
    """The form stays when its ack is lost, and can be submitted again."""
    await both.ana.command(OPS, "/kern")
    opened = await both.bot.client.views_open(trigger_id=(await both.bot.told())["trigger_id"], view=modal())
    both.slack.disturb("interactive", lose_ack=True)
    view_id = opened["view"]["id"]
    assert (await both.ana.submit(view_id, {"field": "x"})).error == "operation_timeout"
    assert both.ana.view() is not None
    assert (await both.ana.submit(view_id, {"field": "x"})).ok
    assert [(await both.bot.told())["type"] for _ in range(2)] == ["view_submission"] * 2


@TRANSPORTS
async def test_lost_ack_of_an_event(transport: str) -> None:
    """An event whose ack is lost is sent again as a retry."""
    slack = workspace(Clock(), event_retry_seconds=(0, 0, 0))
    async with wired(slack, transport) as both:
        slack.disturb("events_api", lose_ack=True)
        slack.deactivate("U02BOB")
        assert (await both.bot.told())["event_id"] == (await both.bot.told())["event_id"]
        assert both.bot.retries == [(0, ""), (1, "http_timeout")]


@TRANSPORTS
async def test_late(transport: str) -> None:
    """What is under way for too long arrives after the person has read of a timeout."""
    slack = workspace(Clock(), ack_seconds=0.2)
    async with wired(slack, transport) as both:
        slack.disturb("slash_commands", late=0.4)
        assert (await both.ana.command(OPS, "/kern")).error == "operation_timeout"
        assert both.bot.was_told_nothing()
        assert (await both.bot.told())["command"] == "/kern"


async def test_a_little_late(both: Wired) -> None:
    """What is under way for a little while is answered as ever."""
    both.slack.disturb(late=0.05)
    assert (await both.ana.command(OPS, "/kern")).ok


async def test_again(both: Wired) -> None:
    """What the log holds can be sent again, as it was; the answer changes nothing."""
    both.bot.answers["command"] = {"text": "done"}
    await both.ana.command(OPS, "/kern")
    entry = both.slack.log[-1]
    assert (await both.slack.send_again(entry.number)).body == {"text": "done"}
    assert await both.bot.told() == await both.bot.told()
    assert len(both.ana.messages(OPS)) == 1
    with pytest.raises(ActError, match="Only what was sent to an app"):
        await both.slack.send_again(entry.number + 99)


async def test_event_again(both: Wired) -> None:
    """An event that is sent again has the id it had."""
    both.slack.deactivate("U02BOB")
    first = await both.bot.told()
    sent = await both.slack.until(lambda: [entry for entry in both.slack.log if entry.name == "user_change"])
    assert (await both.slack.send_again(sent[0].number)).ok
    assert await both.bot.told() == first


def test_unknown_kind(slack: LocalSlack) -> None:
    """There are three kinds of deliveries."""
    with pytest.raises(SetUpError, match="'clicks' is no kind of delivery"):
        slack.disturb("clicks", twice=True)
