"""Questions about what came out: taken, edited, left out, or done again with feedback."""

from __future__ import annotations

from typing import Any

import pytest

from kernbot.run import RunStatus
from kernbot.workflow import HumanReview, Loop, Step, StepInput, Workflow
from tests.scenarios.team import Team, words

QUESTION = "Is this draft right?"


def writing(draft: Any = "A draft.", **review: Any) -> Workflow:
    """Return a workflow whose draft is reviewed before it is sent; a further draft holds the feedback."""

    def write(step_input: StepInput) -> Any:
        feedback = step_input.additional_data.get("rejection_feedback")
        return f"{draft} Now {feedback}." if feedback else draft

    def send(step_input: StepInput) -> str:
        return f"sent: {step_input.previous_step_content}"

    settings = {"requires_output_review": True, "output_review_message": QUESTION, **review}
    steps = [Step("write", write, human_review=HumanReview(**settings)), Step("send", send)]
    return Workflow(name="writing", steps=steps)


async def result(team: Team) -> str:
    """Wait for the result of the run."""
    return words(await team.under(team.parents()[0], "Result of"))


async def test_an_output_is_seen_and_approved(team: Team) -> None:
    """The card shows the output; Approve sends it on, and the card says with what the run went on."""
    async with team.bot(writing()):
        card = await team.ask("writing", QUESTION)
        assert "output: A draft." in words(card)
        await team.click("ana", card, "pause.approve")
        card = await team.says(card, "Approved, the run went on: Is this draft right?")
        assert "The run went on with `send`" in words(card)
        assert "sent: A draft." in await result(team)


async def test_an_output_is_edited_and_the_card_shows_the_difference(team: Team) -> None:
    """The form holds the output; what is sent takes its place, and the card shows what changed."""
    async with team.bot(writing("First fact. Failed payments fell by 18 percent.")):
        card = await team.ask("writing", QUESTION)
        form = await team.press("ana", card, "pause.edit")
        assert form["blocks"][-1]["element"]["initial_value"] == "First fact. Failed payments fell by 18 percent."
        assert (await team.send("ana", form, "First fact. Failed payments fell by 8 percent.")).ok
        card = await team.says(card, "Approved with changes, the run went on")
        assert "- Failed payments fell by 18 percent.\n+ Failed payments fell by 8 percent." in words(card)
        assert "First fact. Failed payments fell by 8 percent." in await result(team)


async def test_an_edit_that_changes_nothing_is_an_approval(team: Team) -> None:
    """The card says Approved, and shows no difference."""
    async with team.bot(writing("A draft.\nTwo lines.\u200b")):
        card = await team.ask("writing", QUESTION)
        form = await team.press("ana", card, "pause.edit")
        assert (await team.send("ana", form)).ok
        await team.says(card, "Approved, the run went on")
        assert (await team.run()).pauses[0].answered.answer["action"] == "confirm"  # type: ignore[union-attr]


async def test_data_are_edited_as_json(team: Team) -> None:
    """Wrong JSON is refused at its field and nothing is stored; corrected, the next step gets data."""
    async with team.bot(writing({"city": "Tokyo"})):
        card = await team.ask("writing", QUESTION)
        form = await team.press("ana", card, "pause.edit")
        refused = await team.send("ana", form, '{"city": "Osaka"')
        assert "This is not JSON" in next(iter((refused.errors or {}).values()))
        assert (await team.send("ana", form, '{"city": "Osaka"}')).ok
        assert "sent: {'city': 'Osaka'}" in await result(team)


async def test_a_long_output_is_reviewed_whole_and_edited_in_pieces(team: Team) -> None:
    """Review shows all of it; Edit, opened from there, has a field for each piece, and clears both windows."""
    draft = " ".join(f"word{number}" for number in range(700))
    async with team.bot(writing(draft)):
        card = await team.ask("writing", QUESTION)
        review = await team.press("ana", card, "pause.review")
        assert "word699" in words(review)
        assert (await team.person("ana").view_action(review["id"], "pause.edit")).ok
        form = await team.modal("ana", lambda view: view["title"]["text"] == "Edit")
        pieces = [block["element"]["initial_value"] for block in form["blocks"] if block["type"] == "input"]
        assert (await team.send("ana", form, *pieces[:-1], pieces[-1].replace("word699", "the end"))).ok
        assert team.person("ana").view() is None
        card = await team.says(card, "Approved with changes")
        assert draft.replace("word699", "the end") in (await result(team)).replace("\n", " ")


