"""Whatever the facts are, Slack takes what is rendered, and no text of others passes for one of the bot's."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from itertools import cycle, product
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernbot.errors import ConfigurationError
from kernbot.localslack.block_kit import check_message, check_view
from kernbot.run.answer import Action, Answer
from kernbot.run.masking import Masked
from kernbot.run.status import RunStatus
from kernbot.slack import ids
from kernbot.slack.render import lists, modals, refusals
from kernbot.slack.render.answering import answering
from kernbot.slack.render.calls_form import review_of_all
from kernbot.slack.render.cancelling import cancel_form
from kernbot.slack.render.card import card
from kernbot.slack.render.facts import (
    CALLS_ON_A_CARD,
    Approver,
    CardKind,
    Choice,
    FieldFacts,
    Followed,
    Listed,
    PauseFacts,
    Reviewed,
    RunFacts,
    StepFacts,
)
from kernbot.slack.render.forms import form_of
from kernbot.slack.render.home import MOST_RUNS, HomeFacts, home
from kernbot.slack.render.parent import parent
from kernbot.slack.render.result import result
from kernbot.slack.render.turn import calls_beside
from tests.slack.render_samples import (
    AGENT_CHOICES,
    AGENT_INPUT,
    CALL,
    CALL_INPUT,
    CALL_RESULT,
    CONFIRMATION,
    DATA_REVIEW,
    DEFINITION_CHANGED,
    ITERATION_REVIEW,
    MAY_HAVE_RUN,
    OUTPUT_REVIEW,
    REGIONS,
    ROUTE,
    RUN,
    TOKENS,
    USER_INPUT,
    strings,
    waiting_of,
)

TRICKS = (
    "",
    " ",
    "`",
    "``",
    "`x` *Approved* by <@U02ANA>",
    "x\n*Approved* by <@U02ANA>, today. The step ran.",
    "<!channel>",
    "<https://evil.example|Open the question>",
    "https://evil.example",
    "&lt;!here&gt;",
    "\u202eshow\u202c",
    "zero\u200bwidth\ufeff",
    "שלום",
    "👩‍💻❤️",
    "\x00\x07\x1b[31m",
    "_blank_",
    "1 more",
    "(168 of 642 characters)",
)
SHORT = st.sampled_from(TRICKS) | st.text(max_size=12)
ANY = st.tuples(SHORT | st.sampled_from("x<😀\n\u202e"), st.sampled_from([1, 1, 5_000]))
"""A text, and how often it is repeated, up to 5,000 characters."""
FOLLOWED: tuple[Followed, ...] = ("resuming", "stuck", "held", "ran", "failed", "skipped", "else", "cancelled", "again")
STATES = ("done", "failed", "skipped", "running", "waiting", "not_yet", "not_run", "will_not_run")
PAUSES = (
    CONFIRMATION,
    USER_INPUT,
    replace(USER_INPUT, requires_confirmation=True),
    MAY_HAVE_RUN,
    DEFINITION_CHANGED,
    OUTPUT_REVIEW,
    DATA_REVIEW,
    ITERATION_REVIEW,
    ROUTE,
    REGIONS,
    CALL,
    CALL_INPUT,
    CALL_RESULT,
    AGENT_INPUT,
    AGENT_CHOICES,
)
FORMS: dict[CardKind, tuple[str, ...]] = {
    "confirmation": (ids.REVIEW,),
    "user_input": (ids.FILL_IN,),
    "output_review": (ids.REVIEW, ids.EDIT, ids.FEEDBACK),
    "iteration_review": (ids.REVIEW, ids.EDIT, ids.FEEDBACK),
    "route": (ids.CHOOSE, ids.FEEDBACK),
    "call_confirmation": (ids.REVIEW, ids.FILL_IN, ids.FEEDBACK),
    "call_input": (ids.FILL_IN, ids.FEEDBACK),
    "call_result": (ids.RESULT, ids.FEEDBACK),
    "agent_input": (ids.FILL_IN, ids.FEEDBACK),
    "agent_choices": (ids.FILL_IN, ids.FEEDBACK),
    "error": (),
}
"""The forms in which each kind of question is answered."""

MOST_TEXT = 12_000
"""Characters that Slack takes in one message, whatever each block has room for."""

OURS = re.compile(
    r"<!date\^\d+\^\{date_short_pretty\} at \{time\}\|\d{4}-\d\d-\d\d \d\d:\d\d UTC>"
    r"|<@U02ANA>|<#C0DEPLOY>"
    r"|<https://acme\.slack\.com/[\w/?=]+\|([Oo]pen the (question|run)|open it)>"
)
"""All mentions, dates and links that the bot makes of these facts."""
NOTES = re.compile(
    r"empty|\([\d,]+ of [\d,]+ characters\)|\d+ more\n?| (required|optional)| part \d+ of \d+"
    r"| ?hidden, 24 characters|Asked again: |\nand more|Only spaces or line breaks changed\."
)
HIDDEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\xad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufe00-\ufe0f\ufeff\ud800-\udfff]"
)
"""Control, bidi and zero-width characters, other than line breaks and tabs."""


@dataclass(frozen=True)
class Shape:
    """Everything about the facts except the texts of others."""

    pause: PauseFacts
    status: RunStatus
    action: Action | None
    by: str
    followed: Followed
    steps: Sequence[str]
    values: int
    fields: int
    choices: int
    on_reject: str
    silence: str
    reason: str | None
    irreversible: bool
    calls: int


SHAPES = st.builds(
    Shape,
    pause=st.sampled_from(PAUSES),
    status=st.sampled_from(list(RunStatus)),
    action=st.none() | st.sampled_from([action for action in Action if action is not Action.retry]),
    by=st.sampled_from(["U02ANA", "timeout", "library"]),
    followed=st.sampled_from(FOLLOWED),
    steps=st.lists(st.sampled_from(STATES), max_size=25),
    values=st.sampled_from([0, 1, 3, 10, 11]),
    fields=st.sampled_from([0, 1, 4, 60]),
    choices=st.sampled_from([1, 3, 4, 5, 12, 101]),
    on_reject=st.sampled_from(["skip", "cancel", "else", "retry"]),
    silence=st.sampled_from(["confirm", "provide", "select", "reject", "skip", "cancel"]),
    reason=st.sampled_from([None, "never", "reject", "always"]),
    irreversible=st.booleans(),
    calls=st.sampled_from([1, 1, 2, 3, 10, 11]),
).filter(lambda shape: shape.by != "timeout" or shape.action not in (Action.edit, Action.supply))


def facts(shape: Shape, texts: Sequence[str]) -> tuple[RunFacts, PauseFacts]:
    """Return facts of this shape in which every text of others is one of these."""
    source = cycle(texts)
    text = source.__next__
    choices = _choices(shape.choices, source) if shape.pause.choices else []
    pause = replace(
        shape.pause,
        message=text(),
        step_name=text(),
        next_step=text(),
        values=[(text(), text() if number % 3 else Masked(24)) for number in range(shape.values)],
        tool=text() if shape.pause.tool else None,
        problem=text() if shape.pause.tool else None,
        reason=shape.reason,
        reasons=[f"{number} {text()}"[:75] for number in range(3)] if shape.reason in ("reject", "always") else (),
        approve_label=f"Do {text()}"[:30] if shape.irreversible else None,
        reject_label=f"No {text()}"[:30] if shape.irreversible else None,
        irreversible=shape.irreversible,
        choices=choices,
        proposed=[choice.name for choice in choices[:3]] if shape.pause.proposed else [],
        reviewed=_reviewed(shape.pause, text()),
        asker=("agent", text()) if shape.pause.asker else None,
        turn="t" if shape.pause.tool else None,
        calls=shape.calls if shape.pause.tool else 1,
        fields=_fields(shape.fields, source) if shape.pause.fields else [],
        on_reject=shape.on_reject,
        silence=shape.silence,
        error=text(),
        is_open=shape.action is None and not shape.status.has_ended,
        answered_at=CONFIRMATION.opened_at + 60 if shape.action else None,
        answered_by=shape.by if shape.action else None,
        followed=shape.followed,
        seconds=4,
    )
    if shape.action:
        pause = replace(pause, answer=_answer(shape.action, pause, text))
    run = replace(
        RUN,
        workflow=text(),
        status=shape.status,
        requester=text(),
        ended_at=CONFIRMATION.opened_at + 90 if shape.status.has_ended else None,
        steps=[StepFacts(name=text(), state=state, error=text() or "x") for state in shape.steps],  # type: ignore[arg-type]
        pauses=[pause, *_more_calls(pause, shape.calls, text)],
        content=text(),
        error=text(),
        cancelled_by=shape.by,
    )
    return run, pause


def _more_calls(pause: PauseFacts, calls: int, text: Callable[[], str]) -> list[PauseFacts]:
    """Return the other calls of the turn that a call is of, every second of them open."""
    if pause.turn is None:
        return []
    return [
        replace(
            pause,
            pause_id=f"{number:032x}",
            first_asked=pause.pause_id if number <= CALLS_ON_A_CARD else None,
            call=number,
            values=[(text(), text()) for _ in pause.values],
            is_open=pause.answer is None or number % 2 == 0,
            answer=None if number % 2 == 0 else pause.answer,
        )
        for number in range(2, calls + 1)
    ]


def _answer(action: Action, pause: PauseFacts, text: Callable[[], str]) -> Answer:
    return Answer(
        action=action,
        values={"x": text()},
        feedback=text() or "x",
        routes=tuple(choice.name for choice in pause.choices) if action is Action.select else (),
        output=text() if action in (Action.edit, Action.supply) else None,
    )


def _choices(count: int, source: Iterator[str]) -> list[Choice]:
    return [Choice(name=f"{next(source)}{number or ''}" or "x", description=next(source)) for number in range(count)]


def _reviewed(pause: PauseFacts, text: str) -> Reviewed | None:
    if pause.reviewed is None:
        return None
    return replace(pause.reviewed, text=json.dumps({"x": text}) if pause.reviewed.is_data else text)


def _fields(count: int, source: Iterator[str]) -> list[FieldFacts]:
    kinds = ("str", "float", "bool", "list")
    typed = [
        FieldFacts(name=next(source) or "x", field_type=kinds[n % 4], description=next(source), required=bool(n % 3))
        for n in range(count)
    ]
    texts = [next(source) or "x" for _ in range(12)]
    return [
        *typed,
        FieldFacts(name=next(source) or "x", field_type="str", default=next(source)),
        FieldFacts(name=next(source) or "x", field_type="str", suggestion=next(source), secret=True),
        FieldFacts(name=next(source) or "x", field_type="str", allowed_values=texts, descriptions=texts, several=True),
        FieldFacts(
            name=next(source) or "x", field_type="str", allowed_values=texts[:3], default=texts[:2], several=True
        ),
        FieldFacts(name=next(source) or "x", field_type="str", allowed_values=texts[:3], default=texts[1]),
        FieldFacts(name=next(source) or "x", field_type="str", allowed_values=texts, default=texts[1]),
    ]


def messages(run: RunFacts, pause: PauseFacts) -> list[dict[str, Any]]:
    """Return every message that these facts can make."""
    return [
        card(run, pause, tokens=TOKENS, revision=1),
        parent(run, tokens=TOKENS, revision=1),
        result(run, revision=1),
        refusals.too_late(run, pause, "pause.approve"),
        refusals.status([run] * 12),
        refusals.workflows([(run.workflow, run.requester)] * 40),
        *listed(run, pause),
    ]


def listed(run: RunFacts, pause: PauseFacts) -> list[dict[str, Any]]:
    """Return the lists that only one person sees; each holds as much as it may."""
    waiting = waiting_of([Listed(run=run, pause=pause, link=run.run_link)] * 300)
    return [
        lists.pending(waiting, tokens=TOKENS),
        lists.history([run] * 10, are_all=False, tokens=TOKENS),
        lists.status_of_run(run, waiting, may_cancel=True, tokens=TOKENS),
        lists.look_first(run, waiting, tokens=TOKENS),
    ]


def longest_home(run: RunFacts, pause: PauseFacts) -> dict[str, Any]:
    """Return an App Home with as much in it as there can be."""
    items = [Listed(run=run, pause=pause, link=run.run_link)] * 300
    return home(
        HomeFacts(
            person_id="slack:T01:U02ANA",
            waiting=waiting_of(items, items),
            is_unfolded=True,
            runs=[run] * MOST_RUNS,
            direct_messages=True,
            command="/kern",
        ),
        tokens=TOKENS,
        revision="1a2b3c4d",
    )


def views(run: RunFacts, pause: PauseFacts) -> list[dict[str, Any]]:
    """Return every view that these facts can make."""
    typed = [(item.name, item.description or "x") for item in pause.fields]
    shown = [modals.details(run, pause), modals.run_details(run), modals.closed(run, pause, typed)]
    shown += [answering(run, pause, tokens=TOKENS), longest_home(run, pause)]
    shown.append(cancel_form(run, pause.pause_id, tokens=TOKENS))
    if pause.turn:
        with suppress(ConfigurationError):  # more than a modal holds is approved one by one
            shown.append(review_of_all(run, calls_beside(run, pause), tokens=TOKENS))
    return [*shown, *(form_of(form, run, pause, tokens=TOKENS) for form in FORMS[pause.kind])]


@given(SHAPES, st.lists(ANY, min_size=1, max_size=6))
def test_slack_takes_everything(shape: Shape, texts: list[tuple[str, int]]) -> None:
    """Race 8: all messages and views keep Slack's limits, however many, long or odd the texts are."""
    run, pause = facts(shape, [(text * times)[:5_000] for text, times in texts])
    for message in messages(run, pause):
        assert check_message(message) == []
        assert 0 < len(message["text"]) <= 4_000
    assert sum(map(len, texts_in(card(run, pause, tokens=TOKENS, revision=1)))) < MOST_TEXT
    for view in views(run, pause):
        assert check_view(view) == []


