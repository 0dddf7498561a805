"""Notifications as letters."""

from __future__ import annotations

from collections.abc import Sequence

from edu.accounts.models import User
from edu.extensions import absolute_url
from edu.mail.service import write_letter
from edu.notifications.models import Notification, Topic
from edu.notifications.timing import digest_day
from edu.notifications.titles import page_url, shown_title
from edu.notifications.unsubscribing import unsubscribe_url

MOST_IN_LETTER = 50  # the rest is named by its number
KINDS = {
    Topic.MATERIALS: "new_materials",
    Topic.DECISIONS: "decision",
    Topic.REQUESTS: "request_met",
    Topic.REPORTS: "report_settled",
    Topic.ANSWERS: "answer_ready",
    Topic.REVIEW: "review_waiting",
}


def write_notification(user: User, notification: Notification, channel: str) -> None:
    """The letter of one notification."""
    # Some databases give the id of a deleted row to another one: the moment tells them apart.
    moment = int(notification.created_at.timestamp())
    topic = Topic(notification.topic)
    write_letter(
        KINDS[topic],
        user.email,
        user=user,
        key=f"n:{notification.id}:{moment}",
        **_links(user, channel, topic),
        decision=notification.kind,
        note=notification.note,
        title=shown_title(notification),
        material=notification.material,
        url=page_url(notification),
    )


def write_digest(user: User, notifications: Sequence[Notification], channel: str) -> bool:
    """The one letter of a day; False when it was written before."""
    topics = {notification.topic for notification in notifications}
    letter = write_letter(
        "digest",
        user.email,
        user=user,
        key=f"digest:{user.id}:{digest_day()}",
        **_links(user, channel, Topic(topics.pop()) if len(topics) == 1 else None),
        items=[
            (each, page_url(each), shown_title(each)) for each in notifications[:MOST_IN_LETTER]
        ],
        more=max(len(notifications) - MOST_IN_LETTER, 0),
        url=absolute_url("notifications.index"),
    )
    return letter is not None


def _links(user: User, channel: str, topic: Topic | None) -> dict[str, str]:
    off = unsubscribe_url(user, channel, topic)
    choices = absolute_url("notifications.choices")
    return {"unsubscribe_url": off, "off_url": off, "choices_url": choices}
