"""The state of the local Slack: people, channels, messages, modals and apps, and who may do what with them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from kernbot.localslack.app import App, Command
from kernbot.localslack.changes import Changes
from kernbot.localslack.content import Content
from kernbot.localslack.conversations import Channel
from kernbot.localslack.errors import SetUpError
from kernbot.localslack.events import Event, event_callback
from kernbot.localslack.files import File, Files
from kernbot.localslack.groups import Group, group_object
from kernbot.localslack.homes import Homes
from kernbot.localslack.ids import microseconds, object_id, timestamp
from kernbot.localslack.messages import History, Message
from kernbot.localslack.people import Kind, Person, user_object
from kernbot.localslack.triggers import Triggers
from kernbot.localslack.views import Modals, View, refuse_duplicate

SLACKBOT = "USLACKBOT"
_OTHER_TEAM = "T0ELSEWHERE"


class Workspace:
    """One workspace, in memory."""

    def __init__(self, clock: Callable[[], float], team_id: str, team_name: str) -> None:
        self.clock = clock
        self.team_id = team_id
        self.team_name = team_name
        self.team_domain = "local"
        self.origin = ""
        """The address of the server, such as `http://127.0.0.1:8123`, while it is up."""
        self.people: dict[str, Person] = {}
        self.channels: dict[str, Channel] = {}
        self.groups: dict[str, Group] = {}
        self.files = Files()
        self.apps: list[App] = []
        self.homes = Homes()
        self.modals = Modals(self.homes)
        self.triggers = Triggers(clock)
        self.changes = Changes()
        self.on_event: Callable[[App, dict[str, Any]], None] = lambda _app, _payload: None
        """Called with each event that an app is to be told of."""
        self._histories: dict[str, History] = {}
        self._add(Person(SLACKBOT, "slackbot", "Slackbot", Kind.BOT, "UTC", team_id))

    def add_person(self, person_id: str, name: str, display_name: str, kind: Kind, tz: str) -> Person:
        """Add a person; a stranger gets another workspace as their own."""
        _check_time_zone(tz, person_id)
        team_id = _OTHER_TEAM if kind is Kind.STRANGER else self.team_id
        return self._add(Person(person_id, name, display_name, kind, tz, team_id))

    def change_person(self, person_id: str, **changes: Any) -> None:
        """Change fields of a person; apps hear `user_change`."""
        person = replace(self.people[person_id], **changes)
        _check_time_zone(person.tz, person_id)
        self.people[person_id] = person
        now = self.clock()
        self.tell("user_change", {"user": user_object(person, now), "cache_ts": int(now)})
        self.changes.announce()

    def _add(self, person: Person) -> Person:
        if person.id in self.people:
            raise SetUpError(f"There is already somebody with the id {person.id}: give each person an id of their own.")
        self.people[person.id] = person
        self.changes.announce()
        return person

    def add_channel(self, channel_id: str, name: str, members: Sequence[str], *, private: bool, topic: str) -> Channel:
        """Add a channel with these members."""
        if channel_id in self.channels:
            raise SetUpError(f"There is already a channel with the id {channel_id}: give each channel its own id.")
        self._check_members(members, channel_id)
        channel = Channel(channel_id, name, int(self.clock()), private=private, topic=topic, members=list(members))
        return self._open(channel)

    def add_group(self, group_id: str, name: str, handle: str, description: str, members: Sequence[str]) -> Group:
        """Add a user group with these members."""
        if group_id in self.groups:
            raise SetUpError(f"There is already a user group with the id {group_id}: give each group its own id.")
        self._check_members(members, group_id)
        now = int(self.clock())
        self.groups[group_id] = Group(group_id, name, handle, description, now, now, list(members))
        self.changes.announce()
        return self.groups[group_id]

    def set_group_members(self, group: Group, members: Sequence[str]) -> None:
        """Replace the members of a user group; apps hear `subteam_members_changed` and `subteam_updated`."""
        self._check_members(members, group.id)
        added = [member for member in members if member not in group.members]
        removed = [member for member in group.members if member not in members]
        body = {
            "subteam_id": group.id,
            "team_id": self.team_id,
            "date_previous_update": group.updated,
            "date_update": int(self.clock()),
            "added_users": added,
            "added_users_count": str(len(added)),
            "removed_users": removed,
            "removed_users_count": str(len(removed)),
        }
        group.members = list(members)
        self.tell("subteam_members_changed", body)
        self._tell_of_group(group)

    def enable_group(self, group: Group, *, enabled: bool) -> None:
        """Disable a user group, or enable it again."""
        group.disabled = not enabled
        self._tell_of_group(group)

    def join(self, channel: Channel, user_id: str) -> None:
        """Put somebody into a channel."""
        if user_id not in channel.members:
            channel.members.append(user_id)
            self._tell_of_member("member_joined_channel", channel, user_id)
            self.changes.announce()

    def leave(self, channel: Channel, user_id: str) -> None:
        """Take somebody out of a channel; an app whose bot user it is hears `channel_left` or `group_left`."""
        if user_id in channel.members:
            channel.members.remove(user_id)
            self._tell_of_member("member_left_channel", channel, user_id)
            left = [app for app in self.apps if app.bot_user_id == user_id]
            kind = "group_left" if channel.private else "channel_left"
            self.tell(kind, {"channel": channel.id, "actor_id": SLACKBOT}, channel=channel, apps=left)
            self.changes.announce()

    def archive(self, channel: Channel) -> None:
        """Archive a channel: it can be read, and nobody can post."""
        channel.archived = True
        self._tell_of_channel("archive", channel, {"user": SLACKBOT, "is_moved": 0})
        self.changes.announce()

    def unarchive(self, channel: Channel) -> None:
        """Bring a channel back from the archive."""
        channel.archived = False
        self._tell_of_channel("unarchive", channel, {"user": SLACKBOT})
        self.changes.announce()

    def delete_channel(self, channel: Channel) -> None:
        """Delete a channel with all that was said in it."""
        del self.channels[channel.id]
        self._tell_of_channel("deleted", channel, {"actor_id": SLACKBOT})
        self.changes.announce()

    def is_shared(self, channel: Channel) -> bool:
        """Return whether people of another organisation are in a channel."""
        return any(self.people[member].kind is Kind.STRANGER for member in channel.members)

    def direct_channel(self, person_id: str, app: App) -> Channel:
        """Return the direct messages between a person and an app, opened if need be."""
        members = [app.bot_user_id, person_id]
        for channel in self.channels.values():
            if channel.is_im and channel.members == members:
                return channel
        return self._open(Channel(object_id("D"), "", int(self.clock()), is_im=True, members=members))

    def _open(self, channel: Channel) -> Channel:
        self.channels[channel.id] = channel
        self._histories[channel.id] = History()
        self.changes.announce()
        return channel

    def install(self, app: App) -> None:
        """Add an app and its bot user."""
        self.apps.append(app)
        self._add(Person(app.bot_user_id, app.bot_name, app.bot_name, Kind.BOT, "UTC", self.team_id))

    def find_command(self, name: str) -> tuple[App, Command] | None:
        """Return a slash command and the app that gets it: the one installed last."""
        found = [(app, command) for app in self.apps for command in app.commands if command.name == name]
        return found[-1] if found else None

    def history(self, channel_id: str) -> History:
        """Return the messages of a conversation."""
        return self._histories[channel_id]

    def post(
        self,
        channel: Channel,
        author: str | App,
        content: Content,
        *,
        thread_ts: str | None = None,
        broadcast: bool = False,
        visible_to: str | None = None,
        subtype: str | None = None,
        files: Sequence[File] = (),
    ) -> Message:
        """Add a message to a conversation; its author is a person, by user id, or an app."""
        history = self.history(channel.id)
        message = Message(
            channel_id=channel.id,
            ts=history.next_ts(self.clock()),
            user_id=author.bot_user_id if isinstance(author, App) else author,
            content=content,
            app=author if isinstance(author, App) else None,
            thread_ts=thread_ts,
            broadcast=broadcast,
            visible_to=visible_to,
            subtype=subtype,
            files=tuple(files),
        )
        history.add(message)
        self.changes.announce()
        return message

    def notify(self, channel: Channel, user_id: str, text: str) -> None:
        """Tell one person something in Slack's own name."""
        self.post(channel, SLACKBOT, Content(text), visible_to=user_id)

    def edit(self, message: Message, content: Content, *, edited: bool) -> None:
        """Replace what a message says; `edited` shows that it was. What was chosen in its elements is gone."""
        message.content = content
        message.values.clear()
        message.edited_ts = self.history(message.channel_id).next_ts(self.clock()) if edited else message.edited_ts
        self.changes.announce()

    def stream(self, message: Message, content: Content) -> None:
        """Show more of a message that is being written; what was chosen in its elements stays."""
        message.content = content
        self.changes.announce()

    def delete(self, message: Message) -> None:
        """Delete a message."""
        self.history(message.channel_id).remove(message)
        self.changes.announce()

    def publish_home(self, app: App, user_id: str, body: dict[str, Any]) -> View:
        """Show a person a Home tab; raises ApiError `duplicate_external_id`."""
        others = [home for home in self.homes if home is not self.homes.find(app, user_id)]
        refuse_duplicate(body, [*others, *self.modals])
        self.changes.announce()
        return self.homes.publish(app, user_id, body, self.clock())

    def tell(
        self,
        kind: str,
        body: dict[str, Any],
        *,
        channel: Channel | None = None,
        apps: Sequence[App] | None = None,
        subscription: str | None = None,
    ) -> None:
        """Tell these apps, or all, of an event, if they are subscribed to it and may know."""
        now = self.clock()
        whole = {"type": kind, "event_ts": timestamp(microseconds(now)), **body}
        is_shared = channel is not None and self.is_shared(channel)
        event = Event(whole, subscription or kind, channel, is_shared)
        for app in self.apps if apps is None else apps:
            if event.reaches(app):
                self.on_event(app, event_callback(event, app, self.team_id, now))

    def apps_in(self, channel: Channel) -> list[App]:
        """Return the apps whose bot users are members of a conversation."""
        return [app for app in self.apps if app.bot_user_id in channel.members]

    def _tell_of_group(self, group: Group) -> None:
        group.updated = int(self.clock())
        self.tell("subteam_updated", {"subteam": group_object(group, self.team_id, SLACKBOT, users=True)})
        self.changes.announce()

    def _check_members(self, members: Sequence[str], place: str) -> None:
        unknown = [member for member in members if member not in self.people]
        if unknown:
            raise SetUpError(f"Add {', '.join(unknown)} with add_person before putting them into {place}.")

    def _tell_of_member(self, kind: str, channel: Channel, user_id: str) -> None:
        person = self.people[user_id]
        body = {"user": person.id, "channel": channel.id, "channel_type": channel.id[0], "team": person.team_id}
        self.tell(kind, body, channel=channel, apps=self.apps_in(channel))

    def _tell_of_channel(self, what: str, channel: Channel, body: dict[str, Any]) -> None:
        """Tell the members of a private channel, and everybody of a public one."""
        kind = f"group_{what}" if channel.private else f"channel_{what}"
        apps = self.apps_in(channel) if channel.private else None
        self.tell(kind, {"channel": channel.id, **body}, channel=channel, apps=apps)


def _check_time_zone(tz: str, person_id: str) -> None:
    try:
        ZoneInfo(tz)
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise SetUpError(f"{tz!r} is no IANA time zone: give one such as Europe/Berlin to {person_id}.") from error
