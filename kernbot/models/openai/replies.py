"""What came back from a server: a reply, or an error in plain words."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from openai import APIConnectionError, APITimeoutError, AuthenticationError, OpenAIError

from kernbot.errors import ModelError
from kernbot.run.messages import ModelReply, ToolCall, Usage

_LONGEST = 500
"""Characters of an error that are shown."""

BROKEN_OFF = "broke off in the middle of its reply. Try again."


class UnusableReplyError(Exception):
    """What came can't be used; the text goes on from the model's name."""


FAILURES = OpenAIError, UnusableReplyError, json.JSONDecodeError, UnicodeDecodeError
"""What asking a server raises."""


def model_error(model: str, failure: Exception, key: str) -> ModelError:
    """Return one of the failures as an error that names model and cause; a server's text may repeat the key."""
    return ModelError(f"The model {model} {_clean(_cause(failure), key)}")


def _cause(failure: Exception) -> str:
    match failure:
        case APITimeoutError():
            return f"did not answer in time at {_address(failure)}. Try again, or give it a longer timeout."
        case APIConnectionError():
            how = type(failure.__cause__).__name__
            return f"can't be reached at {_address(failure)}, or the connection broke off ({how})."
        case AuthenticationError():
            return "refused the API key: check OPENAI_API_KEY, or api_key=."
        case OpenAIError():
            return f"failed: {failure}"
        case UnusableReplyError():
            return str(failure)
        case _:
            return "answered something that is not JSON."


def _address(error: APIConnectionError) -> str:
    return error.request.url.netloc.decode()


def _clean(text: str, key: str) -> str:
    """Return a text in one line, not too long, without the key or what looks like one."""
    without_key = text.replace(key, "•••") if key else text
    return " ".join(re.sub(r"\bsk-[\w*.-]+", "•••", without_key).split())[:_LONGEST]


@contextmanager
def known_form() -> Iterator[None]:
    """Turn what reading a malformed answer raises into UnusableReplyError: the package takes any JSON for good."""
    try:
        yield
    except (AttributeError, TypeError, LookupError) as error:
        raise UnusableReplyError("answered in a form that its API does not have.") from error


def tool_call(call_id: str, name: str, arguments: str | None) -> ToolCall:
    """Return a call of a tool, TypeError if it has no name; some servers leave out arguments where there are none."""
    if not (isinstance(call_id, str) and isinstance(name, str) and name):
        raise TypeError("a call of a tool needs an id and a name")
    return ToolCall(id=call_id, name=name, arguments=arguments or "{}")


def whole_reply(text: str, refusal: str, calls: Sequence[ToolCall], usage: Usage) -> ModelReply:
    """Return a reply that has ended as it should; UnusableReplyError if it is a refusal or says nothing."""
    if refusal:
        raise UnusableReplyError(f"refused to answer: {refusal}")
    if not text and not calls:
        raise UnusableReplyError("gave an empty reply. Try again, or ask in other words.")
    return ModelReply(content=text or None, tool_calls=tuple(calls), usage=usage)
