"""One call of a tool: whether it fits, what people are asked about it, and what the model is told."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from kernbot.db.base import PauseRecord
from kernbot.engine.gates import fields_of
from kernbot.engine.questions import Asking, about_code, promise_of
from kernbot.engine.values import decode, encode
from kernbot.engine.versions import version_of_call
from kernbot.errors import UsageError
from kernbot.run.answer import Action, Answer
from kernbot.run.executor import DELEGATE, AgentSetup, Tool
from kernbot.run.masking import scrubbed, secrets_in
from kernbot.run.messages import ToolCall
from kernbot.run.tool_execution import (
    ToolExecution,
    UserFeedbackQuestion,
    UserInputField,
    answer_text,
    checked_selections,
)
from kernbot.workflow.fields import checked_values
from kernbot.workflow.inputs import as_plain
from kernbot.workflow.node import Node
from kernbot.workflow.review import OnTimeout

NO_ANSWER = "no answer in time"
REJECTED = "The person rejected this call; it was not made."
_NAME = re.compile(r"[A-Za-z0-9_-]{1,64}")


@dataclass(frozen=True, kw_only=True)
class Call:
    """A call as the model asked for it, held against the tool."""

    asked: ToolCall
    path: str
    """Where it is journaled."""
    turn: str
    """Where the turn of the model is journaled that asked for it."""
    tool: Tool | None = None
    arguments: Mapping[str, Any] = field(default_factory=dict)
    fields: Sequence[UserInputField] = ()
    """What people may fill in."""
    questions: Sequence[UserFeedbackQuestion] = ()
    member: AgentSetup | None = None
    """To whom the leader of a team hands a task on by it."""
    problem: str | None = None
    """What the model is told instead of a result: the call does not fit."""

    @property
    def asks(self) -> str | None:
        """What people are asked: `confirmation`, `user_input`, `external_execution`, `fields`, `questions`, or None."""
        if self.tool is None or self.problem:
            return None
        if self.tool.asks:
            return self.tool.asks
        kinds = ("confirmation", self.tool.requires_confirmation), ("user_input", self.tool.requires_user_input)
        return next((kind for kind, is_set in kinds if is_set), None) or (
            "external_execution" if self.tool.external_execution else None
        )


@dataclass(frozen=True)
class Asker:
    """Whose call it is."""

    step_path: str
    executor: AgentSetup
    """The agent or team in the step."""
    member: AgentSetup | None
    """The member of the team that asked for the call; None for the executor itself."""


def next_path(base: str, name: str, counted: Counter[str]) -> str:
    """Return where the next call of a name that a model gave is journaled, under a path; and count it."""
    known = name if _NAME.fullmatch(name) else "unknown"
    counted[known] += 1
    return f"{base}/call:{known}~{counted[known]}"


def arguments_in(asked: ToolCall) -> dict[str, Any]:
    """Return the arguments that a model gave; none where what it gave can't be read."""
    try:
        return _parsed(asked.arguments)
    except UsageError:
        return {}


def plan(asked: ToolCall, path: str, turn: str, setup: AgentSetup) -> Call:
    """Return a call held against the agent's tools; what does not fit goes back to the model, not to a person."""
    call = Call(asked=asked, path=path, turn=turn)
    try:
        arguments = _parsed(asked.arguments)
        if setup.members and asked.name == DELEGATE:
            return replace(call, arguments=arguments, member=_member(setup, arguments))
        tool = _tool(setup, asked.name)
        call = replace(call, tool=tool, arguments=arguments)
        fields = tool.fields_to_fill(arguments)
        questions = tool.questions_to_ask(arguments)
    except UsageError as error:
        return replace(call, problem=str(error))
    return replace(call, fields=fields, questions=questions)


def _tool(setup: AgentSetup, name: str) -> Tool:
    found = next((tool for tool in setup.tools if tool.name == name), None)
    if found is None:
        known = ", ".join(tool.name for tool in setup.tools) or "none"
        raise UsageError(f"There is no tool {name!r}. There are: {known}.")
    return found


def _member(setup: AgentSetup, arguments: Mapping[str, Any]) -> AgentSetup:
    wanted = arguments.get("member_id")
    found = next((member for member in setup.members if member.executor_id == wanted), None)
    if found is None or not isinstance(arguments.get("task"), str):
        known = ", ".join(member.executor_id for member in setup.members)
        raise UsageError(f"{DELEGATE} needs the task as text, and a member_id among: {known}.")
    return found


def ask_about(
    call: Call,
    node: Node,
    asking: Asking,
    who: Asker,
    *,
    number: int = 1,
    problem: str | None = None,
    instead_of: PauseRecord | None = None,
) -> PauseRecord:
    """Return the pause of a call that people must decide; the answer is bound to its arguments, by the digest.

    Asked again, it says which `problem` the last answer had, or that it is `instead_of` one about other code.
    """
    assert call.tool is not None  # noqa: S101 - a call without a tool asks nobody
    tool, asks = call.tool, str(call.asks)
    question = {
        "message": " ".join(filter(None, [problem, _MESSAGES[asks].format(name=tool.name)])),
        "problem": problem,
        "step_type": node.kind,
        "on_reject": "skip",
        "on_timeout": str(node.human_review.on_timeout),
        "turn": call.turn,
        "tool": _identity(call),
        "secret_args": list(tool.secret_args),
        "irreversible": tool.irreversible,
        "is_silent": tool.external_execution_silent,
        "step_path": who.step_path,
        "executor": named(who.executor),
        "member": named(who.member) if who.member else None,
        "fields": [encode(asdict(item), f"The fields of {tool.name}") for item in call.fields],
        "questions": [encode(asdict(item), f"The questions of {tool.name}") for item in call.questions],
        "actions": _actions(asks, is_editable=bool(call.fields)),
        **about_code(version_of_call(node, tool), instead_of),
    }
    promise = promise_of(node.human_review, asking, _silence(node, asks), instead_of)
    return asking.pause(node.name, "tool", question, number, **promise)


