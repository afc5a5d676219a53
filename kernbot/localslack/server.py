"""The web server: the Web API, Socket Mode, response URLs and the page, on 127.0.0.1 only.

Everything asks for a secret: `/api/` for a token, `/link` for a ticket, `/response/` and `/upload/` for the key in the
address, the page and its JSON for the token in the address that the terminal printed. A foreign `Host` or `Origin` is
refused, so that no web site can talk to it through a browser.
"""

from __future__ import annotations

import asyncio
import hmac
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from aiohttp import web
from aiohttp.typedefs import Handler

from kernbot.localslack import files, page_http, response_urls, socket_mode, web_api
from kernbot.localslack.errors import ApiError, SetUpError
from kernbot.localslack.page_api import PageApi
from kernbot.localslack.page_tools import PageTools
from kernbot.localslack.response_urls import ResponseUrls
from kernbot.localslack.socket_mode import SocketMode
from kernbot.localslack.web_api import WebApi

_HOST: Final = "127.0.0.1"
_TURNS_TO_LET_IN = 4
"""Turns of the event loop in which a connection that has arrived begins, and one to spare."""
_PAGE = Path(__file__).parent / "page"
_PAGE_FILES = {".html", ".js", ".css", ".svg"}
_HEADERS = {
    "Content-Security-Policy": "default-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}
_TOKEN_IN_ADDRESS = (f"{page_http.PATH}events", f"{page_http.PATH}file")
"""What a browser asks for by itself cannot carry a header."""
_NO_TOKEN = "This address lacks its token: open the address that was printed in the terminal."  # noqa: S105


@dataclass(frozen=True)
class Server:
    """A local Slack that is up."""

    port: int
    page_token: str

    @property
    def origin(self) -> str:
        """The address without a path."""
        return f"http://{_HOST}:{self.port}"

    @property
    def base_url(self) -> str:
        """What an `AsyncWebClient` takes as its `base_url`."""
        return f"{self.origin}{web_api.PATH}"

    @property
    def page_url(self) -> str:
        """What a person opens in a browser; holds the page's token."""
        return f"{self.origin}/?token={self.page_token}"


class Site:
    """The routes of the server and what guards them."""

    def __init__(
        self, sockets: SocketMode, api: WebApi, pages: PageApi, *, tools: PageTools, urls: ResponseUrls
    ) -> None:
        self._token = secrets.token_urlsafe(24)
        self._urls = urls
        self._hosts: frozenset[str] = frozenset()
        self._application = web.Application(middlewares=[self._guard], client_max_size=2**20)
        self._application.add_routes(
            [
                web.route("*", web_api.PATH + "{method}", api.handle),
                web.get(socket_mode.PATH, sockets.accept),
                web.post(response_urls.PATH + "{key}", self._response_url),
                web.post(files.PATH + "{key}", api.upload),
                *pages.routes(),
                *tools.routes(),
                web.get("/", self._index),
                web.get("/page/{name}", self._file),
            ]
        )

    @asynccontextmanager
    async def up(self, port: int) -> AsyncIterator[Server]:
        """Serve on this port, or on a free one for 0, until the context ends."""
        runner = web.AppRunner(self._application, access_log=None, shutdown_timeout=1)
        await runner.setup()
        try:
            await _listen(runner, port)
            server = Server(runner.addresses[0][1], self._token)
            self._hosts = frozenset(f"{host}:{server.port}" for host in (_HOST, "localhost"))
            yield server
        finally:
            await _let_in()
            await runner.cleanup()

    @web.middleware
    async def _guard(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        if request.host not in self._hosts:
            raise web.HTTPForbidden(text="This server answers to its own address only.")
        if request.path.startswith(page_http.PATH):
            self._check_page_request(request)
        response = await handler(request)
        if not response.prepared:
            response.headers.update(_HEADERS)
        return response

    def _check_page_request(self, request: web.Request) -> None:
        origin = request.headers.get("Origin")
        if origin is not None and origin not in {f"http://{host}" for host in self._hosts}:
            raise web.HTTPForbidden(text="Only the page of this server may ask this.")
        in_address = request.path in _TOKEN_IN_ADDRESS
        token = request.query.get("token") if in_address else request.headers.get("X-Local-Slack-Token")
        if not self._is_page_token(token):
            raise web.HTTPForbidden(text=_NO_TOKEN)

    def _is_page_token(self, token: str | None) -> bool:
        return hmac.compare_digest((token or "").encode(), self._token.encode())

    async def _index(self, request: web.Request) -> web.StreamResponse:
        if not self._is_page_token(request.query.get("token")):
            raise web.HTTPForbidden(text=_NO_TOKEN)
        return web.FileResponse(_PAGE / "index.html")

    async def _file(self, request: web.Request) -> web.StreamResponse:
        files = {path.name: path for path in _PAGE.iterdir() if path.suffix in _PAGE_FILES}
        path = files.get(request.match_info["name"])
        if path is None:
            raise web.HTTPNotFound
        return web.FileResponse(path)

    async def _response_url(self, request: web.Request) -> web.Response:
        try:
            self._urls.use(request.match_info["key"], await _json(request))
        except ApiError as error:
            status = 404 if response_urls.is_gone(error) else 400
            return web.json_response(error.body, status=status)
        return web.Response(text="ok")


async def _json(request: web.Request) -> Any:
    """Return what was posted; None for what is no JSON."""
    try:
        return await request.json()
    except ValueError:
        return None


async def _let_in() -> None:
    """Let connections begin that have arrived: asyncio forgets to close those that it meets with nobody listening."""
    for _ in range(_TURNS_TO_LET_IN):
        await asyncio.sleep(0)


async def _listen(runner: web.AppRunner, port: int) -> None:
    try:
        await web.TCPSite(runner, _HOST, port).start()
    except OSError as error:
        raise SetUpError(f"Port {port} of this machine is taken: name another one, or 0 for a free one.") from error
