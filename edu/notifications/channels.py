"""The ways by which people are told. A new one is a class and its place in CHANNELS."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from flask_babel import gettext as _

from edu.accounts.models import User
from edu.extensions import utcnow
from edu.mail.service import ADDRESS
from edu.notifications.letters import write_digest, write_notification
from edu.notifications.models import Notification, Pace, Topic
from edu.notifications.quiet import end_of_quiet
from edu.notifications.timing import digest_day
from edu.telegram_outbox.service import find_chats, write_messages, write_messages_of_day


class Channel(Protocol):
    """A way to reach people. `send` hands over to an outbox of the channel's own, in the database
    and in the caller's transaction, so that what is handed over is handed over once.
    """

    name: str  # as in the database: up to 16 characters, never changed
    defaults: Mapping[Topic, Pace]

    @property
    def label(self) -> str:
        """What people call it."""

    def find_available(self, users: Sequence[User]) -> set[int]:
        """The ids of those whom it reaches now."""

    def send(self, user: User, notifications: Sequence[Notification], *, digest: bool) -> bool:
        """Hand over; a digest is all that has gathered in a day, else each goes by itself.

        False when the person has had today's digest already: try again with the next.
        """


class EmailChannel:
    """Letters to the address that the person has shown to be theirs."""

    name = "email"
    defaults: Mapping[Topic, Pace] = {
        Topic.MATERIALS: Pace.DAILY,
        Topic.DECISIONS: Pace.INSTANT,
        Topic.REQUESTS: Pace.INSTANT,
        Topic.REPORTS: Pace.INSTANT,
        Topic.ANSWERS: Pace.OFF,  # whoever asks comes back to look
        Topic.REVIEW: Pace.DAILY,  # what is decided on meanwhile is left out
    }

    @property
    def label(self) -> str:
        """What people call it."""
        return str(_("E-mail"))

    def find_available(self, users: Sequence[User]) -> set[int]:
        """Only confirmed addresses get letters, or anybody could have others written to."""
        return {user.id for user in users if _is_here(user) and _gets_letters(user)}

    def send(self, user: User, notifications: Sequence[Notification], *, digest: bool) -> bool:
        """One letter for each notification, or one for all."""
        if digest:
            return write_digest(user, notifications, self.name)
        for notification in notifications:
            write_notification(user, notification, self.name)
        return True


def _is_here(user: User) -> bool:
    return user.deleted_at is None and user.is_active


def _gets_letters(user: User) -> bool:
    return user.is_confirmed and ADDRESS.fullmatch(user.email) is not None


class TelegramChannel:
    """Messages of the bot to the chats that act for the person, outside of their quiet hours."""

    name = "telegram"
    defaults: Mapping[Topic, Pace] = dict.fromkeys(Topic, Pace.INSTANT)

    @property
    def label(self) -> str:
        """What people call it."""
        return "Telegram"

    def find_available(self, users: Sequence[User]) -> set[int]:
        """Whoever has linked a chat and has not blocked the bot there."""
        here = [user.id for user in users if _is_here(user)]
        return set(find_chats(here)) if here else set()

    def send(self, user: User, notifications: Sequence[Notification], *, digest: bool) -> bool:
        """A few messages for all of them, or one for a day."""
        due_at = end_of_quiet(user, utcnow())
        if digest:
            ids = [each.id for each in notifications]
            return write_messages_of_day(user.id, ids, str(digest_day()), due_at)
        write_messages(user.id, [(each.id, each.created_at) for each in notifications], due_at)
        return True


CHANNELS: dict[str, Channel] = {
    channel.name: channel for channel in (EmailChannel(), TelegramChannel())
}
