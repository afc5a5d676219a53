"""Clients of the openai package: one for each event loop and server, closed when the loop ends."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from dataclasses import dataclass
from typing import TypeAlias

from openai import AsyncOpenAI, not_given

from kernbot.errors import ConfigurationError


@dataclass(frozen=True, kw_only=True, repr=False)
class Connection:
    """What makes one client different from another."""

    api_key: str | None
    base_url: str | None
    timeout: float | None
    max_retries: int

    def client(self) -> AsyncOpenAI:
        """Return a client that nobody else has; ConfigurationError if the key is missing or can't be sent."""
        if not self.api_key:
            raise ConfigurationError("There is no API key: set OPENAI_API_KEY in the environment, or give api_key=.")
        if not (self.api_key.isascii() and self.api_key.isprintable()):
            raise ConfigurationError(
                "The API key holds a line break or another character that no key has: "
                "copy it again into OPENAI_API_KEY, or into api_key=."
            )
        timeout = not_given if self.timeout is None else self.timeout
        return AsyncOpenAI(api_key=self.api_key, base_url=self.base_url, timeout=timeout, max_retries=self.max_retries)


_Place: TypeAlias = tuple[asyncio.AbstractEventLoop, Connection]

_clients: dict[_Place, AsyncGenerator[AsyncOpenAI, None]] = {}


async def client_of_this_loop(connection: Connection) -> AsyncOpenAI:
    """Return the running loop's client for a connection, which all models that have the same one share.

    What a client keeps open belongs to one loop. It is closed where `asyncio.run` or `asyncio.Runner` ends the loop.
    """
    place = asyncio.get_running_loop(), connection
    if place not in _clients:
        _clients[place] = _kept_open(connection.client(), place)
    return await anext(_clients[place])


async def _kept_open(client: AsyncOpenAI, place: _Place) -> AsyncGenerator[AsyncOpenAI, None]:
    """Yield the client whenever it is asked for; a loop that ends closes its generators, and so the client."""
    async with client:
        try:
            while True:
                yield client
        finally:
            del _clients[place]
