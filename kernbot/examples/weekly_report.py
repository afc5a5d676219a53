"""Have people read what was written: approve, edit, or send it back with feedback.

To try: `/kern run weekly_report payments`. Edit the draft and see the difference on the card; or reject it with
feedback, and it is written again. Then subject lines are proposed until one is accepted. The last step takes its values
and its yes in one form.
"""

from __future__ import annotations

from kernbot.workflow import HumanReview, Loop, OnReject, Step, StepInput, Workflow
from kernbot.workflow.types import UserInputField

_SUBJECTS = ("Weekly report", "Fewer failed payments this week", "Payments: failures down 18 percent")


def write(step_input: StepInput) -> str:
    """Write the draft, or write it again with what a reviewer said."""
    feedback = step_input.additional_data.get("rejection_feedback")
    about = step_input.input or "payments"
    draft = f"This week in {about}: failures are down 18 percent. Two people have joined. Search is as fast as it was."
    return f"{draft} (Written again: {feedback}.)" if feedback else draft


def propose(step_input: StepInput) -> str:
    """Propose a subject line, another one in each iteration."""
    last = step_input.previous_step_content
    return _SUBJECTS[_SUBJECTS.index(last) + 1] if last in _SUBJECTS else _SUBJECTS[0]


def send(step_input: StepInput) -> str:
    """Send it to whom somebody has filled in."""
    given = step_input.user_input
    note = f"{given['note']} " if given.get("note") else ""
    subject, draft = step_input.get_step_content("subject"), step_input.get_step_content("write")
    return f"Sent to {given['audience']}: “{subject}”. {note}{draft}"


workflow = Workflow(
    name="weekly_report",
    description="Writes a report, has it reviewed, finds a subject line, and sends it.",
    steps=[
        Step(
            name="write",
            executor=write,
            human_review=HumanReview(
                requires_output_review=True,
                output_review_message="Is this draft good to go?",
                on_reject=OnReject.retry,
                max_retries=3,
            ),
        ),
        Loop(
            name="subject",
            steps=[Step(name="propose", executor=propose)],
            max_iterations=3,
            forward_iteration_output=True,
            requires_iteration_review=True,
            iteration_review_message="Take this subject line?",
            on_reject=OnReject.retry,
        ),
        Step(
            name="send",
            executor=send,
            requires_confirmation=True,
            confirmation_message="Send the report?",
            requires_user_input=True,
            user_input_schema=[
                UserInputField(name="audience", field_type="str", allowed_values=["everyone", "managers", "the board"]),
                UserInputField(name="note", field_type="str", description="Stands above it.", required=False),
            ],
        ),
    ],
)
