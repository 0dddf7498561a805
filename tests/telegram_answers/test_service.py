"""Which chats wait for which answers; on each database."""

from __future__ import annotations

from datetime import timedelta

from flask import Flask

from edu.accounts.service import create_user
from edu.assistant.models import Question
from edu.assistant.queue import is_left_alone
from edu.assistant.service import ask_question, delete_conversation
from edu.extensions import db, utcnow
from edu.telegram_answers import service
from edu.telegram_chats.models import TelegramWatch
from edu.telegram_chats.service import block_chat, open_chat

CHAT = 2**52 + 1


def ask(text: str, name: str = "alice") -> Question:
    """A question that waits."""
    user = create_user(f"{name}@example.org", "correct horse battery", name)
    return ask_question(user, text)


def test_a_chat_is_told_of_every_change_until_it_waits_no_more(any_app: Flask) -> None:
    with any_app.app_context():
        question = ask("Ряды?")
        service.watch_answer(CHAT, question)
        service.watch_answer(CHAT, question)  # once is enough
        (first,) = service.list_watched()
        assert (first.chat_id, first.message_id, first.waits) == (CHAT, None, True)
        service.keep_message(question.id, 2**33, "hash")
        question.status, question.answer = "answering", "Ряд"
        db.session.flush()
        (second,) = service.list_watched()
        assert (second.message_id, second.shown) == (2**33, "hash")
        assert second.state != first.state
        assert not second.ended
        assert service.is_watched(question, CHAT)
        assert not service.is_watched(question, 7)
        assert service.find_open(CHAT) == question
        question.status = "cancelled"
        db.session.flush()
        assert service.list_watched()[0].ended
        assert service.find_open(CHAT) is None
        service.end_watch(question.id)
        assert service.list_watched() == []


def test_a_place_in_the_queue_is_news(any_app: Flask) -> None:
    with any_app.app_context():
        earlier, question = ask("Первый?"), ask("Второй?", "bob")
        service.watch_answer(CHAT, question)
        (second,) = service.list_watched()
        earlier.status, earlier.answered_at = "answered", utcnow()
        db.session.flush()
        (first,) = service.list_watched()
        assert first.state != second.state


def test_closed_chats_are_left_alone(any_app: Flask) -> None:
    with any_app.app_context():
        service.watch_answer(CHAT, ask("Ряды?"))
        open_chat(CHAT)
        block_chat(CHAT)
        db.session.expire_all()
        assert service.list_watched() == []
        open_chat(CHAT)
        assert len(service.list_watched()) == 1


def test_a_question_is_left_alone_when_no_worker_does_anything(any_app: Flask) -> None:
    with any_app.app_context():
        other, question = ask("Чужой?", "bob"), ask("Ряды?")
        assert not is_left_alone(question)
        question.created_at -= timedelta(minutes=2)
        assert is_left_alone(question)
        other.status, other.heartbeat_at = "answering", utcnow()
        db.session.flush()
        assert not is_left_alone(question)
        other.heartbeat_at -= timedelta(minutes=2)  # its worker has died
        db.session.flush()
        assert is_left_alone(question)


def test_what_is_deleted_is_watched_no_more(any_app: Flask) -> None:
    with any_app.app_context():
        question = ask("Ряды?")
        service.watch_answer(CHAT, question)
        db.session.commit()
        delete_conversation(question.user, question.conversation)
        db.session.commit()
        assert db.session.query(TelegramWatch).count() == 0