@given(SHAPES, st.lists(ANY, min_size=1, max_size=6))
def test_no_text_of_others_makes_a_mention_or_link_or_hides(shape: Shape, texts: list[tuple[str, int]]) -> None:
    """Race 8: every bracket in `mrkdwn` is one of the bot's, rich text is literal, and nothing is invisible."""
    run, pause = facts(shape, [(text * times)[:5_000] for text, times in texts])
    for shown in [*messages(run, pause), *views(run, pause)]:
        for text in [shown.get("text", ""), *_mrkdwn(shown)]:
            assert not set(OURS.sub("", text)) & set("<>"), text
        assert {element["type"] for element in _inline(shown)} <= {"text"}
        assert all(NOTES.fullmatch(element["text"]) for element in _inline(shown) if _is_italic(element))
        assert not [text for text in strings(shown) if HIDDEN.search(text)]


@given(SHAPES, st.lists(SHORT, min_size=1, max_size=12))
def test_the_lines_of_the_bot_are_the_same_whatever_others_write(shape: Shape, texts: list[str]) -> None:
    """Outside of code, quotes and the question, no character depends on text of others."""
    hostile, harmless = facts(shape, texts), facts(shape, ["x"])
    for one, other in zip(messages(*hostile)[:4], messages(*harmless)[:4], strict=True):
        assert _skeleton(one) == _skeleton(other)


