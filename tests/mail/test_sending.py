"""The way out of the outbox, against a mail server that answers this and that."""

from __future__ import annotations

import logging
import os
import subprocess
import sys
import threading
from datetime import datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import event, update

from edu.claims import new_claim, this_host
from edu.extensions import db, utcnow
from edu.mail import outbox
from edu.mail.models import Letter, LetterState
from edu.mail.service import mail_status
from jobs.mail import send_letters, tidy_letters
from tests.conftest import MakeApp
from tests.mail.conftest import look, refuse, write
from tests.smtp import SmtpServer

QUEUED, SENT, FAILED = LetterState.QUEUED, LetterState.SENT, LetterState.FAILED


def change(letter_id: int, **values: object) -> None:
    db.session.execute(update(Letter).where(Letter.id == letter_id).values(**values))
    db.session.commit()


def minutes_until(moment: datetime) -> int:
    return round((moment - utcnow()).total_seconds() / 60)


def dead_pid() -> int:
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    return process.pid


def dead_claim() -> str:
    return f"{this_host()}:{dead_pid()}:x"


# What arrives ---------------------------------------------------------------------------------


def test_a_letter_arrives_and_its_text_is_forgotten(mail_app: Flask, server: SmtpServer) -> None:
    with mail_app.app_context():
        letter_id = write()
        send_letters()
        letter = look(letter_id)
        assert (letter.state, letter.text, letter.html, letter.error) == (SENT, "", "", "")
        assert letter.sent_at is not None
        (mail,) = server.messages
        assert (mail.sender, mail.recipients) == ("noreply@localhost", ["alice@example.org"])
        assert mail.subject == "A test letter"
        assert mail.message["Message-ID"] == letter.message_id
        assert "can send letters" in mail.text
        assert "<p>" in mail.html


def test_lines_that_begin_with_a_dot_arrive_whole(mail_app: Flask, server: SmtpServer) -> None:
    with mail_app.app_context():
        change(write(), text="One\n.\n..two\n.three\n")
        send_letters()
        assert server.messages[0].text == "One\n.\n..two\n.three\n"


def test_a_batch_goes_over_one_connection(mail_app: Flask, server: SmtpServer) -> None:
    with mail_app.app_context():
        for number in range(10):
            write(f"p{number}@example.org")
        send_letters()
        assert len(server.messages) == 10
        assert server.connections == 1


def test_more_than_a_batch_goes_in_one_go(mail_app: Flask, server: SmtpServer) -> None:
    with mail_app.app_context():
        for number in range(120):
            write(f"p{number}@example.org")
        send_letters()
        assert len(server.messages) == 120


def test_letters_that_somebody_waits_for_go_first(mail_app: Flask, server: SmtpServer) -> None:
    with mail_app.app_context():
        write("news@example.org", key="n:1")
        write("recovery@example.org")
        send_letters()
        assert [mail.recipients[0] for mail in server.messages] == [
            "recovery@example.org",
            "news@example.org",
        ]


def test_without_smtp_the_letter_goes_to_the_log(
    app: Flask, caplog: pytest.LogCaptureFixture
) -> None:
    with app.app_context(), caplog.at_level(logging.INFO, "jobs.mail"):
        letter_id = write()
        send_letters()
        assert look(letter_id).state == LetterState.LOGGED
        assert look(letter_id).text == ""
        assert "can send letters" in caplog.text
        assert "alice@example.org" in caplog.text


def test_a_server_that_wants_a_password_gets_it(make_app: MakeApp) -> None:
    with SmtpServer(user="library", password="open sesame") as server:
        app = make_app(**server.env)
        with app.app_context():
            letter_id = write()
            send_letters()
            assert look(letter_id).state == SENT
        assert len(server.messages) == 1


def test_two_threads_send_no_letter_twice(mail_app: Flask, server: SmtpServer) -> None:
    with mail_app.app_context():
        numbers = [write(f"p{number}@example.org") for number in range(30)]
    claimed: list[int] = []

    def work() -> None:
        with mail_app.app_context():
            for number in numbers:
                if outbox.claim_letter(number) is not None:
                    claimed.append(number)
                db.session.commit()

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(claimed) == numbers


# What is refused ------------------------------------------------------------------------------


