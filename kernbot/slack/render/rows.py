"""Which buttons the open card of each kind of question has; at most one is primary, safe to press without thinking."""

from __future__ import annotations

from collections.abc import Iterator

from kernbot.slack import ids
from kernbot.slack.ids import TokenMaker
from kernbot.slack.render.blocks import Element
from kernbot.slack.render.buttons import (
    as_json_button,
    button_of,
    cancel_run,
    confirm_retry,
    confirm_yes,
    fill_in_label,
    more_menu,
    needs_review,
    reject_button,
)
from kernbot.slack.render.facts import CALLS, PauseFacts, RunFacts
from kernbot.slack.render.promise import approve_label, asks_to_confirm, goes_on_after_no
from kernbot.slack.render.text import one_line, short

_MOST_BESIDE = 2
_LONGEST_BESIDE = 22
"""Buttons, and characters on them, beside which there is room for Details and a menu on a phone."""
_MOST_CHOICES = 4
_LONGEST_CHOICE = 30
_LONGEST_SPOKEN = 12


def buttons_of_card(run: RunFacts, pause: PauseFacts, tokens: TokenMaker) -> list[Element]:
    """Return the row of an open card: its buttons, Details, and the menu of what is rarely needed.

    Where a phone has no room for all of them in one row, Details are in the menu.
    """
    row = [*buttons_to_answer(run, pause, tokens), *buttons_to_look(run, pause, tokens)]
    shown = {button["action_id"] for button in row}
    is_full = len(row) > _MOST_BESIDE or sum(len(button["text"]["text"]) for button in row) > _LONGEST_BESIDE
    entries = [
        entry for entry, there in ((ids.DETAILS, ids.REVIEW), (ids.ASK_CANCEL, ids.RUN_CANCEL)) if there not in shown
    ]
    if ids.DETAILS in entries and ids.ASK_CANCEL in entries and not is_full:
        row.append(button_of(run, pause, tokens, ids.DETAILS, says="Details of"))
        entries.remove(ids.DETAILS)
    return [*row, more_menu(pause, tokens, entries)] if entries else row


def buttons_to_look(run: RunFacts, pause: PauseFacts, tokens: TokenMaker) -> list[Element]:
    """Return the buttons that show what a question is about in another way."""
    return [as_json_button(run, pause, tokens)] if pause.kind == "call_result" else []


def buttons_to_answer(
    run: RunFacts, pause: PauseFacts, tokens: TokenMaker, *, is_cut: bool | None = None
) -> list[Element]:
    """Return the buttons that answer a question; `is_cut` says that not all of it is shown, None: see for yourself."""
    is_cut = needs_review(pause) if is_cut is None else is_cut
    return list(_row(run, pause, tokens, is_cut=is_cut))


def buttons_of_choices(run: RunFacts, pause: PauseFacts, tokens: TokenMaker) -> list[Element]:
    """Return a button for each choice, in a row that has no other: none could pose as ours. None if one won't do."""
    if pause.kind != "route" or not _can_be_pressed(pause):
        return []
    return [_choice(run, pause, tokens, number) for number in range(len(pause.choices))]


def _row(run: RunFacts, pause: PauseFacts, tokens: TokenMaker, *, is_cut: bool) -> Iterator[Element]:  # noqa: PLR0911 - one a kind
    match pause.kind:
        case "confirmation":
            return _of_confirmation(run, pause, tokens, is_cut=is_cut)
        case "user_input":
            return _of_user_input(run, pause, tokens)
        case "route":
            return _of_route(run, pause, tokens)
        case "output_review":
            return _of_output_review(run, pause, tokens, is_cut=is_cut)
        case "iteration_review":
            return _of_iteration_review(run, pause, tokens, is_cut=is_cut)
        case "call_confirmation":
            return _of_call(run, pause, tokens, is_cut=is_cut)
        case "call_input" | "agent_input" | "agent_choices":
            return _of_input_to_agent(run, pause, tokens)
        case "call_result":
            return _of_result(run, pause, tokens)
        case "error":
            return _of_error(run, pause, tokens)


def _of_confirmation(run: RunFacts, pause: PauseFacts, tokens: TokenMaker, *, is_cut: bool) -> Iterator[Element]:
    yield _yes(run, pause, tokens, is_cut=is_cut)
    yield reject_button(run, pause, tokens)


