"""What Slack's client lets a person see and do, and the payloads that the app gets for it."""

from __future__ import annotations

from typing import Any

import pytest

from kernbot.localslack import ActError, Actor, App, LocalSlack
from tests.localslack.office import EMPTY, NOON, OPS, SECRET, Bot, Json, actions, button, modal, option, plain, section


async def posted(bot: Bot, *blocks: Json, channel: str = OPS, **more: Any) -> str:
    """Post a message with a button, or these blocks, and return its timestamp."""
    shown = list(blocks) or [actions(button("go", value="k1", style="primary"))]
    return str((await bot.client.chat_postMessage(channel=channel, text="Approve?", blocks=shown, **more))["ts"])


async def test_command(app: App, bot: Bot, ana: Actor) -> None:
    """A slash command carries who, where and what, and the ids to answer with."""
    assert (await ana.command(OPS, "/kern", "run report")).ok
    told = await bot.told()
    assert (told["command"], told["text"]) == ("/kern", "run report")
    assert (told["user_id"], told["user_name"], told["channel_id"], told["channel_name"]) == (
        "U01ANA",
        "ana",
        OPS,
        "ops",
    )
    assert (told["team_id"], told["api_app_id"], told["is_enterprise_install"]) == ("T01LOCAL", app.app_id, "false")
    assert told["trigger_id"].count(".") == 2
    assert told["response_url"].startswith("http://127.0.0.1:")


async def test_command_is_escaped(bot: Bot, ana: Actor) -> None:
    """With should_escape, people and channels arrive as mentions and `& < >` as entities."""
    await ana.command(OPS, "/kern", "ask @bob in #ops or #secret <b> & @nobody")
    assert (await bot.told())["text"] == "ask <@U02BOB> in <#C01OPS|ops> or <#C02SECRET|> &lt;b&gt; &amp; @nobody"


async def test_private_names_are_kept(slack: LocalSlack, app: App, bot: Bot, ana: Actor) -> None:
    """The names of private channels and direct messages are not told."""
    slack.invite(app, SECRET)
    await ana.command(SECRET, "/kern")
    assert (await bot.told())["channel_name"] == "privategroup"
    direct = (await bot.client.conversations_open(users="U01ANA"))["channel"]["id"]
    await ana.command(direct, "/kern")
    assert (await bot.told())["channel_name"] == "directmessage"


async def test_unknown_command(bot: Bot, ana: Actor, bob: Actor) -> None:
    """A command of no app is answered by Slack itself, to the person alone."""
    delivery = await ana.command(OPS, "/nonsense")
    assert (delivery.ok, delivery.error) == (False, "/nonsense is not a valid command.")
    assert ana.messages(OPS)[-1]["username"] == "Slackbot"
    assert bob.messages(OPS) == []
    assert bot.was_told_nothing()


async def test_invite(slack: LocalSlack, app: App, bot: Bot, ana: Actor) -> None:
    """`/invite` puts somebody into the channel."""
    slack.join("U01ANA", EMPTY)
    assert (await ana.command(EMPTY, "/invite", "@kern")).ok
    assert app.bot_user_id in (await bot.client.conversations_members(channel=EMPTY))["members"]
    assert not (await ana.command(EMPTY, "/invite", "@nobody")).ok


async def test_last_installed_app_wins(slack: LocalSlack, app: App, bot: Bot, ana: Actor) -> None:
    """Of two apps with one command, the one installed last gets it."""
    manifest: Json = {
        "display_information": {"name": "Other"},
        "features": {"bot_user": {"display_name": "o"}, "slash_commands": [{"command": "/kern", "description": "x"}]},
        "oauth_config": {"scopes": {"bot": ["commands"]}},
        "settings": {"socket_mode_enabled": True},
    }
    slack.install(manifest)
    assert (await ana.command(OPS, "/kern")).error == "dispatch_failed"
    assert bot.was_told_nothing()
    assert slack.connected(app) == 1


async def test_command_answers(bot: Bot, ana: Actor, bob: Actor) -> None:
    """The ack of a command is shown to the person, or with what was typed to everybody."""
    bot.answers["command"] = {"text": "only you"}
    await ana.command(OPS, "/kern", "a")
    bot.answers["command"] = {"text": "all", "response_type": "in_channel", "blocks": [section()]}
    await ana.command(OPS, "/kern", "b")
    assert [message["text"] for message in ana.messages(OPS)] == ["only you", "/kern b", "all"]
    assert [message["text"] for message in bob.messages(OPS)] == ["/kern b", "all"]


