"""auth.test, apps.connections.open and users.info: who is who."""

from __future__ import annotations

from kernbot.localslack.errors import ApiError
from kernbot.localslack.methods.base import Body, Call, Method, flag, text
from kernbot.localslack.people import user_object
from kernbot.localslack.rate_limits import SPECIAL, TIER_3, TIER_4


def _auth_test(call: Call) -> Body:
    workspace, app = call.workspace, call.app
    return {
        "url": f"{workspace.origin}/",
        "team": workspace.team_name,
        "user": app.bot_name,
        "team_id": workspace.team_id,
        "user_id": app.bot_user_id,
        "bot_id": app.bot_id,
        "is_enterprise_install": False,
    }


def _connections_open(call: Call) -> Body:
    if not call.app.socket_mode:
        messages = ["settings.socket_mode_enabled is off in the manifest of this app"]
        raise ApiError("invalid_auth", response_metadata={"messages": messages})
    return {"url": call.sockets.issue_url(call.app, call.workspace.origin)}


def _users_info(call: Call) -> Body:
    person = call.workspace.people.get(call.arguments["user"])
    if person is None:
        raise ApiError("user_not_found")
    return {"user": user_object(person, call.workspace.clock())}


METHODS = (
    Method("auth.test", _auth_test, SPECIAL),
    Method("apps.connections.open", _connections_open, TIER_3, app_token=True),
    Method(
        "users.info",
        _users_info,
        TIER_4,
        required={"user": text},
        optional={"include_locale": flag},
        scope="users:read",
    ),
)
