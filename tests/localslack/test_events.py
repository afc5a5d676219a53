"""The Events API, as an app hears it over both transports."""

from __future__ import annotations

import pytest

from kernbot.localslack import Kind, LocalSlack, SetUpError
from tests.localslack.office import EMPTY, NOON, OPS, SECRET, Clock, Wired, whole_manifest, wired, workspace

TRANSPORTS = pytest.mark.parametrize("transport", ["socket", "http"])


async def test_app_mention(both: Wired) -> None:
    """An app hears of a message by a person that mentions it, with who can see that, in an envelope of its own."""
    await both.ana.say(OPS, "@kern run & report")
    told = await both.bot.told()
    message = both.ana.messages(OPS)[-1]
    assert told.pop("event") == {
        "type": "app_mention",
        "user": "U01ANA",
        "text": f"<@{both.app.bot_user_id}> run &amp; report",
        "ts": message["ts"],
        "event_ts": message["ts"],
        "channel": OPS,
        "team": "T01LOCAL",
    }
    assert told.pop("event_id").startswith("Ev")
    assert told.pop("event_context")
    assert told == {
        "token": both.app.verification_token,
        "type": "event_callback",
        "team_id": "T01LOCAL",
        "api_app_id": both.app.app_id,
        "event_time": int(NOON),
        "is_ext_shared_channel": True,
        "authorizations": [
            {
                "enterprise_id": None,
                "team_id": "T01LOCAL",
                "user_id": both.app.bot_user_id,
                "is_bot": True,
                "is_enterprise_install": False,
            }
        ],
    }


async def test_mention_in_a_thread(both: Wired) -> None:
    """A mention in a thread names the thread."""
    await both.ana.say(OPS, "parent")
    parent = both.ana.messages(OPS)[-1]["ts"]
    await both.ana.say(OPS, "@kern here", thread_ts=parent)
    heard = await both.hears("app_mention")
    assert (heard["thread_ts"], heard["parent_user_id"]) == (parent, "U01ANA")


async def test_no_mention(both: Wired) -> None:
    """An app hears nothing of what does not mention it, of what it says itself, and of channels that it is not in."""
    await both.ana.say(OPS, "kern, are you there?")
    await both.bot.client.chat_postMessage(channel=OPS, text=f"I am <@{both.app.bot_user_id}>")
    await both.ana.say(SECRET, "@kern psst")
    await both.ana.say(OPS, "@kern last")
    assert (await both.hears("app_mention"))["text"].endswith("last")


async def test_a_mention_where_the_app_is_not(both: Wired) -> None:
    """Slack tells who wrote it, and nobody else, how the app gets there."""
    await both.ana.say(SECRET, "@kern psst")
    told = both.ana.messages(SECRET)[-1]
    assert told["ephemeral"]
    assert told["text"].endswith("is not in this channel: /invite @kern adds it.")


async def test_direct_message(both: Wired) -> None:
    """A direct message is told as one, mention or not, and not as a mention."""
    direct = (await both.bot.client.conversations_open(users="U01ANA"))["channel"]["id"]
    await both.ana.say(direct, "hi @kern")
    heard = await both.hears("message")
    assert (heard["channel"], heard["channel_type"], heard["user"]) == (direct, "im", "U01ANA")


async def test_members(both: Wired) -> None:
    """Joining and leaving is told to the apps in the channel."""
    both.slack.join("U04SIG", OPS)
    heard = await both.hears("member_joined_channel")
    assert (heard["user"], heard["channel"], heard["channel_type"], heard["team"]) == ("U04SIG", OPS, "C", "T01LOCAL")
    both.slack.leave("U05STR", OPS)
    heard = await both.hears("member_left_channel")
    assert (heard["user"], heard["team"]) == ("U05STR", "T0ELSEWHERE")
    both.slack.join("U02BOB", EMPTY)
    both.slack.invite(both.app, SECRET)
    assert (await both.hears("member_joined_channel"))["user"] == both.app.bot_user_id


async def test_removed_from_a_channel(both: Wired) -> None:
    """An app whose bot user is taken out of a channel hears channel_left, of a private one group_left."""
    both.slack.leave(both.app.bot_user_id, OPS)
    assert (await both.hears("channel_left"))["channel"] == OPS
    both.slack.invite(both.app, SECRET)
    await both.hears("member_joined_channel")
    both.slack.leave(both.app.bot_user_id, SECRET)
    assert (await both.hears("group_left"))["channel"] == SECRET


async def test_channels(both: Wired) -> None:
    """The end of a public channel is told to all, that of a private one to the apps in it."""
    both.slack.archive(SECRET)
    both.slack.archive(EMPTY)
    assert (await both.hears("channel_archive"))["channel"] == EMPTY
    both.slack.unarchive(EMPTY)
    assert (await both.hears("channel_unarchive"))["channel"] == EMPTY
    both.slack.delete_channel(EMPTY)
    assert (await both.hears("channel_deleted"))["channel"] == EMPTY
    both.slack.invite(both.app, SECRET)
    await both.hears("member_joined_channel")
    both.slack.delete_channel(SECRET)
    assert (await both.hears("group_deleted"))["channel"] == SECRET


