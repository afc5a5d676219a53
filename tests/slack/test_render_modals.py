"""The modals."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from kernbot.errors import ConfigurationError
from kernbot.localslack.block_kit import check_view
from kernbot.run.answer import Action
from kernbot.run.status import RunStatus
from kernbot.slack import ids
from kernbot.slack.render import modals, refusals
from kernbot.slack.render.facts import FieldFacts, PauseFacts
from kernbot.slack.render.forms import form_of
from tests.slack.render_samples import (
    ANSWERED,
    AT_DEADLINE,
    CONFIRMATION,
    DEFINITION_CHANGED,
    FIELDS,
    RUN,
    TOKENS,
    USER_INPUT,
    answered,
    buttons,
    ended,
    part,
    parts,
    size,
    text_of,
)


def form(*fields: FieldFacts, pause: PauseFacts = USER_INPUT) -> dict[str, Any]:
    """Return the form of a question for these fields."""
    return form_of(ids.FILL_IN, RUN, replace(pause, fields=fields), tokens=TOKENS)


def field(**given: Any) -> dict[str, Any]:
    """Return the input block of one field."""
    block: dict[str, Any] = form(FieldFacts(**{"name": "it", "field_type": "str", **given}))["blocks"][-1]
    return block


def test_the_form_has_question_place_and_fields() -> None:
    """The title is ours, the way out is Not now, and the metadata is a token of the question."""
    view = form(*FIELDS)
    token = ids.read_token(view["private_metadata"])
    assert [view[name]["text"] for name in ("title", "submit", "close")] == ["Fill in", "Send answer", "Not now"]
    assert view["callback_id"] == ids.FILL_IN
    assert token is not None
    assert TOKENS.is_genuine(token, ids.FILL_IN, USER_INPUT.digest)
    assert text_of(view["blocks"][1]) == f"`deploy` · step 4 of 6 · run 7f3c7f · open until {AT_DEADLINE}"
    assert [block["block_id"] for block in view["blocks"][2:]] == [f"field.{n}" for n in range(5)]


def test_both_on_one_step_show_all_values_before_they_are_approved() -> None:
    """A form that approves too says so in title and submit, and shows the values whole."""
    draft = "line\n" * 1_000
    pause = replace(USER_INPUT, requires_confirmation=True, values=[("to", "ana"), ("draft", draft)])
    view = form_of(ids.FILL_IN, RUN, pause, tokens=TOKENS)
    assert view["title"]["text"] == "Fill in and approve"
    assert view["submit"]["text"] == "Send and approve"
    assert text_of(part(view, "values.0")) == "to: ana"
    assert text_of(part(view, "values.1")).startswith("draft part 1 of 2line\nline")


@pytest.mark.parametrize(
    ("given", "kind", "initial"),
    [
        ({"default": "hello"}, "plain_text_input", "hello"),
        ({"field_type": "int", "default": 12}, "plain_text_input", "12"),
        ({"field_type": "float", "default": 0.5}, "plain_text_input", "0.5"),
        ({"field_type": "list", "default": ["é"]}, "plain_text_input", '[\n  "é"\n]'),
        ({"field_type": "dict", "default": {"a": 1}}, "plain_text_input", '{\n  "a": 1\n}'),
    ],
)
def test_what_is_typed_starts_with_its_default(given: dict[str, Any], kind: str, initial: str) -> None:
    """Numbers, lists and objects are text inputs, with the default as it would be typed."""
    element = field(**given)["element"]
    assert (element["type"], element["initial_value"]) == (kind, initial)


@pytest.mark.parametrize(
    ("given", "multiline"),
    [
        ({}, False),
        ({"default": "two\nlines"}, True),
        ({"description": "long " * 20}, True),
        ({"field_type": "int", "description": "long " * 20}, False),
        ({"field_type": "list"}, True),
        ({"field_type": "dict"}, True),
    ],
)
def test_what_may_be_long_has_several_lines(given: dict[str, Any], multiline: bool) -> None:
    """Lists, objects, and texts with a long default or much to explain get a large input."""
    assert field(**given)["element"].get("multiline", False) is multiline


@pytest.mark.parametrize(
    ("given", "hint"),
    [
        ({"field_type": "int", "description": "At most 50."}, "At most 50. A whole number, such as 12."),
        ({"field_type": "float"}, "A number, such as 0.7."),
        ({"field_type": "list"}, 'A list in JSON, such as ["a", "b"].'),
        ({"field_type": "dict"}, 'An object in JSON, such as {"name": "value"}.'),
        ({"description": "Who reads it"}, "Who reads it"),
    ],
)
def test_hints_say_the_type_and_an_example(given: dict[str, Any], hint: str) -> None:
    """The author's description comes first."""
    assert field(**given)["hint"]["text"] == hint


