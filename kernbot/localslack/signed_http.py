"""Delivery by signed HTTP (https://docs.slack.dev/authentication/verifying-requests-from-slack)."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

import aiohttp

from kernbot.localslack.delivery import DISPATCH_FAILED, OPERATION_TIMEOUT, Delivery, Envelope

_OK = 200
_MULTIPLE_CHOICES = 300


class SignedHttp:
    """Posts envelopes to the URLs of the manifest, signed with the app's secret."""

    def __init__(self, clock: Callable[[], float], ack_seconds: float) -> None:
        self._clock = clock
        self._timeout = aiohttp.ClientTimeout(total=ack_seconds)

    async def send(self, envelope: Envelope) -> Delivery:
        """Post one envelope and return the acknowledgement."""
        if envelope.url is None:
            return Delivery(ok=False, error=DISPATCH_FAILED)
        body = encoded(envelope)
        headers = signed_headers(envelope.app.signing_secret, body, int(self._clock())) | _headers(envelope)
        try:
            async with (
                aiohttp.ClientSession(timeout=self._timeout, trust_env=False) as session,
                session.post(envelope.url, data=body, headers=headers, allow_redirects=False) as response,
            ):
                if envelope.type == "events_api":
                    return _received(response)
                return _acknowledgement(response, await response.text())
        except TimeoutError:
            return Delivery(ok=False, error=OPERATION_TIMEOUT)
        except (aiohttp.ClientError, ValueError):
            return Delivery(ok=False, error=DISPATCH_FAILED)


def encoded(envelope: Envelope) -> bytes:
    """Return the body: the fields of a command, one field `payload` with JSON, or the JSON of an event."""
    if envelope.type == "events_api":
        return json.dumps(envelope.payload).encode()
    if envelope.type == "slash_commands":
        return urlencode(envelope.payload).encode()
    return urlencode({"payload": json.dumps(envelope.payload)}).encode()


def signed_headers(signing_secret: str, body: bytes, timestamp: int) -> dict[str, str]:
    """Return the headers that prove that the body comes from Slack; `timestamp` in unix seconds."""
    base = b"v0:%d:%s" % (timestamp, body)
    signature = hmac.new(signing_secret.encode(), base, hashlib.sha256).hexdigest()
    return {
        "Content-Type": "application/x-www-form-urlencoded",
        "X-Slack-Request-Timestamp": str(timestamp),
        "X-Slack-Signature": f"v0={signature}",
    }


def _acknowledgement(response: aiohttp.ClientResponse, text: str) -> Delivery:
    if response.status != _OK:
        return Delivery(ok=False, status=response.status, error=DISPATCH_FAILED)
    body: Any = text or None
    if text and response.content_type == "application/json":
        body = json.loads(text)
    return Delivery(ok=True, status=_OK, body=body)


def _headers(envelope: Envelope) -> dict[str, str]:
    headers = {"Content-Type": "application/json"} if envelope.type == "events_api" else {}
    if envelope.retry_number:
        headers |= {"X-Slack-Retry-Num": str(envelope.retry_number), "X-Slack-Retry-Reason": envelope.retry_reason}
    return headers


def _received(response: aiohttp.ClientResponse) -> Delivery:
    if _OK <= response.status < _MULTIPLE_CHOICES:
        return Delivery(ok=True, status=response.status)
    no_retry = response.headers.get("x-slack-no-retry") == "1"
    return Delivery(ok=False, status=response.status, error=DISPATCH_FAILED, no_retry=no_retry)
