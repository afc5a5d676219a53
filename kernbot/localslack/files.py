"""Files: uploading in three steps, and Slack's object for one (https://docs.slack.dev/messaging/working-with-files)."""

from __future__ import annotations

import mimetypes
import secrets
from dataclasses import dataclass, field
from typing import Any

from kernbot.localslack.app import App
from kernbot.localslack.errors import ApiError
from kernbot.localslack.ids import object_id

PATH = "/upload/"


@dataclass(eq=False)
class File:
    """A file of an app, from the moment in which it was announced."""

    id: str
    app: App
    name: str
    length: int
    """Bytes, as announced."""
    alt_text: str
    created: int
    """Unix seconds."""
    title: str
    content: bytes | None = None
    """None until it is uploaded."""
    is_complete: bool = False
    shares: list[tuple[str, str]] = field(default_factory=list)
    """Where it stands: the ids of channels and the timestamps of messages."""

    @property
    def mimetype(self) -> str:
        """The kind of file, as its name says."""
        return mimetypes.guess_type(self.name)[0] or "application/octet-stream"


class Files:
    """All files, and the URLs to which they are uploaded; each takes one upload."""

    def __init__(self) -> None:
        self._files: dict[str, File] = {}
        self._announced: dict[str, File] = {}

    def announce(self, app: App, name: str, length: int, alt_text: str, now: float) -> tuple[File, str]:
        """Return a new file and the key of the URL to which it is to be uploaded."""
        file = File(object_id("F"), app, name, length, alt_text, int(now), name)
        key = secrets.token_urlsafe(24)
        self._files[file.id] = self._announced[key] = file
        return file, key

    def upload(self, key: str, content: bytes) -> None:
        """Take the content of a file; raises ApiError for an unknown key, and for another length than was announced."""
        file = self._announced.get(key)
        if file is None:
            raise ApiError("file_not_found")
        if len(content) != file.length:
            raise ApiError("invalid_length")
        del self._announced[key]
        file.content = content

    def find(self, file_id: str) -> File | None:
        """Return the file with this id."""
        return self._files.get(file_id)


def file_object(file: File) -> dict[str, Any]:
    """Return Slack's file object, without URLs: what people read here they read in the client.

    From https://docs.slack.dev/reference/objects/file-object.
    """
    body = {
        "id": file.id,
        "created": file.created,
        "timestamp": file.created,
        "name": file.name,
        "title": file.title,
        "mimetype": file.mimetype,
        "user": file.app.bot_user_id,
        "mode": "hosted",
        "size": file.length,
        "is_external": False,
        "is_public": bool(file.shares),
        "channels": sorted({channel_id for channel_id, _ in file.shares}),
    }
    return body | ({"alt_txt": file.alt_text} if file.alt_text else {})
