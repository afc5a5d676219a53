"""From what Slack sends to what a person wants: commands, clicks and submitted modals.

All of it is text of others: nothing is taken for granted, and what is not ours is None.
"""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from kernbot.slack.ids import Token, read_token
from kernbot.slack.render.text import code

_WORDS = ("run", "list", "status", "pending", "history", "cancel", "retry", "help")
_MOST_NAMES = 20


@dataclass(frozen=True)
class Run:
    """Start a workflow."""

    name: str | None
    """None if it is yet to be chosen."""
    input: str | None
    """The rest of the line as it was typed; None if there is none."""


@dataclass(frozen=True)
class List:
    """Show the workflows."""


@dataclass(frozen=True)
class Status:
    """Show one's runs, or one run."""

    run: str | None


@dataclass(frozen=True)
class Cancel:
    """Cancel a run."""

    run: str


@dataclass(frozen=True)
class Retry:
    """Have what failed in a run done again."""

    run: str


@dataclass(frozen=True)
class Pending:
    """Show what waits for oneself."""


@dataclass(frozen=True)
class History:
    """Show runs that have ended."""

    workflow: str | None
    """The name of a workflow; None for all."""


@dataclass(frozen=True)
class Help:
    """Show what the command can do."""


@dataclass(frozen=True)
class Complaint:
    """What is wrong with a command, and what to type instead."""

    text: str
    """As `mrkdwn`, safe to be shown."""


Command = Run | List | Status | Cancel | Retry | Pending | History | Help | Complaint


_PLAIN: Mapping[str, Command] = {"": Help(), "help": Help(), "list": List(), "pending": Pending()}


def parse_command(text: str, known: Sequence[str], *, command: str = "/kern") -> Command:
    """Return what a slash command asks for; `known` are the workflows' names, `command` its own name."""
    word, rest = _first_word(unescape(text))
    match word.lower():
        case "" | "help" | "list" | "pending" as plain:
            return _PLAIN[plain]
        case "run":
            return _run(rest, known)
        case "status":
            return Status(_first_word(rest)[0] or None)
        case "history":
            return _history(rest, known)
        case "cancel" | "retry" as deed:
            return _about_run(deed, _first_word(rest)[0], command)
    return _unknown_word(word, known, command)


@dataclass(frozen=True, kw_only=True)
class Click:
    """A click on one of our buttons."""

    action_id: str
    token: Token
    user_id: str
    user_team_id: str | None
    """The workspace of the person, not of the installation."""
    channel_id: str | None
    message_ts: str | None
    thread_ts: str | None
    is_broadcast: bool
    """Whether the message stands in the channel too, not in its thread alone."""
    is_ephemeral: bool
    """Whether only the one who clicked sees the message."""
    trigger_id: str | None
    response_url: str | None
    view_id: str | None
    """Set if the button stands in a modal."""
    view_hash: str | None

    @classmethod
    def of(cls, payload: Mapping[str, Any]) -> Click | None:
        """Return the click in a `block_actions` payload, or None for what isn't ours."""
        actions = payload.get("actions")
        action = actions[0] if isinstance(actions, list) and actions else None
        action_id, token, user_id = (
            _text(action, "action_id"),
            _token(_text(action, "value") or _text(action, "selected_option", "value")),
            _text(payload, "user", "id"),
        )
        if action_id is None or token is None or user_id is None:
            return None
        return cls(
            action_id=action_id,
            token=token,
            user_id=user_id,
            user_team_id=_text(payload, "user", "team_id"),
            channel_id=_text(payload, "channel", "id") or _text(payload, "container", "channel_id"),
            message_ts=_text(payload, "container", "message_ts"),
            thread_ts=_text(payload, "container", "thread_ts"),
            is_broadcast=_text(payload, "message", "subtype") == "thread_broadcast",
            is_ephemeral=_dig(payload, "container", "is_ephemeral") is True,
            trigger_id=_text(payload, "trigger_id"),
            response_url=_text(payload, "response_url"),
            view_id=None if _text(payload, "view", "type") == "home" else _text(payload, "view", "id"),
            view_hash=_text(payload, "view", "hash"),
        )


