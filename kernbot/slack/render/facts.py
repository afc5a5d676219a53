"""What there is to show, as plain values: the one input of everything that renders."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from kernbot.run.answer import Answer
from kernbot.run.status import RunStatus

StepState = Literal["done", "stays", "failed", "skipped", "running", "waiting", "not_yet", "not_run", "will_not_run"]
"""`not_run`: the run ended before the step. If the run is cancelled now: done, it `stays`; else it `will_not_run`."""

CardKind = Literal[
    "confirmation",
    "user_input",
    "route",
    "output_review",
    "iteration_review",
    "call_confirmation",
    "call_input",
    "call_result",
    "agent_input",
    "agent_choices",
    "error",
]
"""The kinds of question. A `call` is one of a tool; an agent itself asks for input, or to choose."""

CALLS: Collection[CardKind] = ("call_confirmation", "call_input", "call_result", "agent_input", "agent_choices")
"""Those that an agent waits for."""

Followed = Literal["resuming", "stuck", "held", "ran", "failed", "skipped", "else", "cancelled", "again"]
"""What came of an answer: `resuming` until it is known, `stuck` where that failed and will be tried again, `held` while
other calls of its turn are undecided, `again` where it has the same asked, or done, once more."""

CALLS_ON_A_CARD = 10
"""Of more calls of one turn, each ten have a card."""


@dataclass(frozen=True, kw_only=True)
class StepFacts:
    """One top-level step of a run."""

    name: str
    state: StepState
    seconds: float | None = None
    error: str | None = None
    """Class and first line, for a failed one."""
    traceback: str | None = None
    """Of its last failure, for those who may see it."""


@dataclass(frozen=True, kw_only=True)
class FieldFacts:
    """One value that is asked for."""

    name: str
    field_type: str
    description: str | None = None
    default: Any = None
    required: bool = True
    allowed_values: Sequence[Any] | None = None
    descriptions: Sequence[str | None] = ()
    """Of the allowed values, in their order."""
    several: bool = False
    """Whether several of the allowed values may be chosen; the default is a list then."""
    is_long: bool = False
    """Whether a text of several lines is expected."""
    suggestion: Any = None
    """What a model guessed: shown, never filled in."""
    secret: bool = False
    """Whether what is filled in is shown nowhere."""
    zone: str = "UTC"
    """The IANA time zone in which a date and time is read."""
    typed: str | None = None
    """What somebody has typed already, in the place of the default: it may be wrong."""
    problem: str | None = None
    """What is wrong with that, as `mrkdwn`; said above the field."""


@dataclass(frozen=True, kw_only=True)
class Reviewed:
    """What came out of a step and is under review."""

    text: str
    """Whole; data as JSON."""
    is_data: bool = False
    """Whether the text is JSON that stands for data."""
    can_be_edited: bool = True
    """Whether text or JSON can take its place."""


@dataclass(frozen=True, kw_only=True)
class Choice:
    """One of the ways in which a Router can go on."""

    name: str
    description: str | None = None


@dataclass(frozen=True)
class Approver:
    """Somebody who may answer: a person, or a group of people."""

    id: str
    """Slack's id: `U…` or `S…`."""
    name: str | None = None
    """As people call them; set for whom a card is not to call: a group that is large, and was called before."""


