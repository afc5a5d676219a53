"""A strict stand-in for the parts of Slack that a bot uses, for tests and for trying things out.

What Slack does not document it refuses. It runs in memory on 127.0.0.1 and knows nothing of kernbot.
"""

from __future__ import annotations

from kernbot.localslack.actors import Actor
from kernbot.localslack.app import App
from kernbot.localslack.clock import Clock
from kernbot.localslack.conversations import Channel
from kernbot.localslack.delivery import Delivery
from kernbot.localslack.errors import ActError, LocalSlackError, SetUpError
from kernbot.localslack.groups import Group
from kernbot.localslack.local_slack import LocalSlack
from kernbot.localslack.people import Kind, Person
from kernbot.localslack.server import Server
from kernbot.localslack.traffic import Entry

__all__ = [
    "ActError",
    "Actor",
    "App",
    "Channel",
    "Clock",
    "Delivery",
    "Entry",
    "Group",
    "Kind",
    "LocalSlack",
    "LocalSlackError",
    "Person",
    "Server",
    "SetUpError",
]
