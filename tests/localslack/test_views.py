"""views.*: trigger ids, the stack, hashes, and what stays when a view changes."""

from __future__ import annotations

from typing import Any

import pytest
from slack_sdk.web.async_client import AsyncWebClient

from kernbot.localslack import Actor, LocalSlack, Server
from tests.localslack.office import MANIFEST, OPS, Bot, Clock, Json, actions, button, line, modal, plain, refusal


async def trigger(bot: Bot, actor: Actor) -> str:
    """Return a trigger id from a slash command."""
    await actor.command(OPS, "/kern", "run")
    return str((await bot.told())["trigger_id"])


async def opened(bot: Bot, actor: Actor, view: Json) -> Json:
    """Open a view and return what Slack answers."""
    answer = await bot.client.views_open(trigger_id=await trigger(bot, actor), view=view)
    shown: Json = answer["view"]
    return shown


async def trigger_in_modal(bot: Bot, actor: Actor, action_id: str = "go") -> str:
    """Return a trigger id from a click in the open modal."""
    view = actor.view()
    assert view is not None
    await actor.view_action(view["id"], action_id)
    return str((await bot.told())["trigger_id"])


def clickable(title: str = "Form", **more: Any) -> Json:
    """Return a modal with a button in it."""
    return modal(actions(button("go")), title=title, **more)


async def test_open(bot: Bot, ana: Actor, bob: Actor) -> None:
    """A view opens before the person who did something, and is Slack's whole view object."""
    view = await opened(bot, ana, modal(private_metadata="k1.secret", notify_on_close=True))
    assert ana.view() == view
    assert bob.view() is None
    assert (view["type"], view["root_view_id"], view["previous_view_id"]) == ("modal", view["id"], None)
    assert (view["private_metadata"], view["notify_on_close"], view["clear_on_close"]) == ("k1.secret", True, False)
    assert view["state"]["values"] == {"field": {"line": {"type": "plain_text_input", "value": None}}}
    assert (view["close"], view["external_id"], view["callback_id"]) == (None, "", "form")


async def test_trigger_lives_three_seconds(bot: Bot, ana: Actor, clock: Clock) -> None:
    """A trigger id works after 3 seconds, and is expired after that."""
    in_time, late = await trigger(bot, ana), await trigger(bot, ana)
    clock.now += 3
    assert (await bot.client.views_open(trigger_id=in_time, view=modal()))["ok"]
    clock.now += 0.1
    assert (await refusal(bot.client.views_open(trigger_id=late, view=modal())))["error"] == "expired_trigger_id"


async def test_trigger_works_once(bot: Bot, ana: Actor) -> None:
    """A trigger id that was used is exchanged."""
    used = await trigger(bot, ana)
    await bot.client.views_open(trigger_id=used, view=modal())
    assert (await refusal(bot.client.views_open(trigger_id=used, view=modal())))["error"] == "exchanged_trigger_id"


async def test_trigger_survives_a_bad_view(bot: Bot, ana: Actor) -> None:
    """A view that is refused does not use up the trigger id."""
    unused = await trigger(bot, ana)
    await refusal(bot.client.views_open(trigger_id=unused, view={"type": "modal"}))
    assert (await bot.client.views_open(trigger_id=unused, view=modal()))["ok"]


async def test_trigger_of_nobody(bot: Bot) -> None:
    """A trigger id that Slack never gave out is invalid."""
    assert (await refusal(bot.client.views_open(trigger_id="1.2.3", view=modal())))["error"] == "invalid_trigger_id"


async def test_trigger_of_another_app(slack: LocalSlack, server: Server, bot: Bot, ana: Actor) -> None:
    """A trigger id is worth nothing to another app."""
    other = slack.install({**MANIFEST, "features": {"bot_user": {"display_name": "other"}}})
    client = AsyncWebClient(token=other.bot_token, base_url=server.base_url)
    foreign = client.views_open(trigger_id=await trigger(bot, ana), view=modal())
    assert (await refusal(foreign))["error"] == "invalid_trigger_id"


@pytest.mark.parametrize(
    ("view", "message"),
    [
        ({"type": "modal", "blocks": []}, "[ERROR] missing required field: title [json-pointer:/view]"),
        (
            {**modal(), "title": plain("x" * 25)},
            "[ERROR] must be less than 25 characters [json-pointer:/view/title/text]",
        ),
        ({"type": "home", "blocks": []}, "[ERROR] must be a modal [json-pointer:/view/type]"),
        ([], "[ERROR] must be an object [json-pointer:/view]"),
    ],
)
async def test_bad_view(bot: Bot, ana: Actor, view: Any, message: str) -> None:
    """A view that Slack would refuse is refused with the place and the reason."""
    body = await refusal(bot.client.views_open(trigger_id=await trigger(bot, ana), view=view))
    assert (body["error"], body["response_metadata"]["messages"][0]) == ("invalid_arguments", message)


