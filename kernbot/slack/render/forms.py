"""The modals in which a question is answered."""

from __future__ import annotations

import json
from collections.abc import Iterable
from itertools import chain

from kernbot.errors import ConfigurationError
from kernbot.slack import ids
from kernbot.slack.ids import TokenMaker
from kernbot.slack.render.blocks import At, Block, actions, context, plain, section
from kernbot.slack.render.buttons import button_of, fill_in_label, reject_button
from kernbot.slack.render.facts import CALLS, PauseFacts, RunFacts
from kernbot.slack.render.form_fields import fields_of
from kernbot.slack.render.inputs import fits_in_label, fits_in_option, input_blocks
from kernbot.slack.render.promise import (
    approve_label,
    asks_to_confirm,
    goes_on_after_no,
    reject_label,
    silence,
    what_buttons_do,
    what_reject_does,
)
from kernbot.slack.render.question import place_of, question_block
from kernbot.slack.render.rows import can_be_edited
from kernbot.slack.render.text import date
from kernbot.slack.render.view_parts import (
    MOST_BLOCKS,
    MOST_BYTES_OF_VALUES,
    View,
    fitted,
    ids_of,
    modal,
    parts_asked_about,
)
from kernbot.slack.render.whole import Part, parts_of

_MOST_FIELDS = 95
_LONGEST_SUBMIT = 24
_MOST_BYTES = 250_000
_SUBMIT = {
    "Fill in": "Send answer",
    "Fill in and approve": "Send and approve",
    "Edit": "Approve with changes",
    "Answer": "Send answer",
}


def form_of(form: str, run: RunFacts, pause: PauseFacts, *, tokens: TokenMaker) -> View:
    """Return the modal that a button opens; `form` is its action, and the `callback_id` of what is sent.

    Raises ConfigurationError for more fields, choices or text than a modal can hold.
    """
    if form == ids.EDIT and not can_be_edited(pause):
        raise _not_editable(pause)
    at = ids_of(pause)
    title, submit = _labels(form, pause)
    head = list(_head(form, run, pause, at))
    fields = fields_of(form, pause)
    if len(fields) > _MOST_FIELDS:
        raise _too_many(form, pause, len(fields))
    inputs = input_blocks(fields)
    tail = _decided_below(run, pause, tokens, at) if form == ids.REVIEW else []
    room = MOST_BLOCKS - len(head) - len(inputs) - len(tail)
    values = fitted(at, _shown(form, pause), room, MOST_BYTES_OF_VALUES - len(json.dumps(inputs)))
    ours = {
        "callback_id": form,
        "private_metadata": tokens.make(form, pause.pause_id, pause.digest),
        "submit": plain(submit),
    }
    close = "Close" if form == ids.REVIEW else "Not now"
    view = modal(title, [*head, *values, *inputs, *tail], close) | ours
    if len(json.dumps(view)) > _MOST_BYTES:
        raise _too_much(form, pause)
    return view


def _labels(form: str, pause: PauseFacts) -> tuple[str, str]:
    """Return title and submit."""
    yes, no = _as_submit(approve_label(pause), "Approve"), _as_submit(reject_label(pause), "Reject")
    is_loop = pause.kind == "iteration_review"
    match form:
        case ids.REVIEW:
            return "Review", yes
        case ids.EDIT:
            return "Edit", f"{'Accept' if is_loop else 'Approve'} with changes"
        case ids.FEEDBACK:
            return "Next iteration" if goes_on_after_no(pause) else "Reject", no
        case ids.CHOOSE:
            return "Choose", "Send choice"
        case ids.RESULT:
            return "Provide result", "Send result"
    label = fill_in_label(pause)
    return label, _SUBMIT[label]


def _as_submit(label: str, else_label: str) -> str:
    """Return a label where it fits under a modal, which has less room than a button."""
    return label if len(label) <= _LONGEST_SUBMIT else else_label


def _head(form: str, run: RunFacts, pause: PauseFacts, at: At) -> Iterable[Block]:
    until = f"open until {date(pause.deadline)}" if pause.deadline is not None else "no deadline"
    where = place_of(run, pause)
    yield question_block(at("question"), pause)
    yield context(at("context"), where if form == ids.REVIEW else f"{where} · {until}")
    if form == ids.FEEDBACK:
        yield section(at("effect"), what_reject_does(pause))
    if form == ids.FILL_IN and pause.kind == "call_input" and pause.values:
        yield context(at("rest"), "*The rest of the call, as it will run*")


def _shown(form: str, pause: PauseFacts) -> Iterable[Part]:
    """Return what must be seen whole before the form is sent, and is not in its inputs."""
    approves = form == ids.FILL_IN and (asks_to_confirm(pause) or pause.kind in CALLS)
    if not approves and form not in (ids.REVIEW, ids.CHOOSE, ids.RESULT):
        return ()
    if pause.kind == "agent_choices":
        return parts_of(named for named in pause.values if not fits_in_label(named[1]))
    choices = [(choice.name, choice.description or "") for choice in pause.choices]
    return chain(parts_asked_about(pause), parts_of(choice for choice in choices if not fits_in_option(*choice)))


def _decided_below(run: RunFacts, pause: PauseFacts, tokens: TokenMaker, at: At) -> list[Block]:
    lines = [*what_buttons_do(pause), "Nothing is decided by closing this.", silence(pause)]
    edit = [button_of(run, pause, tokens, ids.EDIT)] if pause.reviewed and can_be_edited(pause) else []
    if pause.fields:
        edit = [button_of(run, pause, tokens, ids.FILL_IN, label=fill_in_label(pause))]
    buttons = [*edit, reject_button(run, pause, tokens)]
    return [context(at("rules"), "\n".join(lines)), actions(at("actions"), buttons)]


def _too_many(form: str, pause: PauseFacts, count: int) -> ConfigurationError:
    if form == ids.EDIT:
        return _too_much(form, pause)
    return ConfigurationError(
        f"Step {pause.step_name!r} asks for {count} values; a Slack modal holds {_MOST_FIELDS}. "
        "Ask in several steps, or answer from Python."
    )


def _not_editable(pause: PauseFacts) -> ConfigurationError:
    return ConfigurationError(
        f"What came out of step {pause.step_name!r} cannot be edited in Slack: it is neither text nor JSON, or holds "
        "something secret, which an edit would lose. Approve or reject it as it is, or edit it from Python."
    )


def _too_much(form: str, pause: PauseFacts) -> ConfigurationError:
    if form == ids.EDIT:
        return ConfigurationError(
            f"What came out of step {pause.step_name!r} is too long to be edited in a Slack modal (250 kB); "
            "approve or reject it as it is, or edit it from Python."
        )
    return ConfigurationError(
        f"Step {pause.step_name!r} asks with more text and choices than a Slack modal holds (250 kB). "
        "Offer fewer choices, or answer from Python."
    )
