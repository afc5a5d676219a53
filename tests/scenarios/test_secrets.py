"""What is secret is shown nowhere: the whole traffic with Slack is searched for it."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, SecretStr

from kernbot.workflow import Step, StepInput, Workflow
from kernbot.workflow.types import UserInputField
from tests.scenarios.team import Team, words


class Login(BaseModel):
    """What a run begins with."""

    user: str
    pin: SecretStr


def sent(team: Team) -> str:
    """Return all that the bot sent to Slack."""
    return str([entry.payload for entry in team.slack.log if entry.direction == "from app"])


async def test_a_secret_of_the_input_reaches_the_step_and_no_card(team: Team) -> None:
    """A SecretStr and a name say so; the step gets the values, which are masked in its output and in its error too."""
    seen: list[Any] = []

    def fetch(step_input: StepInput) -> dict[str, Any]:
        seen.append(step_input.input.pin.get_secret_value())
        return {"api_key": "k-98765", "rows": 3}

    def send(step_input: StepInput) -> str:
        raise RuntimeError(f"refused {step_input.input.pin.get_secret_value()}, tried token=tt-4711")

    steps = [
        Step(name="fetch", executor=fetch),
        Step(name="send", executor=send, requires_confirmation=True, confirmation_message="Send?"),
    ]
    async with team.bot(Workflow(name="sending", steps=steps, input_schema=Login)):
        card = await team.ask('sending {"user": "ann", "pin": "p-123456"}', "Send?")
        assert "user: ann\npin: •••••••• hidden, 8 characters" in words(card)
        assert '"api_key": "•••••••• hidden, 7 characters"' in words(card)
        await team.press("ana", card, "pause.details")
        await team.click("ana", card, "pause.approve")
        parent = await team.says(team.parents()[0], "`send` failed")
        assert "refused ••••••••, tried token=••••••••" in words(parent)
        await team.press("ana", parent, "run.details")
        assert seen == ["p-123456"]
        assert not [secret for secret in ("p-123456", "k-98765", "tt-4711") if secret in sent(team)]


async def test_a_secret_that_is_filled_in_is_shown_nowhere_afterwards(team: Team) -> None:
    """Neither the default in the form, nor what was typed on the card, nor in what the step says of it."""
    fields = [
        UserInputField(name="api_key", value="k-default"),
        UserInputField(name="pin", secret=True),
        UserInputField(name="primary_key", secret=False),
        UserInputField(name="options", field_type="dict"),
    ]

    def use(step_input: StepInput) -> str:
        given = step_input.additional_data["user_input"]
        return f"used {given['api_key']} and {given['pin']}"

    step = Step(name="use", executor=use, requires_user_input=True, user_input_schema=fields)
    async with team.bot(Workflow(name="using", steps=[step])):
        card = await team.ask("using", "Fill in what `use` needs")
        form = await team.press("ana", card, "pause.fill")
        assert "Left empty, the default of 9 characters is used." in words(form)
        assert (await team.send("ana", form, "", "p-123456", "order_id", '{"token": "tt-4711"}')).ok
        card = await team.says(card, "Filled in")
        assert "api_key: `••••••••`" in words(card)
        result = await team.under(team.parents()[0], "Result of using")
        assert "used •••••••• and ••••••••" in words(result)
        details = words(await team.press("ana", team.parents()[0], "run.details"))
        assert "primary_key: order_id" in details
        assert '"token": "•••••••• hidden, 7 characters"' in details
        assert not [secret for secret in ("p-123456", "k-default", "tt-4711") if secret in sent(team)]


async def test_an_output_with_a_secret_is_reviewed_and_not_edited(team: Team) -> None:
    """The card shows a mask and offers no edit; what is approved goes on with the secret in it."""
    seen: list[Any] = []

    def use(step_input: StepInput) -> str:
        seen.append(step_input.previous_step_content)
        return "used"

    steps = [
        Step(name="log-in", executor=lambda _: {"user": "ann", "token": "tt-4711"}, requires_output_review=True),
        Step(name="use", executor=use),
    ]
    async with team.bot(Workflow(name="using", steps=steps)):
        card = await team.ask("using", "Is this output of `log-in` right?")
        assert "•••••••• hidden, 7 characters" in words(card)
        assert "pause.edit" not in str(card["blocks"])
        await team.click("ana", card, "pause.approve")
        await team.under(team.parents()[0], "Result of using")
        assert seen == [{"user": "ann", "token": "tt-4711"}]
        assert "tt-4711" not in sent(team)
