"""The Home tab and shortcuts, over both transports."""

from __future__ import annotations

import pytest
from slack_sdk.webhook.async_client import AsyncWebhookClient

from kernbot.localslack import ActError, LocalSlack
from tests.localslack.office import (
    MANIFEST,
    OPS,
    Bot,
    Json,
    Wired,
    actions,
    button,
    field,
    line,
    modal,
    option,
    refusal,
    section,
)

PICK = {"type": "static_select", "action_id": "pick", "options": [option("a"), option("b")]}


def home(*blocks: Json, **more: str) -> Json:
    """Return a Home tab."""
    return {"type": "home", "callback_id": "home", "blocks": list(blocks or (section("Nothing waits"),)), **more}


async def test_opening(both: Wired) -> None:
    """Opening the Home tab tells the app, the second time with what it has published since."""
    await both.ana.open_home()
    heard = await both.hears("app_home_opened")
    assert (heard["user"], heard["tab"], heard["channel"][0], "view" in heard) == ("U01ANA", "home", "D", False)
    assert both.ana.home() is None
    view = (await both.bot.client.views_publish(user_id="U01ANA", view=home()))["view"]
    shown = both.ana.home()
    assert shown is not None
    assert (shown["id"], shown["type"], shown["hash"], shown["root_view_id"]) == (
        view["id"],
        "home",
        view["hash"],
        view["id"],
    )
    await both.ana.open_home()
    assert (await both.hears("app_home_opened"))["view"] == shown


async def test_messages_tab(both: Wired) -> None:
    """The other tab of the App Home is told too, without a view."""
    await both.bot.client.views_publish(user_id="U01ANA", view=home())
    await both.ana.open_home(tab="messages")
    heard = await both.hears("app_home_opened")
    assert (heard["tab"], "view" in heard) == ("messages", False)


async def test_each_has_their_own(both: Wired) -> None:
    """A Home tab is seen by the person it was published for."""
    await both.bot.client.views_publish(user_id="U01ANA", view=home())
    assert both.slack.person("U02BOB").home() is None


async def test_acting(both: Wired) -> None:
    """An action in the Home tab names the view, no channel and no response_url, and can open a modal, not push one."""
    view = (await both.bot.client.views_publish(user_id="U01ANA", view=home(actions(button("go"), PICK))))["view"]
    assert (await both.ana.home_action("pick", option="b")).ok
    assert (await both.bot.told())["actions"][0]["selected_option"] == option("b")
    assert (await both.ana.home_action("go")).ok
    told = await both.bot.told()
    assert (told["type"], told["container"]) == ("block_actions", {"type": "view", "view_id": view["id"]})
    assert (told["view"]["type"], told["view"]["hash"], told["hash"]) == ("home", view["hash"], view["hash"])
    assert told["view"]["state"]["values"]["acts"]["pick"]["selected_option"] == option("b")
    assert not {"channel", "response_url", "message"} & set(told)
    pushed = both.bot.client.views_push(trigger_id=told["trigger_id"], view=modal())
    assert (await refusal(pushed))["error"] == "not_found"
    await both.ana.home_action("go")
    await both.bot.client.views_open(trigger_id=(await both.bot.told())["trigger_id"], view=modal())
    assert both.ana.view() is not None


async def test_what_was_chosen_stays(both: Wired) -> None:
    """The view keeps its id when it is published again, and what was chosen in elements that stay."""
    first = (await both.bot.client.views_publish(user_id="U01ANA", view=home(actions(PICK))))["view"]
    await both.ana.home_action("pick", option="b")
    second = (await both.bot.client.views_publish(user_id="U01ANA", view=home(actions(PICK), section())))["view"]
    assert (second["id"], second["hash"] != first["hash"]) == (first["id"], True)
    assert second["state"]["values"]["acts"]["pick"]["selected_option"] == option("b")


async def test_hash(both: Wired) -> None:
    """hash_conflict is the answer to a hash that is not the one shown."""
    view = (await both.bot.client.views_publish(user_id="U01ANA", view=home()))["view"]
    await both.bot.client.views_publish(user_id="U01ANA", view=home(), hash=view["hash"])
    late = both.bot.client.views_publish(user_id="U01ANA", view=home(), hash=view["hash"])
    assert (await refusal(late))["error"] == "hash_conflict"


