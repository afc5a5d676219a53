"""The Bolt app: which listener hears what."""

from __future__ import annotations

import re

from slack_bolt.async_app import AsyncApp

from kernbot.settings import Settings
from kernbot.slack.actions import Actions
from kernbot.slack.commands import Commands
from kernbot.slack.doors import Doors
from kernbot.slack.views import Views

OUR_ACTIONS = re.compile(r"^(pause|run)\.")
OUR_VIEWS = re.compile(r"^pause\.")


def build_app(doors: Doors, settings: Settings) -> AsyncApp:
    """Return the app with its listeners: the same over both transports."""
    secret = settings.signing_secret.get_secret_value() if settings.signing_secret else None
    app = AsyncApp(client=doors.client, signing_secret=secret)
    app.command(settings.command)(Commands(doors).handle)
    app.action(OUR_ACTIONS)(Actions(doors).handle)
    app.view(OUR_VIEWS)(Views(doors).handle)
    return app
