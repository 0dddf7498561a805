"""Telling people of what they wait for, in the transaction that brings it about."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import delete, exists, select
from sqlalchemy.orm import selectinload

from edu.accounts.models import User
from edu.assistant.models import Question, QuestionStatus
from edu.extensions import change_rows, db, utcnow
from edu.materials.models import Material
from edu.notifications.models import Notification, Topic
from edu.notifications.records import add_notifications
from edu.permissions import GRANTS, Permission, may
from edu.telegram_chats.models import TelegramWatch

LOOKS_ON = timedelta(seconds=20)  # whoever has looked within that sees the answer come
ENDS = {QuestionStatus.ANSWERED.value: "answered", QuestionStatus.FAILED.value: "unanswered"}


def notify_answer(question_id: int) -> bool:
    """Tell who has asked that there is an answer, or will be none; False where they look on.

    In a chat the message that grows shows it, so nobody is told of it there either.
    """
    question = db.session.get_one(Question, question_id, populate_existing=True)
    kind = ENDS.get(question.status)
    if kind is None or _looks_on(question) or not question.user.is_active:
        return False
    names = {"kind": kind, "occasion": f"answer:{question_id}", "question_id": question_id}
    return add_notifications({question.user_id: ""}, Topic.ANSWERS, **names) > 0


def _looks_on(question: Question) -> bool:
    if question.seen_at is not None and question.seen_at > utcnow() - LOOKS_ON:
        return True
    watched = exists().where(TelegramWatch.question_id == question.id)
    return bool(db.session.scalar(select(watched)))


def notify_waiting(material: Material, *, apart_from: User | None = None) -> None:
    """Tell those who may decide on it that it waits for review, once for each time it begins to.

    Not its uploader, nor who has just sent it there. What they were told of it earlier goes.
    """
    earlier = delete(Notification).where(Notification.material_id == material.id)
    change_rows(earlier.where(Notification.topic == Topic.REVIEW.value))
    known = {material.uploader_id, apart_from.id if apart_from else 0}
    notes = {one.id: "" for one in list_reviewers(material) if one.id not in known}
    occasion = f"pending:{material.id}:{utcnow().timestamp():.6f}"
    names = {"kind": "pending", "occasion": occasion, "material_id": material.id}
    add_notifications(notes, Topic.REVIEW, **names)


def list_reviewers(material: Material) -> list[User]:
    """Those in whose queue it stands."""
    query = select(User).where(User.role.in_([role.value for role in GRANTS[Permission.REVIEW]]))
    people = db.session.scalars(query.options(selectinload(User.moderated)).order_by(User.id))
    return [one for one in people if may(one, Permission.REVIEW, material)]
