"""A tool with which an agent has people choose."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

from pydantic import BaseModel, Field

from kernbot.run.tool_execution import UserFeedbackOption, UserFeedbackQuestion
from kernbot.tools.function import Function, ToolArgumentError
from kernbot.tools.toolkit import Toolkit

_INSTRUCTIONS = (
    "When the user has to choose among a few things, call ask_user with the choices instead of asking in your reply; "
    "put all questions that you have now into one call."
)
_Text = Annotated[str, Field(min_length=1)]


class Option(BaseModel):
    """One choice, by its short label."""

    label: _Text
    description: str | None = None


class Question(BaseModel):
    """One question; one choice is made, or several with multi_select."""

    question: _Text
    header: str | None = None
    options: Annotated[list[Option], Field(min_length=1)]
    multi_select: bool = False


class UserFeedbackTools(Toolkit):
    """Lets an agent stop and have people choose, by `ask_user`."""

    def __init__(self, instructions: str | None = None, *, add_instructions: bool = True) -> None:
        super().__init__(
            name="user_feedback_tools",
            tools=[Function(entrypoint=ask_user, asks="questions")],
            instructions=instructions or _INSTRUCTIONS,
            add_instructions=add_instructions,
        )


def ask_user(questions: Annotated[list[Question], Field(min_length=1)]) -> list[UserFeedbackQuestion]:
    """Have the user choose; the result lists the labels selected for each question.

    Args:
        questions: What to ask, each question with choices of its own.
    """
    _check_all_differ([item.question for item in questions], "each question")
    for item in questions:
        _check_all_differ([option.label for option in item.options], f"each option of {item.question!r}")
    return [
        UserFeedbackQuestion(
            question=item.question,
            options=[UserFeedbackOption(option.label, option.description) for option in item.options],
            header=item.header,
            multi_select=item.multi_select,
        )
        for item in questions
    ]


def _check_all_differ(texts: Sequence[str], what: str) -> None:
    if len(set(texts)) < len(texts):
        raise ToolArgumentError(f"Nobody was asked: {what} needs a text of its own.")
