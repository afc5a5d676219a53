"""The Bolt app: which listener hears what."""

from __future__ import annotations

import re
from collections.abc import Callable

from slack_bolt.async_app import AsyncApp

from kernbot.db.slack import SlackStore
from kernbot.settings import Settings
from kernbot.slack import ids
from kernbot.slack.listeners.actions import OPENING_ACTIONS, Actions
from kernbot.slack.listeners.commands import Commands
from kernbot.slack.listeners.doors import Doors
from kernbot.slack.listeners.folded import Folded
from kernbot.slack.listeners.home import Homes
from kernbot.slack.listeners.inbox import Inbox, Listener
from kernbot.slack.listeners.memberships import Memberships
from kernbot.slack.listeners.mentions import Mentions
from kernbot.slack.listeners.start_listeners import StartButtons, StartForms
from kernbot.slack.listeners.views import Views

OPENING = re.compile(rf"^({'|'.join(map(re.escape, OPENING_ACTIONS))})(\.\d+)?$")
TO_THREAD = re.compile(rf"^{re.escape(ids.THREAD)}\.\d+$")
OUR_ACTIONS = re.compile(r"^(pause|call|run)\.")
OUR_VIEWS = re.compile(r"^(pause|run|start)\.")


def build_inbox(doors: Doors, store: SlackStore) -> Inbox:
    """Return the inbox with everything that takes something to the ledger."""
    listeners: dict[str, Listener] = {
        "slash_commands": Commands(doors),
        "block_actions": Actions(doors),
        "event_callback": Mentions(doors),
        "view_submission": Views(doors),
        "view_submission:start": StartForms(doors),
    }
    return Inbox(store, doors.service.engine.clock, listeners)


def build_app(
    doors: Doors, inbox: Inbox, homes: Homes, settings: Settings, people_changed: Callable[[], None]
) -> AsyncApp:
    """Return the app with its listeners: the same over both transports.

    `people_changed` hears that somebody has come, gone, or is another one now.
    """
    secret = settings.signing_secret.get_secret_value() if settings.signing_secret else None
    app = AsyncApp(client=doors.client, signing_secret=secret)
    Memberships(doors, people_changed).listen(app)
    app.command(settings.command)(inbox.handle)
    app.action(OPENING)(Actions(doors).open)
    app.action(ids.SHOW_WAITING)(Folded(doors).show)
    app.action(OUR_ACTIONS)(inbox.handle)
    app.view(OUR_VIEWS)(inbox.handle)
    app.event("app_mention", middleware=[inbox.keep])(inbox.handle_kept)
    _listen_in_home(app, homes)
    _listen_for_starts(app, StartButtons(doors))
    return app


def _listen_in_home(app: AsyncApp, homes: Homes) -> None:
    app.event("app_home_opened")(homes.opened)
    app.action(ids.MORE)(homes.unfold)
    app.action(ids.LESS)(homes.fold)
    app.action(ids.DIRECT_MESSAGES)(homes.prefer)
    app.action(TO_THREAD)(homes.go)


def _listen_for_starts(app: AsyncApp, starts: StartButtons) -> None:
    app.global_shortcut(ids.START_SHORTCUT)(starts.shortcut)
    app.message_shortcut(ids.START_WITH_MESSAGE)(starts.with_message)
    app.action(ids.HOME_START)(starts.shortcut)
    app.action(ids.START_OPEN)(starts.offered)
    app.action(ids.START_AGAIN)(starts.again)
