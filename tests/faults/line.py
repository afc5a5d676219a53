"""The line from a bot to Slack's Web API, on which single calls can be held up."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aiohttp import ClientSession, web


class Line:
    """Passes calls on to `target`; one that was held up never arrives there."""

    def __init__(self, target: str, session: ClientSession) -> None:
        self._target = target
        self._session = session
        self._held: tuple[str, bytes] | None = None
        self._caught = asyncio.Event()
        self._lost = asyncio.Event()

    def hold(self, method: str, containing: bytes = b"") -> None:
        """Hold up calls of a method that contain these bytes."""
        self._held = (method, containing)
        self._caught.clear()
        self._lost.clear()

    async def caught(self) -> None:
        """Wait until a call is held up."""
        await self._caught.wait()

    def clear(self) -> None:
        """Hold up no further calls; those that were are lost."""
        self._held = None
        self._lost.set()

    async def pass_on(self, request: web.Request) -> web.Response:
        """Bring a call to its target and the response back."""
        method, body = request.match_info["method"], await request.read()
        if self._held and self._held[0] == method and self._held[1] in body:
            self._caught.set()
            await self._lost.wait()
            raise web.HTTPServiceUnavailable
        kept = {name: request.headers[name] for name in ("Authorization", "Content-Type") if name in request.headers}
        address = f"{self._target}{method}?{request.query_string}"
        async with self._session.request(request.method, address, data=body, headers=kept) as response:
            told = {name: response.headers[name] for name in ("Retry-After",) if name in response.headers}
            return web.Response(
                status=response.status,
                body=await response.read(),
                content_type=response.content_type,
                headers=told,
            )


@asynccontextmanager
async def line_to(target: str) -> AsyncIterator[tuple[Line, str]]:
    """Run a line; yields it and the address where it begins."""
    async with ClientSession() as session:
        line = Line(target, session)
        application = web.Application()
        application.router.add_route("*", "/api/{method}", line.pass_on)
        runner = web.AppRunner(application, access_log=None, shutdown_timeout=0)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        try:
            yield line, f"http://127.0.0.1:{runner.addresses[0][1]}/api/"
        finally:
            await runner.cleanup()
