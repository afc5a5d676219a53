"""Starting a workflow by the command and its forms."""

from __future__ import annotations

from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, ClassVar

import pytest
from pydantic import BaseModel, Field, SecretStr, field_validator, model_validator

from kernbot.localslack.delivery import Envelope
from kernbot.slack import ids
from kernbot.slack.channels import START_FRESH_SECONDS
from kernbot.workflow import StepInput, Workflow
from tests.scenarios.team import CHANNEL, ELSEWHERE, Team, words
from tests.scenarios.workflows import QUESTION, Deploy

COMPLAINT = "Please correct the next field:"


class _Speed(StrEnum):
    SLOW = "slow"
    FAST = "fast"


class _Order(BaseModel):
    region: str = Field(description="Where it goes", min_length=2)
    units: int = Field(ge=1, le=500)
    speed: _Speed = _Speed.SLOW
    ship_at: datetime | None = None
    access_token: SecretStr | None = None

    @field_validator("region")
    @classmethod
    def _is_known(cls, region: str) -> str:
        if region == "Atlantis":
            raise ValueError("Nobody lives in Atlantis")
        return region


class _Nothing(BaseModel):
    is_closed: ClassVar[bool] = False

    @model_validator(mode="after")
    def _is_open(self) -> _Nothing:
        if self.is_closed:
            raise ValueError("The shop is closed")
        return self


class _Orders:
    """A workflow that says what its input looks like, and what it was given."""

    def __init__(self, schema: type[BaseModel] = _Order) -> None:
        self.given: list[Any] = []
        self.workflow = Workflow(name="orders", description="Orders <b>goods</b>.", steps=[self._order])
        self.workflow.input_schema = schema

    def _order(self, step_input: StepInput) -> str:
        self.given.append(step_input.input)
        return "ordered"


async def _form(team: Team, who: str, text: str, *, channel: str = CHANNEL) -> dict[str, Any]:
    """Have somebody type a command that opens a form."""
    before = team.person(who).view()
    assert not await team.type(who, text, channel=channel)
    return await team.opened(who, before)


