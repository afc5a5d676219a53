"""conversations.* and users.info."""

from __future__ import annotations

from typing import Any

import pytest
from slack_sdk.web.async_client import AsyncWebClient

from kernbot.localslack import App, LocalSlack, Server
from tests.localslack.office import EMPTY, MANIFEST, OPS, SECRET, refusal


async def test_info(client: AsyncWebClient) -> None:
    """conversations.info tells the name, the topic, and whether the bot is a member."""
    channel = (await client.conversations_info(channel=OPS, include_num_members=True))["channel"]
    assert (channel["name"], channel["topic"]["value"], channel["is_member"]) == ("ops", "Releases", True)
    assert (channel["num_members"], channel["is_private"], channel["is_archived"]) == (5, False, False)
    assert not (await client.conversations_info(channel=EMPTY))["channel"]["is_member"]


async def test_info_of_a_private_channel(slack: LocalSlack, app: App, client: AsyncWebClient) -> None:
    """A private channel is not there for a bot that is not in it."""
    assert (await refusal(client.conversations_info(channel=SECRET)))["error"] == "channel_not_found"
    slack.invite(app, SECRET)
    assert (await client.conversations_info(channel=SECRET))["channel"]["is_private"]


async def test_info_needs_the_scope_of_the_type(slack: LocalSlack, server: Server) -> None:
    """A private channel needs groups:read, a public one channels:read."""
    app = slack.install({**MANIFEST, "oauth_config": {"scopes": {"bot": ["commands", "channels:read"]}}})
    slack.invite(app, SECRET)
    client = AsyncWebClient(token=app.bot_token, base_url=server.base_url)
    assert (await client.conversations_info(channel=OPS))["ok"]
    assert (await refusal(client.conversations_info(channel=SECRET)))["needed"] == "groups:read"


async def test_members_in_pages(app: App, client: AsyncWebClient) -> None:
    """conversations.members hands out pages; the last one has an empty cursor."""
    members: list[str] = []
    async for page in await client.conversations_members(channel=OPS, limit=2):
        assert len(page["members"]) <= 2
        members += page["members"]
    assert members == ["U01ANA", "U02BOB", "U03GUS", "U05STR", app.bot_user_id]


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        ({"limit": 0}, "invalid_limit"),
        ({"limit": 1001}, "invalid_limit"),
        ({"cursor": "nonsense"}, "invalid_cursor"),
        ({"cursor": "YXQ6VTBOT0JPRFk="}, "invalid_cursor"),
        ({"limit": "many"}, "invalid_arguments"),
    ],
)
async def test_pages_refused(client: AsyncWebClient, arguments: dict[str, Any], error: str) -> None:
    """A page that cannot be is refused by name."""
    assert (await refusal(client.conversations_members(channel=OPS, **arguments)))["error"] == error


async def test_list(slack: LocalSlack, client: AsyncWebClient) -> None:
    """conversations.list holds public channels, and what is private only where the bot is."""
    slack.archive(EMPTY)
    assert [channel["id"] for channel in (await client.conversations_list())["channels"]] == [OPS, EMPTY]
    both = await client.conversations_list(types="public_channel,private_channel", exclude_archived=True)
    assert [channel["id"] for channel in both["channels"]] == [OPS]
    first = await client.conversations_list(limit=1)
    rest = await client.conversations_list(cursor=first["response_metadata"]["next_cursor"])
    assert [channel["id"] for channel in rest["channels"]] == [EMPTY]


async def test_list_refused(client: AsyncWebClient) -> None:
    """Unknown types, and types without their scope, are refused."""
    assert (await refusal(client.conversations_list(types="nonsense")))["error"] == "invalid_types"
    assert (await refusal(client.conversations_list(types="mpim")))["needed"] == "mpim:read"


async def test_open(client: AsyncWebClient) -> None:
    """conversations.open returns the direct messages with one person, the same each time."""
    opened = (await client.conversations_open(users=["U01ANA"]))["channel"]
    assert opened == {"id": opened["id"]}
    again = (await client.conversations_open(channel=opened["id"], return_im=True))["channel"]
    assert (again["id"], again["is_im"], again["user"]) == (opened["id"], True, "U01ANA")
    assert (await client.conversations_info(channel=opened["id"]))["channel"]["user"] == "U01ANA"


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        ({"users": ""}, "users_list_not_supplied"),
        ({"users": "U0NOBODY"}, "user_not_found"),
        ({"users": "U01ANA,U02BOB"}, "invalid_arguments"),
        ({"channel": OPS}, "method_not_supported_for_channel_type"),
    ],
)
async def test_open_refused(client: AsyncWebClient, arguments: dict[str, Any], error: str) -> None:
    """Direct messages that cannot be opened are refused by name."""
    assert (await refusal(client.conversations_open(**arguments)))["error"] == error


async def test_open_with_the_deactivated(slack: LocalSlack, client: AsyncWebClient) -> None:
    """user_disabled is the answer for somebody who is deactivated."""
    slack.deactivate("U01ANA")
    assert (await refusal(client.conversations_open(users="U01ANA")))["error"] == "user_disabled"


async def test_users_info(client: AsyncWebClient) -> None:
    """users.info tells names and the time zone with its offset now."""
    user = (await client.users_info(user="U01ANA"))["user"]
    assert (user["name"], user["profile"]["display_name"], user["team_id"]) == ("ana", "Ana", "T01LOCAL")
    assert (user["tz"], user["tz_label"], user["tz_offset"]) == ("Europe/Berlin", "CET", 3600)


@pytest.mark.parametrize(
    ("person", "true"),
    [
        ("U01ANA", []),
        ("U03GUS", ["is_restricted"]),
        ("U04SIG", ["is_restricted", "is_ultra_restricted"]),
        ("U05STR", ["is_stranger"]),
    ],
)
async def test_kinds_of_people(client: AsyncWebClient, person: str, true: list[str]) -> None:
    """users.info tells guests and strangers from members."""
    user = (await client.users_info(user=person))["user"]
    flags = ("deleted", "is_bot", "is_restricted", "is_stranger", "is_ultra_restricted")
    assert [flag for flag in flags if user[flag]] == true
    assert (user["team_id"] == "T01LOCAL") is (person != "U05STR")


async def test_users_info_of_others(slack: LocalSlack, app: App, client: AsyncWebClient) -> None:
    """users.info tells bots and the deactivated, and knows nobody else."""
    slack.deactivate("U01ANA")
    assert (await client.users_info(user="U01ANA"))["user"]["deleted"]
    assert (await client.users_info(user=app.bot_user_id))["user"]["is_bot"]
    assert (await refusal(client.users_info(user="U0NOBODY")))["error"] == "user_not_found"
