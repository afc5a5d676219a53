"""The Web API over HTTP (https://docs.slack.dev/apis/web-api): forms of requests, tokens, scopes."""

from __future__ import annotations

import hmac
import json
from collections.abc import Mapping
from typing import Any

from aiohttp import BodyPartReader, web

from kernbot.localslack.app import APP_TOKEN_PREFIX, BOT_TOKEN_PREFIX, App
from kernbot.localslack.errors import ApiError
from kernbot.localslack.methods import chat, conversations, files, history, identity, streams, usergroups, views
from kernbot.localslack.methods.base import Call, Method
from kernbot.localslack.rate_limits import RateLimitedError, RateLimits
from kernbot.localslack.socket_mode import SocketMode
from kernbot.localslack.traffic import Traffic
from kernbot.localslack.workspace import Workspace

PATH = "/api/"
_TOO_MANY_REQUESTS = 429

METHODS: Mapping[str, Method] = {
    method.name: method
    for family in (chat, conversations, files, history, identity, streams, usergroups, views)
    for method in family.METHODS
}


class WebApi:
    """Answers calls of apps."""

    def __init__(
        self, workspace: Workspace, sockets: SocketMode, traffic: Traffic, rate_limits: RateLimits | None
    ) -> None:
        self._workspace = workspace
        self._sockets = sockets
        self._traffic = traffic
        self._rate_limits = rate_limits

    async def handle(self, request: web.Request) -> web.Response:
        """Answer one call; what is refused is answered with `ok: false` and status 200, or 429."""
        name = request.match_info["method"]
        arguments: dict[str, Any] = {}
        headers: dict[str, str] = {}
        status = 200
        try:
            arguments = await _arguments(request)
            method = _method(name)
            app = self._authenticated(request.headers.get("Authorization"), method)
            headers = {"x-oauth-scopes": ",".join(app.scopes), "x-accepted-oauth-scopes": method.scope or ""}
            if self._rate_limits:
                self._rate_limits.count(app, name, method.per_minute, arguments)
            body = {"ok": True, **self._run(app, method, arguments)}
            self._traffic.from_app(name, arguments, "ok", body)
        except ApiError as error:
            body = error.body
            if isinstance(error, RateLimitedError):
                status, headers["Retry-After"] = _TOO_MANY_REQUESTS, str(error.retry_after)
            self._traffic.from_app(name, arguments, str(error), body)
        return web.json_response(body, status=status, headers=headers)

    async def upload(self, request: web.Request) -> web.Response:
        """Take the content of a file, as the body or as the one field of a form."""
        content = await _uploaded(request)
        described = {"bytes": len(content)}
        try:
            self._workspace.files.upload(request.match_info["key"], content)
        except ApiError as error:
            self._traffic.from_app("upload", described, str(error), error.body)
            return web.json_response(error.body, status=400)
        self._traffic.from_app("upload", described, "ok")
        return web.Response(text=f"OK - {len(content)}")

    def _run(self, app: App, method: Method, arguments: Mapping[str, Any]) -> dict[str, Any]:
        if method.scope and method.scope not in app.scopes:
            raise ApiError("missing_scope", needed=method.scope, provided=",".join(app.scopes))
        return method.run(Call(self._workspace, self._sockets, app, method.read(arguments)))

    def _authenticated(self, header: str | None, method: Method) -> App:
        token = (header or "").removeprefix("Bearer ").strip()
        if not token:
            raise ApiError("not_authed")
        for app in self._workspace.apps:
            for known, is_app_token in ((app.bot_token, False), (app.app_token, True)):
                if hmac.compare_digest(token.encode(), known.encode()):
                    if is_app_token is not method.app_token:
                        raise ApiError("not_allowed_token_type")
                    return app
        raise _unknown_token(token)


def _method(name: str) -> Method:
    if name not in METHODS:
        raise ApiError("unknown_method", req_method=name)
    return METHODS[name]


def _unknown_token(token: str) -> ApiError:
    if token.startswith((BOT_TOKEN_PREFIX, APP_TOKEN_PREFIX)):
        return ApiError("invalid_auth")
    message = "this is a local Slack, it takes its own tokens only: never send it one of a real workspace"
    return ApiError("invalid_auth", response_metadata={"messages": [message]})


async def _arguments(request: web.Request) -> dict[str, Any]:
    """Return the arguments, from the query, a form, or JSON, wherever a client puts them."""
    arguments: dict[str, Any] = dict(request.query)
    if request.content_type == "application/json":
        arguments |= _json_object(await request.text())
    elif request.can_read_body:
        arguments |= dict(await request.post())
    return arguments


async def _uploaded(request: web.Request) -> bytes:
    if not request.content_type.startswith("multipart/"):
        return await request.content.read()
    part = await (await request.multipart()).next()
    return bytes(await part.read()) if isinstance(part, BodyPartReader) else b""


def _json_object(text: str) -> dict[str, Any]:
    try:
        body = json.loads(text or "{}")
    except ValueError:
        raise ApiError("invalid_json") from None
    if not isinstance(body, dict):
        raise ApiError("json_not_object")
    return body
