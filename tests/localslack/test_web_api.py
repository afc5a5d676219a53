"""The Web API as such: how a call may be sent, whose token counts, and what is refused before a method runs."""

from __future__ import annotations

import aiohttp
import pytest
from slack_sdk.web.async_client import AsyncWebClient

from kernbot.localslack import App, LocalSlack, Server
from tests.localslack.office import MANIFEST, OPS, Json, refusal


async def sent(server: Server, app: App, method: str, http_method: str = "POST", **more: object) -> Json:
    """Return the answer to a call made by hand."""
    headers = {"Authorization": f"Bearer {app.bot_token}"}
    async with (
        aiohttp.ClientSession(headers=headers) as session,
        session.request(http_method, server.base_url + method, **more) as response,  # type: ignore[arg-type]
    ):
        assert response.status == 200
        body: Json = await response.json()
        return body


async def test_auth_test(app: App, client: AsyncWebClient) -> None:
    """auth.test tells who the bot is, and the scopes in a header."""
    answer = await client.auth_test()
    assert (answer["user_id"], answer["bot_id"], answer["team_id"]) == (app.bot_user_id, app.bot_id, "T01LOCAL")
    assert answer.headers["x-oauth-scopes"] == ",".join(app.scopes)


@pytest.mark.parametrize(
    ("http_method", "more"),
    [
        ("POST", {"json": {"channel": OPS, "text": "hi"}}),
        ("POST", {"data": {"channel": OPS, "text": "hi"}}),
        ("POST", {"params": {"channel": OPS, "text": "hi"}}),
        ("GET", {"params": {"channel": OPS, "text": "hi"}}),
    ],
)
async def test_forms_of_a_call(server: Server, app: App, http_method: str, more: Json) -> None:
    """A call is taken as JSON, as a form, or as a query, however a client sends it."""
    assert (await sent(server, app, "chat.postMessage", http_method, **more))["ok"]


async def test_blocks_as_json_text(server: Server, app: App) -> None:
    """Blocks in a form are JSON in a text."""
    data = {"channel": OPS, "blocks": '[{"type": "divider"}]'}
    assert (await sent(server, app, "chat.postMessage", data=data))["message"]["blocks"][0]["type"] == "divider"


@pytest.mark.parametrize(("body", "error"), [("{", "invalid_json"), ("[]", "json_not_object")])
async def test_broken_json(server: Server, app: App, body: str, error: str) -> None:
    """A body that is no JSON object is refused by name."""
    headers = {"Content-Type": "application/json"}
    assert (await sent(server, app, "chat.postMessage", data=body, headers=headers))["error"] == error


async def test_unknown_method(slack: LocalSlack, client: AsyncWebClient) -> None:
    """unknown_method is the answer to what the local Slack does not know, and the log names it."""
    assert (await refusal(client.reactions_add(channel=OPS, name="x", timestamp="1.0")))["error"] == "unknown_method"
    assert (slack.log[-1].name, slack.log[-1].verdict) == ("reactions.add", "unknown_method")


async def test_unknown_argument(client: AsyncWebClient) -> None:
    """invalid_arguments, with a sentence, is the answer to an argument that is not known."""
    body = await refusal(client.chat_postMessage(channel=OPS, text="hi", icon_emoji=":x:"))
    assert body["error"] == "invalid_arguments"
    assert body["response_metadata"]["messages"] == ["[ERROR] unsupported argument: icon_emoji"]


async def test_missing_argument(client: AsyncWebClient) -> None:
    """invalid_arguments, with a sentence, is the answer to a call without what it needs."""
    body = await refusal(client.api_call("chat.update", json={"channel": OPS}))
    assert body["response_metadata"]["messages"] == ["[ERROR] missing required field: ts"]


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("thread_ts", True, "must be a string"),
        ("mrkdwn", "maybe", "must be a boolean"),
    ],
)
async def test_argument_of_the_wrong_type(client: AsyncWebClient, name: str, value: object, sentence: str) -> None:
    """invalid_arguments names the argument whose type is wrong."""
    body = await refusal(client.api_call("chat.postMessage", json={"channel": OPS, "text": "hi", name: value}))
    assert body["response_metadata"]["messages"] == [f"[ERROR] {sentence} [json-pointer:/{name}]"]


async def test_no_token(server: Server) -> None:
    """not_authed is the answer to a call without a token."""
    client = AsyncWebClient(base_url=server.base_url)
    assert (await refusal(client.auth_test()))["error"] == "not_authed"


async def test_unknown_token(app: App, server: Server) -> None:
    """invalid_auth is the answer to a token of an app that is not installed."""
    client = AsyncWebClient(token=app.bot_token + "0", base_url=server.base_url)
    assert (await refusal(client.auth_test())) == {"ok": False, "error": "invalid_auth"}


async def test_real_token(slack: LocalSlack, server: Server) -> None:
    """A token of a real workspace is refused with a warning, and does not get into the log."""
    client = AsyncWebClient(token="xoxb-1-2-real", base_url=server.base_url)
    body = await refusal(client.auth_test())
    assert "real workspace" in body["response_metadata"]["messages"][0]
    assert "xoxb-1-2-real" not in repr(slack.log)


async def test_wrong_kind_of_token(app: App, server: Server, client: AsyncWebClient) -> None:
    """not_allowed_token_type is the answer to a bot token where an app token belongs, and the other way round."""
    by_app_token = AsyncWebClient(token=app.app_token, base_url=server.base_url)
    assert (await refusal(by_app_token.auth_test()))["error"] == "not_allowed_token_type"
    opened = client.apps_connections_open(app_token=app.bot_token)
    assert (await refusal(opened))["error"] == "not_allowed_token_type"


async def test_missing_scope(slack: LocalSlack, server: Server) -> None:
    """missing_scope tells which scope is needed and which the manifest asked for."""
    app = slack.install({**MANIFEST, "oauth_config": {"scopes": {"bot": ["commands", "users:read"]}}})
    client = AsyncWebClient(token=app.bot_token, base_url=server.base_url)
    body = await refusal(client.chat_postMessage(channel=OPS, text="hi"))
    assert body == {"ok": False, "error": "missing_scope", "needed": "chat:write", "provided": "commands,users:read"}


async def test_log_holds_no_secrets(slack: LocalSlack, app: App, client: AsyncWebClient) -> None:
    """The log tells what was sent, and no token of the app."""
    await client.chat_postMessage(channel=OPS, text="hi")
    assert slack.log[-1].payload == {"channel": OPS, "text": "hi"}
    assert app.bot_token not in repr(slack.log)
