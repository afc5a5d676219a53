"""Asking a model."""

from __future__ import annotations

from kernbot.run.messages import Message, Model, ModelReply, ModelRequest

HELLO = ModelRequest(messages=(Message(role="user", content="Hello"),))


async def ask(model: Model, request: ModelRequest = HELLO) -> ModelReply:
    """Return the reply of a model that is not streamed."""
    [reply] = [piece async for piece in model.reply(request, stream=False)]
    assert isinstance(reply, ModelReply)
    return reply


async def ask_streamed(model: Model, request: ModelRequest = HELLO) -> tuple[list[str], ModelReply]:
    """Return the pieces of text of a streamed reply, and the reply."""
    *pieces, reply = [piece async for piece in model.reply(request, stream=True)]
    assert isinstance(reply, ModelReply)
    return [piece for piece in pieces if isinstance(piece, str)], reply


async def ask_so(model: Model, *, stream: bool) -> ModelReply:
    """Return the reply, streamed or not."""
    return (await ask_streamed(model))[1] if stream else await ask(model)
