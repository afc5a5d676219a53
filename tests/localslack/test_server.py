"""Who may talk to the server."""

from __future__ import annotations

import asyncio
import gc
import socket
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager
from typing import Any

import aiohttp
import pytest

from kernbot.localslack import LocalSlack, Server


@pytest.fixture
async def browser() -> AsyncIterator[aiohttp.ClientSession]:
    """Return something that makes requests."""
    async with aiohttp.ClientSession() as session:
        yield session


def reading(browser: aiohttp.ClientSession, server: Server, **headers: str) -> AbstractAsyncContextManager[Any]:
    """Ask for the people as the page does, with these headers."""
    everything = {"X-Local-Slack-Token": server.page_token, **headers}
    return browser.get(f"{server.origin}/page/api/workspace", headers=everything)


async def test_addresses(server: Server) -> None:
    """The server says where apps and where people go."""
    assert server.base_url == f"http://127.0.0.1:{server.port}/api/"
    assert server.page_url == f"http://127.0.0.1:{server.port}/?token={server.page_token}"


async def test_page_needs_its_token(browser: aiohttp.ClientSession, server: Server) -> None:
    """The page shows only at the address with the token; elsewhere it says where to find it."""
    async with browser.get(server.page_url) as response:
        assert (response.status, response.content_type) == (200, "text/html")
        assert response.headers["Content-Security-Policy"].startswith("default-src 'self'")
    for address in (server.origin, f"{server.origin}/?token=x"):
        async with browser.get(address) as response:
            assert response.status == 403
            assert "the address that was printed in the terminal" in await response.text()


async def test_files_of_the_page(browser: aiohttp.ClientSession, server: Server) -> None:
    """The files of the page need no token, and there are no others."""
    async with browser.get(f"{server.origin}/page/index.html") as response:
        assert response.status == 200
    for name in ("nonsense.js", "..%2fserver.py", "..%2f__init__.py"):
        async with browser.get(f"{server.origin}/page/{name}") as response:
            assert response.status == 404


async def test_page_api_needs_its_token(browser: aiohttp.ClientSession, server: Server) -> None:
    """The page's JSON is for those who have the token."""
    async with reading(browser, server) as response:
        assert response.status == 200
    async with reading(browser, server, **{"X-Local-Slack-Token": "x"}) as response:
        assert response.status == 403


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1", "localhost:1"])
async def test_foreign_host(browser: aiohttp.ClientSession, server: Server, host: str) -> None:
    """A request for another host is refused."""
    async with reading(browser, server, Host=host) as response:
        assert response.status == 403


async def test_own_hosts(browser: aiohttp.ClientSession, server: Server) -> None:
    """The server answers to 127.0.0.1 and to localhost, with its port."""
    async with reading(browser, server, Host=f"localhost:{server.port}") as response:
        assert response.status == 200


async def test_origin(browser: aiohttp.ClientSession, server: Server) -> None:
    """A request from another site's page is refused, one from the own page is not."""
    async with reading(browser, server, Origin="https://evil.example") as response:
        assert response.status == 403
    async with reading(browser, server, Origin=server.origin) as response:
        assert response.status == 200


async def test_events_need_token_and_origin(browser: aiohttp.ClientSession, server: Server) -> None:
    """The websocket of the page wants the token in its address, and no foreign origin."""
    address = f"{server.origin}/page/api/events?as=U01ANA"
    with pytest.raises(aiohttp.WSServerHandshakeError, match="403"):
        await browser.ws_connect(f"{address}&token=x")
    with pytest.raises(aiohttp.WSServerHandshakeError, match="403"):
        await browser.ws_connect(f"{address}&token={server.page_token}", origin="https://evil.example")
    async with browser.ws_connect(f"{address}&token={server.page_token}", origin=server.origin) as socket:
        assert not socket.closed


async def test_next_server(slack: LocalSlack) -> None:
    """A workspace can be served again, with another token."""
    tokens = set()
    for _ in range(2):
        async with slack.serve() as server:
            tokens.add(server.page_token)
    assert len(tokens) == 2


@pytest.mark.parametrize("turns", range(5))
async def test_a_connection_that_comes_at_the_last_moment_is_closed(slack: LocalSlack, turns: int) -> None:
    """Whenever it comes, no socket is left open, which Python would warn about."""
    async with slack.serve() as server:
        with socket.create_connection(("127.0.0.1", server.port)):
            for _ in range(turns):
                await asyncio.sleep(0)
    gc.collect()
