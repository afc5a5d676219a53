"""The line from a bot to Slack's Web API, on which single calls go wrong."""

from __future__ import annotations

import asyncio
from collections import Counter, defaultdict, deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aiohttp import ClientSession, web

_PASSED_BACK = ("Retry-After", "x-oauth-scopes")


class Hold:
    """What holds calls up."""

    def __init__(self) -> None:
        self._reached = asyncio.Event()
        self._released = asyncio.Event()

    async def reached(self) -> None:
        """Wait until something is held up."""
        await self._reached.wait()

    def release(self) -> None:
        """Let everything go on."""
        self._released.set()

    async def wait(self) -> None:
        """Be held up."""
        self._reached.set()
        await self._released.wait()


class Line:
    """Passes calls on to Slack, unless a test has said otherwise."""

    def __init__(self, target: str, session: ClientSession) -> None:
        self._target = target
        self._session = session
        self._faults: dict[str, deque[web.Response | None]] = defaultdict(deque)
        self._lost: Counter[str] = Counter()
        self._held: dict[str, Hold] = {}
        self.address = ""
        self.faults_met = 0

    def refuse(self, method: str, error: str, *, times: int = 1, status: int = 200, retry_after: str = "") -> None:
        """Have the next calls of a method answered with this error instead."""
        for _ in range(times):
            body = {"ok": False, "error": error}
            headers = {"Retry-After": retry_after} if retry_after else {}
            self._faults[method].append(web.json_response(body, status=status, headers=headers))

    def break_off(self, method: str, *, times: int = 1) -> None:
        """Have the connection of the next calls of a method closed instead of an answer."""
        self._faults[method].extend([None] * times)

    def lose_answer(self, method: str, *, times: int = 1) -> None:
        """Have the next calls of a method done by Slack, and the connection closed instead of an answer."""
        self._lost[method] += times

    def clear(self) -> None:
        """Let everything pass from now on."""
        self._faults.clear()
        for held in self._held.values():
            held.release()

    def hold(self, method: str) -> Hold:
        """Hold up the calls of a method from now on."""
        return self._held.setdefault(method, Hold())

    async def pass_on(self, request: web.Request) -> web.StreamResponse:
        """Bring a call to its target and the response back."""
        method, body = request.match_info["method"], await request.read()
        if method in self._held:
            await self._held[method].wait()
        if self._faults[method]:
            self.faults_met += 1
            fault = self._faults[method].popleft()
            if fault is None and request.transport is not None:
                request.transport.abort()
            return fault or web.Response()
        kept = {name: request.headers[name] for name in ("Authorization", "Content-Type") if name in request.headers}
        address = f"{self._target}{method}?{request.query_string}"
        async with self._session.request(request.method, address, data=body, headers=kept) as response:
            if self._lost[method] and request.transport is not None:
                self._lost[method] -= 1
                self.faults_met += 1
                request.transport.abort()
            told = {name: response.headers[name] for name in _PASSED_BACK if name in response.headers}
            return web.Response(
                status=response.status,
                body=await response.read(),
                content_type=response.content_type,
                headers=told,
            )


@asynccontextmanager
async def line_to(target: str) -> AsyncIterator[Line]:
    """Run a line to the base address of a Web API."""
    application = web.Application()
    async with ClientSession() as session:
        line = Line(target, session)
        application.router.add_route("*", "/api/{method}", line.pass_on)
        runner = web.AppRunner(application, access_log=None, shutdown_timeout=1)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        line.address = f"http://127.0.0.1:{runner.addresses[0][1]}/api/"
        try:
            yield line
        finally:
            line.clear()
            for _ in range(4):  # asyncio forgets to close a connection that has arrived, and not begun
                await asyncio.sleep(0)
            await runner.cleanup()