@pytest.mark.parametrize("command", ["RCPT", "DATA", "."])
def test_a_passing_refusal_is_tried_again_later_and_later(
    mail_app: Flask, server: SmtpServer, command: str
) -> None:
    server.judge = refuse(command, "451 4.3.0 later, please")
    with mail_app.app_context():
        letter_id = write()
        waits = []
        for _ in range(7):
            send_letters()
            assert look(letter_id).state == QUEUED
            assert look(letter_id).error == "451 4.3.0 later, please"
            waits.append(minutes_until(look(letter_id).due_at))
            change(letter_id, due_at=utcnow())
        assert waits == [1, 5, 15, 60, 120, 240, 360]
        send_letters()
        assert look(letter_id).state == FAILED
        assert look(letter_id).text
        assert server.messages == []


def test_what_waits_is_not_tried_before_its_time(mail_app: Flask, server: SmtpServer) -> None:
    server.judge = refuse("RCPT", "450 busy")
    with mail_app.app_context():
        write()
        send_letters()
        server.judge = lambda _line: None
        send_letters()
        assert server.messages == []


@pytest.mark.parametrize("command", ["RCPT", "DATA", "."])
def test_a_lasting_refusal_fails_at_once_and_holds_up_nobody(
    mail_app: Flask, server: SmtpServer, command: str
) -> None:
    refusals = iter(["550 5.1.1 no such person"])
    server.judge = lambda line: next(refusals, None) if line.startswith(command) else None
    with mail_app.app_context():
        first, second = write("nobody@example.org"), write("bob@example.org")
        send_letters()
        assert (look(first).state, look(first).error) == (FAILED, "550 5.1.1 no such person")
        assert look(second).state == SENT
        assert [mail.recipients for mail in server.messages] == [["bob@example.org"]]
        assert server.connections == 1


@pytest.mark.parametrize(
    ("command", "reply"),
    [("MAIL", "550 5.7.1 not from you"), ("RCPT", "530 5.7.0 sign in first"), ("EHLO", "")],
)
def test_trouble_with_the_server_itself_burns_no_letters_attempts(
    mail_app: Flask, server: SmtpServer, command: str, reply: str
) -> None:
    server.judge = refuse(command, reply)
    with mail_app.app_context():
        numbers = [write(), write()]
        send_letters()
        for number in numbers:
            letter = look(number)
            assert (letter.state, letter.attempts, letter.claim) == (QUEUED, 0, "")
            assert minutes_until(letter.due_at) == 1
            assert letter.error
        assert mail_status().last_error
        server.judge = lambda _line: None
        for number in numbers:
            change(number, due_at=utcnow())
        send_letters()
        assert {look(number).state for number in numbers} == {SENT}
        assert len(server.messages) == 2


def test_a_wrong_password_delays_all(make_app: MakeApp) -> None:
    with SmtpServer(user="library", password="open sesame") as server:
        app = make_app(**{**server.env, "SMTP_PASSWORD": "wrong"})
        with app.app_context():
            letter_id = write()
            send_letters()
            letter = look(letter_id)
            assert (letter.state, letter.attempts) == (QUEUED, 0)
            assert "535" in letter.error


@pytest.mark.parametrize("security", ["none", "starttls"])
def test_a_server_that_is_away_or_cannot_encrypt_delays_all(
    make_app: MakeApp, server: SmtpServer, security: str
) -> None:
    port = "1" if security == "none" else str(server.port)
    app = make_app(SMTP_HOST="127.0.0.1", SMTP_PORT=port, SMTP_SECURITY=security)
    with app.app_context():
        letter_id = write()
        send_letters()
        assert (look(letter_id).state, look(letter_id).attempts) == (QUEUED, 0)
        assert look(letter_id).error
        assert server.messages == []


def test_a_broken_connection_costs_one_letter_an_attempt(
    mail_app: Flask, server: SmtpServer
) -> None:
    server.judge = lambda line: "" if "bad@example.org" in line else None
    with mail_app.app_context():
        bad, good = write("bad@example.org"), write("good@example.org")
        send_letters()
        assert (look(bad).state, look(bad).attempts) == (QUEUED, 1)
        assert look(good).state == SENT


def test_a_letter_that_breaks_our_own_code_holds_up_nobody(
    mail_app: Flask, server: SmtpServer
) -> None:
    with mail_app.app_context():
        bad, good = write(), write()
        change(bad, address="no address at all")
        send_letters()
        assert (look(bad).state, look(bad).attempts) == (QUEUED, 1)
        assert look(good).state == SENT


# What is in doubt -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("key", "state"),
    [("n:7:1", SENT), ("digest:1:2030-01-01", SENT), (None, QUEUED), ("other:1", QUEUED)],
)
def test_when_the_answer_is_lost_only_a_notification_is_taken_for_sent(
    mail_app: Flask, server: SmtpServer, key: str | None, state: LetterState
) -> None:
    server.judge = refuse(".", "")
    with mail_app.app_context():
        letter_id = write(key=key)
        send_letters()
        assert look(letter_id).state == state


