"""What a model's turn asks for, by the names of the documents."""

from __future__ import annotations

from kernbot.run.tool_execution import ToolExecution, UserFeedbackOption, UserFeedbackQuestion, UserInputField

__all__ = ["ToolExecution", "UserFeedbackOption", "UserFeedbackQuestion", "UserInputField"]
