"""Fill in a form to start: the fields, their rules and their defaults are those of a pydantic model."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from pydantic import BaseModel, Field

from kernbot.workflow import Step, StepInput, Workflow


class Audience(StrEnum):
    """Who is to read it."""

    EVERYONE = "everyone"
    ENGINEERING = "engineering"
    SALES = "sales"


class Place(StrEnum):
    """Where it appears."""

    MAIL = "mail"
    INTRANET = "intranet"
    SCREENS = "screens"


class Announcement(BaseModel):
    """What `/kern run announcement` asks for."""

    headline: str = Field(description="One line for the top.", min_length=5, max_length=80)
    body: str = Field(description="What there is to say.", json_schema_extra={"multiline": True})
    audience: Audience = Audience.EVERYONE
    places: list[Place] = Field(default=[Place.MAIL], description="Where it appears.", min_length=1)
    copies: int = Field(default=1, ge=0, le=50, description="On paper, for the board.")
    publish_at: datetime | None = Field(default=None, description="At once, if left empty.")
    urgent: bool = False


def draft(step_input: StepInput) -> str:
    """Put the announcement together."""
    asked: Announcement = step_input.input
    mark = "URGENT: " if asked.urgent else ""
    return f"{mark}{asked.headline}\n\n{asked.body}"


def publish(step_input: StepInput) -> str:
    """Say where it went."""
    asked: Announcement = step_input.input
    when = f"{asked.publish_at:%Y-%m-%d %H:%M %Z}" if asked.publish_at else "now"
    return f"Published for {asked.audience}, {when}, in {', '.join(asked.places)}; {asked.copies} on paper."


workflow = Workflow(
    name="announcement",
    description="Publishes an announcement, once somebody has read it.",
    input_schema=Announcement,
    steps=[
        Step(name="draft", executor=draft),
        Step(
            name="publish",
            executor=publish,
            requires_confirmation=True,
            confirmation_message="Publish this announcement?",
        ),
    ],
)