async def test_command_answers_nonsense(slack: LocalSlack, bot: Bot, ana: Actor) -> None:
    """An ack that Slack does not document is refused, logged, and shown as a failure."""
    bot.answers["command"] = {"response_action": "clear"}
    delivery = await ana.command(OPS, "/kern")
    assert not delivery.ok
    assert slack.log[-1].verdict.startswith("refused: the ack of a slash command is empty, a text, or a message")
    assert ana.messages(OPS)[-1]["text"].startswith("/kern failed with the error")


async def test_click(app: App, bot: Bot, ana: Actor) -> None:
    """A click carries the element, the message as it is, and where it stands."""
    ts = await posted(bot, metadata={"event_type": "asked", "event_payload": {"a": 1}})
    assert (await ana.click(OPS, ts, "go")).ok
    told = await bot.told()
    assert told["type"] == "block_actions"
    assert told["actions"] == [
        {
            "type": "button",
            "action_id": "go",
            "block_id": "acts",
            "action_ts": f"{NOON:.6f}",
            "text": plain("Press"),
            "value": "k1",
            "style": "primary",
        }
    ]
    assert told["container"] == {"type": "message", "message_ts": ts, "channel_id": OPS, "is_ephemeral": False}
    assert (told["channel"], told["api_app_id"]) == ({"id": OPS, "name": "ops"}, app.app_id)
    assert told["user"] == {"id": "U01ANA", "username": "ana", "name": "ana", "team_id": "T01LOCAL"}
    assert (told["message"]["ts"], told["message"]["metadata"]) == (ts, {"event_type": "asked"})


async def test_click_in_a_thread(bot: Bot, ana: Actor) -> None:
    """The container of a reply names its thread; a parent tells how many replies it has."""
    parent = await posted(bot)
    reply = await posted(bot, thread_ts=parent)
    await ana.click(OPS, reply, "go")
    assert (await bot.told())["container"]["thread_ts"] == parent
    await ana.click(OPS, parent, "go")
    message = (await bot.told())["message"]
    assert (message["thread_ts"], message["reply_count"], message["latest_reply"]) == (parent, 1, reply)


async def test_click_by_a_stranger(slack: LocalSlack, bot: Bot) -> None:
    """A stranger's user.team_id is theirs, while team.id is the installing workspace."""
    ts = await posted(bot)
    await slack.person("U05STR").click(OPS, ts, "go")
    told = await bot.told()
    assert (told["team"]["id"], told["user"]["team_id"]) == ("T01LOCAL", "T0ELSEWHERE")


async def test_click_on_an_ephemeral(bot: Bot, ana: Actor) -> None:
    """The payload of an ephemeral message says so and holds no message."""
    blocks = [actions(button("go"))]
    ts = (await bot.client.chat_postEphemeral(channel=OPS, user="U01ANA", text="x", blocks=blocks))["message_ts"]
    await ana.click(OPS, ts, "go")
    told = await bot.told()
    assert (told["container"]["is_ephemeral"], "message" in told) == (True, False)


async def test_menus(bot: Bot, ana: Actor) -> None:
    """A choice carries the whole option; what a message's menus hold is its state."""
    select = {"type": "static_select", "action_id": "pick", "options": [option("a"), option("b")]}
    more = {"type": "overflow", "action_id": "more", "options": [option("x")]}
    ts = await posted(bot, actions(select, more))
    await ana.click(OPS, ts, "pick", option="b")
    assert (await bot.told())["actions"][0]["selected_option"] == option("b")
    await ana.click(OPS, ts, "more", option="x")
    told = await bot.told()
    assert told["actions"][0]["selected_option"] == option("x")
    held = {"type": "static_select", "selected_option": option("b")}
    assert told["state"]["values"] == {"acts": {"pick": held}}