@dataclass(frozen=True, kw_only=True)
class PauseFacts:
    """One question of a run."""

    pause_id: str
    first_asked: str | None = None
    """Id of the question whose card this one stands on: as a later round, or another call; None for a first one."""
    kind: CardKind
    message: str
    step_name: str
    digest: str
    index: int | None
    """Position of the top-level step, from 0; None where the number is not known."""
    of: int | None
    next_step: str | None
    """What the run goes on with if this step is skipped; None if nothing follows."""
    values: Sequence[tuple[str, str]]
    """What the question is about: name and whole text, secrets masked already."""
    hides_values: bool = False
    """Whether there are values that may not be shown here: people of another organisation can read the channel."""
    requires_confirmation: bool
    fields: Sequence[FieldFacts]
    on_reject: str | None
    """`skip`, `cancel`, `else` or `retry`."""
    silence: str | None
    """What the clock will really do at the deadline: the name of an action."""
    actions: Sequence[str]
    """What may be answered: the names of actions."""
    retries: int = 0
    """How often people have had it asked, or done, again."""
    max_retries: int | None = None
    """How often they may; None where nothing is counted."""
    is_last_try: bool = False
    """Whether a reject would have it done again, had not all retries been used."""
    reviewed: Reviewed | None = None
    iteration: int | None = None
    """Of a loop, from 1."""
    max_iterations: int | None = None
    choices: Sequence[Choice] = ()
    """The ways in which a Router can go on."""
    several: bool = False
    """Whether more than one of them may be chosen."""
    proposed: Sequence[str] = ()
    """The names of those that its selector proposes."""
    asker: tuple[str, str] | None = None
    """Kind and name of who waits for a call: `agent` or `team`."""
    tool: str | None = None
    """The name of the tool that a call is of."""
    as_json: str | None = None
    """A call that people are to make elsewhere, whole, with masks in the place of what is secret; None if hidden."""
    problem: str | None = None
    """Why a call is asked about again: what the tool said of the values that it was given."""
    turn: str | None = None
    """What the calls share that the agent asked for at once."""
    call: int = 1
    """Place of a call among those that the agent asked for at once, from 1."""
    calls: int = 1
    """How many these are."""
    irreversible: bool = False
    """Whether what is asked about can't be undone."""
    changed: tuple[str | None, str | None] | None = None
    """Where the step changed since it was asked: which version it was, and which it is, as far as these have names."""
    reason: str | None = None
    """For which answers people must give a reason: `never`, `reject`, `always`; None: a no may come with one."""
    reasons: Sequence[str] = ()
    """Those to choose from."""
    approve_label: str | None = None
    """What the author calls a yes."""
    reject_label: str | None = None
    error: str | None = None
    """Class and first line, for an error."""
    attempt: int | None = None
    """Which attempt it was that failed."""
    attempts: int = 1
    """How often it is tried by itself before people are asked."""
    traceback: str | None = None
    """For those who may see it."""
    cause: str | None = None
    """`failed`, `may_have_run` or `definition_changed`, for an error; `damaged`, where what is stored can't be read."""
    approvers: Sequence[Approver] | None = None
    """Who may answer, as it was when the question was asked; None: the full members of the channel."""
    requester_may: bool | None = None
    """Whether the requester may answer, or may not, where that would be a guess; None where it is not."""
    opened_at: float
    deadline: float | None
    is_open: bool
    answer: Answer | None = None
    """None too where the run was cancelled over an open question."""
    answered_at: float | None = None
    answered_by: str | None = None
    """A Slack user id; `timeout`; or the name of another door, such as `library`."""
    followed: Followed = "resuming"
    reference: str | None = None
    """Under which the log says why the run could not be carried on after the answer."""
    seconds: float | None = None
    """How long the step ran after the answer."""


TalkState = Literal["working", "waiting", "done", "failed", "stopped"]


@dataclass(frozen=True, kw_only=True)
class TalkFacts:
    """What one agent, or team, has said and done in a step."""

    talk_id: str
    kind: Literal["agent", "team"]
    agent: str
    """Its name."""
    step_name: str
    state: TalkState
    text: str
    """All that it has said, secrets masked already."""
    calls: Sequence[str]
    """The names of the tools that it has asked to call, as its model gave them."""
    began_at: float
    """When its first words were known, in unix seconds."""
    hides_words: bool = False
    """Whether nothing of it may be shown: people of another organisation can read the channel."""


@dataclass(frozen=True, kw_only=True)
class RunFacts:
    """One run."""

    run_id: str
    workflow: str
    status: RunStatus
    requester: str
    """Display name."""
    requester_id: str | None = None
    """Their Slack user id; None for a run that nobody of Slack has started."""
    channel: str
    """Id of the channel that its cards are in."""
    started_at: float
    ended_at: float | None
    steps: Sequence[StepFacts]
    pauses: Sequence[PauseFacts]
    talks: Sequence[TalkFacts] = ()
    content: str | None
    """The result as text, whole."""
    error: str | None = None
    """Why it ended in ERROR: class and first line."""
    cancelled_by: str | None = None
    """A Slack user id, or another name; None if a reject cancelled it."""
    open_question_link: str | None = None
    """Permalink of the card of the question that is open."""
    run_link: str | None = None
    """Permalink of the run's parent message."""


@dataclass(frozen=True, kw_only=True)
class Listed:
    """An open question in a list, without the values that it is about."""

    run: RunFacts
    """Of its steps and questions nothing is known here."""
    pause: PauseFacts
    link: str | None = None
    """Permalink of its card."""


@dataclass(frozen=True, kw_only=True)
class Waiting:
    """The open questions that one person may answer, those with the nearest deadline first."""

    asked: Sequence[Listed]
    """Those that they are asked by name, or as one of a group: as many as are shown."""
    others: Sequence[Listed]
    """Those that they may answer too: as many as are shown."""
    all_asked: int
    all_others: int
    """How many there are."""
