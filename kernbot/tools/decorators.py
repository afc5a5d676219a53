"""The `@tool` decorator."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypedDict, Unpack, overload

from kernbot.errors import DefinitionError
from kernbot.tools.function import Function


class ToolSettings(TypedDict, total=False):
    """What `@tool` may be given; each is explained where a Function has it."""

    name: str
    description: str
    strict: bool | None
    instructions: str | None
    add_instructions: bool
    """False: the instructions are kept from the agent."""
    requires_confirmation: bool
    requires_user_input: bool
    user_input_fields: Sequence[str]
    external_execution: bool
    external_execution_silent: bool
    stop_after_tool_call: bool
    editable: Sequence[str]
    secret_args: Sequence[str]
    irreversible: bool
    on_crash: str | None


_NO_HOOKS = "no hooks around a tool: write a function that calls the other one, and make it the tool"
_NO_CACHE = "no cache of results: keep them in the function, or in session_state"
_ABSENT = {
    "title": "no title of a tool: its name and description say what it does",
    "annotations": "no annotations of a tool: say it in the description",
    "show_result": "no result that is shown beside the agent's words: stop_after_tool_call=True makes it the last word",
    "pre_hook": _NO_HOOKS,
    "post_hook": _NO_HOOKS,
    "tool_hooks": _NO_HOOKS,
    "cache_results": _NO_CACHE,
    "cache_dir": _NO_CACHE,
    "cache_ttl": _NO_CACHE,
}
"""Keywords of the programs that kernbot's API comes from: what does not exist here, and what to do instead."""


@overload
def tool(function: Callable[..., Any], /) -> Function: ...
@overload
def tool(**settings: Unpack[ToolSettings]) -> Callable[[Callable[..., Any]], Function]: ...
def tool(
    function: Callable[..., Any] | None = None, /, **settings: Unpack[ToolSettings]
) -> Function | Callable[[Callable[..., Any]], Function]:
    """Make a function a tool, bare or with settings.

    Its parameters, their types and the docstring are what a model is told. Raises DefinitionError for settings that
    are unknown or don't fit together, TypeError for one that is left out on purpose: it says what to do instead.
    """
    _check_names(settings)
    kept: dict[str, Any] = {name: value for name, value in settings.items() if name != "add_instructions"}
    if not settings.get("add_instructions", True):
        kept.pop("instructions", None)

    def make(entrypoint: Callable[..., Any]) -> Function:
        return Function(entrypoint=entrypoint, **kept)

    return make if function is None else make(function)


def _check_names(settings: Mapping[str, Any]) -> None:
    for name in settings:
        if name in _ABSENT:
            raise TypeError(f"@tool takes no {name!r}, because kernbot has {_ABSENT[name]}.")
        if name not in ToolSettings.__annotations__:
            raise DefinitionError(f"@tool got an unexpected keyword argument {name!r}.")