async def test_stale_click(bot: Bot, ana: Actor) -> None:
    """An older copy of a message can be clicked; the payload's message is the one of now."""
    ts = await posted(bot)
    copy = ana.messages(OPS)[0]
    await bot.client.chat_update(channel=OPS, ts=ts, text="Done", blocks=[section("Done")])
    with pytest.raises(ActError, match="0 elements have the action id 'go'"):
        await ana.click(OPS, ts, "go")
    assert (await ana.click(OPS, ts, "go", message=copy)).ok
    told = await bot.told()
    assert (told["actions"][0]["value"], told["message"]["text"]) == ("k1", "Done")


async def test_ambiguous_click(bot: Bot, ana: Actor) -> None:
    """An action id that stands twice needs its block id."""
    ts = await posted(bot, actions(button("go"), block_id="one"), section(block_id="two", accessory=button("to")))
    await ana.click(OPS, ts, "to", block_id="two")
    assert (await bot.told())["actions"][0]["block_id"] == "two"
    with pytest.raises(ActError):
        await ana.click(OPS, ts, "to", block_id="one")


async def test_clicks_that_cannot_be(slack: LocalSlack, bot: Bot, ana: Actor, bob: Actor) -> None:
    """Nobody can click what they do not see, or what is not by an app; the app hears nothing."""
    ts = await posted(bot)
    await ana.say(OPS, "plain")
    with pytest.raises(ActError, match="is not by an app"):
        await ana.click(OPS, ana.messages(OPS)[-1]["ts"], "go")
    with pytest.raises(ActError, match="sees no conversation"):
        await slack.person("U04SIG").click(OPS, ts, "go")
    hidden = (await bot.client.chat_postEphemeral(channel=OPS, user="U01ANA", text="x"))["message_ts"]
    with pytest.raises(ActError, match="sees no message"):
        await bob.click(OPS, hidden, "go")
    slack.deactivate("U02BOB")
    with pytest.raises(ActError, match="nobody can act as them"):
        await bob.click(OPS, ts, "go")
    assert bot.was_told_nothing()


async def test_who_sees_what(slack: LocalSlack, ana: Actor, bob: Actor) -> None:
    """Members see public channels; guests, strangers and everybody for private ones must be in them."""
    assert [channel["id"] for channel in ana.channels()] == [OPS, SECRET, EMPTY]
    assert [channel["id"] for channel in bob.channels()] == [OPS, EMPTY]
    assert [channel["id"] for channel in slack.person("U03GUS").channels()] == [OPS]
    assert [channel["id"] for channel in slack.person("U05STR").channels()] == [OPS]
    slack.leave("U03GUS", OPS)
    assert slack.person("U03GUS").channels() == []
    slack.deactivate("U02BOB")
    assert bob.channels() == []


async def test_only_members_write(slack: LocalSlack, ana: Actor) -> None:
    """Nobody can write where they are not a member, or in an archive."""
    with pytest.raises(ActError, match="join it first"):
        await ana.say(EMPTY, "hi")
    slack.archive(OPS)
    with pytest.raises(ActError, match="archived"):
        await ana.command(OPS, "/kern")


async def test_say(ana: Actor, bob: Actor) -> None:
    """What a person says is escaped, and can be said in a thread."""
    await ana.say(OPS, "hi @bob <!channel>")
    ts = bob.messages(OPS)[0]["ts"]
    assert bob.messages(OPS)[0]["text"] == "hi <@U02BOB> &lt;!channel&gt;"
    await bob.say(OPS, "reply", thread_ts=ts)
    reply = ana.messages(OPS, ts)[-1]["ts"]
    with pytest.raises(ActError, match="no thread of its own"):
        await ana.say(OPS, "again", thread_ts=reply)


async def test_interactivity_off(slack: LocalSlack, app: App, bot: Bot, ana: Actor) -> None:
    """An app whose manifest switches interactivity off hears of no click."""
    ts = await posted(bot)
    object.__setattr__(app, "interactive", False)
    assert (await ana.click(OPS, ts, "go")).error == "Kern has interactivity switched off in its manifest"
    assert bot.was_told_nothing()
    assert slack.connected(app) == 1


async def test_view_of_another(bot: Bot, ana: Actor, bob: Actor) -> None:
    """Nobody can act in a modal that is not before them."""
    await ana.command(OPS, "/kern")
    view = (await bot.client.views_open(trigger_id=(await bot.told())["trigger_id"], view=modal()))["view"]
    with pytest.raises(ActError, match="does not have the view"):
        await bob.submit(view["id"], {"field": "x"})
