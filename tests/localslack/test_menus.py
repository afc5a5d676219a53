"""Menus of every kind, in messages, modals and Home tabs, over both transports."""

from __future__ import annotations

from typing import Any

import pytest

from kernbot.localslack import ActError
from tests.localslack.office import EMPTY, OPS, SECRET, Json, Wired, actions, field, modal, option, plain, section

OPTIONS = {"options": [option("a"), option("b")]}
GROUPS = {"option_groups": [{"label": plain("Letters"), "options": [option("a")]}, {"label": plain("More"), **OPTIONS}]}

CHOICES: list[tuple[Json, Any, Json]] = [
    ({"type": "static_select", **OPTIONS}, "b", {"selected_option": option("b")}),
    ({"type": "static_select", **GROUPS}, "b", {"selected_option": option("b")}),
    ({"type": "multi_static_select", **GROUPS}, ["b", "a"], {"selected_options": [option("b"), option("a")]}),
    ({"type": "users_select"}, "U02BOB", {"selected_user": "U02BOB"}),
    ({"type": "multi_users_select"}, ["U02BOB", "U01ANA"], {"selected_users": ["U02BOB", "U01ANA"]}),
    ({"type": "conversations_select"}, SECRET, {"selected_conversation": SECRET}),
    ({"type": "multi_conversations_select"}, [OPS, SECRET], {"selected_conversations": [OPS, SECRET]}),
    ({"type": "channels_select"}, OPS, {"selected_channel": OPS}),
    ({"type": "multi_channels_select"}, [OPS, EMPTY], {"selected_channels": [OPS, EMPTY]}),
    ({"type": "radio_buttons", **OPTIONS}, "a", {"selected_option": option("a")}),
    ({"type": "checkboxes", **OPTIONS}, ["a"], {"selected_options": [option("a")]}),
]
EXTERNAL = {"type": "external_select", "action_id": "x"}
SEVERAL = {"type": "multi_external_select", "action_id": "x"}


async def posted(both: Wired, element: Json) -> str:
    """Post a message with one menu and return its timestamp."""
    blocks = [actions({"action_id": "x", **element})]
    return str((await both.bot.client.chat_postMessage(channel=OPS, text="?", blocks=blocks))["ts"])


async def opened(both: Wired, element: Json) -> str:
    """Open a modal with one menu and return its id."""
    await both.ana.command(OPS, "/kern")
    trigger_id = (await both.bot.told())["trigger_id"]
    view = modal(field({"action_id": "x", **element}))
    return str((await both.bot.client.views_open(trigger_id=trigger_id, view=view))["view"]["id"])


@pytest.mark.parametrize(("element", "choice", "held"), CHOICES)
async def test_in_a_message(both: Wired, element: Json, choice: Any, held: Json) -> None:
    """A choice in a message is told at once, as the action and as the state."""
    ts = await posted(both, element)
    assert (await both.ana.click(OPS, ts, "x", option=choice)).ok
    told = await both.bot.told()
    assert told["actions"][0].items() >= held.items()
    assert told["state"]["values"] == {"acts": {"x": {"type": element["type"], **held}}}


@pytest.mark.parametrize(("element", "choice", "held"), CHOICES)
async def test_in_a_modal(both: Wired, element: Json, choice: Any, held: Json) -> None:
    """A choice in a modal is told with its submission."""
    view_id = await opened(both, element)
    assert (await both.ana.submit(view_id, {"field": choice})).ok
    values = (await both.bot.told())["view"]["state"]["values"]
    assert values == {"field": {"x": {"type": element["type"], **held}}}


@pytest.mark.parametrize(("element", "choice", "held"), CHOICES)
async def test_in_a_home_tab(both: Wired, element: Json, choice: Any, held: Json) -> None:
    """A choice in a Home tab is told at once."""
    view = {"type": "home", "blocks": [section(accessory={"action_id": "x", **element})]}
    await both.bot.client.views_publish(user_id="U01ANA", view=view)
    assert (await both.ana.home_action("x", option=choice)).ok
    assert (await both.bot.told())["actions"][0].items() >= held.items()


async def test_overflow(both: Wired) -> None:
    """An entry of an overflow menu is told, and held by nothing."""
    ts = await posted(both, {"type": "overflow", **OPTIONS})
    await both.ana.click(OPS, ts, "x", option="b")
    told = await both.bot.told()
    assert (told["actions"][0]["selected_option"], told["state"]["values"]) == (option("b"), {})


