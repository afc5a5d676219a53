"""Identities that cross into Slack: people, button tokens, and the ids of blocks and actions."""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from dataclasses import dataclass

_VERSION = "k1."
_SUBJECT_BYTES = 16
_NOTHING = "00" * _SUBJECT_BYTES
_USER_ID = re.compile("[UW][A-Z0-9]{2,20}")
_GROUP_ID = re.compile("S[A-Z0-9]{2,20}")

FILL_IN = "pause.fill"
APPROVE = "pause.approve"
REJECT = "pause.reject"
REVIEW = "pause.review"
EDIT = "pause.edit"
FEEDBACK = "pause.feedback"
"""A reject that can hold feedback."""
RESULT = "pause.result"
CHOOSE = "pause.choose"
CHOICE = "pause.choice."
"""With the number of a choice, from 0: choose that one."""
DETAILS = "pause.details"
AS_JSON = "pause.json"
"""Show a call that people make elsewhere as JSON."""
RETRY = "pause.retry"
SKIP = "pause.skip"
ANSWER = "home.answer"
THREAD = "home.thread"
MORE = "home.more"
LESS = "home.less"
DIRECT_MESSAGES = "home.dm"
APPROVE_ALL = "pause.approve_all"
REVIEW_ALL = "pause.review_all"
OVERFLOW = "pause.more"
"""The menu of what is rarely needed; its entries are told apart by their tokens."""
ASK_CANCEL = "run.ask_cancel"
"""An entry of that menu: ask whether the run is to be cancelled."""
MENU = (DETAILS, ASK_CANCEL)
"""All that such a menu may have."""
RUN_DETAILS = "run.details"
RUN_RETRY = "run.retry"
RUN_CANCEL = "run.cancel"
CLOSED = "pause.closed"
START_CHOOSE = "start.choose"
START_FORM = "start.form"
START_AGAIN = "start.again"
START_OPEN = "start.open"
"""A button that opens a form which somebody was offered."""
START_OVER = "start.over"
"""A modal that only says what came of a form."""
START_SHORTCUT = "start.shortcut"
START_WITH_MESSAGE = "start.message"
HOME_START = "home.start"
SHOW_WAITING = "waiting.show"


@dataclass(frozen=True)
class Token:
    """A token as it came back from Slack: which pause or run it speaks of, and the proof that we made it."""

    subject: str
    """Id of a pause or a run: 32 hex digits."""
    proof: bytes


@dataclass(frozen=True, kw_only=True)
class TokenMaker:
    """Makes and checks the opaque values of buttons, bound to workspace, subject, digest of the payload and action."""

    key: bytes
    team_id: str

    def make(self, action: str, subject: str, digest: str) -> str:
        """Return the value of a button that does `action`."""
        raw = bytes.fromhex(subject) + self._proof(action, subject, digest)
        return _VERSION + base64.urlsafe_b64encode(raw).decode("ascii").rstrip("=")

    def make_for_person(self, action: str, person: str) -> str:
        """Return the value of a button that concerns nothing but the person it is shown to."""
        return self.make(action, _NOTHING, person)

    def is_genuine(self, token: Token, action: str, digest: str) -> bool:
        """Whether we made the token, for this action and a payload of this digest."""
        return hmac.compare_digest(token.proof, self._proof(action, token.subject, digest))

    def of_workflow(self, workflow_id: str) -> str:
        """Return the value of the button that shows the open questions of a workflow."""
        return self.make(SHOW_WAITING, _subject_of(workflow_id), workflow_id)

    def is_of_workflow(self, token: Token, workflow_id: str) -> bool:
        """Whether we made the token for this workflow."""
        return token.subject == _subject_of(workflow_id) and self.is_genuine(token, SHOW_WAITING, workflow_id)

    def _proof(self, action: str, subject: str, digest: str) -> bytes:
        bound = f"{self.team_id}\n{subject}\n{digest}\n{action}".encode()
        return hmac.digest(self.key, bound, hashlib.sha256)[:16]


def read_token(value: str) -> Token | None:
    """Take a token apart, or return None for what can't be one of ours."""
    if not value.startswith(_VERSION):
        return None
    text = value.removeprefix(_VERSION)
    try:
        raw = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except ValueError:
        return None
    if len(raw) <= _SUBJECT_BYTES:
        return None
    return Token(subject=raw[:_SUBJECT_BYTES].hex(), proof=raw[_SUBJECT_BYTES:])


def _subject_of(name: str) -> str:
    """Return what stands for a name of any length where an id must."""
    return hashlib.sha256(name.encode()).hexdigest()[: 2 * _SUBJECT_BYTES]


def person_id(team_id: str, user_id: str) -> str:
    """Return how a person of Slack is named outside of the Slack app: `slack:T…:U…`."""
    return f"slack:{team_id}:{user_id}"


def slack_user(person: str | None) -> str | None:
    """Return the Slack user id in a person's name, or None for anybody who is not of Slack."""
    parts = (person or "").split(":")
    return parts[2] if parts[0] == "slack" and len(parts) == 3 else None  # noqa: PLR2004


def numbered(action_id: str, number: int) -> str:
    """Return the id of an action that stands on a message or view more than once."""
    return f"{action_id}.{number}"


def unnumbered(action_id: str) -> str:
    """Return an action without the number that only makes its id unique."""
    name, _, number = action_id.rpartition(".")
    return name if number.isdecimal() else action_id


def is_group(of: str) -> bool:
    """Whether an id is that of a user group of Slack."""
    return _GROUP_ID.fullmatch(of) is not None


def is_user(of: str) -> bool:
    """Whether an id is that of a user of Slack."""
    return _USER_ID.fullmatch(of) is not None


def of_call(action_id: str, number: int) -> str:
    """Return the id of an action about one of several calls on a card: `call.approve.2` for `pause.approve`."""
    return numbered(action_id.replace("pause.", "call.", 1), number)


def deed_of(action_id: str) -> str:
    """Return what an action does, whichever of several calls it is about."""
    return unnumbered(action_id).replace("call.", "pause.", 1)


def short_id(run_id: str) -> str:
    """Return the run id as people see and type it."""
    return run_id[:6]


def block_id(subject: str, revision: int, part: str) -> str:
    """Return the id of a block: pause or run, revision, part; a new one each time a message is updated."""
    return f"{subject[:8]}.{revision}.{part}"


def permalink(workspace_url: str, channel: str, ts: str, thread_ts: str | None = None) -> str:
    """Return the address of a message, as Slack makes them."""
    address = f"{workspace_url.rstrip('/')}/archives/{channel}/p{ts.replace('.', '')}"
    return f"{address}?thread_ts={thread_ts}&cid={channel}" if thread_ts else address
