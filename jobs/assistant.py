"""Questions that wait for an answer."""

from __future__ import annotations

import logging

from sqlalchemy import inspect

from edu.assistant import service
from edu.assistant.models import Question
from edu.extensions import db
from jobs.queue import every_minute, job, list_waiting

log = logging.getLogger(__name__)


@job(priority=7)  # a person waits for it
def answer_question(question_id: int) -> None:
    """Answer a question that waits."""
    begun = service.begin_attempt(question_id)
    db.session.commit()
    if not begun:
        return
    try:
        service.answer_question(question_id)
    except Exception:  # the index's, the database's or ours: an attempt, never the worker
        db.session.rollback()
        log.exception("question %d: could not be answered", question_id)
        service.give_up_attempt(question_id)
    db.session.commit()


@every_minute
@job()
def attend_questions() -> None:
    """Find questions whose message was lost with a process, and put them into the queue again."""
    if not inspect(db.engine).has_table(Question.__tablename__):
        return  # a worker may start before the first migration has run
    waiting = list_waiting(answer_question)
    for question_id in service.list_unattended():
        if (question_id,) not in waiting:
            answer_question.enqueue(question_id)
