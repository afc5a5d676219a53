"""The buttons of cards, modals and parent messages, with the dialogs that ask back."""

from __future__ import annotations

from collections.abc import Sequence

from kernbot.slack import ids
from kernbot.slack.ids import TokenMaker, short_id
from kernbot.slack.render.blocks import Element, button, confirm, plain
from kernbot.slack.render.facts import CALLS, PauseFacts, RunFacts
from kernbot.slack.render.promise import asks_for_feedback, asks_to_confirm, goes_on_after_no, reject_label
from kernbot.slack.render.question import question_cut, question_in_dialog
from kernbot.slack.render.text import short
from kernbot.slack.render.values import WHOLE_CARD, Room, all_shown, choices_shown

LABELS = {
    ids.APPROVE: "Approve",
    ids.REVIEW: "Review",
    ids.EDIT: "Edit",
    ids.FEEDBACK: "Reject",
    ids.CHOOSE: "Choose",
    ids.RESULT: "Provide result",
    ids.FILL_IN: "Fill in",
    ids.REJECT: "Reject",
    ids.DETAILS: "Details",
    ids.AS_JSON: "Show as JSON",
    ids.RETRY: "Retry",
    ids.SKIP: "Skip",
    ids.APPROVE_ALL: "Approve all",
    ids.REVIEW_ALL: "Approve all",
    ids.RUN_DETAILS: "Details",
    ids.RUN_RETRY: "Retry",
    ids.RUN_CANCEL: "Cancel run",
    ids.ASK_CANCEL: "Cancel run…",
}
"""What is written on the button, or the entry of a menu, of an action."""

_LONGEST_NAME = 25
_LONGEST_DEED = 30
_REJECTS = {"skip": "skips the step", "cancel": "cancels the run", "else": "runs the else branch", "retry": "again"}


def fill_in_label(pause: PauseFacts) -> str:
    """Return what filling in a question is called: it approves too where both are asked."""
    if pause.kind in ("call_confirmation", "agent_choices"):
        return "Edit" if pause.kind == "call_confirmation" else "Answer"
    return "Fill in and approve" if asks_to_confirm(pause) else "Fill in"


def needs_review(pause: PauseFacts, room: Room = WHOLE_CARD) -> bool:
    """Whether a card can't show all that is decided on."""
    is_whole = question_cut(pause).is_whole and all_shown(pause.values, room) and choices_shown(pause)
    return pause.hides_values or not is_whole


def button_of(
    run: RunFacts,
    pause: PauseFacts,
    tokens: TokenMaker,
    action_id: str,
    *,
    label: str | None = None,
    says: str | None = None,
    effect: str = "",
    style: str | None = None,
    asks_back: Element | None = None,
) -> Element:
    """Return a button of a question; `says` takes the place of the label for screen readers, `effect` follows."""
    label = label or LABELS[action_id]
    spoken = f"{says or label} {short(pause.step_name, _LONGEST_NAME)}, run {short_id(run.run_id)}{effect}"
    value = tokens.make(action_id, pause.pause_id, pause.digest)
    return button(action_id, label, value, spoken, style=style, confirm=asks_back)


def reject_button(run: RunFacts, pause: PauseFacts, tokens: TokenMaker) -> Element:
    """Return the button that says no: it asks for feedback where that helps, asks back where it cancels the run."""
    has_form = asks_for_feedback(pause)
    goes_on = goes_on_after_no(pause)
    return button_of(
        run,
        pause,
        tokens,
        ids.FEEDBACK if has_form else ids.REJECT,
        label=reject_label(pause),
        says=None if goes_on or not pause.reject_label else "Reject",
        effect=f": {_REJECTS[pause.on_reject]}" if pause.on_reject in _REJECTS and not goes_on else "",
        style=None if goes_on else "danger",
        asks_back=_confirm_reject(pause) if pause.on_reject == "cancel" and not has_form else None,
    )


