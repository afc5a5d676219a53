"""What each form asks for, as fields: the forms and the readers of their answers must agree on it."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from kernbot.slack import ids
from kernbot.slack.render.facts import CALLS, CardKind, FieldFacts, PauseFacts
from kernbot.slack.render.text import with_lines
from kernbot.slack.render.whole import pieces

FEEDBACK = "Feedback"
CHOICE = "Choice"
RESULT = "Result"
VALUES = "Values"
REASON = "Reason"
WORDS = "In your words"
SOMETHING_ELSE = "Something else, written below"
SURE = "This cannot be undone"

_READERS_OF_FEEDBACK: dict[CardKind, str] = {
    "output_review": "goes to what does it again",
    "iteration_review": "goes to the next iteration",
}
_LONGEST_PIECE = 2_500
"""Of an output that is edited: less than an input holds, so that something can be added."""


def fields_of(form: str, pause: PauseFacts) -> Sequence[FieldFacts]:
    """Return what a form asks for; `form` is the action that opens it."""
    return [*asked_by(form, pause), *asked_beside(form, pause)]


def asked_by(form: str, pause: PauseFacts) -> Sequence[FieldFacts]:
    """Return what makes the answer that a form gives."""
    return _FIELDS[form](pause) if form in _FIELDS else ()


def asked_beside(form: str, pause: PauseFacts) -> Sequence[FieldFacts]:
    """Return what comes after that: the reason for a yes, and a box to tick, as a modal's submit can't ask back."""
    reason = _reason(pause) if pause.reason == "always" and _says_yes(form, pause) else ()
    return [*reason, *([_sure(pause)] if pause.irreversible and _says_yes(form, pause) else ())]


def _says_yes(form: str, pause: PauseFacts) -> bool:
    return form in (ids.REVIEW, ids.EDIT, ids.CHOOSE) or (form == ids.FILL_IN and pause.kind != "agent_choices")


def _sure(pause: PauseFacts) -> FieldFacts:
    yes = "Yes, make this call" if pause.kind in CALLS else "Yes, I am sure"
    return FieldFacts(name=SURE, field_type="str", allowed_values=[yes], several=True)


def pieces_to_edit(pause: PauseFacts) -> list[tuple[str, str]]:
    """Return what is under review in the pieces that fit into an input, each with what stands between it and the next.

    Characters that can't be seen are shown as their escapes.
    """
    whole = with_lines(pause.reviewed.text if pause.reviewed else "")
    *first, last = pieces(whole, _LONGEST_PIECE)
    return [*map(_without_break, first), (last, "")]


def _filled_in(pause: PauseFacts) -> Sequence[FieldFacts]:
    return [_ANY_VALUES] if asks_for_any_values(pause) else pause.fields


def asks_for_any_values(pause: PauseFacts) -> bool:
    """Whether the author says not which values are to be filled in."""
    return pause.kind == "user_input" and not pause.fields


def _feedback(pause: PauseFacts) -> Sequence[FieldFacts]:
    reader = "goes to the agent" if pause.kind in CALLS else _READERS_OF_FEEDBACK.get(pause.kind, "on the next one")
    where_to = f"Stands on the card, and {reader}."
    if pause.reason in ("reject", "always"):
        return _reason(pause)
    is_needed = pause.kind == "output_review" and pause.on_reject == "retry"
    return [FieldFacts(name=FEEDBACK, field_type="str", description=where_to, required=is_needed, is_long=True)]


def _reason(pause: PauseFacts) -> Sequence[FieldFacts]:
    """Return the fields of a reason that must be given: in words, or chosen with room for more words."""
    where_to = "Stands on the card, for everyone who can see it."
    if not pause.reasons:
        return [FieldFacts(name=REASON, field_type="str", description=where_to, is_long=True)]
    options = [*pause.reasons, SOMETHING_ELSE]
    return [
        FieldFacts(name=REASON, field_type="str", allowed_values=options),
        FieldFacts(name=WORDS, field_type="str", description=where_to, required=False, is_long=True),
    ]


def _edit(pause: PauseFacts) -> Sequence[FieldFacts]:
    texts = [text for text, _ in pieces_to_edit(pause)]
    return [
        FieldFacts(
            name=_name(number, len(texts)), field_type="str", default=text, required=len(texts) == 1, is_long=True
        )
        for number, text in enumerate(texts, start=1)
    ]


def _choose(pause: PauseFacts) -> Sequence[FieldFacts]:
    hints = ["One or more; they run in this order." if pause.several else ""]
    hints += ["What is proposed is chosen already." if pause.proposed else ""]
    at_first = list(pause.proposed) if pause.several else next(iter(pause.proposed), None)
    return [
        FieldFacts(
            name=CHOICE,
            field_type="str",
            description=" ".join(filter(None, hints)),
            default=at_first or None,
            allowed_values=[choice.name for choice in pause.choices],
            descriptions=[choice.description for choice in pause.choices],
            several=pause.several,
        )
    ]


def _result(_pause: PauseFacts) -> Sequence[FieldFacts]:
    how = "Text or JSON: the agent reads it as you type it. If it failed, say so."
    return [FieldFacts(name=RESULT, field_type="str", description=how, is_long=True)]


def _name(number: int, of: int) -> str:
    return f"Output, part {number} of {of}" if of > 1 else "Output"


def _without_break(piece: str) -> tuple[str, str]:
    return (piece[:-1], piece[-1]) if piece[-1:].isspace() else (piece, "")


_FIELDS: dict[str, Callable[[PauseFacts], Sequence[FieldFacts]]] = {
    ids.FILL_IN: _filled_in,
    ids.FEEDBACK: _feedback,
    ids.EDIT: _edit,
    ids.CHOOSE: _choose,
    ids.RESULT: _result,
}
_ANY_VALUES = FieldFacts(name=VALUES, field_type="dict", description="The values by their names.")
