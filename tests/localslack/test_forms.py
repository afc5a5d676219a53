"""Modals as people use them: acting in them, submitting, closing, and every answer an app can give."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from kernbot.localslack import ActError, Actor, LocalSlack
from tests.localslack.office import OPS, Bot, Json, actions, button, field, line, modal, option, plain, section


async def opened(bot: Bot, actor: Actor, view: Json) -> str:
    """Open a view by a slash command and return its id."""
    await actor.command(OPS, "/kern")
    answer = await bot.client.views_open(trigger_id=(await bot.told())["trigger_id"], view=view)
    return str(answer["view"]["id"])


async def test_submission(bot: Bot, ana: Actor) -> None:
    """A submission carries the view with what was filled in, and an empty ack closes the view."""
    view_id = await opened(bot, ana, modal(private_metadata="k1"))
    delivery = await ana.submit(view_id, {"field": "Tokyo"})
    assert (delivery.ok, delivery.status, ana.view()) == (True, 200, None)
    told = await bot.told()
    assert (told["type"], told["view"]["type"], told["view"]["id"]) == ("view_submission", "modal", view_id)
    assert (told["view"]["private_metadata"], told["response_urls"]) == ("k1", [])
    held = {"type": "plain_text_input", "value": "Tokyo"}
    assert told["view"]["state"]["values"] == {"field": {"line": held}}


OPTIONS = {"options": [option("a"), option("b")]}


@pytest.mark.parametrize(
    ("element", "value", "held"),
    [
        (line(), "", {"value": None}),
        (line(), "x", {"value": "x"}),
        (line(initial_value="was"), None, {"value": None}),
        ({"type": "number_input", "is_decimal_allowed": True}, "1.5", {"value": "1.5"}),
        ({"type": "number_input", "is_decimal_allowed": False}, 7, {"value": "7"}),
        ({"type": "email_text_input"}, "a@b.de", {"value": "a@b.de"}),
        ({"type": "url_text_input"}, "https://b.de", {"value": "https://b.de"}),
        ({"type": "static_select", **OPTIONS}, "b", {"selected_option": option("b")}),
        (
            {"type": "static_select", "option_groups": [{"label": plain("G"), **OPTIONS}]},
            "a",
            {"selected_option": option("a")},
        ),
        ({"type": "radio_buttons", **OPTIONS}, None, {"selected_option": None}),
        ({"type": "checkboxes", **OPTIONS}, ["b", "a"], {"selected_options": [option("b"), option("a")]}),
        ({"type": "multi_static_select", **OPTIONS}, None, {"selected_options": []}),
        ({"type": "users_select"}, "U02BOB", {"selected_user": "U02BOB"}),
        ({"type": "conversations_select"}, OPS, {"selected_conversation": OPS}),
        ({"type": "channels_select"}, OPS, {"selected_channel": OPS}),
        ({"type": "datepicker"}, "2026-11-20", {"selected_date": "2026-11-20"}),
        ({"type": "timepicker"}, "16:05", {"selected_time": "16:05"}),
        ({"type": "datetimepicker"}, 1795000000, {"selected_date_time": 1795000000}),
    ],
)
async def test_values_are_typed(bot: Bot, ana: Actor, element: Json, value: Any, held: Json) -> None:
    """Each element tells what it holds in its own way; what is empty is null, or an empty list."""
    element = {**element, "action_id": "x"}
    view_id = await opened(bot, ana, modal(field(element, optional=True)))
    assert (await ana.submit(view_id, {"field": value})).ok
    values = (await bot.told())["view"]["state"]["values"]
    assert values == {"field": {"x": {"type": element["type"], **held}}}


async def test_initial_values(bot: Bot, ana: Actor) -> None:
    """What is not touched holds its initial value."""
    select = {"type": "static_select", "action_id": "pick", **OPTIONS, "initial_option": option("b")}
    view_id = await opened(bot, ana, modal(field(line(initial_value="was")), field(select, "menu")))
    await ana.submit(view_id, {})
    values = (await bot.told())["view"]["state"]["values"]
    assert values["field"]["line"]["value"] == "was"
    assert values["menu"]["pick"]["selected_option"] == option("b")


NUMBER = {"type": "number_input", "action_id": "n", "is_decimal_allowed": False, "min_value": "1", "max_value": "9"}


@pytest.mark.parametrize(
    ("element", "value", "complaint"),
    [
        (line(), "", "Please complete this required field."),
        (line(max_length=2), "abc", "This field takes at most 2 characters."),
        (line(min_length=2), "a", "This field takes at least 2 characters."),
        (NUMBER, "x", "Please enter a number."),
        (NUMBER, "nan", "Please enter a number."),
        (NUMBER, "1.5", "Please enter a whole number."),
        (NUMBER, "0", "Please enter a number of at least 1."),
        (NUMBER, "1e99", "Please enter a number of at most 9."),
        ({"type": "email_text_input", "action_id": "e"}, "x", "Please enter an email address."),
        ({"type": "url_text_input", "action_id": "u"}, "x", "Please enter a URL."),
        ({"type": "checkboxes", "action_id": "c", **OPTIONS}, [], "Please complete this required field."),
    ],
)
async def test_client_checks(bot: Bot, ana: Actor, element: Json, value: Any, complaint: str) -> None:
    """What cannot be right is shown at its field, and the app hears nothing."""
    view_id = await opened(bot, ana, modal(field(element)))
    delivery = await ana.submit(view_id, {"field": value})
    assert (delivery.ok, delivery.errors, delivery.status) == (False, {"field": complaint}, None)
    assert bot.was_told_nothing()


@pytest.mark.parametrize(
    ("element", "value", "sentence"),
    [
        ({"type": "static_select", **OPTIONS}, "c", "does not offer 'c'; it offers 'a', 'b'"),
        ({"type": "checkboxes", **OPTIONS}, "a", "takes a list of values"),
        ({"type": "multi_static_select", "max_selected_items": 1, **OPTIONS}, ["a", "b"], "takes at most 1 values"),
        ({"type": "datepicker"}, "tomorrow", "A datepicker cannot hold 'tomorrow'"),
    ],
)
async def test_what_an_element_does_not_offer(bot: Bot, ana: Actor, element: Json, value: Any, sentence: str) -> None:
    """Nobody can choose what an element does not offer."""
    view_id = await opened(bot, ana, modal(field({**element, "action_id": "x"})))
    with pytest.raises(ActError, match=sentence):
        await ana.submit(view_id, {"field": value})


async def test_unknown_field(bot: Bot, ana: Actor) -> None:
    """Nobody can fill in what is not there."""
    view_id = await opened(bot, ana, modal())
    with pytest.raises(ActError, match="no input block nonsense"):
        await ana.submit(view_id, {"nonsense": "x"})


async def test_view_without_submit(bot: Bot, ana: Actor) -> None:
    """Nobody can submit a view without a submit button."""
    view = modal(section())
    del view["submit"]
    view_id = await opened(bot, ana, view)
    with pytest.raises(ActError, match="has no submit button"):
        await ana.submit(view_id, {})


async def test_errors(bot: Bot, ana: Actor) -> None:
    """Errors stand at their fields; the view and what was typed stay; the next submit starts anew."""
    view_id = await opened(bot, ana, modal())
    bot.answers["view_submission"] = {"response_action": "errors", "errors": {"field": "No such city"}}
    delivery = await ana.submit(view_id, {"field": "Tokio"})
    assert (delivery.ok, delivery.errors) == (False, {"field": "No such city"})
    shown = ana.view()
    assert shown is not None
    assert shown["state"]["values"]["field"]["line"]["value"] == "Tokio"
    bot.answers.clear()
    assert (await ana.submit(view_id, {"field": "Tokyo"})).ok


async def test_update(bot: Bot, ana: Actor) -> None:
    """An update shows another view in the place of the submitted one."""
    view_id = await opened(bot, ana, modal())
    too_late = modal(section("Too late"), title="Too late")
    bot.answers["view_submission"] = {"response_action": "update", "view": too_late}
    assert (await ana.submit(view_id, {"field": "x"})).ok
    shown = ana.view()
    assert shown is not None
    assert (shown["id"], shown["title"]["text"]) == (view_id, "Too late")


async def test_push_and_clear(bot: Bot, ana: Actor) -> None:
    """A push shows a view on top, and clear closes them all."""
    view_id = await opened(bot, ana, modal())
    bot.answers["view_submission"] = {"response_action": "push", "view": modal(title="Second")}
    assert (await ana.submit(view_id, {"field": "x"})).ok
    shown = ana.view()
    assert shown is not None
    assert (shown["title"]["text"], shown["previous_view_id"]) == ("Second", view_id)
    bot.answers["view_submission"] = {"response_action": "clear"}
    await ana.submit(shown["id"], {"field": "x"})
    assert ana.view() is None


async def test_close_of_the_top(bot: Bot, ana: Actor) -> None:
    """An empty ack closes the submitted view only, and the one below shows."""
    view_id = await opened(bot, ana, modal())
    bot.answers["view_submission"] = {"response_action": "push", "view": modal(title="Second")}
    await ana.submit(view_id, {"field": "x"})
    bot.answers.clear()
    top = ana.view()
    assert top is not None
    await ana.submit(top["id"], {"field": "x"})
    below = ana.view()
    assert below is not None
    assert below["id"] == view_id


@pytest.mark.parametrize(
    ("answer", "verdict"),
    [
        ({"response_action": "errors", "errors": {"nonsense": "x"}}, "the view has none named nonsense"),
        ({"response_action": "errors", "errors": {"note": "x"}}, "the view has none named note"),
        ({"response_action": "errors", "errors": {}}, "errors must be a text for each block id"),
        ({"response_action": "errors"}, "Slack documents no ack"),
        ({"response_action": "explode"}, "Slack documents no ack"),
        ({"response_action": "clear", "view": modal()}, "Slack documents no ack"),
        ({"text": "thanks"}, "Slack documents no ack"),
        ({"response_action": "update", "view": {"type": "modal"}}, "invalid_arguments: [ERROR] missing required field"),
    ],
)
async def test_undocumented_answers(slack: LocalSlack, bot: Bot, ana: Actor, answer: Json, verdict: str) -> None:
    """An answer that Slack does not document is refused and logged, and the view stays."""
    view_id = await opened(bot, ana, modal(field(line()), {**section(), "block_id": "note"}))
    bot.answers["view_submission"] = answer
    delivery = await ana.submit(view_id, {"field": "x"})
    assert not delivery.ok
    assert verdict in str(delivery.error)
    assert verdict in slack.log[-1].verdict
    shown = ana.view()
    assert shown is not None
    assert shown["id"] == view_id


async def test_submitting_twice(bot: Bot, ana: Actor) -> None:
    """A view that is being submitted cannot be submitted again."""
    view_id = await opened(bot, ana, modal())
    first = asyncio.create_task(ana.submit(view_id, {"field": "x"}))
    await asyncio.sleep(0)
    with pytest.raises(ActError, match="is being submitted"):
        await ana.submit(view_id, {"field": "y"})
    assert (await first).ok


async def test_actions_in_a_modal(bot: Bot, ana: Actor) -> None:
    """A button in a modal tells the app at once, with the view and its hash."""
    view_id = await opened(bot, ana, modal(actions(button("go", value="k1")), field(line())))
    assert (await ana.view_action(view_id, "go")).ok
    told = await bot.told()
    assert (told["type"], told["container"]) == ("block_actions", {"type": "view", "view_id": view_id})
    assert (told["actions"][0]["value"], told["view"]["id"], told["hash"]) == ("k1", view_id, told["view"]["hash"])
    assert "response_url" not in told


async def test_inputs_are_quiet(bot: Bot, ana: Actor) -> None:
    """An input tells the app only if its block says dispatch_action."""
    quiet = {"type": "datepicker", "action_id": "quiet"}
    loud = {"type": "datepicker", "action_id": "loud"}
    view_id = await opened(bot, ana, modal(field(quiet, "a"), field(loud, "b", dispatch_action=True)))
    with pytest.raises(ActError, match="before it is submitted"):
        await ana.view_action(view_id, "quiet", option="2026-11-20")
    await ana.view_action(view_id, "loud", option="2026-11-20")
    told = await bot.told()
    assert told["actions"][0]["selected_date"] == "2026-11-20"
    assert told["state"]["values"]["b"]["loud"]["selected_date"] == "2026-11-20"


async def test_close(bot: Bot, ana: Actor) -> None:
    """The app hears of a closed view if it asked to, without what its inputs hold."""
    quiet = await opened(bot, ana, modal())
    assert (await ana.close(quiet)).ok
    assert bot.was_told_nothing()
    loud = await opened(bot, ana, modal(notify_on_close=True))
    await ana.close(loud)
    told = await bot.told()
    assert (told["type"], told["view"]["id"], told["is_cleared"]) == ("view_closed", loud, False)
    assert told["view"]["state"]["values"] == {}


async def test_close_of_the_stack(bot: Bot, ana: Actor) -> None:
    """A view with clear_on_close takes the stack with it, and the app hears of the root."""
    root = await opened(bot, ana, modal(notify_on_close=True))
    bot.answers["view_submission"] = {"response_action": "push", "view": modal(clear_on_close=True)}
    await ana.submit(root, {"field": "x"})
    await bot.told()
    top = ana.view()
    assert top is not None
    await ana.close(top["id"])
    told = await bot.told()
    assert (told["view"]["id"], told["is_cleared"], ana.view()) == (root, True, None)


async def test_response_urls(bot: Bot, ana: Actor) -> None:
    """A channel chosen in a menu with response_url_enabled comes with a response URL."""
    menu = {"type": "conversations_select", "action_id": "where", "response_url_enabled": True}
    view_id = await opened(bot, ana, modal(field(menu)))
    await ana.submit(view_id, {"field": OPS})
    entry = (await bot.told())["response_urls"][0]
    assert (entry["block_id"], entry["action_id"], entry["channel_id"]) == ("field", "where", OPS)
