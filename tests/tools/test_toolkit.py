"""Tools in groups."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import pytest

from kernbot.errors import DefinitionError
from kernbot.tools import Toolkit, tool
from kernbot.tools.toolkit import functions_of, instructions_of


class Mail(Toolkit):
    """Methods as tools, named one by one."""

    def __init__(self, sender: str, **settings: Any) -> None:
        self.sender = sender
        super().__init__(name="mail", tools=[self.send, self.read], **settings)

    def send(self, to: str) -> str:
        """Send a mail."""
        return f"{self.sender} to {to}"

    def read(self) -> str:
        """Read the mail."""
        return self.sender


class Counter(Toolkit):
    """Methods that `@tool` marks."""

    total = 0

    @property
    def double(self) -> int:
        """Not a tool."""
        return self.total * 2

    @tool(requires_confirmation=True)
    def add(self, step: int) -> int:
        """Add to the total."""
        self.total += step
        return self.total


def _search(words: str) -> str:
    return words


def test_methods_become_tools_of_their_object() -> None:
    """The model never sees `self`."""
    functions = Mail("kern").functions
    assert list(functions) == ["send", "read"]
    assert functions["send"].parameters["required"] == ["to"]
    assert functions["send"].entrypoint(to="Bob") == "kern to Bob"


def test_marked_methods_are_collected_without_a_list() -> None:
    """A Toolkit with `@tool` methods needs no constructor, and each object has its own."""
    one, other = Counter(), Counter()
    add = one.functions["add"]
    assert (add.requires_confirmation, list(add.parameters["properties"])) == (True, ["step"])
    assert (add.entrypoint(step=2), one.add(3), other.add(1)) == (2, 5, 1)


def test_flags_are_set_by_name() -> None:
    """The lists of a Toolkit mark single tools."""
    functions = Mail("kern", requires_confirmation_tools=["send"], external_execution_required_tools=["read"]).functions
    assert (functions["send"].requires_confirmation, functions["send"].external_execution) == (True, False)
    assert (functions["read"].requires_confirmation, functions["read"].external_execution) == (False, True)


def test_a_flag_for_a_tool_that_is_not_there_is_refused() -> None:
    """A misspelt name must not leave a tool without its gate."""
    with pytest.raises(DefinitionError, match="has no tool 'sned'; it has 'send', 'read'"):
        Mail("kern", requires_confirmation_tools=["sned"])


def test_an_agent_may_have_functions_tools_and_toolkits() -> None:
    """All of them become one list."""
    assert [item.name for item in functions_of([_search, tool(name="find")(_search), Mail("kern")])] == [
        "_search",
        "find",
        "send",
        "read",
    ]


@pytest.mark.parametrize(
    ("tools", "words"),
    [
        ([_search, tool(_search)], "two tools '_search'"),
        (["search"], "'search' is no tool"),
        ([Counter], "is no tool: give .* a Toolkit object"),
    ],
)
def test_what_is_no_list_of_tools_is_refused(tools: Sequence[Callable[..., Any]], words: str) -> None:
    """Two of one name, and what is no tool, are named."""
    with pytest.raises(DefinitionError, match=words):
        functions_of(tools)


def test_instructions_are_collected_once() -> None:
    """Those of tools are added as they are, those of a Toolkit on request."""
    told = tool(instructions="Ask first.")(_search)
    kit = Toolkit(tools=[told], instructions="Be kind.", add_instructions=True)
    assert instructions_of([kit, Toolkit(tools=[], instructions="Be quiet."), _search]) == ["Be kind.", "Ask first."]