def ticked(payload: Mapping[str, Any]) -> bool:
    """Return whether a box is ticked after a click on it."""
    actions = payload.get("actions")
    action = actions[0] if isinstance(actions, list) and actions else None
    return bool(_dig(action, "selected_options"))


@dataclass(frozen=True, kw_only=True)
class Submission:
    """A modal of ours that was sent."""

    callback_id: str
    token: Token
    user_id: str
    user_team_id: str | None
    values: Mapping[str, Any]
    """`state.values` of the view: by block id, then by action id."""

    @classmethod
    def of(cls, payload: Mapping[str, Any]) -> Submission | None:
        """Return the submission in a `view_submission` payload, or None for what isn't ours."""
        callback_id, user_id = _text(payload, "view", "callback_id"), _text(payload, "user", "id")
        token = _token(_text(payload, "view", "private_metadata"))
        if callback_id is None or token is None or user_id is None:
            return None
        values = _dig(payload, "view", "state", "values")
        return cls(
            callback_id=callback_id,
            token=token,
            user_id=user_id,
            user_team_id=_text(payload, "user", "team_id"),
            values=values if isinstance(values, Mapping) else {},
        )


def find_workflow(text: str, known: Sequence[str]) -> Run:
    """Return what a mention of the bot asks for: `run NAME INPUT`, or any words, which are the input then."""
    words = unescape(text).strip()
    word, rest = _first_word(words)
    asked = rest if word.lower() == "run" else words
    return _named(asked, known) or Run(None, asked or None)


def _run(rest: str, known: Sequence[str]) -> Command:
    if not rest:
        return Run(None, None)
    if named := _named(rest, known):
        return named
    typed, _ = _first_word(rest)
    return Complaint(f"There is no workflow {code(typed)}.{_did_you_mean(typed, known)} {_known(known)}")


def _named(text: str, known: Sequence[str]) -> Run | None:
    """Return which workflow a text begins with, and the rest of it."""
    for name in sorted(known, key=len, reverse=True):
        if text == name or (text.startswith(name) and text[len(name)].isspace()):
            return Run(name, text[len(name) :].strip() or None)
    return None


def _history(rest: str, known: Sequence[str]) -> Command:
    if not rest or rest in known:
        return History(rest or None)
    return Complaint(f"There is no workflow {code(rest)}.{_did_you_mean(rest, known)} {_known(known)}")


def _about_run(deed: str, run: str, command: str) -> Command:
    if not run:
        return Complaint(f"Which run? Type `{command} {deed} RUN`; `{command} status` shows yours.")
    return Cancel(run) if deed == "cancel" else Retry(run)


def _unknown_word(word: str, known: Sequence[str], command: str) -> Complaint:
    if word in known:
        return Complaint(f"Did you mean {code(f'{command} run {word}')}?")
    return Complaint(f"{code(word)} is not a command.{_did_you_mean(word.lower(), _WORDS)} Try `{command} help`.")


def _did_you_mean(typed: str, names: Sequence[str]) -> str:
    close = difflib.get_close_matches(typed, names, n=1)
    return f" Did you mean {code(close[0])}?" if close else ""


def _known(names: Sequence[str]) -> str:
    if not names:
        return "There are no workflows that you may start."
    more = f" and {len(names) - _MOST_NAMES} more" if len(names) > _MOST_NAMES else ""
    return f"There are: {', '.join(map(code, names[:_MOST_NAMES]))}{more}."


def _first_word(text: str) -> tuple[str, str]:
    word, *rest = text.split(maxsplit=1) or [""]
    return word, rest[0].rstrip() if rest else ""


def unescape(text: str) -> str:
    """Return what was typed; Slack escapes three characters, and writes people and channels as `<@U…|…>`."""
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


def _token(value: str | None) -> Token | None:
    return None if value is None else read_token(value)


def _text(payload: Any, *keys: str) -> str | None:
    value = _dig(payload, *keys)
    return value if isinstance(value, str) and value else None


def _dig(payload: Any, *keys: str) -> Any:
    for key in keys:
        payload = payload.get(key) if isinstance(payload, Mapping) else None
    return payload
