"""A tool with which an agent asks people for values that it lacks."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, Field

from kernbot.tools.function import Function, ToolArgumentError, UserInputField
from kernbot.tools.toolkit import Toolkit

_INSTRUCTIONS = (
    "When you need a value that only the user can know, call get_user_input with all the values you lack; "
    "don't ask for them in your reply, and don't guess them."
)


class RequestedField(BaseModel):
    """One value to ask for."""

    field_name: Annotated[str, Field(min_length=1)]
    field_type: Literal["str", "int", "float", "bool", "list", "dict"] = "str"
    field_description: str = ""


class UserControlFlowTools(Toolkit):
    """Lets an agent stop and ask people for values, by `get_user_input`."""

    def __init__(
        self, instructions: str | None = None, *, add_instructions: bool = True, enable_get_user_input: bool = True
    ) -> None:
        super().__init__(
            name="user_control_flow_tools",
            tools=[Function(entrypoint=get_user_input, asks="fields")] if enable_get_user_input else [],
            instructions=instructions or _INSTRUCTIONS,
            add_instructions=add_instructions,
        )


def get_user_input(user_input_fields: Annotated[list[RequestedField], Field(min_length=1)]) -> list[UserInputField]:
    """Ask the user for values; the result lists the name and the value of each.

    Args:
        user_input_fields: The values to ask for, each with a name of its own.
    """
    if len({item.field_name for item in user_input_fields}) < len(user_input_fields):
        raise ToolArgumentError("Nobody was asked: each of user_input_fields needs a field_name of its own.")
    return [
        UserInputField(name=item.field_name, field_type=item.field_type, description=item.field_description or None)
        for item in user_input_fields
    ]
