"""What both kinds of model share: their settings, and how a reply is asked for."""

from __future__ import annotations

import os
from abc import ABC, abstractmethod
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import KW_ONLY, dataclass
from typing import Any

from openai import AsyncOpenAI
from openai.types import ReasoningEffort

from kernbot.errors import DefinitionError
from kernbot.models.openai.clients import Connection, client_of_this_loop
from kernbot.models.openai.replies import FAILURES, model_error
from kernbot.run.messages import ModelReply, ModelRequest


@dataclass(eq=False, repr=False)
class OpenAIModel(ABC):
    """A model that is reached with the `openai` package; what is None is left to the package and the server."""

    id: str = "gpt-5.4"
    """The model's name at the server."""
    _: KW_ONLY
    api_key: str | None = None
    """By default that of the environment, OPENAI_API_KEY."""
    base_url: str | None = None
    """By default that of the environment, OPENAI_BASE_URL, or else OpenAI's own."""
    timeout: float | None = None
    """Seconds to wait for the server: for an answer, and for each further piece of a streamed one."""
    max_retries: int = 2
    """How often a request is repeated that met a timeout, a lost connection, a 429 or a 5xx."""
    client: AsyncOpenAI | None = None
    """Used as it is, instead of clients made from the four above; it belongs to one event loop and isn't closed."""
    temperature: float | None = None
    top_p: float | None = None
    reasoning_effort: ReasoningEffort = None

    def __post_init__(self) -> None:
        if self.client and (self.api_key or self.base_url or self.timeout is not None):
            raise DefinitionError(
                f"The model {self.id} is given a client: give key, address and timeout to the client, not beside it."
            )

    def __repr__(self) -> str:
        return f"{type(self).__name__}(id={self.id!r})"

    async def reply(self, request: ModelRequest, *, stream: bool) -> AsyncGenerator[str | ModelReply, None]:
        """Yield pieces of text as they come, if `stream`, and the whole reply last.

        Raises ModelError for what the retries did not mend, and for a reply that is cut off, empty, refused or
        malformed; ConfigurationError if there is no key, or one that can't be sent.
        """
        client = self.client or await client_of_this_loop(self._connection())
        try:
            async with aclosing(self._turn(client, request, stream=stream)) as pieces:
                async for piece in pieces:
                    yield piece
        except FAILURES as failure:  # not shown with the error: it holds what was sent, the key too
            raise model_error(self.id, failure, client.api_key) from None

    @abstractmethod
    def _turn(
        self, client: AsyncOpenAI, request: ModelRequest, *, stream: bool
    ) -> AsyncGenerator[str | ModelReply, None]:
        """Yield what `reply` does; raise what the package raises, and UnusableReplyError."""

    def _connection(self) -> Connection:
        return Connection(
            api_key=self.api_key or os.environ.get("OPENAI_API_KEY"),
            base_url=self.base_url or os.environ.get("OPENAI_BASE_URL"),
            timeout=self.timeout,
            max_retries=self.max_retries,
        )


def given(**settings: Any) -> dict[str, Any]:
    """Return the settings that are not None."""
    return {name: value for name, value in settings.items() if value is not None}
