"""What `@tool` makes of a function."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

import pytest

from kernbot.errors import DefinitionError
from kernbot.tools import Function, tool


@tool(requires_confirmation=True)
def send_alert(city: str, message: str = "rain") -> str:
    """Warn a city."""
    return f"{city}: {message}"


def _order(item: str, amount: int = 1) -> str:
    return f"{amount} {item}"


def test_a_tool_is_called_as_the_plain_function_that_it_is_made_from() -> None:
    """Positional and named arguments work, and nobody is asked."""
    assert send_alert("Tokyo", message="storm") == "Tokyo: storm"
    assert send_alert.entrypoint("Tokyo") == "Tokyo: rain"
    assert list(inspect.signature(send_alert).parameters) == ["city", "message"]


async def test_an_async_function_is_awaited() -> None:
    """A tool of a coroutine function returns a coroutine."""

    @tool
    async def fetch(city: str) -> str:
        return city

    assert await fetch("Oslo") == "Oslo"
    assert inspect.iscoroutinefunction(fetch.entrypoint)


def test_a_bare_decorator_asks_nobody() -> None:
    """Without settings, a tool has the function's name and no flag."""
    bare = tool(_order)
    assert isinstance(bare, Function)
    assert bare.name == "_order"
    assert not any((bare.requires_confirmation, bare.requires_user_input, bare.external_execution, bare.asks))


def test_name_and_description_replace_those_of_the_function() -> None:
    """What the author says wins over name and docstring."""
    named = tool(name="order", description="Order things.")(_order)
    assert (named.spec().name, named.spec().description) == ("order", "Order things.")


def test_user_input_fields_alone_ask_for_values() -> None:
    """Naming fields switches `requires_user_input` on."""
    assert tool(user_input_fields=["item"])(_order).requires_user_input


def test_instructions_are_kept_from_the_agent_on_request() -> None:
    """`add_instructions=False` drops them."""
    assert tool(instructions="Be brief.")(_order).instructions == "Be brief."
    assert tool(instructions="Be brief.", add_instructions=False)(_order).instructions is None


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"requires_confirmatoin": True}, "unexpected keyword argument 'requires_confirmatoin'"),
        ({"requires_confirmation": True, "external_execution": True}, "exclude each other"),
        ({"requires_confirmation": True, "user_input_fields": ["item"]}, "exclude each other"),
        ({"user_input_fields": ["iten"]}, "user_input_fields names 'iten'"),
        ({"secret_args": ["token"]}, "secret_args names 'token'"),
        ({"editable": ["item"]}, "editable needs requires_confirmation"),
        ({"requires_confirmation": True, "editable": ["item"], "secret_args": ["item"]}, "'item' is secret"),
        ({"on_crash": "panic"}, "on_crash is 'panic'"),
        ({"name": "order it"}, "letters, digits"),
    ],
)
def test_settings_that_do_not_fit_are_refused(settings: dict[str, Any], words: str) -> None:
    """The error is a ValueError that names the setting."""
    with pytest.raises(DefinitionError, match=words):
        tool(**settings)(_order)


@pytest.mark.parametrize("keyword", ["cache_results", "tool_hooks", "show_result", "title"])
def test_what_does_not_exist_here_says_what_to_do_instead(keyword: str) -> None:
    """A keyword that kernbot will never have is a TypeError that explains itself."""
    settings: dict[str, Any] = {keyword: True}
    with pytest.raises(TypeError, match=f"takes no '{keyword}', because kernbot has no"):
        tool(**settings)(_order)


def _without_parameters() -> None: ...


def _with_rest(*rest: str) -> None: ...


def _of_a_function(call: Callable[[int], int]) -> None: ...


def _of_nothing_known(what: Missing) -> None: ...  # type: ignore[name-defined]  # noqa: F821


@pytest.mark.parametrize(
    ("function", "settings", "words"),
    [
        (_without_parameters, {"requires_user_input": True}, "needs a parameter that people can fill in"),
        (_with_rest, {}, "'rest' can't be a parameter"),
        (_of_a_function, {}, "can't be described to a model"),
        (_of_nothing_known, {}, "name 'Missing' is not defined"),
    ],
)
def test_a_function_that_is_no_tool_is_refused(
    function: Callable[..., Any], settings: dict[str, Any], words: str
) -> None:
    """The error names the tool and what is wrong with it."""
    with pytest.raises(DefinitionError, match=f"Tool '{function.__name__}'.*{words}"):
        tool(**settings)(function)
