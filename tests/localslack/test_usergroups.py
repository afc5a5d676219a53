"""User groups: lists, mentions, and what apps hear of them."""

from __future__ import annotations

import pytest

from kernbot.localslack import Actor, LocalSlack, Server, SetUpError
from tests.localslack.office import MANIFEST, OPS, Bot, Wired, refusal

GROUP = "S01DEPLOY"


@pytest.fixture
def slack(slack: LocalSlack) -> LocalSlack:
    """Return the workspace with a user group."""
    slack.add_group(GROUP, name="Deployers", handle="deployers", members=["U01ANA", "U02BOB"])
    return slack


async def test_list(both: Wired) -> None:
    """usergroups.list tells names and handles; members and counts if asked."""
    (group,) = (await both.bot.client.usergroups_list())["usergroups"]
    assert (group["id"], group["name"], group["handle"], group["date_delete"]) == (GROUP, "Deployers", "deployers", 0)
    assert not {"users", "user_count"} & set(group)
    (group,) = (await both.bot.client.usergroups_list(include_users=True, include_count=True))["usergroups"]
    assert (group["users"], group["user_count"]) == (["U01ANA", "U02BOB"], 2)


async def test_members(both: Wired) -> None:
    """usergroups.users.list tells who is in a group that is there."""
    assert (await both.bot.client.usergroups_users_list(usergroup=GROUP))["users"] == ["U01ANA", "U02BOB"]
    gone = both.bot.client.usergroups_users_list(usergroup="S0NONE")
    assert (await refusal(gone))["error"] == "no_such_subteam"


async def test_changed_members(both: Wired) -> None:
    """Who came and who went is told, and then the whole group."""
    both.slack.set_group_members(GROUP, ["U02BOB", "U03GUS"])
    heard = await both.hears("subteam_members_changed")
    assert (heard["subteam_id"], heard["added_users"], heard["removed_users"]) == (GROUP, ["U03GUS"], ["U01ANA"])
    assert (heard["added_users_count"], heard["removed_users_count"]) == ("1", "1")
    assert (await both.hears("subteam_updated"))["subteam"]["users"] == ["U02BOB", "U03GUS"]
    assert (await both.bot.client.usergroups_users_list(usergroup=GROUP))["users"] == ["U02BOB", "U03GUS"]


async def test_disabled(both: Wired) -> None:
    """A disabled group is listed only if asked for, and is no mention any more."""
    both.slack.enable_group(GROUP, enabled=False)
    assert (await both.hears("subteam_updated"))["subteam"]["date_delete"] > 0
    client = both.bot.client
    assert (await client.usergroups_list())["usergroups"] == []
    assert [group["id"] for group in (await client.usergroups_list(include_disabled=True))["usergroups"]] == [GROUP]
    assert (await refusal(client.usergroups_users_list(usergroup=GROUP)))["error"] == "no_such_subteam"
    assert (await client.usergroups_users_list(usergroup=GROUP, include_disabled=True))["ok"]
    await both.ana.say(OPS, "@deployers")
    assert both.ana.messages(OPS)[-1]["text"] == "@deployers"


async def test_mention(bot: Bot, ana: Actor) -> None:
    """A handle that is typed becomes a mention, in messages and in commands."""
    await ana.say(OPS, "ping @deployers")
    assert ana.messages(OPS)[-1]["text"] == f"ping <!subteam^{GROUP}>"
    await ana.command(OPS, "/kern", "ask @deployers")
    assert (await bot.told())["text"] == f"ask <!subteam^{GROUP}>"


@pytest.mark.parametrize("method", ["usergroups.list", "usergroups.users.list"])
async def test_scope(slack: LocalSlack, server: Server, method: str) -> None:
    """Both need the scope usergroups:read."""
    bot = Bot(slack.install(MANIFEST), server.base_url)
    body = await refusal(bot.client.api_call(method, json={"usergroup": GROUP}))
    assert (body["error"], body["needed"]) == ("missing_scope", "usergroups:read")


def test_set_up(slack: LocalSlack) -> None:
    """Ids are given once, members are people who are there, and an unknown group is named."""
    with pytest.raises(SetUpError, match="already a user group"):
        slack.add_group(GROUP, name="Other", handle="other")
    with pytest.raises(SetUpError, match="Add U0NOBODY with add_person"):
        slack.set_group_members(GROUP, ["U0NOBODY"])
    with pytest.raises(SetUpError, match="no user group S0NONE"):
        slack.enable_group("S0NONE")