@pytest.mark.parametrize(
    ("element", "choice", "sentence"),
    [
        ({"type": "users_select"}, "U0NOBODY", "nobody active has this id"),
        ({"type": "multi_users_select", "max_selected_items": 1}, ["U01ANA", "U02BOB"], "takes at most 1 values"),
        ({"type": "channels_select"}, SECRET, "not among what it asks for"),
        ({"type": "conversations_select", "filter": {"include": ["public"]}}, SECRET, "not among what it asks for"),
        (
            {"type": "conversations_select", "filter": {"exclude_external_shared_channels": True}},
            OPS,
            "not among what it asks for",
        ),
        ({"type": "conversations_select"}, "C0NOWHERE", "Ana sees no such"),
        (EXTERNAL, "a", "it offers nothing"),
    ],
)
async def test_what_is_not_offered(both: Wired, element: Json, choice: Any, sentence: str) -> None:
    """Nobody can choose whom or what a menu does not offer; the app hears nothing."""
    ts = await posted(both, element)
    with pytest.raises(ActError, match=sentence):
        await both.ana.click(OPS, ts, "x", option=choice)
    assert both.bot.was_told_nothing()


async def test_conversations_that_are_not_seen(both: Wired) -> None:
    """A private channel is offered to its members only."""
    ts = await posted(both, {"type": "conversations_select"})
    with pytest.raises(ActError, match="Bob sees no such"):
        await both.slack.person("U02BOB").click(OPS, ts, "x", option=SECRET)


async def test_options_in_a_message(both: Wired) -> None:
    """What is typed into an external menu of a message is asked of the app; what it offers can be chosen."""
    ts = await posted(both, EXTERNAL)
    both.bot.answers["block_suggestion"] = OPTIONS
    assert (await both.ana.suggest(OPS, ts, "x", "dep")).body == OPTIONS
    told = await both.bot.told()
    assert (told["type"], told["value"], told["action_id"], told["block_id"]) == (
        "block_suggestion",
        "dep",
        "x",
        "acts",
    )
    assert (told["container"]["message_ts"], told["channel"]["id"], told["message"]["ts"]) == (ts, OPS, ts)
    assert "trigger_id" not in told
    await both.ana.click(OPS, ts, "x", option="b")
    assert (await both.bot.told())["actions"][0]["selected_option"] == option("b")


async def test_options_in_a_modal(both: Wired) -> None:
    """Options may come in groups, and what was offered before can still be chosen."""
    view_id = await opened(both, SEVERAL)
    both.bot.answers["block_suggestion"] = {"option_groups": [{"label": plain("G"), "options": [option("a")]}]}
    await both.ana.view_suggest(view_id, "x", "aaa")
    assert (await both.bot.told())["view"]["id"] == view_id
    both.bot.answers["block_suggestion"] = {"options": [option("b")]}
    await both.ana.view_suggest(view_id, "x", "bbb")
    await both.bot.told()
    await both.ana.submit(view_id, {"field": ["a", "b"]})
    values = (await both.bot.told())["view"]["state"]["values"]
    assert values["field"]["x"]["selected_options"] == [option("a"), option("b")]


async def test_options_in_a_home_tab(both: Wired) -> None:
    """An external menu of a Home tab asks too."""
    view = {"type": "home", "blocks": [actions(EXTERNAL)]}
    home = (await both.bot.client.views_publish(user_id="U01ANA", view=view))["view"]
    both.bot.answers["block_suggestion"] = OPTIONS
    await both.ana.view_suggest(home["id"], "x", "dep")
    assert (await both.bot.told())["container"] == {"type": "view", "view_id": home["id"]}
    await both.ana.home_action("x", option="a")
    assert (await both.bot.told())["actions"][0]["selected_option"] == option("a")


async def test_shortest_query(both: Wired) -> None:
    """A menu asks from three characters on, unless it says otherwise; a menu with options asks nobody."""
    ts = await posted(both, EXTERNAL)
    with pytest.raises(ActError, match="from 3 characters on"):
        await both.ana.suggest(OPS, ts, "x", "de")
    both.bot.answers["block_suggestion"] = {"options": []}
    eager = await posted(both, {**EXTERNAL, "min_query_length": 0})
    assert (await both.ana.suggest(OPS, eager, "x", "")).body == {"options": []}
    static = await posted(both, {"type": "static_select", **OPTIONS})
    with pytest.raises(ActError, match="has its options in itself"):
        await both.ana.suggest(OPS, static, "x", "dep")


@pytest.mark.parametrize(
    ("answer", "sentence"),
    [
        ({"options": [option(str(n)) for n in range(101)]}, "no more than 100 items allowed"),
        ({"options": [{**option("a"), "text": plain("x" * 76)}]}, "must be less than 76 characters"),
        ({**OPTIONS, "option_groups": []}, "must define either `options` or `option_groups`, and only one"),
        ({"options": [], "more": 1}, "invalid additional property: more"),
        ({"text": "hi"}, "invalid additional property: text"),
    ],
)
async def test_options_refused(both: Wired, answer: Json, sentence: str) -> None:
    """An answer that Slack does not take offers nothing, and the log says why."""
    ts = await posted(both, EXTERNAL)
    both.bot.answers["block_suggestion"] = answer
    delivery = await both.ana.suggest(OPS, ts, "x", "dep")
    assert not delivery.ok
    assert sentence in both.slack.log[-1].verdict
    with pytest.raises(ActError, match="it offers nothing"):
        await both.ana.click(OPS, ts, "x", option="a")