def _inputs(view: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {block["label"]["text"]: block["element"] for block in view["blocks"] if block["type"] == "input"}


async def test_the_command_alone_offers_what_one_may_start(team: Team) -> None:
    """A form shows the workflows with their descriptions; choosing one leads to its own form, and that starts it."""
    orders = _Orders()
    async with team.bot(orders.workflow, Deploy().workflow):
        view = await _form(team, "dee", "run")
        options = _inputs(view)["Workflow"]["options"]
        assert [option["text"]["text"] for option in options] == ["deploy", "orders"]
        assert options[1]["description"]["text"] == "Orders <b>goods</b>."
        assert (await team.send("dee", view, options[1]["value"])).ok
        view = await team.modal("dee", lambda view: "region" in _inputs(view))
        assert "Its questions and its result go to <#C01OPS>." in words(view)
        assert (await team.send("dee", view, "EU", "3")).ok
        await team.hears("dee", "Started `orders`")
        await team.eventually(lambda: orders.given)
    assert orders.given == [_Order(region="EU", units=3)]
    assert team.person("dee").view() is None


async def test_a_workflow_without_a_schema_has_a_form_with_one_text(team: Team) -> None:
    """It may be left empty; then the run has no input."""
    async with team.bot(Deploy().workflow):
        for typed in (None, "the input"):
            view = await _form(team, "dee", "run")
            await team.send("dee", view, _inputs(view)["Workflow"]["options"][0]["value"])
            view = await team.modal("dee", lambda view: "Input" in _inputs(view))
            known = await team.runs()
            assert (await team.send("dee", view, typed)).ok
            assert await team.runs() == known + 1
            assert (await team.run()).run.request["input"] == typed
            team.clock.move(1)


async def test_somebody_who_may_start_nothing_is_told_so(team: Team) -> None:
    """In the modal, which does not stay empty; and no run begins."""
    async with team.bot(Deploy().workflow):
        view = await _form(team, "olga", "run", channel=ELSEWHERE)
    assert "There is no workflow that you may start." in words(view)


async def test_the_command_without_the_inputs_opens_the_form(team: Team) -> None:
    """Every field with its description, rules and default; nothing is called wrong yet."""
    async with team.bot(_Orders().workflow):
        view = await _form(team, "dee", "run orders")
    assert list(_inputs(view)) == ["region", "units", "speed", "ship_at", "access_token"]
    shown = words(view)
    assert "Where it goes At least 2 characters." in shown
    assert "At least 1. At most 500." in shown
    assert "Your time zone counts: UTC." in shown
    assert "Secret: what you type is shown nowhere." in shown
    assert _inputs(view)["speed"]["initial_option"]["text"]["text"] == "slow"
    assert COMPLAINT not in shown


async def test_what_is_wrong_is_said_at_the_field(team: Team) -> None:
    """By the reader of the form and by the model; what was typed stays, and is taken once it is right."""
    orders = _Orders()
    async with team.bot(orders.workflow):
        view = await _form(team, "dee", "run orders")
        refused = await team.send("dee", view, "E", "many")
        assert refused.errors == {"field.1": "“many” is not a whole number. Type one such as 12."}
        refused = await team.send("dee", view, "E", "501")
        assert refused.errors == {
            "field.0": "String should have at least 2 characters.",
            "field.1": "Input should be less than or equal to 500.",
        }
        refused = await team.send("dee", view, "Atlantis", "2")
        assert refused.errors == {"field.0": "Nobody lives in Atlantis."}
        assert await team.runs() == 0
        assert (await team.send("dee", view, "EU", "2")).ok
        await team.eventually(lambda: orders.given)
    assert orders.given == [_Order(region="EU", units=2)]


@pytest.mark.parametrize(
    "typed",
    [
        '{"region": "New York", "units": 3, "speed": "fast"}',
        'region="New York" units=3 speed=Fast',
        "units=3 region=“New York” speed = fast",
    ],
)
async def test_arguments_that_fit_start_it_at_once(team: Team, typed: str) -> None:
    """As JSON, or by name with quotes of any kind."""
    orders = _Orders()
    async with team.bot(orders.workflow):
        await team.start(f"orders {typed}")
        await team.eventually(lambda: orders.given)
    assert orders.given == [_Order(region="New York", units=3, speed=_Speed.FAST)]


@pytest.mark.parametrize(
    ("typed", "complaint", "kept"),
    [
        ("region=EU units=many", "“many” is not a whole number.", {"region": "EU", "units": "many"}),
        ('{"region": "EU", "units": "many"}', "should be a valid integer", {"region": "EU", "units": "many"}),
        ("region=EU units=501", "less than or equal to 500", {"region": "EU", "units": "501"}),
        ("region=EU units=2 speed=warp", "“warp” is not one of the choices.", {"units": "2"}),
        ("units=2 regoin=EU", "*Left out:* `regoin=EU`. There is no `regoin`. Did you mean `region`?", {"units": "2"}),
        ("units=2 to <!channel>", "your text stands in it", {"region": "to <!channel>"}),
        ("to the EU", "your text stands in it", {"region": "to the EU"}),
        ("units=2 region=EU ship_at=noon", "“noon” is not a date and time.", {"ship_at": "noon"}),
        ('{"region": "EU"', "This is not JSON", {}),
    ],
)
async def test_wrong_arguments_open_the_form_filled_in(
    team: Team, typed: str, complaint: str, kept: dict[str, str]
) -> None:
    """The error stands above its field and the wrong text in it; no run has started."""
    async with team.bot(_Orders().workflow):
        view = await _form(team, "dee", f"run orders {typed}")
        assert await team.runs() == 0
    said = [words(block) for block in view["blocks"] if block["type"] == "section"]
    assert any(complaint in line for line in said)
    inputs = _inputs(view)
    assert {name: inputs[name]["initial_value"] for name in kept} == kept


async def test_a_form_that_was_filled_in_by_arguments_starts_with_them(team: Team) -> None:
    """What was right is kept, what was wrong is corrected."""
    orders = _Orders()
    async with team.bot(orders.workflow):
        view = await _form(team, "dee", "run orders region=EU units=many speed=fast")
        assert (await team.person("dee").submit(view["id"], {"field.1": "7"})).ok
        await team.eventually(lambda: orders.given)
    assert orders.given == [_Order(region="EU", units=7, speed=_Speed.FAST)]


async def test_a_date_and_time_is_read_in_the_persons_zone(team: Team) -> None:
    """The form names the zone; what reaches the step is in UTC."""
    orders = _Orders()
    team.slack.add_person("UNEO", name="neo", tz="America/New_York")
    async with team.bot(orders.workflow):
        team.slack.join("UNEO", CHANNEL)
        await team.start("orders region=EU units=1 ship_at='2026-12-01 09:30'", who="neo")
        view = await _form(team, "neo", "run orders")
        assert "Your time zone counts: America/New_York." in words(view)
        refused = await team.send("neo", view, "EU", "2", "2.0", "2026-03-08 02:30")
        assert "the clocks are put forward" in str(refused.errors)
        assert (await team.send("neo", view, "EU", "2", "2.0", "2026-12-01 10:30")).ok
        await team.eventually(lambda: len(orders.given) > 1)
    assert {order.ship_at for order in orders.given} == {
        datetime(2026, 12, 1, 14, 30, tzinfo=UTC),
        datetime(2026, 12, 1, 15, 30, tzinfo=UTC),
    }


async def test_a_secret_is_given_and_shown_nowhere(team: Team) -> None:
    """It reaches the step; neither a form nor a message nor the metadata of a form holds it."""
    orders = _Orders()
    async with team.bot(orders.workflow):
        view = await _form(team, "dee", "run orders region=EU units=many access_token=hunter2")
        assert "initial_value" not in _inputs(view)["access_token"]
        assert "*Type it again:*" in words(view)
        refused = await team.send("dee", view, "EU", "many", "2.0", None, "hunter2")
        assert not refused.ok
        assert (await team.send("dee", view, "EU", "3", "2.0", None, "hunter2")).ok
        await team.eventually(lambda: orders.given)
    assert orders.given[0].access_token == SecretStr("hunter2")
    sent = [entry.payload for entry in team.slack.log if entry.direction == "from app"]
    assert "hunter2" not in str(sent)
    assert "hunter2" not in view["private_metadata"]


async def test_a_form_whose_workflow_is_gone_says_so_with_what_was_typed(team: Team) -> None:
    """After a redeploy without it; secrets are not shown again."""
    async with team.bot(_Orders().workflow):
        view = await _form(team, "dee", "run orders")
    async with team.bot(Deploy().workflow):
        await team.send("dee", view, "EU", "3", "2.0", None, "hunter2")
        shown = words(await team.modal("dee", lambda view: view["title"]["text"] == "Not started"))
        assert "there is no workflow `orders` any more" in shown
        assert "EU" in shown
        assert "hunter2" not in shown
        assert await team.runs() == 0


async def test_a_form_that_asks_for_other_values_by_now_is_out_of_date(team: Team) -> None:
    """Nothing that was typed into one field is taken for another."""

    class _Newer(BaseModel):
        units: int
        region: str

    async with team.bot(_Orders().workflow):
        view = await _form(team, "dee", "run orders")
    async with team.bot(_Orders(_Newer).workflow):
        await team.send("dee", view, "EU", "3")
        shown = words(await team.modal("dee", lambda view: view["title"]["text"] == "Not started"))
        assert "this form `orders` is out of date" in shown
        assert "EU" in shown
        assert await team.runs() == 0


async def test_a_form_of_somebody_who_has_lost_the_right_meanwhile_says_so(team: Team) -> None:
    """With what was typed, to copy, and no run."""
    async with team.bot(_Orders().workflow):
        view = await _form(team, "bob", "run orders")
        team.slack.leave("UBOB", CHANNEL)
        team.clock.move(11)
        await team.send("bob", view, "EU", "3")
        shown = words(await team.modal("bob", lambda view: view["title"]["text"] == "Not started"))
        assert "you are not a full member" in shown
        assert "EU" in shown
        assert await team.runs() == 0


async def test_before_a_run_exists_the_bot_can_post(team: Team) -> None:
    """Where it was removed while the form was open, the form says how to let it in; so does the command."""
    async with team.bot(_Orders().workflow):
        view = await _form(team, "dee", "run orders")
        team.slack.leave(team.app.bot_user_id, CHANNEL)
        team.clock.move(START_FRESH_SECONDS)
        await team.send("dee", view, "EU", "3")
        shown = words(await team.modal("dee", lambda view: view["title"]["text"] == "Not started"))
        assert "Invite me: `/invite @kern`" in shown
        assert "Invite me: `/invite @kern`" in await team.type("dee", "run orders")
        assert await team.runs() == 0


async def test_while_slack_cannot_be_asked_the_form_stays(team: Team) -> None:
    """With an error at its first field; sent again, it starts."""
    async with team.bot(_Orders().workflow):
        view = await _form(team, "dee", "run orders")
        team.line.refuse("conversations.info", "internal_error")
        team.clock.move(START_FRESH_SECONDS)
        refused = await team.send("dee", view, "EU", "3")
        assert "cannot check your right just now" in str(refused.errors)
        assert (await team.send("dee", view, "EU", "3")).ok
        assert await team.runs() == 1


async def test_cards_go_to_the_workflows_channel_and_the_link_where_it_was_asked_for(team: Team) -> None:
    """From another channel, and from the conversation with the bot."""
    async with team.bot(Deploy().workflow):
        for channel in (ELSEWHERE, team.direct_channel("dee")):
            known = len(team.parents())
            view = await _form(team, "dee", "run", channel=channel)
            await team.send("dee", view, _inputs(view)["Workflow"]["options"][0]["value"])
            view = await team.modal("dee", lambda view: "Input" in _inputs(view))
            assert (await team.send("dee", view, None)).ok
            await team.until(lambda known=known: len(team.parents()) > known)  # type: ignore[misc]
            await team.under(team.parents()[known], QUESTION)
            await team.hears("dee", "Open the run", channel=channel)


async def test_the_form_is_offered_by_a_button_where_it_comes_too_late(team: Team) -> None:
    """A trigger that has expired opens nothing; the button that is shown in its place opens the form."""
    async with team.bot(_Orders().workflow):
        team.line.refuse("views.open", "expired_trigger_id")
        assert not await team.type("dee", "run orders units=many")
        await team.hears("dee", "open the form to start `orders`")
        [offer] = [m for m in team.person("dee").messages(CHANNEL) if m["ephemeral"]]
        assert (await team.person("dee").click(CHANNEL, offer["ts"], ids.START_OPEN)).ok
        view = await team.modal("dee", lambda view: view["title"]["text"] == "Start a workflow")
    assert _inputs(view)["units"]["initial_value"] == "many"


async def _mention(team: Team, text: str, *, who: str = "dee", thread_ts: str | None = None) -> dict[str, Any]:
    """Have somebody mention the bot; return the offer that answers it."""
    await team.person(who).say(CHANNEL, f"@kern {text}", thread_ts=thread_ts)
    parent = thread_ts or team.person(who).messages(CHANNEL)[-1]["ts"]
    return await team.until(lambda: next((m for m in _offers(team, parent)), {}))


def _offers(team: Team, parent: str) -> list[dict[str, Any]]:
    messages = team.person("ana").messages(CHANNEL, parent)
    return [message for message in messages if "Open the form to start" in message["text"]]


async def test_a_mention_is_answered_in_its_thread_with_a_button_that_opens_the_form(team: Team) -> None:
    """Filled in with what was written; nothing begins before its author has sent it, and they are told there."""
    orders = _Orders()
    async with team.bot(orders.workflow):
        offer = await _mention(team, "run orders region='New York' units=3 speed=fast")
        assert await team.runs() == 0
        assert "`Dee`, open the form to start `orders`." in words(offer)
        assert (await team.click("dee", offer, ids.START_OPEN)).ok
        view = await team.modal("dee", lambda view: "region" in _inputs(view))
        assert _inputs(view)["region"]["initial_value"] == "New York"
        assert _inputs(view)["speed"]["initial_option"]["text"]["text"] == "fast"
        assert await team.runs() == 0
        assert (await team.person("dee").submit(view["id"], {})).ok
        await team.eventually(lambda: orders.given)
        seen = team.person("dee")
        await team.until(lambda: any("Started" in words(m) for m in seen.messages(CHANNEL, offer["thread_ts"])))
    assert orders.given == [_Order(region="New York", units=3, speed=_Speed.FAST)]


async def test_a_mention_with_other_words_leads_to_the_choice_with_them(team: Team) -> None:
    """In a thread, it is answered there; the words are filled in into the form of what is chosen."""
    async with team.bot(Deploy().workflow):
        parent = await team.start("deploy")
        offer = await _mention(team, "ship it for <@UANA> & all", thread_ts=parent["ts"])
        assert offer["thread_ts"] == parent["ts"]
        assert (await team.click("dee", offer, ids.START_OPEN)).ok
        view = await team.modal("dee", lambda view: "Workflow" in _inputs(view))
        await team.send("dee", view, _inputs(view)["Workflow"]["options"][0]["value"])
        view = await team.modal("dee", lambda view: "Input" in _inputs(view))
        assert _inputs(view)["Input"]["initial_value"] == "ship it for <@UANA> & all"


async def test_only_the_author_of_a_mention_opens_its_form(team: Team) -> None:
    """Anybody else is told so, in the thread, and sees no form."""
    async with team.bot(_Orders().workflow):
        offer = await _mention(team, "run orders")
        assert (await team.click("ana", offer, ids.START_OPEN)).ok
        ana = team.person("ana")
        await team.until(
            lambda: any("This form is for `Dee`" in words(m) for m in ana.messages(CHANNEL, offer["thread_ts"]))
        )
        assert ana.view() is None


async def test_an_event_that_comes_twice_is_answered_once(team: Team) -> None:
    """As does one by a bot not at all."""
    async with team.bot(_Orders().workflow):
        offer = await _mention(team, "run orders")
        [told] = [entry.payload for entry in team.slack.log if entry.name == "app_mention"]
        by_bot = {**told, "event_id": "Ev0BOT", "event": {**told["event"], "bot_id": "B0OTHER"}}
        for body in (told, by_bot):
            await _deliver(team, body)
        other = await _mention(team, "run orders", who="ana")
        assert len(_offers(team, offer["thread_ts"])) == len(_offers(team, other["thread_ts"])) == 1


async def _deliver(team: Team, body: dict[str, Any]) -> None:
    """Have an event delivered once more."""
    again = Envelope(team.app, "events_api", body, team.app.events_url, retry_number=1, retry_reason="http_timeout")
    assert (await team.slack._scene.courier.deliver(again)).ok


async def test_the_global_shortcut_opens_the_choice_and_says_in_the_modal_what_has_started(team: Team) -> None:
    """There is no channel to answer in; the modal leads to the run."""
    async with team.bot(Deploy().workflow):
        assert (await team.person("dee").shortcut(ids.START_SHORTCUT)).ok
        view = await team.modal("dee", lambda view: "Workflow" in _inputs(view))
        await team.send("dee", view, _inputs(view)["Workflow"]["options"][0]["value"])
        view = await team.modal("dee", lambda view: "Input" in _inputs(view))
        assert (await team.send("dee", view, None)).ok
        view = await team.modal("dee", lambda view: view["title"]["text"] == "Started")
        assert "|Open the run>" in words(view)
        assert await team.runs() == 1


async def test_a_message_is_the_input_of_what_is_started_with_it(team: Team) -> None:
    """Its text is shown before and in the form, and a link to the run where the message stands: in its thread."""
    orders = _Orders()
    async with team.bot(orders.workflow):
        await team.person("ana").say(CHANNEL, "New York, please = soon")
        parent = team.person("ana").messages(CHANNEL)[-1]["ts"]
        await team.person("ana").say(CHANNEL, "The Moon & <!channel>", thread_ts=parent)
        message = team.person("ana").messages(CHANNEL, parent)[-1]
        assert (await team.person("dee").message_shortcut(CHANNEL, message["ts"], ids.START_WITH_MESSAGE)).ok
        view = await team.modal("dee", lambda view: "Workflow" in _inputs(view))
        assert "The Moon & <!channel>" in words(view)
        await team.send("dee", view, _inputs(view)["Workflow"]["options"][0]["value"])
        view = await team.modal("dee", lambda view: "region" in _inputs(view))
        assert _inputs(view)["region"]["initial_value"] == "The Moon & <!channel>"
        assert (await team.person("dee").submit(view["id"], {"field.1": "1"})).ok
        await team.eventually(lambda: orders.given)
        dee = team.person("dee")
        await team.until(lambda: any("Open the run" in words(m) for m in dee.messages(CHANNEL, parent)))
    assert orders.given[0].region == "The Moon & <!channel>"


async def test_a_form_that_comes_twice_starts_one_run(team: Team) -> None:
    """The second time, also after a restart, it is the same run."""
    team.refused.add("not_found")  # its modal is closed by then
    async with team.bot(_Orders().workflow):
        view = await _form(team, "dee", "run orders")
        assert (await team.send("dee", view, "EU", "3")).ok
        await team.until(lambda: len(team.parents()) == 1)
        [logged] = [entry.payload for entry in team.slack.log if entry.name == "view_submission"]
        sent = {**logged, "response_urls": []}  # what the log hides
        again = Envelope(team.app, "interactive", sent, team.app.interactivity_url)
        assert (await team.slack._scene.courier.deliver(again)).ok
        await team.hears("dee", "Started `orders`", times=2)
    await team.store.put_inbox(sent, team.clock())
    async with team.bot(_Orders().workflow):
        await team.hears("dee", "Started `orders`", times=3)
        assert await team.runs() == len(team.parents()) == 1


async def test_a_secret_in_a_mention_is_asked_for_again(team: Team) -> None:
    """The form does not show it; sent without it, the run has none."""
    orders = _Orders()
    async with team.bot(orders.workflow):
        offer = await _mention(team, "run orders region=EU units=3 access_token=hunter2")
        assert "hunter2" not in str(offer)
        assert (await team.click("dee", offer, ids.START_OPEN)).ok
        view = await team.modal("dee", lambda view: "region" in _inputs(view))
        assert "*Type it again:*" in words(view)
        assert "hunter2" not in str(view)
        assert (await team.person("dee").submit(view["id"], {})).ok
        await team.eventually(lambda: orders.given)
    assert orders.given == [_Order(region="EU", units=3)]


async def test_more_workflows_than_an_option_list_holds_are_searched(team: Team) -> None:
    """Up to ten stand one under the other; more are searched in a menu, over a hundred in groups."""
    step = Deploy().workflow.steps
    workflows = [Workflow(name=f"flow_{number:03}", steps=step) for number in range(101)]
    async with team.bot(*workflows):
        view = await _form(team, "dee", "run")
        menu = _inputs(view)["Workflow"]
        assert menu["type"] == "static_select"
        assert [len(group["options"]) for group in menu["option_groups"]] == [100, 1]
        assert (await team.send("dee", view, menu["option_groups"][1]["options"][0]["value"])).ok
        view = await team.modal("dee", lambda view: "Input" in _inputs(view))
        assert "flow_100" in words(view)


async def test_a_form_without_fields_says_in_its_place_what_is_wrong(team: Team) -> None:
    """There is no field that an error could be said at; else it starts."""
    _Nothing.is_closed = True
    orders = _Orders(_Nothing)
    async with team.bot(orders.workflow):
        for _ in range(2):
            view = await _form(team, "dee", "run")
            await team.send("dee", view, _inputs(view)["Workflow"]["options"][0]["value"])
            view = await team.modal("dee", lambda view: "Its questions" in words(view))
            await team.send("dee", view)
            if _Nothing.is_closed:
                view = await team.modal("dee", lambda view: view["title"]["text"] == "Not started")
                assert "The shop is closed" in words(view)
                _Nothing.is_closed = False
        await team.eventually(lambda: orders.given)
    assert orders.given == [_Nothing()]
