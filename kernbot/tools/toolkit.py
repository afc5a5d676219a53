"""Several tools as one."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import Any

from kernbot.errors import DefinitionError
from kernbot.tools.function import Function


class Toolkit:
    """A group of tools: functions and methods; if none are given, all methods that `@tool` marks.

    The `..._tools` name those of them that ask people first. DefinitionError for a name that no tool has.
    """

    def __init__(
        self,
        name: str = "toolkit",
        tools: Sequence[Function | Callable[..., Any]] | None = None,
        *,
        instructions: str | None = None,
        add_instructions: bool = False,
        requires_confirmation_tools: Sequence[str] | None = None,
        external_execution_required_tools: Sequence[str] | None = None,
    ) -> None:
        self.name = name
        self.instructions = instructions if add_instructions else None
        """What an agent that has the tools is told beside."""
        found = functions_of(self._marked_methods() if tools is None else tools)
        self.functions = {function.name: function for function in found}
        self._mark("requires_confirmation", requires_confirmation_tools or ())
        self._mark("external_execution", external_execution_required_tools or ())

    def _marked_methods(self) -> list[Function]:
        members = {name: value for owner in reversed(type(self).__mro__) for name, value in vars(owner).items()}
        return [getattr(self, name) for name, value in members.items() if isinstance(value, Function)]

    def _mark(self, flag: str, names: Sequence[str]) -> None:
        setting: dict[str, Any] = {flag: True}
        for name in names:
            if name not in self.functions:
                raise DefinitionError(
                    f"Toolkit {self.name!r} has no tool {name!r}; it has {', '.join(map(repr, self.functions))}."
                )
            self.functions[name] = replace(self.functions[name], **setting)


def functions_of(tools: Iterable[Function | Toolkit | Callable[..., Any]]) -> list[Function]:
    """Return all tools, those of toolkits too; DefinitionError for two of one name, or for what is no tool."""
    found: dict[str, Function] = {}
    for function in (function for item in tools for function in _functions(item)):
        if function.name in found:
            raise DefinitionError(f"There are two tools {function.name!r}; give one of them another name.")
        found[function.name] = function
    return list(found.values())


def instructions_of(tools: Iterable[Function | Toolkit | Callable[..., Any]]) -> list[str]:
    """Return what toolkits and tools tell an agent that has them."""
    sources = [source for item in tools for source in (item, *_functions(item))]
    given = [source.instructions for source in sources if isinstance(source, Toolkit | Function)]
    return [text for text in dict.fromkeys(given) if text]


def _functions(item: Function | Toolkit | Callable[..., Any]) -> list[Function]:
    if isinstance(item, Toolkit):
        return list(item.functions.values())
    if isinstance(item, Function):
        return [item]
    if isinstance(item, type) or not callable(item):
        raise DefinitionError(f"{item!r} is no tool: give a function, what @tool made of one, or a Toolkit object.")
    return [Function(entrypoint=item)]
