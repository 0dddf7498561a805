"""Whether what was written down is still worth telling: days may lie between."""

from __future__ import annotations

from edu.materials.models import MaterialStatus
from edu.notifications.models import Notification, Topic
from edu.permissions import Permission, may

TOLD_ANYWAY = (Topic.DECISIONS, Topic.REPORTS)


def is_news(notification: Notification) -> bool:
    """Not what could not be opened any more, was seen meanwhile, or others have decided on."""
    material, question = notification.material, notification.question
    if notification.topic == Topic.ANSWERS:
        if question is None:
            return False
        return question.seen_at is None or question.seen_at <= notification.created_at
    if material is None:
        return False
    if notification.topic == Topic.REVIEW:
        waits = material.status == MaterialStatus.PENDING
        return waits and may(notification.user, Permission.REVIEW, material)
    return notification.topic in TOLD_ANYWAY or material.status == MaterialStatus.ACTIVE