async def test_a_reject_has_it_done_again_with_feedback(team: Team) -> None:
    """The form needs feedback; the card shows it then, with the new draft and the old one."""
    async with team.bot(writing(on_reject="retry", max_retries=2)):
        first = await team.ask("writing", QUESTION)
        assert "has it done again (retry 1 of 2)" in words(first)
        form = await team.press("ana", first, "pause.feedback")
        assert (await team.send("ana", form, "")).errors
        assert (await team.send("ana", form, "shorter")).ok
        second = await team.says(first, "feedback: shorter")
        assert "output: A draft. Now shorter.\nbefore: A draft.\nfeedback: shorter" in words(second)
        assert "*Done again:* retry 1 of 2." in words(second)
        await team.click("bob", second, "pause.approve")
        assert "sent: A draft. Now shorter." in await result(team)


async def test_where_no_retry_is_left_a_reject_cancels(team: Team) -> None:
    """The last card says that no retry is left, and its Reject cancels the run."""
    async with team.bot(writing(on_reject="retry", max_retries=0)):
        card = await team.ask("writing", QUESTION)
        assert "No retry is left." in words(card)
        await team.click("ana", card, "pause.reject")
        await team.says(card, "Rejected, the run was cancelled")
        assert (await team.run()).run.status is RunStatus.CANCELLED


@pytest.mark.parametrize(
    ("on_timeout", "says", "ends"),
    [
        ("approve", "No answer in time, the run went on", "sent: A draft."),
        ("reject", "No answer in time, the output was left out", "sent: None"),
    ],
)
async def test_silence_does_what_the_card_says(team: Team, on_timeout: str, says: str, ends: str) -> None:
    """At the deadline the output is taken or left out, and the card says so."""
    async with team.bot(writing(timeout=60, on_timeout=on_timeout)):
        card = await team.ask("writing", QUESTION)
        team.clock.move(61)
        await team.click("ana", card, "pause.approve")
        await team.says(card, says)
        assert ends in await result(team)
        assert "the deadline was over before your click" in await team.hears("ana", "Not recorded")


async def test_an_edit_that_lost_is_given_back(team: Team) -> None:
    """Who edits while somebody else approves is told so, and gets their text to copy."""
    async with team.bot(writing()):
        card = await team.ask("writing", QUESTION)
        form = await team.press("ana", card, "pause.edit")
        await team.click("bob", card, "pause.approve")
        await team.says(card, "Approved, the run went on")
        await team.send("ana", form, "My better draft.")
        shown = words(await team.modal("ana", lambda view: view["title"]["text"] == "Not recorded"))
        assert "<@UBOB> approved it" in shown
        assert "My better draft." in shown


async def test_a_stale_click_on_an_earlier_draft_changes_nothing(team: Team) -> None:
    """A button from when the card showed the first draft does not answer for the second."""
    async with team.bot(writing(on_reject="retry")):
        first = await team.ask("writing", QUESTION)
        form = await team.press("ana", first, "pause.feedback")
        await team.send("ana", form, "shorter")
        await team.says(first, "feedback: shorter")
        await team.click("bob", first, "pause.approve", stale=True)
        assert "<@UANA> rejected it" in await team.hears("bob", "Not recorded")
        assert [pause.state for pause in (await team.run()).pauses] == ["answered", "open"]


def looping(**review: Any) -> Workflow:
    """Return a workflow that tries a subject line up to three times."""

    def attempt(step_input: StepInput) -> str:
        return f"line, {step_input.additional_data.get('rejection_feedback', 'first')}"

    settings = {"requires_iteration_review": True, "iteration_review_message": "Accept this line?", **review}
    loop = Loop(name="tries", steps=[Step("try", attempt)], max_iterations=3, human_review=HumanReview(**settings))
    return Workflow(name="looping", steps=[loop])


async def test_an_iteration_is_followed_by_another_until_one_is_accepted(team: Team) -> None:
    """Next iteration takes feedback; Accept and stop ends the loop; one card shows each iteration in its turn."""
    async with team.bot(looping(on_reject="retry")):
        first = await team.ask("looping", "Accept this line?")
        assert "Iteration 1 of 3." in words(first)
        form = await team.press("ana", first, "pause.feedback")
        assert form["submit"]["text"] == "Next iteration"
        assert (await team.send("ana", form, "funnier")).ok
        second = await team.says(first, "Iteration 2 of 3.")
        assert "before: line, first" in words(second)
        await team.click("ana", second, "pause.approve")
        await team.says(second, "Accepted, the loop ended")
        assert "line, funnier" in await result(team)