def _of_user_input(run: RunFacts, pause: PauseFacts, tokens: TokenMaker) -> Iterator[Element]:
    yield button_of(run, pause, tokens, ids.FILL_IN, label=fill_in_label(pause), style="primary")
    if asks_to_confirm(pause):
        yield reject_button(run, pause, tokens)


def _of_route(run: RunFacts, pause: PauseFacts, tokens: TokenMaker) -> Iterator[Element]:
    if not _can_be_pressed(pause):
        yield button_of(run, pause, tokens, ids.CHOOSE, style="primary")
    yield reject_button(run, pause, tokens)


def _of_output_review(run: RunFacts, pause: PauseFacts, tokens: TokenMaker, *, is_cut: bool) -> Iterator[Element]:
    yield _yes(run, pause, tokens, is_cut=is_cut)
    if can_be_edited(pause):
        yield button_of(run, pause, tokens, ids.EDIT)
    yield reject_button(run, pause, tokens)


def _of_iteration_review(run: RunFacts, pause: PauseFacts, tokens: TokenMaker, *, is_cut: bool) -> Iterator[Element]:
    yield from _of_output_review(run, pause, tokens, is_cut=is_cut)
    if goes_on_after_no(pause):
        yield cancel_run(run, tokens, pause)


def _of_call(run: RunFacts, pause: PauseFacts, tokens: TokenMaker, *, is_cut: bool) -> Iterator[Element]:
    yield _yes(run, pause, tokens, is_cut=is_cut)
    if pause.fields:
        yield button_of(run, pause, tokens, ids.FILL_IN, label=fill_in_label(pause))
    yield reject_button(run, pause, tokens)


def _of_input_to_agent(run: RunFacts, pause: PauseFacts, tokens: TokenMaker) -> Iterator[Element]:
    yield button_of(run, pause, tokens, ids.FILL_IN, label=fill_in_label(pause), style="primary")
    yield reject_button(run, pause, tokens)


def _of_result(run: RunFacts, pause: PauseFacts, tokens: TokenMaker) -> Iterator[Element]:
    yield button_of(run, pause, tokens, ids.RESULT, style="primary")
    yield reject_button(run, pause, tokens)


def _of_error(run: RunFacts, pause: PauseFacts, tokens: TokenMaker) -> Iterator[Element]:
    if pause.cause == "may_have_run":
        yield button_of(run, pause, tokens, ids.RETRY, effect=": may run twice", asks_back=confirm_retry(pause))
    elif pause.cause != "damaged":
        asks_back = confirm_retry(pause) if pause.irreversible else None
        yield button_of(run, pause, tokens, ids.RETRY, style="primary", asks_back=asks_back)
    if "skip" in pause.actions:
        yield button_of(run, pause, tokens, ids.SKIP)
    yield cancel_run(run, tokens, pause)


def can_be_edited(pause: PauseFacts) -> bool:
    """Whether people can put something else in the place of what is under review, whether it is shown here or not."""
    return pause.hides_values or (pause.reviewed is not None and pause.reviewed.can_be_edited)


def _yes(run: RunFacts, pause: PauseFacts, tokens: TokenMaker, *, is_cut: bool) -> Element:
    if is_cut:
        return button_of(run, pause, tokens, ids.REVIEW, style="primary")
    label = approve_label(pause)
    if pause.reason == "always" and pause.kind not in CALLS:
        return button_of(run, pause, tokens, ids.REVIEW, label=label, style="primary")
    asks_back = confirm_yes(pause, label) if pause.irreversible else None
    return button_of(run, pause, tokens, ids.APPROVE, label=label, style="primary", asks_back=asks_back)


def _can_be_pressed(pause: PauseFacts) -> bool:
    """Whether a button for each choice will do: few, one of them, and all there is to know stands on the card."""
    are_few = len(pause.choices) <= _MOST_CHOICES and not pause.several
    are_short = all(choice.name.strip() and len(one_line(choice.name)) <= _LONGEST_CHOICE for choice in pause.choices)
    return are_few and are_short and not needs_review(pause)


def _choice(run: RunFacts, pause: PauseFacts, tokens: TokenMaker, number: int) -> Element:
    name = pause.choices[number].name
    is_proposed = name in pause.proposed
    return button_of(
        run,
        pause,
        tokens,
        f"{ids.CHOICE}{number}",
        asks_back=confirm_yes(pause, name) if pause.irreversible else None,
        label=one_line(name),
        says=f"Choose {short(name, _LONGEST_SPOKEN)} for",
        style="primary" if is_proposed else None,
        effect=" (proposed)" if is_proposed else "",
    )
