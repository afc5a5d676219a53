"""Have people choose how a run goes on.

To try: `/kern run release 2026.12.1`. Two people are asked at once, each on a card of their own. Then a condition asks
for its yes (a no runs its other branch), one of three ways is chosen by its button, and regions are ticked in a form.
"""

from __future__ import annotations

from collections.abc import Callable

from kernbot.workflow import Condition, OnReject, Parallel, Router, Step, StepInput, Workflow


def saying(text: str) -> Callable[[StepInput], str]:
    """Return a function for a step that says this, with the version."""
    return lambda step_input: f"{text} ({step_input.input or 'next version'})"


def signed_off(name: str, question: str) -> Step:
    """Return a step that somebody signs off."""
    return Step(
        name=name,
        executor=saying(f"{name}: signed off"),
        requires_confirmation=True,
        confirmation_message=question,
        on_reject=OnReject.cancel,
    )


def way(name: str, description: str) -> Step:
    """Return a choice of a router."""
    return Step(name=name, description=description, executor=saying(f"rolled out: {name}"))


workflow = Workflow(
    name="release",
    description="Signs off a version, and asks how and where it is rolled out.",
    steps=[
        Parallel(
            signed_off("documentation", "Is the documentation up to date?"),
            signed_off("support", "Does support know what is new?"),
            name="sign_off",
        ),
        Condition(
            name="migrate",
            evaluator=True,
            steps=[Step(name="new_tables", executor=saying("tables migrated"))],
            else_steps=[Step(name="old_tables", executor=saying("tables left as they are"))],
            requires_confirmation=True,
            confirmation_message="Migrate the tables first?",
            on_reject=OnReject.else_branch,
        ),
        Router(
            name="roll_out",
            choices=[
                way("canary", "5 percent first, everyone after 30 minutes"),
                way("blue-green", "a second set of servers, then switch over"),
                way("all-at-once", "every server now"),
            ],
            selector=lambda _: "canary",
            requires_user_input=True,
            user_input_message="Choose how this release is rolled out",
        ),
        Router(
            name="regions",
            choices=[
                way("eu-west", "Ireland, 12 servers"),
                way("us-east", "Virginia, 20 servers"),
                way("ap-south", "Mumbai, 6 servers"),
            ],
            requires_user_input=True,
            user_input_message="Choose where it goes first",
            allow_multiple_selections=True,
        ),
    ],
)
