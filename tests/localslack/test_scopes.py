"""Which method needs which scope."""

from __future__ import annotations

import pytest
from slack_sdk.web.async_client import AsyncWebClient

from kernbot.localslack import LocalSlack, Server
from kernbot.localslack.web_api import METHODS
from tests.localslack.office import MANIFEST, OPS, SECRET, refusal

WITHOUT = {
    "apps.connections.open",
    "auth.test",
    "chat.getPermalink",
    "views.open",
    "views.publish",
    "views.push",
    "views.update",
}
SCOPES = {
    "chat.appendStream": "chat:write",
    "chat.delete": "chat:write",
    "chat.postEphemeral": "chat:write",
    "chat.postMessage": "chat:write",
    "chat.startStream": "chat:write",
    "chat.stopStream": "chat:write",
    "chat.update": "chat:write",
    "conversations.history": "channels:history",
    "conversations.info": "channels:read",
    "conversations.list": "channels:read",
    "conversations.members": "channels:read",
    "conversations.open": "im:write",
    "conversations.replies": "channels:history",
    "files.completeUploadExternal": "files:write",
    "files.getUploadURLExternal": "files:write",
    "files.info": "files:read",
    "usergroups.list": "usergroups:read",
    "usergroups.users.list": "usergroups:read",
    "users.info": "users:read",
}


@pytest.fixture
def powerless(slack: LocalSlack, server: Server) -> AsyncWebClient:
    """Return the client of an app in #ops and #secret that asks for no scope but commands."""
    app = slack.install({**MANIFEST, "oauth_config": {"scopes": {"bot": ["commands"]}}})
    slack.invite(app, OPS)
    slack.invite(app, SECRET)
    return AsyncWebClient(token=app.bot_token, base_url=server.base_url)


def test_each_method_is_known_here() -> None:
    """Each method needs the scope that its page names, or none."""
    assert set(METHODS) == WITHOUT | set(SCOPES)


@pytest.mark.parametrize(("method", "scope"), SCOPES.items())
async def test_missing_scope(powerless: AsyncWebClient, method: str, scope: str) -> None:
    """missing_scope names what is needed and what there is, whatever else would be wrong with the call."""
    needed = {"channel": OPS} if method.startswith("conversations") and method != "conversations.list" else {}
    needed |= {"ts": "1.0"} if method == "conversations.replies" else {}
    body = await refusal(powerless.api_call(method, json=needed))
    assert body == {"ok": False, "error": "missing_scope", "needed": scope, "provided": "commands"}


@pytest.mark.parametrize("method", ["conversations.info", "conversations.members"])
async def test_scope_of_the_type(powerless: AsyncWebClient, method: str) -> None:
    """A private channel needs another scope than a public one."""
    assert (await refusal(powerless.api_call(method, json={"channel": SECRET})))["needed"] == "groups:read"


@pytest.mark.parametrize("method", sorted(WITHOUT - {"apps.connections.open", "auth.test"}))
async def test_no_scope(powerless: AsyncWebClient, method: str) -> None:
    """The others can be called by any app: what is refused is the call as such."""
    assert (await refusal(powerless.api_call(method, json={})))["error"] == "invalid_arguments"
