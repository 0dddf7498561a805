"""Questions are answered here, one a message, in a queue and with workers of their own.

A message is a hint that there is work; which question is next says the database.
"""

from __future__ import annotations

import logging
import threading
import time
from contextlib import closing

from flask import Flask, current_app
from flask_babel import force_locale
from sqlalchemy import inspect

from edu.assistant import answering, cache, queue
from edu.assistant.engines.base import Engine
from edu.assistant.engines.broken import BrokenEngine
from edu.assistant.engines.choose import get_engine
from edu.assistant.engines.errors import EngineError
from edu.assistant.models import Question
from edu.claims import ClaimLost
from edu.errors import Unavailable
from edu.extensions import db, settings, utcnow
from edu.notifications.delivery import list_due
from jobs.notifications import deliver
from jobs.queue import every_minute, job, list_waiting

log = logging.getLogger(__name__)
BEAT_EVERY_S = 0.5  # and as often it is seen that nobody wants the answer any more
# Besides what an answer may take; then a model that hangs has its question taken away.
LOADING_S = 600


class Heart:
    """Beats for a question while it is in hand, whatever else this thread waits for."""

    in_hand: set[Heart] = set()  # noqa: RUF012  # of this process, whichever thread

    def __init__(self, number: int, claim: str) -> None:
        self.number, self.claim = number, claim
        # The app itself: the thread has no context of its own.
        self._app: Flask = current_app._get_current_object()  # type: ignore[attr-defined]  # a proxy
        self._done, self._lost = threading.Event(), threading.Event()
        self._end = time.monotonic() + LOADING_S + settings().assistant_answer_s
        self._thread = threading.Thread(target=self._run, name=f"heart-{number}", daemon=True)

    def __enter__(self) -> Heart:
        Heart.in_hand.add(self)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._done.set()
        self._thread.join()
        Heart.in_hand.discard(self)

    def is_lost(self) -> bool:
        """Whether the question is another's by now, or was cancelled."""
        return self._lost.is_set()

    def _run(self) -> None:
        while not self._done.wait(BEAT_EVERY_S):
            if time.monotonic() > self._end or not self._beat():
                self._lost.set()
                return

    def _beat(self) -> bool:
        with self._app.app_context():
            try:
                queue.beat(self.number, self.claim)
                db.session.commit()
            except ClaimLost:
                return False
            except Exception:  # the database's: it is asked again, and its silence frees the claim
                log.exception("question %d: no sign of life", self.number)
            return True


def wait_until_idle(seconds: float) -> bool:
    """Wait for those who answer to notice that they have lost their claims; False if some did not.

    For the end of a worker: nothing may use a model when it is closed.
    """
    end = time.monotonic() + seconds
    while Heart.in_hand and time.monotonic() < end:
        time.sleep(0.05)
    return not Heart.in_hand


@job(queue="assistant")
def answer_next() -> None:
    """Answer the question whose turn it is; the one after it follows by itself."""
    taken = queue.claim_next()
    db.session.commit()
    if taken is not None and answer_claimed(*taken):
        _go_on()


def answer_here(number: int) -> None:
    """Answer this question in the process at hand, if it waits and is free."""
    claim = queue.claim_question(number)
    db.session.commit()
    if claim is not None:
        answer_claimed(number, claim)


def answer_claimed(number: int, claim: str) -> bool:
    """Answer, commit, and never raise; False when the index is silent and the question waits."""
    try:
        with Heart(number, claim) as heart:
            return _attempt(number, claim, heart)
    except ClaimLost:
        db.session.rollback()
        log.info("question %d: cancelled, or taken over", number)
        return True


def _attempt(number: int, claim: str, heart: Heart) -> bool:
    """Attempts that break down are followed by one without the model, and that by none."""
    attempts, most = _find(number).attempts, settings().max_attempts
    try:
        if attempts > most + 1:
            queue.fail(number, claim, "interrupted")
        else:
            _write(number, claim, heart, plainly=attempts > most)
    except ClaimLost:
        raise
    except Unavailable:  # the index, which is mended within a minute
        db.session.rollback()
        log.warning("question %d: the search index does not answer", number)
        _put_off(number, claim)
        return False
    except Exception:  # a fault of ours or of the machine costs an attempt, never the worker
        db.session.rollback()
        log.exception("question %d: the work broke down", number)
        if attempts > most:
            queue.fail(number, claim, "crashed")
        else:
            queue.leave(number, claim)
    db.session.commit()
    if list_due():
        deliver.enqueue()
    return True


def _find(number: int) -> Question:
    question = db.session.get(Question, number)
    if question is None:  # deleted by its owner
        raise ClaimLost
    return question


def _put_off(number: int, claim: str) -> None:
    asked_at = _find(number).created_at
    if asked_at < utcnow() - queue.PATIENCE:
        queue.fail(number, claim, "unavailable")
    else:
        queue.postpone(number, claim)
    db.session.commit()


def _write(number: int, claim: str, heart: Heart, *, plainly: bool) -> None:
    """`plainly`: without the model, which may be what brings the process down."""
    question = db.session.get_one(Question, number)
    if not question.user.is_active:  # blocked since
        queue.drop(number, claim)
        return
    with force_locale(question.locale):
        key = cache.key_of(question) if queue.is_first(question) else None
        found = cache.find_answer(key) if key else None
        if found is not None:
            queue.finish_cached(number, claim, found)
            return
        history = queue.list_history(question)
        db.session.commit()  # a model may take its time: the connection is free meanwhile
        engine = None if plainly else load_engine()
        drafts = answering.write_answer(question.user, question, history, engine, heart.is_lost)
        with closing(drafts):
            for draft in drafts:
                if draft.final:
                    break
                queue.keep_draft(number, claim, draft)
                db.session.commit()
            else:
                raise ClaimLost if heart.is_lost() else RuntimeError("the answer has no end")
        if heart.is_lost():
            raise ClaimLost  # before the row says so, where the model hung
        queue.finish(number, claim, draft, error="interrupted" if plainly else "")
        if key and not (plainly or draft.error):
            cache.keep_answer(key, draft)


def load_engine() -> Engine | None:
    """The engine, loaded once; one that cannot be had says so when it is asked."""
    try:
        return get_engine(settings())
    except EngineError as error:
        log.warning("the language model cannot be had: %s", error)
        return BrokenEngine(error)


def _go_on() -> None:
    if queue.count_waiting() and not list_waiting(answer_next):
        answer_next.enqueue()


@every_minute
@job(queue="assistant")
def attend_questions() -> None:
    """Find questions whose message or worker was lost, and have them answered."""
    if not inspect(db.engine).has_table(Question.__tablename__):
        return  # a worker may start before the first migration has run
    freed = queue.recover()
    db.session.commit()
    if freed:
        log.info("questions: %d freed", freed)
    wake_up()


def wake_up() -> None:
    """Have as many workers look for work as there is work for."""
    most = max(settings().assistant_workers, 1)  # with none of its own, another machine's
    if not list_waiting(answer_next):
        for _worker in range(min(queue.count_waiting(), most)):
            answer_next.enqueue()
