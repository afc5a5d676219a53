"""The keywords that agents and teams take beside the ones in their signatures, and those they never will."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, TypedDict

from pydantic import BaseModel

from kernbot.run.messages import Model
from kernbot.tools.function import Function
from kernbot.tools.toolkit import Toolkit
from kernbot.workflow.arguments import ABSENT as ABSENT_IN_WORKFLOWS
from kernbot.workflow.arguments import NO_MEDIA

if TYPE_CHECKING:
    from kernbot.db.base import Store

Tools = Sequence[Function | Toolkit | Callable[..., Any]]


class RunArguments(TypedDict, total=False):
    """What a run may be started with; all of it survives a pause.

    In the function of a step, where an agent is a part of the workflow's run, these are those of that run.
    """

    run_id: str | None
    """Made if not given; one that is taken is refused."""
    session_id: str | None
    user_id: str | None
    session_state: dict[str, Any] | None
    """Merged by key into the state of the session."""
    dependencies: dict[str, Any] | None
    """For tools, in `run_context.dependencies`."""
    metadata: dict[str, Any] | None


class ContinueArguments(TypedDict, total=False):
    """What `continue_run` and `acontinue_run` take instead of, or beside, a run that was loaded."""

    run_id: str | None
    session_id: str | None
    user_id: str | None
    """If given, only a run of this user is continued."""
    requirements: Any
    """The requirements that carry the decisions; without them, those of the run that is given."""
    dependencies: dict[str, Any] | None
    metadata: dict[str, Any] | None
    """Both have no effect: a run goes on with those that it was started with."""


class WithoutEffect(TypedDict, total=False):
    """What the documents' programs give an agent or a team, and what has no effect here.

    Nothing is ever sent anywhere, all events are streamed that a call asks for, everything that a resume needs is
    stored, and nothing else; sessions are always read from the database.
    """

    telemetry: bool
    debug_mode: bool | None
    debug_level: int
    store_events: bool
    events_to_skip: Sequence[Any] | None
    store_media: bool
    store_tool_messages: bool
    store_history_messages: bool
    cache_session: bool
    show_members_responses: bool
    stream_member_events: bool
    store_member_responses: bool


class Settings(WithoutEffect, total=False):
    """What an agent or a team may be made with; of a team it holds for the leader."""

    name: str | None
    id: str | None
    """Made of the name, if not given. A stored run is found by it: give one of both, and let it stay."""
    role: str | None
    """What it is good at; the leader of a team that it is a member of is told so too."""
    description: str | None
    instructions: str | Sequence[str] | None
    """A text, or several points."""
    model: Model | None
    tools: Tools | None
    db: Store | None
    """Keeps its own runs; without one they live in this process. A part of a workflow or a team keeps none itself."""
    session_id: str | None
    """That of runs that name none; without it the first run makes one, and later ones in the same context use it."""
    user_id: str | None
    session_state: dict[str, Any] | None
    """What a session begins with."""
    dependencies: dict[str, Any] | None
    metadata: dict[str, Any] | None
    """Both are merged with those of a run."""
    add_history_to_context: bool
    """Whether the model is told what was said in the last `num_history_runs` runs of the session; 3, if not given."""
    num_history_runs: int
    output_schema: type[BaseModel] | None
    """A pydantic model class; its last words are an instance of it."""
    markdown: bool
    """Whether it is to use Markdown."""


_NO_MEMORY = "no memory beside its sessions: use add_history_to_context, or keep facts in session_state"
_NO_KNOWLEDGE = "no knowledge base: give the agent a tool that searches"
_NO_REASONING = "no reasoning beside the model's: choose a model that reasons"
_NO_HOOKS = "no hooks: do that work in a step before or after the agent"
_NO_PROMPT_PARTS = "no such part of the prompt: say it in the instructions"
NO_MODES = "no modes of a team: its leader hands tasks on to one member after the other"

ABSENT = {
    "memory_manager": _NO_MEMORY,
    "enable_agentic_memory": _NO_MEMORY,
    "enable_user_memories": _NO_MEMORY,
    "enable_session_summaries": _NO_MEMORY,
    "knowledge": _NO_KNOWLEDGE,
    "search_knowledge": _NO_KNOWLEDGE,
    "reasoning": _NO_REASONING,
    "reasoning_model": _NO_REASONING,
    "pre_hooks": _NO_HOOKS,
    "post_hooks": _NO_HOOKS,
    "tool_hooks": _NO_HOOKS,
    "additional_context": _NO_PROMPT_PARTS,
    "add_datetime_to_context": _NO_PROMPT_PARTS,
    "add_dependencies_to_context": _NO_PROMPT_PARTS,
    "add_session_state_to_context": _NO_PROMPT_PARTS,
    "expected_output": _NO_PROMPT_PARTS,
    "system_message": _NO_PROMPT_PARTS,
    "response_model": "no response_model: it is called output_schema",
    "mode": NO_MODES,
    "respond_directly": NO_MODES,
    "delegate_to_all_members": NO_MODES,
    "updated_tools": "no updated_tools: decide the requirements of the run, and give them as requirements=",
    "background": ABSENT_IN_WORKFLOWS["background"],
    "audio": NO_MEDIA,
    "images": NO_MEDIA,
    "videos": NO_MEDIA,
    "files": NO_MEDIA,
}
"""Keywords of the programs that kernbot's API comes from: what does not exist here, and what to do instead."""
