"""The validator of the local Slack, over generated messages."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from kernbot.localslack.block_kit import Problem, check_message, check_view

Json = dict[str, Any]


def texts(kind: str) -> st.SearchStrategy[Json]:
    """Generate texts of one type, short enough for each place of a message and for 12,000 characters in all."""
    return st.fixed_dictionaries({"type": st.just(kind), "text": st.text(min_size=1, max_size=30)})


plain = texts("plain_text")
any_text = plain | texts("mrkdwn")
options = st.fixed_dictionaries(
    {"text": plain, "value": st.text(min_size=1, max_size=9)},
    optional={"description": plain},
)
confirm = st.fixed_dictionaries(
    {"title": plain, "text": any_text, "confirm": plain, "deny": plain},
)
buttons = st.fixed_dictionaries(
    {"type": st.just("button"), "text": plain},
    optional={"value": st.text(max_size=9), "style": st.sampled_from(["primary", "danger"]), "confirm": confirm},
)
overflows = st.fixed_dictionaries(
    {"type": st.just("overflow"), "options": st.lists(options, min_size=1, max_size=5)},
)
selects = st.fixed_dictionaries(
    {"type": st.just("static_select"), "options": st.lists(options, min_size=1, max_size=5)},
    optional={"placeholder": plain},
)
sections = st.fixed_dictionaries(
    {"type": st.just("section"), "text": any_text},
    optional={"fields": st.lists(any_text, min_size=1, max_size=3), "accessory": buttons | overflows},
)
rich_texts = st.fixed_dictionaries(
    {
        "type": st.just("rich_text"),
        "elements": st.lists(
            st.fixed_dictionaries(
                {
                    "type": st.sampled_from(["rich_text_section", "rich_text_quote", "rich_text_preformatted"]),
                    "elements": st.lists(texts("text"), max_size=3),
                },
            ),
            max_size=3,
        ),
    },
)
contexts = st.fixed_dictionaries(
    {"type": st.just("context"), "elements": st.lists(any_text, min_size=1, max_size=3)},
)
rows = st.fixed_dictionaries(
    {"type": st.just("actions"), "elements": st.lists(buttons | overflows | selects, min_size=1, max_size=3)},
)
messages = st.tuples(sections, st.lists(sections | rich_texts | contexts | rows, max_size=3)).map(
    lambda blocks: {"blocks": [blocks[0], *blocks[1]]},
)

json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=9)
    | st.sampled_from(["section", "actions"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["type", "text", "elements", "blocks", "element", "options", "x"]), inner)
    ),
    max_leaves=12,
)


def text_within(message: Json) -> st.SearchStrategy[tuple[str, Json]]:
    """Choose one of the message's text objects; each comes with its pointer."""
    return st.sampled_from([(at, part) for at, part in parts(message) if part.get("type") in ("plain_text", "mrkdwn")])


def parts(whole: Any, at: str = "") -> Iterator[tuple[str, Json]]:
    """Yield every object within, with its pointer."""
    if isinstance(whole, dict):
        yield at, whole
        for name, part in whole.items():
            yield from parts(part, f"{at}/{name}")
    if isinstance(whole, list):
        for n, part in enumerate(whole):
            yield from parts(part, f"{at}/{n}")


@given(messages)
def test_a_valid_message_passes(message: Json) -> None:
    """No problem is found in a message put together from documented parts."""
    assert check_message(message) == []


@given(messages, st.data())
def test_an_over_long_text_is_found(message: Json, data: st.DataObject) -> None:
    """One problem is found at whichever text object got more characters than any may have."""
    pointer, text = data.draw(text_within(message))
    text["text"] = "x" * 3001

    (problem,) = check_message(message)

    assert problem.pointer == f"{pointer}/text"
    assert problem.message.startswith("must be less than ")


@given(messages, st.data())
def test_an_unknown_property_is_found(message: Json, data: st.DataObject) -> None:
    """One problem is found at whichever text object got a property that Slack does not know."""
    pointer, text = data.draw(text_within(message))
    text["surprise"] = True

    assert check_message(message) == [Problem(pointer, "invalid additional property: surprise")]


@given(json_values)
def test_any_json_gets_an_answer(value: Any) -> None:
    """Whatever is sent, problems are returned and nothing is raised."""
    message = check_message({"blocks": value})
    view = check_view({"type": "modal", "title": {"type": "plain_text", "text": "x"}, "blocks": value})

    assert all(problem.pointer.startswith("/blocks") for problem in message)
    assert all(problem.pointer.startswith("/view") for problem in view)
