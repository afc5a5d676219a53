"""What goes wrong behind a model that is reached over HTTP: mended by a retry, or told as one error."""

from __future__ import annotations

import logging
import re
import traceback

import pytest

from kernbot.errors import KernbotError, ModelError
from kernbot.models import call
from kernbot.models.openai import OpenAIResponses
from tests.models.asking import ask, ask_so
from tests.models.conftest import OpenAIKind, Serve, connected
from tests.models.openai_server import KEY
from tests.models.wire import Fault

TOLD = {
    Fault.BUSY: "failed: Error code: 429 - Too many requests.",
    Fault.BROKEN: "failed: Error code: 500 - The server had an error.",
    Fault.WRONG_KEY: "refused the API key: check OPENAI_API_KEY, or api_key=.",
    Fault.SILENT: "did not answer in time at ADDRESS. Try again, or give it a longer timeout.",
    Fault.STALLED: "did not answer in time at ADDRESS. Try again, or give it a longer timeout.",
    Fault.NOT_JSON: "answered something that is not JSON.",
    Fault.OTHER_JSON: "answered in a form that its API does not have.",
    Fault.EMPTY: "gave an empty reply. Try again, or ask in other words.",
    Fault.REFUSED: "refused to answer: I can't help with that.",
}
UNFINISHED = {
    ("OpenAIResponses", Fault.TOO_LONG): "did not finish its reply (max_output_tokens).",
    ("OpenAIResponses", Fault.FILTERED): "did not finish its reply (content_filter).",
    ("OpenAIChat", Fault.TOO_LONG): "did not finish its reply (length).",
    ("OpenAIChat", Fault.FILTERED): "did not finish its reply (content_filter).",
}
BROKEN_OFF = "broke off in the middle of its reply. Try again."
BAD_FORM = "answered in a form that its API does not have."


def _timeout(fault: Fault) -> float | None:
    """Return how long to wait: briefly for what never comes."""
    return 0.2 if fault in (Fault.SILENT, Fault.STALLED) else None


def _shown(error: BaseException) -> str:
    return re.sub(r"127\.0\.0\.1:\d+", "ADDRESS", str(error)).removeprefix("The model gpt-5.4 ")


def _all_that_shows(error: BaseException) -> str:
    """Return an error with its traceback and the variables of every function in it, but for the test's own."""
    assert error.__traceback__
    inner = error.__traceback__.tb_next
    return "".join(traceback.TracebackException(type(error), error, inner, capture_locals=True).format())


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("fault", [Fault.BUSY, Fault.BROKEN])
async def test_a_server_that_is_busy_or_broken_is_asked_again(
    serve: Serve, kind: OpenAIKind, fault: Fault, *, stream: bool
) -> None:
    """Two failures and a reply are one reply."""
    server = serve(faults=[fault, fault])
    reply = await ask_so(connected(kind, server, max_retries=2), stream=stream)
    assert (reply.content, len(server.bodies), len(server.model.requests)) == ("Hello there", 3, 1)


async def test_a_server_that_is_slow_is_asked_again(serve: Serve, kind: OpenAIKind) -> None:
    """No answer in time, and then a reply, is one reply."""
    server = serve(faults=[Fault.SILENT])
    assert (await ask(connected(kind, server, max_retries=1, timeout=0.5))).content == "Hello there"


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("fault", TOLD)
async def test_what_remains_is_one_error(serve: Serve, kind: OpenAIKind, fault: Fault, *, stream: bool) -> None:
    """It names the model and the cause; the openai package's own error is not shown with it."""
    server = serve(faults=[fault])
    with pytest.raises(ModelError) as caught:
        await ask_so(connected(kind, server, timeout=_timeout(fault)), stream=stream)
    assert _shown(caught.value) == TOLD[fault]


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("fault", [Fault.TOO_LONG, Fault.FILTERED])
async def test_a_reply_that_was_stopped_is_an_error(
    serve: Serve, kind: OpenAIKind, fault: Fault, *, stream: bool
) -> None:
    """Half a reply is never taken for a whole one, and the reason is told."""
    server = serve(faults=[fault])
    with pytest.raises(ModelError) as caught:
        await ask_so(connected(kind, server), stream=stream)
    assert _shown(caught.value) == UNFINISHED[kind.__name__, fault]