def test_a_text_without_description_has_no_hint() -> None:
    """There is nothing to say about a plain text."""
    assert "hint" not in field()


def test_yes_and_no_are_a_choice() -> None:
    """A bool is two radio buttons, the default chosen."""
    element = field(field_type="bool", default=False)["element"]
    assert [option["text"]["text"] for option in element["options"]] == ["Yes", "No"]
    assert element["initial_option"] == element["options"][1]


@pytest.mark.parametrize(
    ("count", "kind"), [(2, "radio_buttons"), (10, "radio_buttons"), (11, "static_select"), (100, "static_select")]
)
def test_few_choices_are_radio_buttons_and_more_a_select(count: int, kind: str) -> None:
    """Slack shows at most ten radio buttons."""
    element = field(field_type="int", allowed_values=list(range(count)), default=1)["element"]
    assert element["type"] == kind
    assert len(element["options"]) == count
    assert element["initial_option"]["text"]["text"] == "1"


def test_more_than_a_hundred_choices_are_grouped() -> None:
    """A select holds a hundred options, so more of them stand in groups that say which they are."""
    element = field(field_type="int", allowed_values=list(range(101)))["element"]
    assert [group["label"]["text"] for group in element["option_groups"]] == ["1 to 100", "101 to 101"]


def test_a_long_choice_goes_on_below_itself() -> None:
    """A choice of 120 characters is readable whole."""
    long = "".join(chr(97 + n % 26) for n in range(120))
    option = field(allowed_values=[long])["element"]["options"][0]
    assert option["text"]["text"].removesuffix("…") + option["description"]["text"].removeprefix("…") == long


def test_only_what_is_optional_may_stay_empty() -> None:
    """Optional is Slack's own mark."""
    assert field(required=False)["optional"] is True
    assert field(required=True)["optional"] is False


def test_a_default_that_no_input_holds_is_used_when_the_field_stays_empty() -> None:
    """A default of more than 3,000 characters is named in the hint, and the field may stay empty."""
    block = field(default="x" * 5_000)
    assert "initial_value" not in block["element"]
    assert block["hint"]["text"] == "Left empty, the default of 5,000 characters is used."
    assert block["optional"] is True


def test_more_fields_than_a_modal_holds_are_a_clear_error() -> None:
    """The error names the step, the limit, and what to do."""
    with pytest.raises(ConfigurationError, match=r"'report-scope' asks for 96 values; a Slack modal holds 95\. Ask in"):
        form(*[FieldFacts(name=f"f{n}", field_type="str") for n in range(96)])


def test_more_text_than_a_modal_holds_is_a_clear_error() -> None:
    """A form over 250 kB says what to shorten."""
    with pytest.raises(ConfigurationError, match="Offer fewer choices"):
        form(FieldFacts(name="city", field_type="str", allowed_values=[f"{n:0100}" for n in range(3_000)]))


