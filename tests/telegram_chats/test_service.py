"""What is remembered of chats, and who may poll; on each database."""

from __future__ import annotations

from datetime import timedelta

from flask import Flask
from sqlalchemy import select

from edu.accounts.models import User
from edu.extensions import db, utcnow
from edu.privacy.service import delete_account
from edu.site.condition import read_signs
from edu.telegram_chats import service
from edu.telegram_chats.models import TelegramChat, TelegramPoller, TelegramSearch
from edu.telegram_outbox import service as outbox
from jobs.sessions import sweep_sessions
from tests.conftest import MakeApp, make_user
from tests.notifications.chats import link, messages_to

CHAT, BOT = 2**52 + 1, 2**40


def test_a_chat_is_made_once_and_opened_again_by_writing(any_app: Flask) -> None:
    with any_app.app_context():
        service.open_chat(CHAT).dialogue = {"awaits": "collections:create", "args": []}
        db.session.commit()
        service.block_chat(CHAT)
        assert service.is_blocked(CHAT)
        db.session.commit()
        db.session.expire_all()
        assert service.open_chat(CHAT).dialogue["awaits"] == "collections:create"
        assert not service.is_blocked(CHAT)


def test_a_search_has_one_number_in_its_chat_and_none_elsewhere(any_app: Flask) -> None:
    with any_app.app_context():
        for chat in (CHAT, 7):
            service.open_chat(chat)
        number = service.remember_search(CHAT, "ряды")
        assert service.remember_search(CHAT, "ряды") == number
        assert service.recall_search(CHAT, number) == "ряды"
        assert service.recall_search(7, number) is None


def test_only_the_latest_searches_are_kept(any_app: Flask) -> None:
    with any_app.app_context():
        service.open_chat(CHAT)
        first = service.remember_search(CHAT, "first")
        for number in range(service.MAX_SEARCHES):
            service.remember_search(CHAT, str(number))
        assert service.recall_search(CHAT, first) is None
        assert db.session.query(TelegramSearch).count() == service.MAX_SEARCHES


def test_chats_that_are_silent_for_long_are_forgotten_unless_they_act_for_somebody(
    any_app: Flask,
) -> None:
    with any_app.app_context():
        alice = make_user("alice").id
        link((alice, 8))
        long_ago = utcnow() - service.KEEP_SILENT - timedelta(days=1)
        for chat, seen_at in ((CHAT, long_ago), (7, utcnow()), (8, long_ago)):
            service.open_chat(chat).seen_at = seen_at
            service.remember_search(chat, "ряды")
        db.session.commit()
        sweep_sessions()
        db.session.expire_all()
        assert set(db.session.scalars(select(TelegramChat.chat_id))) == {7, 8}
        assert service.recall_search(CHAT, 1) is None
        assert db.session.query(TelegramSearch).count() == 2


def test_who_leaves_the_site_leaves_nothing_in_the_chat(any_app: Flask) -> None:
    with any_app.app_context():
        alice = make_user("alice").id
        link((alice, CHAT), (alice, 7))
        for chat in (CHAT, 7):
            service.open_chat(chat).dialogue = {"files": [{"name": "alice.pdf"}]}
            service.remember_search(chat, "alice")
        db.session.commit()
        delete_account(db.session.get_one(User, alice))
        db.session.commit()
        db.session.expire_all()
        assert db.session.query(TelegramSearch).count() == 0
        assert {str(each.dialogue) for each in db.session.query(TelegramChat)} == {"{}"}


def test_a_chat_that_signs_out_keeps_its_language_only(any_app: Flask) -> None:
    with any_app.app_context():
        service.open_chat(CHAT).locale = "en"
        service.remember_search(CHAT, "ряды")
        service.forget_chat(CHAT)
        db.session.expire_all()
        assert db.session.query(TelegramSearch).count() == 0
        assert db.session.get_one(TelegramChat, CHAT).locale == "en"


def test_screens_replace_one_another(any_app: Flask) -> None:
    with any_app.app_context():
        service.open_chat(CHAT)
        assert service.replace_screen(CHAT, 5) is None
        assert service.replace_screen(CHAT, None) == 5
        assert service.replace_screen(CHAT, 6) is None


def test_telegrams_names_are_kept_for_one_bot(any_app: Flask) -> None:
    with any_app.app_context():
        service.keep_file(BOT, "files/a", "one")
        service.keep_file(BOT, "files/a", "two")
        assert service.find_file(BOT, "files/a") == "two"
        assert service.find_file(1, "files/a") == ""
        service.forget_file(BOT, "files/a")
        db.session.expire_all()
        assert service.find_file(BOT, "files/a") == ""


def test_one_process_polls_until_it_leaves_or_falls_silent(any_app: Flask) -> None:
    with any_app.app_context():
        first = service.take_poll(BOT)
        assert first is not None
        assert service.take_poll(BOT) is None
        service.leave_poll(BOT, first)
        second = service.take_poll(BOT)
        assert second is not None
        assert not service.beat_poll(BOT, first)
        assert service.beat_poll(BOT, second)
        poller = db.session.get_one(TelegramPoller, BOT, populate_existing=True)
        assert service.is_polling(poller)
        poller.heartbeat_at = utcnow() - timedelta(minutes=1)
        db.session.flush()
        assert not service.is_polling(poller)
        assert service.take_poll(BOT) is not None


def test_the_place_of_a_dead_process_is_free_at_once(any_app: Flask) -> None:
    with any_app.app_context():
        claim = service.take_poll(BOT)
        assert claim is not None
        host = claim.rpartition(":")[0].rpartition(":")[0]
        poller = db.session.get_one(TelegramPoller, BOT)
        poller.claim = f"{host}:{2**22 + 1}:gone"  # beyond the largest process id
        db.session.flush()
        assert service.take_poll(BOT) is not None


def test_administrators_see_whether_the_bot_runs(make_app: MakeApp) -> None:
    app = make_app(TELEGRAM_BOT_TOKEN="1:secret")
    with app.app_context():

        def tone() -> str:
            db.session.expire_all()
            return next(sign.tone for sign in read_signs() if sign.name == "Telegram bot")

        with app.test_request_context():
            assert tone() == "bad"
            service.take_poll(BOT)
            assert tone() == "good"
            alice = make_user("alice").id
            link((alice, 7))
            moment = utcnow()
            outbox.write_messages(alice, [(1, moment)], moment)
            assert tone() == "good"
            outbox.write_messages(alice, [(2, moment)], moment)
            (message,) = messages_to(alice)
            message.due_at = moment - outbox.LATE - timedelta(seconds=1)
            db.session.commit()
            assert tone() == "warn"
            outbox.drop(message.id, "-")
            assert tone() == "good"
            outbox.write_messages(alice, [(3, moment)], moment)
            outbox.fail(messages_to(alice)[-1].id, "Bad Request")
            assert tone() == "warn"


def test_without_a_token_nothing_is_said_of_a_bot(any_app: Flask) -> None:
    with any_app.test_request_context():
        assert all(sign.name != "Telegram bot" for sign in read_signs())
