"""How the page reads and sends: JSON below /page/api/, and what is refused in one sentence."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, Final

from aiohttp import web

from kernbot.localslack.errors import ActError

PATH: Final = "/page/api/"

Body = dict[str, Any]
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


def reading(read: Callable[[web.Request], Body]) -> web.RouteDef:
    """Return the route of a read, named after its function; what a person cannot see is answered with status 404."""

    async def handle(request: web.Request) -> web.Response:
        try:
            return web.json_response(read(request))
        except ActError as error:
            return web.json_response({"error": str(error)}, status=404)

    return web.get(f"{PATH}{_name(read)}", handle)


def doing(act: Callable[[Body], Awaitable[Body | None]]) -> web.RouteDef:
    """Return the route of a deed, named after its function: `ok`, `error` and what else the function returns."""

    async def handle(request: web.Request) -> web.Response:
        try:
            told = await act(await body_of(request))
        except ActError as error:
            return web.json_response({"ok": False, "error": str(error)})
        return web.json_response({"ok": True, "error": None, **(told or {})})

    return web.post(f"{PATH}{_name(act)}", handle)


async def body_of(request: web.Request) -> Body:
    """Return the JSON object of a request; an empty one for anything else."""
    try:
        body = await request.json()
    except ValueError:
        body = None
    return body if isinstance(body, dict) else {}


def _name(function: Callable[..., Any]) -> str:
    return str(function.__name__)
