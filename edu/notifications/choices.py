"""When a person wants to hear of what: the defaults of each channel, and what they have chosen."""

from __future__ import annotations

from collections.abc import Iterable

from flask_babel import gettext as _
from sqlalchemy import select

from edu.accounts.models import User
from edu.errors import InvalidInput, NotFound
from edu.extensions import db, insert_if_absent
from edu.notifications.channels import CHANNELS, Channel
from edu.notifications.models import NotificationChoice, Pace, Topic
from edu.permissions import Permission, may

Choices = dict[tuple[Topic, str], Pace]  # by topic and name of the channel


def topics_of(user: User) -> list[Topic]:
    """What the person can be told of: of what waits for review, those who review."""
    hidden = () if may(user, Permission.REVIEW) else (Topic.REVIEW,)
    return [topic for topic in Topic if topic not in hidden]


def topic_label(topic: str) -> str:
    """The name of a topic in the reader's language."""
    labels = {
        Topic.MATERIALS: _("New materials that you follow"),
        Topic.DECISIONS: _("Decisions on your uploads"),
        Topic.REQUESTS: _("Materials that you asked for"),
        Topic.REPORTS: _("Materials that you reported"),
        Topic.ANSWERS: _("Answers of the assistant"),
        Topic.REVIEW: _("Materials that wait for review"),
    }
    return str(labels[Topic(topic)])


def pace_label(pace: str) -> str:
    """The name of a pace in the reader's language."""
    labels = {
        Pace.OFF: _("never"),
        Pace.INSTANT: _("at once"),
        Pace.DAILY: _("once a day"),
    }
    return str(labels[Pace(pace)])


def list_choices(user: User) -> Choices:
    """When the person hears of each topic through each channel that they can be reached by."""
    own = _load_choices([user.id])
    reaching = [channel for channel in CHANNELS.values() if channel.find_available([user])]
    return {
        (topic, channel.name): own.get((user.id, channel.name, topic), channel.defaults[topic])
        for topic in topics_of(user)
        for channel in reaching
    }


def set_choice(user: User, topic: str, channel: str, pace: str) -> None:
    """From now on. Raises InvalidInput, or NotFound for a channel that does not reach the person.

    What has been decided on already still goes out, except what is turned off.
    """
    if topic not in topics_of(user) or pace not in set(Pace):
        raise InvalidInput(_("There is no such choice."))
    if channel not in CHANNELS or not CHANNELS[channel].find_available([user]):
        raise NotFound(_("There is no such way to reach you."))
    keep_choice(user, topic, channel, pace)


def keep_choice(user: User, topic: str, channel: str, pace: str) -> None:
    """What `set_choice` has found to be sound."""
    names = {"user_id": user.id, "channel": channel, "topic": topic}
    if not insert_if_absent(NotificationChoice, **names, pace=pace):
        chosen = db.session.get_one(NotificationChoice, (user.id, channel, topic))
        chosen.pace = pace
    db.session.flush()


def find_paces(users: Iterable[User], topic: Topic) -> list[tuple[User, Channel, Pace]]:
    """Each person with each channel that reaches them, unless it is off; no query for each."""
    users = list(users)
    chosen = _load_choices([user.id for user in users])
    reached = {name: channel.find_available(users) for name, channel in CHANNELS.items()}
    paces = [
        (user, channel, chosen.get((user.id, channel.name, topic), channel.defaults[topic]))
        for user in users
        for name, channel in CHANNELS.items()
        if user.id in reached[name]
    ]
    return [item for item in paces if item[2] is not Pace.OFF]


def _load_choices(user_ids: list[int]) -> dict[tuple[int, str, Topic], Pace]:
    query = select(NotificationChoice).where(NotificationChoice.user_id.in_(user_ids))
    return {
        (row.user_id, row.channel, Topic(row.topic)): Pace(row.pace)
        for row in db.session.scalars(query)
        if row.topic in set(Topic) and row.pace in set(Pace)
    }