def test_a_review_shows_all_and_offers_both_answers() -> None:
    """Approve is the submit, Reject stands beside it, and closing decides nothing."""
    draft = " ".join(f"word{n}" for n in range(1_000))
    pause = replace(CONFIRMATION, values=[("draft", draft)])
    view = form_of(ids.REVIEW, RUN, pause, tokens=TOKENS)
    shown = "".join(element["elements"][1]["elements"][0]["text"] for element in view["blocks"] if _is_value(element))
    assert shown == draft
    assert [view[name]["text"] for name in ("title", "submit", "close")] == ["Review", "Approve", "Close"]
    assert [*buttons(view)] == ["Reject"]
    assert text_of(part(view, "rules")) == (
        "*Reject* skips this step; the run goes on with `announce`.\nNothing is decided by closing this.\n"
        f"If nobody answers by {AT_DEADLINE}: rejected, this step is skipped."
    )


def _is_value(block: dict[str, Any]) -> bool:
    return ".values." in block["block_id"]


def test_a_question_that_was_cut_stands_whole_in_its_review() -> None:
    """What the top of the card has no room for is among the values."""
    message = "Ship it? " * 200
    view = form_of(ids.REVIEW, RUN, replace(CONFIRMATION, message=message), tokens=TOKENS)
    assert text_of(part(view, "values.0")) == f"question{message}"


def test_details_of_an_open_question_have_its_rules() -> None:
    """Who may answer and what silence does stand in Details too."""
    view = modals.details(RUN, CONFIRMATION)
    assert parts(view) == ["question", "context", "rules", "values.0"]
    assert view["title"]["text"] == "Details"
    assert "submit" not in view


def test_details_of_an_open_question_say_which_time_it_is_asked() -> None:
    """Whoever answers there reads it as on the card."""
    view = modals.details(RUN, replace(CONFIRMATION, retries=1, max_retries=3))
    assert text_of(part(view, "special")) == "*Asked again:* retry 1 of 3."


def test_details_of_a_run_say_what_went_wrong_where_people_are_asked_about_it() -> None:
    """An open question about a failure has its error."""
    view = modals.run_details(replace(RUN, pauses=[DEFINITION_CHANGED]))
    assert text_of(part(view, "asked-about.0")) == "DefinitionChanged: step 'refund' is gone"


def test_details_of_a_closed_question_have_outcome_values_and_reason() -> None:
    """What was asked about, what was given and why stand one after the other."""
    pause = answered(CONFIRMATION, Action.reject, "skipped", feedback="No.\nNot today.", values={"late": True})
    view = modals.details(RUN, pause)
    assert text_of(part(view, "outcome")).startswith("*Rejected* by <@U02ANA>")
    assert [text_of(part(view, f"values.{n}")) for n in (1, 2)] == ["late: Yes", "reasonNo.\nNot today."]


def test_details_of_an_error_have_the_error() -> None:
    """The error stands in a quote."""
    assert text_of(part(modals.details(RUN, DEFINITION_CHANGED), "error")) == (
        "DefinitionChanged: step 'refund' is gone"
    )


def test_a_value_with_lines_stands_in_a_quote_of_its_own_under_its_name() -> None:
    """A line of one value can't look like another value; its name is code."""
    pause = replace(CONFIRMATION, values=[("a", "1"), ("b", "2"), ("note", "x\nversion: 2"), ("c", "3")])
    blocks = [block for block in modals.details(RUN, pause)["blocks"] if _is_value(block)]
    assert [text_of(block) for block in blocks] == ["a: 1\nb: 2", "notex\nversion: 2", "c: 3"]
    assert blocks[1]["elements"][0]["elements"][0]["style"] == {"code": True}


def test_the_details_of_a_run_hold_everything() -> None:
    """Steps, questions with their outcome, errors and the whole result are there."""
    failed = [*RUN.steps[:5], replace(RUN.steps[5], state="failed", error="ValueError: bad\nmore")]
    pause = answered(CONFIRMATION, Action.confirm, "ran")
    view = modals.run_details(ended(steps=failed, pauses=[pause], content="x" * 4_000))
    assert parts(view) == [
        "state",
        "context",
        "steps.0",
        "question.0",
        "outcome.0",
        "values.0.0",
        "error.0.0",
        "result.0",
        "result.1",
    ]
    assert text_of(part(view, "error.0.0")) == "clean-upValueError: bad\nmore"


