"""The card of several calls of one turn: each has a row of its own, with its buttons or with what came of it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from typing import Any

from kernbot.slack import ids
from kernbot.slack.ids import TokenMaker, block_id, short_id
from kernbot.slack.render.blocks import (
    At,
    Block,
    Element,
    actions,
    button,
    confirm,
    context,
    cut_words,
    divider,
    line,
    message,
    note,
    quote,
    rich_text,
    section,
    words,
)
from kernbot.slack.render.buttons import more_menu
from kernbot.slack.render.changed import asked_anew
from kernbot.slack.render.facts import PauseFacts, RunFacts
from kernbot.slack.render.outcome import outcome, state_in_short
from kernbot.slack.render.promise import runs_by_itself
from kernbot.slack.render.question import asked_and_since, place_of, question_block, question_in_dialog, question_text
from kernbot.slack.render.rows import buttons_to_answer, buttons_to_look
from kernbot.slack.render.text import short
from kernbot.slack.render.turn import (
    Calls,
    digest_of_all,
    every_one_of,
    is_cut,
    name_of,
    open_calls,
    question_of_all,
    room_of,
    rules_of_all,
    to_approve,
)
from kernbot.slack.render.values import few_words, fields_words, values_words

_LONGEST_REASON = 200
_WANTED = {
    "call_input": " · needs values",
    "call_result": " · to be made by you",
    "agent_input": " · asks for values",
    "agent_choices": " · asks you to choose",
}


def calls_card(run: RunFacts, calls: Calls, *, tokens: TokenMaker, revision: int) -> dict[str, Any]:
    """Return the card of these calls as it should be now."""
    lead = about_all(calls)
    at = partial(block_id, lead.pause_id, revision)
    waiting = open_calls(calls)
    blocks = _open(run, calls, tokens, at) if waiting else _closed(run, calls, at)
    return message(f"{_state_in_short(calls)}{question_text(lead)}", blocks)


def about_all(calls: Calls) -> PauseFacts:
    """Return the question about all of them, in the place of the first one."""
    lead = calls[0]
    return replace(lead, pause_id=lead.first_asked or lead.pause_id, message=question_of_all(calls), irreversible=False)


def name_line(call: PauseFacts) -> Element:
    """Return the number of a call, its tool, and what is special about it while it is open."""
    undone = " · cannot be undone" if call.irreversible else ""
    special = f"{_WANTED.get(call.kind, '')}{undone}" if call.is_open else ""
    name = words(short(call.tool or "") or "unnamed", code=True, bold=True)
    return line(words(f"{call.call}. ", bold=True), name, *([words(special)] if special else []))


def _open(run: RunFacts, calls: Calls, tokens: TokenMaker, at: At) -> Iterator[Block]:
    lead, waiting = about_all(calls), open_calls(calls)
    yield question_block(at("question"), lead)
    if warning := runs_by_itself(waiting[0]):
        yield section(at("by-itself"), warning)
    if len(waiting) < len(calls):
        decided = f"*{len(calls) - len(waiting)} of {len(calls)} decided.*"
        yield section(at("state"), f"{decided} The agent goes on when {every_one_of(calls)} are.")
    if lead.hides_values:
        yield section(at("hidden"), "Their values are not shown: this channel is shared with another organisation.")
    for call in calls:
        yield from _row(run, call, calls, tokens, at)
    yield divider(at("line"))
    yield context(at("context"), asked_and_since(run, lead))
    yield context(at("rules"), rules_of_all(run, calls))
    if len(waiting) > 1:
        yield actions(at("actions"), [*_for_all(run, calls, tokens), more_menu(waiting[0], tokens)])


def _row(run: RunFacts, call: PauseFacts, calls: Calls, tokens: TokenMaker, at: At) -> Iterator[Block]:
    if not call.is_open:
        yield from _decided(run, call, at)
        return
    yield from asked_anew(call, lambda part: at(f"{part}.{call.call}"))
    shown = list(_shown(call, calls))
    yield rich_text(at(f"call.{call.call}"), name_line(call), *([quote(*shown)] if shown else []))
    yield actions(at(f"call-actions.{call.call}"), _buttons(run, call, calls, tokens))


def _shown(call: PauseFacts, calls: Calls) -> Iterator[Element]:
    """Yield the lines of an open call: why it is asked about again, its values, and what is to be filled in."""
    room = room_of(calls)
    lines: list[list[Element]] = []
    if call.problem:
        lines.append([note("Asked again: "), *cut_words(call.problem, room.problem)])
    if call.values:
        lines.append(values_words(call.values, room))
    if call.fields and call.kind in ("call_input", "agent_input"):
        lines.append(fields_words(call.fields, room.names))
    for number, inline in enumerate(lines):
        yield from ([words("\n")] if number else [])
        yield from inline


def _decided(run: RunFacts, call: PauseFacts, at: At) -> Iterator[Block]:
    values = few_words(call)
    yield rich_text(at(f"call.{call.call}"), name_line(call), *([quote(*values)] if values else []))
    reason = call.answer.feedback if call.answer else None
    yield section(at(f"outcome.{call.call}"), f"{outcome(run, call)}{' Reason:' if reason else ''}")
    if reason:
        yield rich_text(at(f"reason.{call.call}"), quote(*cut_words(reason, _LONGEST_REASON)))


def _buttons(run: RunFacts, call: PauseFacts, calls: Calls, tokens: TokenMaker) -> list[Element]:
    """Return the buttons of one call; the last one that is open has the primary, and the menu of the card."""
    is_last = len(open_calls(calls)) == 1
    named = replace(call, step_name=name_of(call))
    row = [
        _of_call(button, call, tokens, is_last=is_last)
        for button in (
            *buttons_to_answer(run, named, tokens, is_cut=is_cut(call, calls)),
            *buttons_to_look(run, named, tokens),
        )
    ]
    return [*row, more_menu(call, tokens)] if is_last else row


def _of_call(element: Element, call: PauseFacts, tokens: TokenMaker, *, is_last: bool) -> Element:
    """Return a button under an id that no other call on the card has."""
    action_id = ids.of_call(element["action_id"], call.call)
    element = element | {"action_id": action_id, "value": tokens.make(action_id, call.pause_id, call.digest)}
    is_plain = element.get("style") == "primary" and not is_last
    return {key: value for key, value in element.items() if key != "style" or not is_plain}


def _for_all(run: RunFacts, calls: Calls, tokens: TokenMaker) -> list[Element]:
    """Return the button that decides all at once, if that is possible: by a click, or in a review of what is cut."""
    approvable = to_approve(calls)
    if len(approvable) <= 1:
        return []
    are_cut = any(is_cut(call, calls) for call in approvable)
    action_id, verb = (ids.REVIEW_ALL, "Review all") if are_cut else (ids.APPROVE_ALL, "Approve all")
    lead = about_all(calls)
    says = f"{verb} {len(approvable)} calls of {short(lead.step_name, 25)}, run {short_id(run.run_id)}"
    value = tokens.make(action_id, lead.pause_id, digest_of_all(calls))
    asks_back = None if are_cut else _confirm_all(lead, approvable)
    return [button(action_id, verb, value, says, style="primary", confirm=asks_back)]


def _confirm_all(lead: PauseFacts, approvable: Calls) -> Element | None:
    for_good = [str(call.call) for call in approvable if call.irreversible]
    if not for_good:
        return None
    which = f"Call {for_good[0]}" if len(for_good) == 1 else f"Calls {', '.join(for_good)}"
    text = f"{question_in_dialog(lead)} {which} cannot be undone."
    return confirm("Make these calls?", text, yes="Approve all", no="Go back", style="primary")


def _closed(run: RunFacts, calls: Calls, at: At) -> Iterator[Block]:
    lead = about_all(calls)
    yield question_block(at("question"), lead)
    for call in calls:
        yield from _decided(run, call, at)
    yield context(at("context"), place_of(run, lead))


def _state_in_short(calls: Calls) -> str:
    decided = len(calls) - len(open_calls(calls))
    if not decided:
        return ""
    states = {state_in_short(call) for call in calls}
    if decided == len(calls) and len(states) == 1:
        return f"{states.pop()}: "
    if decided == len(calls):
        return "Both decided: " if decided == 2 else f"All {decided} decided: "  # noqa: PLR2004
    return f"{decided} of {len(calls)} decided: "
