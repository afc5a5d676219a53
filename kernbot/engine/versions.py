"""Which code stands behind a question: compared, when it is answered, with what people were asked about."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from functools import partial
from types import CodeType
from typing import Any, TypeAlias

from kernbot.db.base import PauseRecord
from kernbot.engine.gates import Verdict, decide
from kernbot.engine.values import digest
from kernbot.run.executor import AgentSetup, Tool
from kernbot.workflow.condition import Condition
from kernbot.workflow.loop import Loop
from kernbot.workflow.node import Node, keyed
from kernbot.workflow.router import Router
from kernbot.workflow.step import Step

Version: TypeAlias = dict[str, str]
"""`{"version": ...}` as its author calls it, or `{"code": ...}`, a digest of what it does."""


def version_of(node: Node) -> Version | None:
    """Return the version of a node, with all that is inside; None where its author accepts changes."""
    return None if node.human_review.accept_changes else _version_of(node)


def version_of_call(node: Node, tool: Tool) -> Version | None:
    """Return the version of a tool that is called in a step."""
    if node.human_review.accept_changes:
        return None
    return _named(node) or {"code": digest(_code_of(tool.entrypoint))}


def is_outdated(pause: PauseRecord, now: Version | None) -> bool:
    """Whether people were asked about other code than there is now; unknown is not outdated."""
    was = pause.question.get("version")
    return None not in (was, now) and was != now


def allows_outdated(pause: PauseRecord, now: Version | None) -> bool:
    """Whether a person has allowed something that is other code now. What the clock says holds all the same."""
    if pause.answered is None or pause.answered.by == "timeout" or not is_outdated(pause, now):
        return False
    return decide(pause).verdict is Verdict.PROCEED


def _version_of(node: Node) -> Version:
    return _named(node) or {"code": digest([node.kind, *_parts_of(node)])}


def _named(node: Node) -> Version | None:
    return {"version": node.version} if isinstance(node, Step) and node.version is not None else None


def _parts_of(node: Node) -> Iterator[Any]:
    if isinstance(node, Step) and node.agent is not None:
        yield _agent(node.agent.setup())
    yield [_code_of(function) for function in _functions_of(node)]
    yield [[[key, _version_of(inner)] for key, inner in keyed(nodes)] for nodes in node.children()]


def _functions_of(node: Node) -> Iterator[Any]:
    match node:
        case Step(executor=function) | Condition(evaluator=function):
            yield function
        case Loop():
            yield from (node.end_condition, node.max_iterations)
        case Router():
            yield node.selector


def _agent(setup: AgentSetup) -> list[Any]:
    model = [type(setup.model).__name__, getattr(setup.model, "id", None)]
    tools = [[tool.name, _code_of(tool.entrypoint)] for tool in setup.tools]
    return [setup.name, setup.system_message, model, tools, [_agent(member) for member in setup.members]]


def _code_of(function: Callable[..., Any] | bool | int | None) -> Any:
    """Return what a function does as JSON: as it was compiled, so that it is what runs, whatever the file says now."""
    if function is None or isinstance(function, bool | int):
        return function
    while isinstance(function, partial):
        function = function.func
    inner = inspect.unwrap(function)
    if not inspect.isroutine(inner):
        inner = type(inner).__call__
    code = getattr(inner, "__code__", None)
    return _instructions(code) if code else inner.__qualname__


def _instructions(code: CodeType) -> list[Any]:
    names = [*code.co_names, *code.co_varnames, *code.co_freevars, *code.co_cellvars]
    return [code.co_code.hex(), names, [_constant(constant) for constant in code.co_consts]]


def _constant(constant: object) -> Any:
    if isinstance(constant, CodeType):
        return _instructions(constant)
    if isinstance(constant, frozenset):
        return sorted(map(repr, constant))
    return [_constant(item) for item in constant] if isinstance(constant, tuple) else repr(constant)