@pytest.mark.parametrize("content", ["x" * 1_000_000, "\N{PILE OF POO}" * 300_000, "\n" * 300_000])
def test_what_does_not_fit_into_a_modal_is_said_to_be_missing(content: str) -> None:
    """A modal that holds a part only says so before the part begins, and Slack takes it."""
    view = modals.run_details(ended(content=content))
    assert check_view(view) == []
    assert text_of(part(view, "no-room")).startswith("*Not everything fits into this window:*")


def test_a_submit_that_lost_gets_back_what_was_typed() -> None:
    """The modal says who answered what and when, shows the text to copy, and what can still be done."""
    view = modals.closed(RUN, answered(CONFIRMATION, Action.confirm, "ran"), [("reason", "Not on a\nFriday")])
    assert text_of(part(view, "refusal")) == (
        f"*Not recorded: this was answered before you sent it.*\n<@U02ANA> approved it, {ANSWERED}; the step has run."
    )
    assert text_of(part(view, "typed")) == "*What you wrote, to copy*"
    assert text_of(part(view, "values.0")) == "Not on a\nFriday"
    assert text_of(part(view, "next")).startswith("To stop what still follows, `dee`, the owners and the operators can")
    assert "submit" not in view


def test_several_typed_texts_have_their_names() -> None:
    """Each text to copy stands alone, under the name of its field."""
    view = modals.closed(ended(), answered(CONFIRMATION, Action.confirm, "ran"), [("a", "1"), ("b", "2")])
    assert [text_of(part(view, f"values.{n}")) for n in (0, 1)] == ["a1", "b2"]
    assert "next" not in parts(view)


def test_a_refusal_can_fill_a_modal() -> None:
    """A modal that was opened for nothing shows the refusal."""
    view = modals.refused(refusals.cannot_check())
    assert check_view(view) == []
    assert view["title"]["text"] == "Not recorded"


def test_the_loading_modal_is_small() -> None:
    """It is opened within the three seconds of a trigger, so there is nothing to it."""
    assert check_view(modals.loading()) == []
    assert size(modals.loading()) < 500


def test_a_submit_that_takes_long_is_said_to_be_received() -> None:
    """The modal says that it is being recorded, not that it was."""
    assert check_view(modals.received()) == []
    assert text_of(modals.received()["blocks"][0]) == "Received, being recorded. The card shows what comes of it."


def test_a_long_call_is_shown_as_json_in_pieces() -> None:
    """Together they are the whole; what can't be seen in it is shown as JSON writes it."""
    call = json.dumps({"text": "word\u202e " * 2_000}, ensure_ascii=False)
    view = modals.call_as_json(RUN, replace(CONFIRMATION, as_json=call))
    assert not check_view(view)
    _, _, *pieces = view["blocks"]
    texts = [piece["elements"][-1]["elements"][0]["text"] for piece in pieces]
    assert json.loads("".join(texts)) == json.loads(call)
    assert text_of(pieces[0]).startswith(f"part 1 of {len(pieces)}")


def test_details_show_short_values_as_code_and_longer_ones_plain() -> None:
    """As on the card, each whole on its line."""
    long = "a sentence of more than thirty characters"
    view = modals.details(RUN, replace(CONFIRMATION, values=[("version", "3"), ("why", long)]))
    (quote,) = part(view, "values.0")["elements"]
    shown = [(inline["text"], inline.get("style", {}).get("code")) for inline in quote["elements"]]
    assert shown == [("version: ", None), ("3", True), ("\n", None), ("why: ", None), (long, None)]


def test_details_of_a_run_that_has_ended_say_what_did_not_run() -> None:
    """In the past tense: nothing more is to come."""
    steps = [replace(step, state="not_run") for step in RUN.steps]
    view = modals.run_details(ended(RunStatus.CANCELLED, steps=steps))
    assert "announce  did not run" in text_of(part(view, "steps.0"))