@pytest.mark.parametrize(
    ("was", "key", "arrivals"),
    [
        (LetterState.SENDING, "n:7:1", 1),
        (LetterState.SENDING, None, 1),
        (LetterState.HANDED, "n:7:1", 0),
        (LetterState.HANDED, "digest:1:2030-01-01", 0),
        (LetterState.HANDED, None, 1),
    ],
)
def test_letters_of_a_worker_that_died_are_settled(
    mail_app: Flask, server: SmtpServer, was: LetterState, key: str | None, arrivals: int
) -> None:
    with mail_app.app_context():
        letter_id = write(key=key)
        change(letter_id, state=was.value, claim=dead_claim(), claimed_at=utcnow(), attempts=1)
        message_id = look(letter_id).message_id
        send_letters()
        assert look(letter_id).state == SENT
        assert look(letter_id).text == ""
        assert [mail.message["Message-ID"] for mail in server.messages] == [message_id] * arrivals


@pytest.mark.parametrize("was", [LetterState.SENDING, LetterState.HANDED])
def test_letters_of_living_workers_are_left_until_they_fall_silent(
    mail_app: Flask, server: SmtpServer, was: LetterState
) -> None:
    with mail_app.app_context():
        own, far = write(), write()
        claims = {own: f"{this_host()}:{os.getpid()}:x", far: f"elsewhere:{dead_pid()}:x"}
        for number, claim in claims.items():
            change(number, state=was.value, claim=claim, claimed_at=utcnow())
        send_letters()
        assert {look(own).state, look(far).state} == {was}
        for number in claims:
            change(number, claimed_at=utcnow() - outbox.SILENCE - timedelta(seconds=1))
        send_letters()
        assert {look(own).state, look(far).state} == {SENT}
        assert len(server.messages) == 2


def test_who_has_lost_the_claim_does_not_send_the_last_byte(
    mail_app: Flask, server: SmtpServer
) -> None:
    with mail_app.app_context():
        letter_id = write()

        def steal(line: str) -> None:
            if line == "DATA":
                with mail_app.app_context():
                    change(letter_id, claim=new_claim())

        server.judge = steal
        send_letters()
        assert server.messages == []
        assert look(letter_id).state == LetterState.SENDING


def test_a_database_that_fails_after_the_last_byte_sends_no_notification_twice(
    mail_app: Flask, server: SmtpServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_letter_id: int, _claim: str) -> None:
        monkeypatch.undo()
        raise RuntimeError("the database is locked")

    with mail_app.app_context():
        letter_id = write(key="n:1")
        monkeypatch.setattr(outbox, "mark_sent", fail)
        send_letters()
        send_letters()
        assert look(letter_id).state == SENT
        assert len(server.messages) == 1


def test_the_letter_is_marked_before_the_last_byte_goes_out(
    mail_app: Flask, server: SmtpServer
) -> None:
    seen = []

    def note(line: str) -> None:
        if line == ".":
            with mail_app.app_context():
                seen.append(look(letter_id).state)

    with mail_app.app_context():
        letter_id = write()
        server.judge = note
        send_letters()
    assert seen == [LetterState.HANDED]


# What is forgotten ----------------------------------------------------------------------------


def test_old_letters_are_tidied_away(any_app: Flask) -> None:
    now = utcnow()
    with any_app.app_context():
        stale, fresh, failed, old = write(), write(), write(), write()
        change(stale, created_at=now - timedelta(days=4))
        change(failed, state=FAILED.value, due_at=now - timedelta(days=8))
        change(old, state=SENT.value, created_at=now - timedelta(days=91))
        tidy_letters()
        assert (look(stale).state, bool(look(stale).text)) == (FAILED, True)
        assert (look(fresh).state, bool(look(fresh).text)) == (QUEUED, True)
        assert (look(failed).text, look(failed).html) == ("", "")
        assert db.session.get(Letter, old) is None


def test_a_worker_may_start_before_the_first_migration(make_app: MakeApp) -> None:
    app = make_app(DATABASE_URL="sqlite://")
    with app.app_context():
        send_letters()


def test_looking_for_work_writes_nothing(app: Flask) -> None:
    with app.app_context():
        statements: list[str] = []
        listen = lambda *args: statements.append(args[2].split()[0])  # noqa: E731
        event.listen(db.engine, "before_cursor_execute", listen)
        send_letters()
        event.remove(db.engine, "before_cursor_execute", listen)
        assert set(statements) <= {"SELECT", "PRAGMA"}
