"""views.*: opening, stacking and changing modals, and publishing Home tabs."""

from __future__ import annotations

from kernbot.localslack.errors import ApiError, invalid_arguments
from kernbot.localslack.methods.base import Body, Call, Method, structure, text
from kernbot.localslack.rate_limits import TIER_4
from kernbot.localslack.triggers import Trigger
from kernbot.localslack.views import View, read_view, view_object


def _open(call: Call) -> Body:
    body = read_view(call.arguments["view"])
    trigger = _exchange(call)
    workspace = call.workspace
    return _shown(call, workspace.modals.open(call.app, trigger.user_id, body, workspace.clock()))


def _push(call: Call) -> Body:
    body = read_view(call.arguments["view"])
    trigger = _exchange(call)
    workspace = call.workspace
    if not trigger.in_modal or workspace.modals.top(trigger.user_id) is None:
        raise ApiError("not_found")
    return _shown(call, workspace.modals.push(call.app, trigger.user_id, body, workspace.clock()))


def _exchange(call: Call) -> Trigger:
    return call.workspace.triggers.exchange(call.arguments["trigger_id"], call.app)


def _update(call: Call) -> Body:
    body = read_view(call.arguments["view"])
    view = _named(call)
    if call.arguments.get("hash", view.hash) != view.hash:
        raise ApiError("hash_conflict")
    call.workspace.modals.update(view, body, call.workspace.clock())
    return _shown(call, view)


def _publish(call: Call) -> Body:
    body = read_view(call.arguments["view"], "home")
    person = call.workspace.people.get(call.arguments["user_id"])
    if person is None or not person.can_act:
        raise invalid_arguments("invalid `user_id`")
    if not call.app.home_tab:
        raise ApiError("not_enabled")
    before = call.workspace.homes.find(call.app, person.id)
    if "hash" in call.arguments and (before is None or before.hash != call.arguments["hash"]):
        raise ApiError("hash_conflict")
    return _shown(call, call.workspace.publish_home(call.app, person.id, body))


def _named(call: Call) -> View:
    names = {name: call.arguments[name] for name in ("view_id", "external_id") if name in call.arguments}
    if not names:
        raise invalid_arguments("missing required field: view_id or external_id")
    view = call.workspace.modals.find(call.app, **names)
    if view is None:
        raise ApiError("not_found")
    return view


def _shown(call: Call, view: View) -> Body:
    call.workspace.changes.announce()
    return {"view": view_object(view, call.workspace.team_id)}


METHODS = (
    Method("views.open", _open, TIER_4, required={"view": structure, "trigger_id": text}),
    Method("views.push", _push, TIER_4, required={"view": structure, "trigger_id": text}),
    Method(
        "views.update",
        _update,
        TIER_4,
        required={"view": structure},
        optional={"view_id": text, "external_id": text, "hash": text},
    ),
    Method("views.publish", _publish, TIER_4, required={"user_id": text, "view": structure}, optional={"hash": text}),
)