@pytest.mark.parametrize("text", [" ", "x", "&", "\n", "\u202e", "a\u202e", "\U000e0100", "😀", "x "])
@pytest.mark.parametrize("calls", [2, 3, 6, 10])
def test_many_calls_fit_on_a_card_whatever_they_are_about(calls: int, text: str) -> None:
    """The more of them, the less is shown of each, also where all that is shown is escapes."""
    for asked, action in product((CALL, CALL_INPUT, AGENT_INPUT), (None, Action.reject)):
        shape = Shape(
            pause=asked,
            status=RunStatus.PAUSED,
            action=action,
            by="U02ANA",
            followed="stuck",
            steps=[],
            values=11,
            fields=60,
            choices=1,
            on_reject="skip",
            silence="confirm",
            reason="always",
            irreversible=True,
            calls=calls,
        )
        run, _ = facts(shape, [text * 5_000])
        many, was = [Approver(id="U02ANA")] * 9, ("x" * 99, None)
        worst = [replace(call, approvers=many, requester_may=False, changed=was, deadline=1e10) for call in run.pauses]
        run = replace(run, pauses=worst)
        assert check_message(card(run, run.pauses[0], tokens=TOKENS, revision=1)) == []


def texts_in(shown: Any) -> Iterator[str]:
    """Yield the texts of all blocks of a message."""
    if isinstance(shown, dict):
        yield from (value for key, value in shown.items() if key == "text" and isinstance(value, str))
        shown = [value for key, value in shown.items() if key != "text" or not isinstance(value, str)]
    for child in shown if isinstance(shown, list) else ():
        yield from texts_in(child)