async def test_user_change(both: Wired) -> None:
    """Whatever changes about somebody is told with the whole user."""
    both.slack.change_person("U02BOB", kind=Kind.GUEST, tz="Asia/Tokyo")
    user = (await both.hears("user_change"))["user"]
    assert (user["id"], user["is_restricted"], user["tz"], user["profile"]["display_name"]) == (
        "U02BOB",
        True,
        "Asia/Tokyo",
        "Bob",
    )
    both.slack.change_person("U02BOB", display_name="Robert")
    assert (await both.hears("user_change"))["user"]["profile"]["display_name"] == "Robert"
    both.slack.deactivate("U02BOB")
    assert (await both.hears("user_change"))["user"]["deleted"]
    with pytest.raises(SetUpError, match="no IANA time zone"):
        both.slack.change_person("U02BOB", tz="Tokyo")


@TRANSPORTS
async def test_scopes_of_private_channels(transport: str) -> None:
    """An app without groups:read hears nothing of who joins a private channel."""
    scopes = ["commands", "channels:read"]
    manifest = {"oauth_config": {"scopes": {"bot": scopes}}}
    async with wired(workspace(Clock()), transport, ["member_joined_channel"], **manifest) as both:
        both.slack.invite(both.app, SECRET)
        both.slack.join("U02BOB", SECRET)
        both.slack.join("U04SIG", OPS)
        assert (await both.hears("member_joined_channel"))["channel"] == OPS


@pytest.mark.parametrize(
    ("events", "sentence"),
    [
        (["app_mention"], "must have the scope app_mentions:read, for the event app_mention"),
        (["member_left_channel"], "must have the scope channels:read or groups:read"),
        (["nonsense"], "must be one of: app_home_opened"),
    ],
)
def test_subscriptions_need_scopes(slack: LocalSlack, events: list[str], sentence: str) -> None:
    """A manifest with a subscription to what does not exist, or without its scope, cannot be installed."""
    manifest = whole_manifest()
    manifest["oauth_config"]["scopes"]["bot"] = ["commands"]
    manifest["settings"]["event_subscriptions"]["bot_events"] = events
    with pytest.raises(SetUpError, match=sentence):
        slack.install(manifest)


def test_subscriptions_need_a_url(slack: LocalSlack) -> None:
    """Without Socket Mode, events need an address."""
    manifest = whole_manifest("http://127.0.0.1:9/")
    del manifest["settings"]["event_subscriptions"]["request_url"]
    with pytest.raises(SetUpError, match="event_subscriptions must have a `request_url`"):
        slack.install(manifest)


def test_commands_need_their_scope(slack: LocalSlack) -> None:
    """Slash commands and shortcuts need the scope commands."""
    manifest = whole_manifest()
    manifest["oauth_config"]["scopes"]["bot"].remove("commands")
    with pytest.raises(SetUpError, match="must have the scope commands"):
        slack.install(manifest)


def verdicts(slack: LocalSlack) -> list[str]:
    """Return what became of each delivery."""
    return [entry.verdict for entry in slack.log if entry.direction == "to app"]


@TRANSPORTS
async def test_retries(transport: str) -> None:
    """An event that is not acknowledged is sent three times more, with its number and the reason, under one id."""
    slack = workspace(Clock(), ack_seconds=0.05, event_retry_seconds=(0, 0, 0))
    async with wired(slack, transport) as both:
        both.bot.silent = True
        slack.deactivate("U02BOB")
        told = [await both.bot.told() for _ in range(4)]
        assert len({each["event_id"] for each in told}) == 1
        assert both.bot.retries == [(0, ""), *((number, "http_timeout") for number in (1, 2, 3))]
        await slack.until(lambda: verdicts(slack) == ["operation_timeout"] * 4)


@TRANSPORTS
async def test_retry_that_is_acknowledged(transport: str) -> None:
    """An event that is acknowledged the second time is not sent again."""
    slack = workspace(Clock(), ack_seconds=1, event_retry_seconds=(0, 0, 0))
    async with wired(slack, transport) as both:
        both.bot.silent = True
        slack.deactivate("U02BOB")
        await both.bot.told()
        both.bot.silent = False
        await slack.until(lambda: verdicts(slack) == ["operation_timeout", "ok"])
        slack.deactivate("U03GUS")
        assert [(await both.bot.told())["event"]["user"]["id"] for _ in range(2)] == ["U02BOB", "U03GUS"]


async def test_nobody_is_told_before_it_is_up(slack: LocalSlack) -> None:
    """What happens before the workspace is served is told to nobody."""
    slack.install(whole_manifest())
    slack.deactivate("U02BOB")
    assert slack.log == []