def details_of_run(run: RunFacts, tokens: TokenMaker, number: int | None = None) -> Element:
    """Return the button that shows a run whole; those in a list are numbered."""
    says = f"Details of run {short_id(run.run_id)}, {short(run.workflow, _LONGEST_NAME)}"
    action_id = ids.RUN_DETAILS if number is None else ids.numbered(ids.RUN_DETAILS, number)
    return button(action_id, "Details", tokens.make(action_id, run.run_id, run.run_id), says)


def retry_run(run: RunFacts, tokens: TokenMaker) -> Element:
    """Return the button that has tried again what failed in a run, on its parent message."""
    says = f"Retry what failed in run {short_id(run.run_id)}, {short(run.workflow, _LONGEST_NAME)}"
    return button(ids.RUN_RETRY, "Retry", tokens.make(ids.RUN_RETRY, run.run_id, run.run_id), says)


def run_again(run: RunFacts, tokens: TokenMaker) -> Element:
    """Return the button that opens the form of another run with the same input."""
    says = f"Run {short(run.workflow, _LONGEST_NAME)} again with the input of run {short_id(run.run_id)}"
    return button(ids.START_AGAIN, "Run again", tokens.make(ids.START_AGAIN, run.run_id, run.run_id), says)


def cancel_run(run: RunFacts, tokens: TokenMaker, pause: PauseFacts | None = None) -> Element:
    """Return the button that cancels a run, on its parent message or on the card of a question."""
    says = f"Cancel run {short_id(run.run_id)}, {short(run.workflow, _LONGEST_NAME)}"
    value = tokens.make(ids.RUN_CANCEL, run.run_id, run.run_id)
    return button(ids.RUN_CANCEL, "Cancel run", value, says, confirm=_confirm_cancel(run, pause))


def more_menu(pause: PauseFacts, tokens: TokenMaker, entries: Sequence[str] = (ids.ASK_CANCEL,)) -> Element:
    """Return the menu of what is rarely needed: the actions of its entries, some of `ids.MENU`."""
    options = [
        {"text": plain(LABELS[entry]), "value": tokens.make(entry, pause.pause_id, pause.digest)} for entry in entries
    ]
    return {"type": "overflow", "action_id": ids.OVERFLOW, "options": options}


def as_json_button(run: RunFacts, pause: PauseFacts, tokens: TokenMaker) -> Element:
    """Return the button that shows a call as JSON."""
    return button_of(run, pause, tokens, ids.AS_JSON, says="Show as JSON:")


def confirm_yes(pause: PauseFacts, yes: str) -> Element:
    """Return the dialog that asks back before what can't be undone; `yes` is the deed."""
    text = f"{question_in_dialog(pause)} This cannot be undone."
    title = "Make this call?" if pause.kind in CALLS else "Are you sure?"
    return confirm(title, text, yes=short(yes, _LONGEST_DEED), no="Go back", style="primary")


def _confirm_reject(pause: PauseFacts) -> Element:
    return confirm(
        "Reject and cancel the run?",
        f"{question_in_dialog(pause)} Rejecting cancels the run, nothing further happens.",
        yes="Reject and cancel",
        no="Go back",
    )


def confirm_retry(pause: PauseFacts) -> Element:
    """Return the dialog that asks back before something is tried that may have happened already, or can't be undone."""
    undone = " This cannot be undone." if pause.irreversible else ""
    return confirm("Run it again?", f"{question_in_dialog(pause)}{undone}", yes="Run it again", no="Go back")


def _confirm_cancel(run: RunFacts, pause: PauseFacts | None) -> Element:
    stays = "nothing further happens. What is done stays done."
    if pause is not None:
        text = f"{question_in_dialog(pause)} Cancelling closes this question; {stays}"
    elif any(question.is_open for question in run.pauses):
        text = f"Run of “{short(run.workflow)}”: the question that is open is closed, and {stays}"
    else:
        text = f"Run of “{short(run.workflow)}”: {stays}"
    return confirm("Cancel this run?", text, yes="Cancel run", no="Keep it running")