@pytest.mark.parametrize(
    ("user_id", "view", "error", "message"),
    [
        ("U0NOBODY", home(), "invalid_arguments", "[ERROR] invalid `user_id`"),
        ("U01ANA", modal(), "invalid_arguments", "[ERROR] must be a home [json-pointer:/view/type]"),
        ("U01ANA", home(*[section()] * 101), "invalid_arguments", "[ERROR] no more than 100 items allowed"),
        ("U01ANA", home(*[section("x" * 3000)] * 90), "view_too_large", "[ERROR] view_too_large"),
    ],
)
async def test_refused(both: Wired, user_id: str, view: Json, error: str, message: str) -> None:
    """What cannot be published is refused by name."""
    body = await refusal(both.bot.client.views_publish(user_id=user_id, view=view))
    assert body["error"] == error
    assert body["response_metadata"]["messages"][0].startswith(message)


async def test_external_ids(both: Wired) -> None:
    """No two views have one external id, but a Home tab keeps its own."""
    await both.bot.client.views_publish(user_id="U01ANA", view=home(external_id="one"))
    await both.bot.client.views_publish(user_id="U01ANA", view=home(external_id="one"))
    again = both.bot.client.views_publish(user_id="U02BOB", view=home(external_id="one"))
    assert (await refusal(again))["error"] == "duplicate_external_id"
    await both.ana.command(OPS, "/kern")
    trigger_id = (await both.bot.told())["trigger_id"]
    opened = both.bot.client.views_open(trigger_id=trigger_id, view=modal(external_id="one"))
    assert (await refusal(opened))["error"] == "duplicate_external_id"


async def test_home_tab_off(slack: LocalSlack, bot: Bot) -> None:
    """not_enabled is the answer when the manifest switches no Home tab on, and nobody can open it."""
    assert (await refusal(bot.client.views_publish(user_id="U01ANA", view=home())))["error"] == "not_enabled"
    with pytest.raises(ActError, match="Kern has no home tab"):
        await slack.person("U01ANA").open_home()


async def test_actions_that_cannot_be(both: Wired) -> None:
    """Nobody can act in a Home tab that is not there, or with what waits for a submission."""
    with pytest.raises(ActError, match="has published no Home tab for Ana"):
        await both.ana.home_action("go")
    await both.bot.client.views_publish(user_id="U01ANA", view=home(field(line())))
    with pytest.raises(ActError, match="tells the app nothing before"):
        await both.ana.home_action("line", option="x")


async def test_several_apps(both: Wired) -> None:
    """Where several apps are installed, the one that is meant must be named."""
    other = both.slack.install(MANIFEST)
    with pytest.raises(ActError, match="2 apps are installed"):
        both.ana.home()
    assert both.ana.home(other) is None


async def test_global_shortcut(both: Wired) -> None:
    """A global shortcut tells who, not where, and can open a modal."""
    assert (await both.ana.shortcut("start")).ok
    told = await both.bot.told()
    assert (told["type"], told["callback_id"], told["user"]["id"]) == ("shortcut", "start", "U01ANA")
    assert told["team"] == {"id": "T01LOCAL", "domain": "local"}
    assert set(told) == {
        "type",
        "token",
        "action_ts",
        "team",
        "user",
        "enterprise",
        "is_enterprise_install",
        "callback_id",
        "trigger_id",
    }
    await both.bot.client.views_open(trigger_id=told["trigger_id"], view=modal())
    assert both.ana.view() is not None


async def test_message_shortcut(both: Wired) -> None:
    """A message shortcut carries the message, and a response_url to answer with."""
    await both.ana.say(OPS, "deploy 1.4")
    ts = both.ana.messages(OPS)[-1]["ts"]
    assert (await both.slack.person("U02BOB").message_shortcut(OPS, ts, "use")).ok
    told = await both.bot.told()
    assert (told["type"], told["callback_id"], told["user"]["id"]) == ("message_action", "use", "U02BOB")
    assert (told["channel"], told["message_ts"]) == ({"id": OPS, "name": "ops"}, ts)
    assert (told["message"]["text"], told["message"]["user"]) == ("deploy 1.4", "U01ANA")
    url = AsyncWebhookClient(told["response_url"])
    assert "has no original message by this app" in (await url.send(text="mine now", replace_original=True)).body
    assert (await url.send(text="Starting")).status_code == 200
    assert both.slack.person("U02BOB").messages(OPS)[-1]["ephemeral"]


async def test_shortcuts_that_cannot_be(both: Wired) -> None:
    """Nobody can start a shortcut that is not in the manifest, elsewhere, or on what only one person sees."""
    with pytest.raises(ActError, match="no such shortcut 'use'; it has start"):
        await both.ana.shortcut("use")
    hidden = (await both.bot.client.chat_postEphemeral(channel=OPS, user="U01ANA", text="x"))["message_ts"]
    with pytest.raises(ActError, match="is ephemeral"):
        await both.ana.message_shortcut(OPS, hidden, "use")
