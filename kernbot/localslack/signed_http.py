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
        headers = signed_headers(envelope.app.signing_secret, body, int(self._clock()))
        try:
            async with (
                aiohttp.ClientSession(timeout=self._timeout, trust_env=False) as session,
                session.post(envelope.url, data=body, headers=headers, allow_redirects=False) as response,
            ):
                return _acknowledgement(response, await response.text())
        except TimeoutError:
            return Delivery(ok=False, error=OPERATION_TIMEOUT)
        except (aiohttp.ClientError, ValueError):
            return Delivery(ok=False, error=DISPATCH_FAILED)


def encoded(envelope: Envelope) -> bytes:
    """Return the form body: the fields of a command, or one field `payload` with JSON."""
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
