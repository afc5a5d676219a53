"""Steps that raise, and what is said of it."""

from __future__ import annotations

from kernbot.run import RunStatus
from kernbot.workflow import Step, StepInput, Steps, Workflow
from tests.scenarios.failing_store import FailingStore
from tests.scenarios.team import Team, words


class Flaky:
    """A step that raises until it has been tried `good_at` times."""

    def __init__(self, good_at: int) -> None:
        self.tries = 0
        self._good_at = good_at

    def __call__(self, _: StepInput) -> str:
        """Fail, or work at last."""
        self.tries += 1
        if self.tries < self._good_at:
            raise RuntimeError(f"try {self.tries}")
        return "sent"


def sending(send: Flaky, **options: object) -> Workflow:
    """Return a workflow whose second step may fail."""
    steps = [
        Step(name="write", executor=lambda _: "a letter"),
        Step(name="send", executor=send, **options),  # type: ignore[arg-type]
        Step(name="file", executor=lambda step_input: f"filed: {step_input.previous_step_content}"),
    ]
    return Workflow(name="sending", steps=steps)


async def test_a_step_that_raises_is_tried_again(team: Team) -> None:
    """With `max_retries=1` the second try counts, and nothing is said of the first."""
    send = Flaky(good_at=2)
    async with team.bot(sending(send, max_retries=1)):
        parent = await team.start("sending")
        result = await team.under(parent, "Result of sending")
        assert "filed: sent" in words(result)
        assert "failed step" not in words(result)
        assert send.tries == 2


async def test_a_step_that_keeps_failing_is_skipped_and_said_to_have_failed(team: Team) -> None:
    """By default the run goes on; its parent and its result read "Finished with 1 failed step: send"."""
    send = Flaky(good_at=9)
    async with team.bot(sending(send, max_retries=1)):
        parent = await team.start("sending")
        result = await team.under(parent, "Result of sending")
        assert "*Finished with 1 failed step:* `send`" in words(result)
        shown = await team.says(parent, "Finished with 1 failed step")
        assert "`send` failed and was skipped:" in words(shown)
        assert "RuntimeError: try 2" in words(shown)
        assert "finished with 1 failed step" in shown["text"]
        assert (send.tries, (await team.run()).run.status) == (2, RunStatus.COMPLETED)


async def test_a_run_ends_in_error_where_the_author_said_so(team: Team) -> None:
    """With `on_error=fail` the run ends in ERROR, its parent and its thread say so, and nothing further runs."""
    send = Flaky(good_at=9)
    async with team.bot(sending(send, max_retries=0, on_error="fail")):
        parent = await team.start("sending")
        told = await team.under(parent, "has failed")
        shown = await team.says(parent, "Failed")
        assert "*Failed:* `sending`, 1 failed step: `send`" in words(shown)
        assert "RuntimeError: try 1" in words(shown)
        assert [words(message) for message in team.thread(parent)] == [words(told)]
        assert "for <@UDEE>" in words(told)
        assert (send.tries, (await team.run()).run.status) == (1, RunStatus.ERROR)


async def test_an_approved_step_that_fails_is_not_tried_again_unasked(team: Team) -> None:
    """One approval is one execution: the card says that the step failed."""
    send = Flaky(good_at=2)
    async with team.bot(sending(send, requires_confirmation=True, confirmation_message="Send?")):
        card = await team.ask("sending", "Send?")
        await team.click("ana", card, "pause.approve")
        await team.says(card, "Approved, the step failed")
        await team.says(team.parents()[0], "`send` failed and was skipped:")
        assert send.tries == 1


async def test_people_are_asked_about_a_failure(team: Team) -> None:
    """With `on_error=pause` a card shows the error; Retry runs the step again, and Skip goes on without it."""
    send = Flaky(good_at=3)
    async with team.bot(sending(send, on_error="pause", requires_confirmation=True, confirmation_message="Send it?")):
        await team.click("ana", asked := await team.ask("sending", "Send it?"), "pause.approve")
        first = await team.under(team.parents()[0], "Retry the failed step `send`?")
        assert "RuntimeError: try 1" in words(first)
        assert "ends as “finished with 1 failed step”." in words(first)
        await team.says(asked, "Approved, the step failed: Send it?")
        await team.click("bob", first, "pause.retry")
        second = await team.says(first, "RuntimeError: try 2")
        await team.click("ana", second, "pause.skip")
        await team.says(team.parents()[0], "finished with 1 failed step")
        assert send.tries == 2


async def test_an_approved_pipeline_that_fails_inside_says_so(team: Team) -> None:
    """The card of a pipeline whose inner step ended the run does not wait for ever."""
    inner = Step(name="send", executor=Flaky(good_at=9), on_error="fail")
    pipe = Steps(name="pipe", steps=[inner], requires_confirmation=True, confirmation_message="Send all?")
    async with team.bot(Workflow(name="sending", steps=[pipe])):
        await team.click("ana", card := await team.ask("sending", "Send all?"), "pause.approve")
        await team.says(card, "Approved, the step failed: Send all?")


async def test_a_traceback_is_for_owners(team: Team) -> None:
    """On the card stand class, first line and the attempt; the details hold the traceback for the owners alone."""
    async with team.bot(sending(Flaky(good_at=9), on_error="pause", max_retries=1), register={"owners": ["UANA"]}):
        card = await team.ask("sending", "Retry the failed step `send`?")
        assert "Attempt 2 failed, after 1 retry by itself." in words(card)
        assert "*Retry*: attempts 3 to 4, until one works." in words(card)
        assert "Traceback" not in words(card)
        theirs = words(await team.pick("bob", card, "Details"))
        assert "Traceback" not in theirs
        assert "The workflow's owners and the operators see more" in theirs
        assert "Traceback (most recent call last)" in words(await team.pick("ana", card, "Details"))


async def test_an_answer_that_could_not_be_acted_on_stays(team: Team) -> None:
    """The card says that resuming failed, under which reference, and that it will be tried again; then it goes on."""
    send = Flaky(good_at=1)
    team.store = store = FailingStore()
    async with team.bot(sending(send, requires_confirmation=True, confirmation_message="Send?"), sweep_seconds=0.2):
        card = await team.ask("sending", "Send?")
        store.fails = True
        await team.click("ana", card, "pause.approve")
        shown = await team.says(card, "will be tried again; the decision stays")
        assert "*Approved* by <@UANA>" in words(shown)
        assert not send.tries
        store.fails = False
        await team.says(card, "Approved, the step ran")
        assert [entry.kind for entry in (await team.run()).journal].count("started") == 1