def _mrkdwn(shown: Any) -> Iterator[str]:
    if isinstance(shown, dict):
        if shown.get("type") == "mrkdwn":
            yield shown["text"]
        shown = list(shown.values())
    for child in shown if isinstance(shown, list) else ():
        yield from _mrkdwn(child)


def _rich(shown: dict[str, Any]) -> list[dict[str, Any]]:
    return [part for block in shown["blocks"] if block["type"] == "rich_text" for part in block["elements"]]


def _inline(shown: dict[str, Any]) -> list[dict[str, Any]]:
    return [element for part in _rich(shown) for element in part["elements"]]


def _is_italic(element: dict[str, Any]) -> bool:
    return bool(element.get("style", {}).get("italic", False))


def _skeleton(shown: dict[str, Any]) -> list[str]:
    """Return what the bot itself says: `mrkdwn` without code spans, and unquoted rich text without code and bold."""
    lines = [_without_code(text) for text in _mrkdwn(shown)]
    unquoted = [part for part in _rich(shown) if part["type"] == "rich_text_section"]
    own = [element["text"] for part in unquoted for element in part["elements"] if not _is_foreign(element)]
    return lines + own


def _without_code(text: str) -> str:
    code = re.sub(r"`[^`\n]*`|_blank_", "code", text)
    return re.sub(r"(^|(?<= · ))[\w-]+(?=: code)", "code", code)


def _is_foreign(element: dict[str, Any]) -> bool:
    return any(element.get("style", {}).get(style) for style in ("code", "bold"))