async def test_open_replaces(bot: Bot, ana: Actor) -> None:
    """A second views.open shows its view instead of the first."""
    first = await opened(bot, ana, modal(title="First"))
    await opened(bot, ana, modal(title="Second"))
    shown = ana.view()
    assert shown is not None
    assert shown["title"]["text"] == "Second"
    assert (await refusal(bot.client.views_update(view_id=first["id"], view=modal())))["error"] == "not_found"


async def test_push(bot: Bot, ana: Actor) -> None:
    """Three views stack up, a fourth does not."""
    root = await opened(bot, ana, clickable("1"))
    for title in ("2", "3"):
        trigger_id = await trigger_in_modal(bot, ana)
        pushed = (await bot.client.views_push(trigger_id=trigger_id, view=clickable(title)))["view"]
        assert pushed["root_view_id"] == root["id"]
    trigger_id = await trigger_in_modal(bot, ana)
    beyond = bot.client.views_push(trigger_id=trigger_id, view=clickable("4"))
    assert (await refusal(beyond))["error"] == "push_limit_reached"


async def test_push_without_a_modal(bot: Bot, ana: Actor) -> None:
    """views.push needs a trigger id from a modal."""
    outside = bot.client.views_push(trigger_id=await trigger(bot, ana), view=modal())
    assert (await refusal(outside))["error"] == "not_found"


async def test_update_keeps_what_was_chosen(bot: Bot, ana: Actor) -> None:
    """What stands in an element that stays is kept, what stood in another is gone, and the hash is new."""
    stays = actions({"type": "datepicker", "action_id": "day"}, block_id="stays")
    goes = actions({"type": "datepicker", "action_id": "last_day"}, block_id="goes")
    first = await opened(bot, ana, modal(stays, goes))
    await ana.view_action(first["id"], "day", option="2026-11-20")
    await ana.view_action(first["id"], "last_day", option="2026-11-21")
    moved = {**goes, "block_id": "moved"}
    updated = (await bot.client.views_update(view_id=first["id"], hash=first["hash"], view=modal(stays, moved)))["view"]
    assert updated["state"]["values"]["stays"]["day"]["selected_date"] == "2026-11-20"
    assert updated["state"]["values"]["moved"]["last_day"]["selected_date"] is None
    assert updated["hash"] != first["hash"]


async def test_update_with_an_old_hash(bot: Bot, ana: Actor) -> None:
    """hash_conflict is the answer if the view has changed since."""
    first = await opened(bot, ana, modal())
    await bot.client.views_update(view_id=first["id"], view=modal(title="Second"))
    stale = bot.client.views_update(view_id=first["id"], hash=first["hash"], view=modal(title="Third"))
    assert (await refusal(stale))["error"] == "hash_conflict"
    shown = ana.view()
    assert shown is not None
    assert shown["title"]["text"] == "Second"


async def test_external_id(bot: Bot, ana: Actor, bob: Actor) -> None:
    """A view can be found by its external id, which only one open view has."""
    await opened(bot, ana, modal(external_id="mine"))
    assert (await bot.client.views_update(external_id="mine", view=modal(external_id="mine")))["ok"]
    assert (await bot.client.views_update(external_id="mine", view=modal(external_id="still mine")))["ok"]
    gone = bot.client.views_update(external_id="mine", view=modal())
    assert (await refusal(gone))["error"] == "not_found"
    taken = bot.client.views_open(trigger_id=await trigger(bot, bob), view=modal(external_id="still mine"))
    assert (await refusal(taken))["error"] == "duplicate_external_id"


async def test_update_of_nothing(bot: Bot) -> None:
    """not_found is the answer for a view that is not open, and a view must be named."""
    assert (await refusal(bot.client.views_update(view_id="V0", view=modal())))["error"] == "not_found"
    unnamed = bot.client.api_call("views.update", json={"view": modal()})
    assert (await refusal(unnamed))["error"] == "invalid_arguments"


async def test_ids_are_generated(bot: Bot, ana: Actor) -> None:
    """Blocks and elements without ids get some."""
    bare = line()
    del bare["action_id"]
    view = await opened(bot, ana, modal({"type": "input", "label": plain("x"), "element": bare}))
    block = view["blocks"][0]
    assert list(view["state"]["values"]) == [block["block_id"]]
    assert list(view["state"]["values"][block["block_id"]]) == [block["element"]["action_id"]]