async def test_a_stream_that_ends_too_early_is_an_error(serve: Serve, kind: OpenAIKind) -> None:
    """A stream without its last event is half a reply, even if it ends in good order."""
    server = serve([[call("send_alert", city="Tokyo")]], faults=[Fault.UNFINISHED])
    with pytest.raises(ModelError) as caught:
        await ask_so(connected(kind, server), stream=True)
    assert _shown(caught.value) == BROKEN_OFF


@pytest.mark.parametrize("stream", [False, True])
async def test_a_lost_connection_is_an_error(serve: Serve, kind: OpenAIKind, *, stream: bool) -> None:
    """A connection that is lost in the middle of a reply, streamed or not, leaves half a reply."""
    server = serve(faults=[Fault.DROPPED])
    with pytest.raises(ModelError, match=r"or the connection broke off \((RemoteProtocol|Read)Error\)"):
        await ask_so(connected(kind, server), stream=stream)


async def test_an_error_in_mid_stream_is_told(serve: Serve, kind: OpenAIKind) -> None:
    """What a server tells instead of going on is what went wrong."""
    server = serve(faults=[Fault.FAILED])
    with pytest.raises(ModelError) as caught:
        await ask_so(connected(kind, server), stream=True)
    assert _shown(caught.value) == "failed: The server had an error."


async def test_a_response_that_failed_is_told(serve: Serve) -> None:
    """The Responses API answers well that something went ill."""
    server = serve(faults=[Fault.FAILED])
    with pytest.raises(ModelError) as caught:
        await ask(connected(OpenAIResponses, server))
    assert _shown(caught.value) == "failed: The server had an error."


async def test_a_page_in_place_of_a_reply_is_an_error(serve: Serve, kind: OpenAIKind) -> None:
    """A proxy's page is neither a reply nor the beginning of one."""
    server = serve(faults=[Fault.HTML, Fault.HTML])
    model = connected(kind, server)
    told = []
    for stream in (False, True):
        with pytest.raises(ModelError) as caught:
            await ask_so(model, stream=stream)
        told.append(_shown(caught.value))
    assert told == [BAD_FORM, BROKEN_OFF]


async def test_a_server_that_is_not_there_is_an_error(kind: OpenAIKind) -> None:
    """It says where nothing was."""
    model = kind(base_url="http://127.0.0.1:1/v1", api_key=KEY, max_retries=0)
    with pytest.raises(
        ModelError, match=r"can't be reached at 127\.0\.0\.1:1, or the connection broke off \(ConnectError\)"
    ):
        await ask(model)


async def test_what_the_api_refuses_is_told_in_its_words(serve: Serve, kind: OpenAIKind) -> None:
    """A wrong request is not repeated, and its error says what the server says."""
    server = serve([])
    with pytest.raises(ModelError, match=r"failed: Error code: 400 - .* have run out: there were 0"):
        await ask(connected(kind, server, max_retries=2))
    assert len(server.bodies) == 1


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("fault", Fault)
async def test_the_key_is_shown_nowhere(
    serve: Serve, kind: OpenAIKind, fault: Fault, caplog: pytest.LogCaptureFixture, *, stream: bool
) -> None:
    """Neither the error, nor its traceback with all variables, nor any log, nor the model as it is shown holds it."""
    caplog.set_level(logging.DEBUG)
    model = connected(kind, serve(faults=[fault]), timeout=_timeout(fault))
    shown = [repr(model)]
    try:
        await ask_so(model, stream=stream)
    except KernbotError as error:
        shown.append(_all_that_shows(error))
    assert KEY not in "".join([*shown, caplog.text])


async def test_a_key_that_a_server_repeats_is_masked(serve: Serve, kind: OpenAIKind) -> None:
    """Wherever in a server's text the key stands, whole or in part, it is not shown."""
    server = serve([ModelError(f"Not for {KEY}, nor for sk-lo*****7890.")])
    with pytest.raises(ModelError, match="Not for •••, nor for •••"):
        await ask(connected(kind, server))


@pytest.mark.parametrize("key", ["sk-local\n", "sk-…1234"])
async def test_a_key_that_is_none_is_said_at_once(kind: OpenAIKind, key: str) -> None:
    """A key that was copied badly is never sent, and not shown."""
    with pytest.raises(KernbotError, match="holds a line break or another character that no key has") as caught:
        await ask(kind(api_key=key))
    assert key.strip() not in _all_that_shows(caught.value)
