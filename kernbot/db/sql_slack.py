"""The Slack app's transactions, each one plain function on a connection that is in a transaction."""

from __future__ import annotations

import secrets
from collections.abc import Sequence

from sqlalchemy import Connection, delete, insert, select, update

from kernbot.db import conflicts
from kernbot.db.base import Json
from kernbot.db.rows import ALL_MESSAGES, inbox_item, insert_if_absent, intact, message_record, message_row, readable
from kernbot.db.slack import InboxItem, OfferedForm, Preferences, SlackMessage
from kernbot.db.tables import runs, slack_forms, slack_inbox, slack_keys, slack_messages, slack_preferences


def list_messages(connection: Connection, run_id: str) -> Sequence[SlackMessage]:
    """See `SlackStore.list_messages`."""
    query = ALL_MESSAGES.where(slack_messages.c.run_id == run_id).order_by(slack_messages.c.seq)
    return [message_record(row) for row in connection.execute(query).mappings()]


def save_message(connection: Connection, message: SlackMessage) -> None:
    """See `SlackStore.save_message`."""
    row = message_row(message)
    replaced = connection.execute(
        update(slack_messages).where(slack_messages.c.message_id == message.message_id).values(row)
    )
    if not replaced.rowcount and not insert_if_absent(connection, slack_messages, row):
        raise conflicts.message_exists(message)


def list_unsettled(connection: Connection, limit: int) -> Sequence[str]:
    """See `SlackStore.list_unsettled`."""
    unsettled = select(runs.c.run_id).where(runs.c.settled.is_(False))
    return connection.execute(unsettled.order_by(runs.c.created_at, runs.c.seq).limit(limit)).scalars().all()


def settle_run(connection: Connection, run_id: str) -> None:
    """See `SlackStore.settle_run`."""
    connection.execute(update(runs).where(runs.c.run_id == run_id).values(settled=True))


def put_inbox(connection: Connection, payload: Json, received_at: float) -> int:
    """See `SlackStore.put_inbox`."""
    put = insert(slack_inbox).values(payload=payload, received_at=received_at)
    item_id: int = connection.execute(put.returning(slack_inbox.c.item_id)).scalar_one()
    return item_id


def list_inbox(connection: Connection, limit: int) -> Sequence[InboxItem]:
    """See `SlackStore.list_inbox`."""
    query = select(slack_inbox).order_by(slack_inbox.c.item_id).limit(limit)
    return list(readable(connection.execute(query).mappings(), inbox_item))


def delete_inbox(connection: Connection, item_id: int) -> None:
    """See `SlackStore.delete_inbox`."""
    connection.execute(delete(slack_inbox).where(slack_inbox.c.item_id == item_id))


def put_form(connection: Connection, form: OfferedForm) -> bool:
    """See `SlackStore.put_form`."""
    return insert_if_absent(connection, slack_forms, vars(form))


def get_form(connection: Connection, form_id: str) -> OfferedForm | None:
    """See `SlackStore.get_form`."""
    row = connection.execute(select(slack_forms).where(slack_forms.c.form_id == form_id)).mappings().one_or_none()
    return None if row is None else OfferedForm(**intact(row, f"form {form_id}"))


def delete_forms(connection: Connection, before: float) -> None:
    """See `SlackStore.delete_forms`."""
    connection.execute(delete(slack_forms).where(slack_forms.c.created_at < before))


def get_preferences(connection: Connection, person_id: str) -> Preferences:
    """See `SlackStore.get_preferences`."""
    query = select(slack_preferences).where(slack_preferences.c.person_id == person_id)
    row = connection.execute(query).mappings().one_or_none()
    return Preferences(**row) if row else Preferences(person_id=person_id)


def save_preferences(connection: Connection, preferences: Preferences) -> None:
    """See `SlackStore.save_preferences`."""
    row = vars(preferences)
    insert_if_absent(connection, slack_preferences, row)
    which = slack_preferences.c.person_id == preferences.person_id
    connection.execute(update(slack_preferences).where(which).values(row))


def list_direct_message_readers(connection: Connection) -> Sequence[str]:
    """See `SlackStore.list_direct_message_readers`."""
    readers = select(slack_preferences.c.person_id).where(slack_preferences.c.direct_messages.is_(True))
    return connection.execute(readers.order_by(slack_preferences.c.person_id)).scalars().all()


def get_key(connection: Connection, name: str) -> bytes:
    """See `SlackStore.get_key`."""
    insert_if_absent(connection, slack_keys, {"name": name, "secret": secrets.token_bytes(32)})
    key: bytes = connection.execute(select(slack_keys.c.secret).where(slack_keys.c.name == name)).scalar_one()
    return key
