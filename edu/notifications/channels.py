"""The ways by which people are told. A new one is a class and its place in CHANNELS."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from flask_babel import gettext as _

from edu.accounts.models import User
from edu.mail.service import ADDRESS
from edu.notifications.letters import write_digest, write_notification
from edu.notifications.models import Notification, Pace, Topic


class Channel(Protocol):
    """A way to reach people. `send` hands over to an outbox of the channel's own, in the database
    and in the caller's transaction, so that what is handed over is handed over once.
    """

    name: str  # as in the database: up to 16 characters, never changed
    defaults: Mapping[Topic, Pace]

    @property
    def label(self) -> str:
        """What people call it."""

    def is_available(self, user: User) -> bool:
        """Whether it reaches this person now."""

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

    def is_available(self, user: User) -> bool:
        """Only confirmed addresses get letters, or anybody could have others written to."""
        if user.deleted_at is not None or not (user.is_confirmed and user.is_active):
            return False
        return ADDRESS.fullmatch(user.email) is not None

    def send(self, user: User, notifications: Sequence[Notification], *, digest: bool) -> bool:
        """One letter for each notification, or one for all."""
        if digest:
            return write_digest(user, notifications, self.name)
        for notification in notifications:
            write_notification(user, notification, self.name)
        return True


CHANNELS: dict[str, Channel] = {channel.name: channel for channel in (EmailChannel(),)}
