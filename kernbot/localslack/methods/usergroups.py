"""usergroups.*: user groups and who is in them."""

from __future__ import annotations

from kernbot.localslack.errors import ApiError
from kernbot.localslack.groups import group_object
from kernbot.localslack.methods.base import Body, Call, Method, flag, text
from kernbot.localslack.rate_limits import TIER_2
from kernbot.localslack.workspace import SLACKBOT


def _list(call: Call) -> Body:
    shown = [
        group_object(group, call.workspace.team_id, SLACKBOT, users=call.arguments.get("include_users", False))
        for group in call.workspace.groups.values()
        if not group.disabled or call.arguments.get("include_disabled")
    ]
    if not call.arguments.get("include_count"):
        for group in shown:
            del group["user_count"]
    return {"usergroups": shown}


def _users_list(call: Call) -> Body:
    group = call.workspace.groups.get(call.arguments["usergroup"])
    if group is None or (group.disabled and not call.arguments.get("include_disabled")):
        raise ApiError("no_such_subteam")
    return {"users": list(group.members)}


METHODS = (
    Method(
        "usergroups.list",
        _list,
        TIER_2,
        optional={"include_count": flag, "include_disabled": flag, "include_users": flag},
        scope="usergroups:read",
    ),
    Method(
        "usergroups.users.list",
        _users_list,
        TIER_2,
        required={"usergroup": text},
        optional={"include_disabled": flag},
        scope="usergroups:read",
    ),
)
