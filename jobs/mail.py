"""Sending letters."""

from __future__ import annotations

import logging
import textwrap
import threading

from sqlalchemy import inspect

from edu.extensions import db, settings
from edu.mail import outbox
from edu.mail.message import build_message, envelope_address, sender_address
from edu.mail.models import Letter
from edu.mail.transport import AnswerLost, Refused, Transport, Unreachable
from jobs.queue import every_hour, every_minute, job

log = logging.getLogger(__name__)
# So many go over one connection, and then other work gets its turn.
BATCH = 50
_sending = threading.Lock()


@every_minute
@job(priority=4)
def send_letters() -> None:
    """Send what is due. In a process one thread does, the others leave."""
    if not inspect(db.engine).has_table(Letter.__tablename__):
        return  # a worker may start before the first migration has run
    if released := outbox.release_dead():
        log.info("letters: %d were left by a worker that is gone", released)
    db.session.commit()
    if not _sending.acquire(blocking=False):
        return
    try:
        _send_batch()
    finally:
        _sending.release()
    # Asked after letting go: a letter written meanwhile found the lock held, and nobody at work.
    if outbox.list_due(1):
        send_letters.enqueue()


@job(priority=4)
def send_letter(letter_id: int) -> None:
    """Send this one now, if it is due and nobody has it in hand."""
    with Transport(settings()) as transport:
        _send(letter_id, transport)


def _send_batch() -> None:
    with Transport(settings()) as transport:
        for letter_id in outbox.list_due(BATCH):
            if not _send(letter_id, transport):
                return


def _send(letter_id: int, transport: Transport) -> bool:
    """Send one letter and write down what became of it; False when no other need be tried."""
    letter = outbox.claim_letter(letter_id)
    db.session.commit()
    if letter is None:
        return True
    claim, go_on = letter.claim, True
    try:
        go_on = _attempt(letter, transport)
    except outbox.ClaimLost:
        db.session.rollback()
        log.warning("letter %d: another worker has taken it over", letter_id)
    except Exception as error:  # a fault of ours costs this letter an attempt, and no other
        db.session.rollback()
        log.exception("letter %d: sending broke down", letter_id)
        outbox.settle(letter_id, claim, repr(error))
    db.session.commit()
    return go_on


def _attempt(letter: Letter, transport: Transport) -> bool:
    letter_id, claim = letter.id, letter.claim
    try:
        if settings().smtp_host:
            _deliver(letter, transport)
        else:
            _write_to_log(letter)
    except Unreachable as error:
        log.warning("letters wait: %s", error)
        outbox.postpone_all(letter_id, claim, str(error))
        return False
    except AnswerLost as error:
        log.warning("letter %d: no answer: %s", letter_id, error)
        outbox.settle(letter_id, claim, str(error))
    except Refused as error:
        log.warning("letter %d: %s", letter_id, error)
        outbox.put_back(letter_id, claim, str(error), lasting=error.lasting)
    return True


def _deliver(letter: Letter, transport: Transport) -> None:
    letter_id, claim = letter.id, letter.claim
    address, content = envelope_address(letter), build_message(letter)

    def before_end() -> None:
        outbox.mark_handed(letter_id, claim)
        # The driver's own commit, for a crash between it and the last byte loses a notification:
        # the session's would tidy up first, for ten times as long.
        db.session.connection().connection.commit()

    transport.deliver(sender_address(), address, content, before_end)
    outbox.mark_sent(letter_id, claim)


def _write_to_log(letter: Letter) -> None:
    """What a site without SMTP_HOST does: its administrator reads the links in the log."""
    words = textwrap.indent(f"{letter.subject}\n\n{letter.text}", "  ")
    log.info("no SMTP_HOST is set, so a letter to %s goes here:\n%s", letter.address, words)
    outbox.mark_logged(letter.id, letter.claim)


@every_hour
@job()
def tidy_letters() -> None:
    """Drop what is no longer needed of old letters."""
    outbox.tidy_letters()
    db.session.commit()
