"""Modals: the stacks that people see, and Slack's view object, of Home tabs too."""

from __future__ import annotations

import copy
import secrets
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from kernbot.localslack.app import App
from kernbot.localslack.block_kit import check_view
from kernbot.localslack.content import refusal
from kernbot.localslack.elements import Block, Offered, Values, kept, state_of, with_ids
from kernbot.localslack.errors import ApiError, invalid_arguments
from kernbot.localslack.ids import object_id

MOST_VIEWS = 3
"""Views in a stack (https://docs.slack.dev/surfaces/modals)."""


@dataclass(eq=False)
class View:
    """An open modal, or a Home tab, as one person sees it."""

    id: str
    app: App
    user_id: str
    body: dict[str, Any]
    """What the app sent, with the ids of blocks and elements filled in."""
    root_view_id: str
    previous_view_id: str | None
    hash: str
    values: Values = field(default_factory=dict)
    offered: Offered = field(default_factory=dict)
    errors: dict[str, str] = field(default_factory=dict)
    """What is shown at its fields, by block id."""
    busy: bool = False
    """Whether a submission is on its way."""

    @property
    def blocks(self) -> list[Block]:
        """The blocks, with ids."""
        blocks: list[Block] = self.body["blocks"]
        return blocks

    @property
    def input_block_ids(self) -> set[str]:
        """The block ids at which errors can be shown."""
        return {block["block_id"] for block in self.blocks if block["type"] == "input"}


def read_view(view: Any, kind: str = "modal") -> dict[str, Any]:
    """Return a copy of a view that an app sent, checked and with ids; raises ApiError if Slack would refuse it.

    `kind` is `modal` or `home`.
    """
    if not isinstance(view, dict):
        raise invalid_arguments("must be an object [json-pointer:/view]")
    problems = check_view(view)
    if problems:
        raise refusal(problems, "invalid_arguments")
    if view["type"] != kind:
        raise invalid_arguments(f"must be a {kind} [json-pointer:/view/type]")
    return copy.deepcopy(view) | {"blocks": with_ids(view["blocks"])}


def view_object(view: View, team_id: str) -> dict[str, Any]:
    """Return Slack's view object (https://docs.slack.dev/reference/interaction-payloads/view-interactions-payload)."""
    defaults: Mapping[str, Any] = {
        "submit": None,
        "close": None,
        "private_metadata": "",
        "callback_id": "",
        "external_id": "",
        "clear_on_close": False,
        "notify_on_close": False,
    }
    body = {
        "id": view.id,
        "team_id": team_id,
        **defaults,
        **view.body,
        "state": {"values": state_of(view.blocks, view.values)},
        "hash": view.hash,
        "root_view_id": view.root_view_id,
        "previous_view_id": view.previous_view_id,
        "app_id": view.app.app_id,
        "app_installed_team_id": team_id,
        "bot_id": view.app.bot_id,
    }
    return copy.deepcopy(body)


class Modals:
    """The open modals of everybody: one stack per person, the topmost one shown.

    `homes` are the other views of the workspace, of which none may have the external id of a modal.
    """

    def __init__(self, homes: Iterable[View] = ()) -> None:
        self._stacks: dict[str, list[View]] = {}
        self._homes = homes

    def __iter__(self) -> Iterator[View]:
        return (view for stack in self._stacks.values() for view in stack)

    def top(self, user_id: str) -> View | None:
        """Return the modal that this person sees."""
        stack = self._stacks.get(user_id)
        return stack[-1] if stack else None

    def stack(self, user_id: str) -> list[View]:
        """Return the modals of this person, the topmost last."""
        return list(self._stacks.get(user_id, []))

    def find(self, app: App, *, view_id: str | None = None, external_id: str | None = None) -> View | None:
        """Return an open view of the app by either of its ids."""
        for view in self:
            same = view.id == view_id or (external_id is not None and view.body.get("external_id") == external_id)
            if view.app is app and same:
                return view
        return None

    def open(self, app: App, user_id: str, body: dict[str, Any], now: float) -> View:
        """Show a new modal instead of whatever this person had open."""
        self._refuse_duplicate(body)
        self._stacks[user_id] = []
        return self._show(app, user_id, body, now)

    def push(self, app: App, user_id: str, body: dict[str, Any], now: float) -> View:
        """Show a modal on top of the others; raises ApiError `push_limit_reached` beyond three."""
        if len(self._stacks.get(user_id, [])) >= MOST_VIEWS:
            raise ApiError("push_limit_reached")
        self._refuse_duplicate(body)
        return self._show(app, user_id, body, now)

    def update(self, view: View, body: dict[str, Any], now: float) -> None:
        """Replace what a view shows; what was put into elements that stay is kept."""
        if body.get("external_id") != view.body.get("external_id"):
            self._refuse_duplicate(body)
        view.body = body
        view.values = kept(view.blocks, view.values)
        view.errors = {}
        view.hash = new_hash(now)

    def close(self, view: View) -> None:
        """Take one view from its person's stack."""
        self._stacks[view.user_id].remove(view)

    def clear(self, user_id: str) -> None:
        """Close the whole stack of this person."""
        self._stacks.pop(user_id, None)

    def is_open(self, view: View) -> bool:
        """Return whether the view is still in its person's stack."""
        return view in self._stacks.get(view.user_id, [])

    def _show(self, app: App, user_id: str, body: dict[str, Any], now: float) -> View:
        stack = self._stacks.setdefault(user_id, [])
        view_id = object_id("V")
        view = View(
            id=view_id,
            app=app,
            user_id=user_id,
            body=body,
            root_view_id=stack[0].id if stack else view_id,
            previous_view_id=stack[-1].id if stack else None,
            hash=new_hash(now),
        )
        stack.append(view)
        return view

    def _refuse_duplicate(self, body: Mapping[str, Any]) -> None:
        refuse_duplicate(body, [*self, *self._homes])


def refuse_duplicate(body: Mapping[str, Any], views: Iterable[View]) -> None:
    """Raise ApiError `duplicate_external_id` if one of the views has the external id of a new one."""
    external_id = body.get("external_id")
    if external_id and any(view.body.get("external_id") == external_id for view in views):
        raise ApiError("duplicate_external_id")


def new_hash(now: float) -> str:
    """Return what tells one state of a view from the next; `now` in unix seconds."""
    return f"{int(now)}.{secrets.token_hex(4)}"
