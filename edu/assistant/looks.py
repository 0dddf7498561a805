"""When people have looked at their answers last: who looks on is not told that there is one."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from sqlalchemy import update

from edu.accounts.models import User
from edu.assistant.models import Question
from edu.assistant.queue import OPEN
from edu.extensions import change_rows, utcnow
from edu.notifications.models import Notification

NOTED_EVERY = timedelta(seconds=10)


def note_looks(user: User, questions: Sequence[Question]) -> bool:
    """The person looks at these of their questions now; True if that had to be written down.

    An answer that is whole counts as read, and one that grows is noted now and then only.
    """
    seen = [one.id for one in questions if one.user_id == user.id and _is_due(one)]
    if not seen:
        return False
    now = utcnow()
    change_rows(update(Question).where(Question.id.in_(seen)).values(seen_at=now))
    ended = [one.id for one in questions if one.id in seen and one.status not in OPEN]
    told = update(Notification).where(
        Notification.user_id == user.id,
        Notification.question_id.in_(ended),
        Notification.read_at.is_(None),
    )
    change_rows(told.values(read_at=now))
    return True


def _is_due(question: Question) -> bool:
    if question.seen_at is None:
        return True
    if question.status in OPEN:
        return question.seen_at < utcnow() - NOTED_EVERY
    return question.answered_at is not None and question.seen_at < question.answered_at