def is_about(pause: PauseRecord, call: Call) -> bool:
    """Whether a question is about this very call: of the same tool, with the same arguments, asked in the same way."""
    return bool(pause.question["tool"] == _identity(call))


def problem_with_answer(call: Call, pause: PauseRecord) -> str | None:
    """Say why the function does not take the values that a person gave, in words for people; None if it does."""
    given = pause.answered and pause.answered.answer
    if not given or call.tool is None or call.tool.asks or given["action"] != Action.provide:
        return None
    problems = call.tool.problems_with(call.tool.filled(call.arguments, decode(given["values"])))
    return f"{problems}." if problems else None


def _identity(call: Call) -> dict[str, Any]:
    """Return what an answer is bound to."""
    named = {"name": call.asked.name, "call_id": call.asked.id}
    return {**named, "asks": call.asks, "arguments": dict(call.arguments)}


def check_call_answer(pause: PauseRecord, answer: Answer) -> Answer:
    """Return a person's answer about a call with what it holds as JSON; AnswerError for what does not fit."""
    question = pause.question
    if answer.action is Action.supply:
        return Answer(action=answer.action, output=encode(answer.output, f"The result of {question['tool']['name']}"))
    if answer.action is not Action.provide:
        return Answer(action=answer.action, feedback=answer.feedback)
    if question["questions"]:
        given: dict[str, Any] = dict(checked_selections(questions_of(question), answer.values))
    else:
        given = checked_values(fields_of(question), answer.values)
    values = {name: encode(value, f"The answer {name!r}") for name, value in given.items()}
    return Answer(action=answer.action, values=values)


def questions_of(question: dict[str, Any]) -> list[UserFeedbackQuestion]:
    """Return the choices that a question offers, made anew each time."""
    return [UserFeedbackQuestion.from_dict(decode(item)) for item in question["questions"]]


def told_of(answer: Answer, asks: str) -> str | None:
    """Return what the model is told of an answer; None where the tool itself says it."""
    if answer.action is Action.reject:
        return answer.feedback or REJECTED
    if answer.action is Action.supply:
        return as_text(decode(answer.output))
    if asks in ("fields", "questions"):
        return answer_text("fields" if asks == "fields" else "questions", decode(answer.values))
    return None


def as_text(result: Any) -> str:
    """Return what a tool returned as a model reads it: text as it is, anything else as JSON where it can be."""
    if isinstance(result, str):
        return result
    return json.dumps(as_plain(result), ensure_ascii=False)


def shown_result(call: Call, text: Any) -> Any:
    """Return what came of a call as events tell of it: it may repeat a secret argument."""
    if call.tool is None or not isinstance(text, str):
        return text
    return scrubbed(text, secrets_in(call.arguments, call.tool.secret_args))


def execution_of(call: Call, result: str | None = None, *, failed: bool = False) -> ToolExecution:
    """Return a call as events tell of it: without what is secret, which may be any argument that does not fit."""
    return ToolExecution(
        tool_call_id=call.asked.id,
        tool_name=call.asked.name,
        tool_args=call.tool.masked(call.arguments) if call.tool and not call.problem else {},
        result=result,
        tool_call_error=failed or None,
        requires_confirmation=call.asks == "confirmation",
        requires_user_input=call.asks in ("user_input", "fields"),
        external_execution_required=call.asks == "external_execution",
        user_input_schema=list(call.fields) or None,
        user_feedback_schema=list(call.questions) or None,
    )


def _parsed(arguments: str) -> dict[str, Any]:
    try:
        parsed = json.loads(arguments or "{}", parse_constant=_refuse)
    except (ValueError, RecursionError) as error:
        raise UsageError(f"The arguments are no JSON: {error}.") from None
    if not isinstance(parsed, dict):
        raise UsageError("The arguments must be a JSON object.")
    return parsed


def _refuse(constant: str) -> None:
    raise ValueError(f"it has no {constant}")


def _actions(asks: str, *, is_editable: bool) -> list[Action]:
    match asks:
        case "confirmation":
            return [Action.confirm, *([Action.provide] if is_editable else []), Action.reject]
        case "external_execution":
            return [Action.supply, Action.reject]
        case _:
            return [Action.provide, Action.reject]


def _silence(node: Node, asks: str) -> Answer:
    match node.human_review.on_timeout:
        case OnTimeout.approve:
            return Answer(action=Action.confirm if asks == "confirmation" else Action.cancel)
        case OnTimeout.cancel:
            return Answer(action=Action.cancel)
        case _:
            return Answer(action=Action.reject, feedback=NO_ANSWER)


def named(setup: AgentSetup) -> dict[str, str]:
    """Return the kind, id and name of an agent, or team, as they are stored."""
    return {"kind": setup.kind, "id": setup.executor_id, "name": setup.name}


_MESSAGES = {
    "confirmation": "Run the tool `{name}`?",
    "user_input": "Fill in what the tool `{name}` needs",
    "external_execution": "Run `{name}` elsewhere, and give its result",
    "fields": "Fill in what the agent asks for",
    "questions": "Answer what the agent asks",
}
