"""The page's side of its JSON."""

from __future__ import annotations

import aiohttp

from kernbot.localslack import Server
from tests.localslack.office import Json


class Page:
    """Reads and sends as the page does, as Ana."""

    def __init__(self, session: aiohttp.ClientSession, server: Server) -> None:
        self.session = session
        self.root = f"{server.origin}/page/api/"

    async def read(self, name: str, status: int = 200, **query: str) -> Json:
        """Return what is answered to a read."""
        async with self.session.get(self.root + name, params={"as": "U01ANA", **query}) as response:
            assert response.status == status
            body: Json = await response.json()
            return body

    async def send(self, name: str, status: int = 200, **body: object) -> Json:
        """Return what is answered to an action."""
        async with self.session.post(self.root + name, json={"as": "U01ANA", **body}) as response:
            assert response.status == status
            answer: Json = await response.json()
            return answer
