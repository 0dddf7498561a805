"""What is kept of updates until they are dealt with; on each database."""

from __future__ import annotations

from datetime import timedelta

from flask import Flask

from edu.extensions import db, utcnow
from edu.telegram_chats.models import TelegramUpdate
from edu.telegram_inbox import service

BOT = 2**40


def keep(*numbers: int, text: str = "hello") -> set[int]:
    new = service.keep_updates(BOT, {each: f"{text} {each}" for each in numbers})
    db.session.commit()
    return new


def start() -> list[tuple[int, bool]]:
    """A start: the updates that were left behind, and which are suspects."""
    found = [(each.update_id, each.suspect) for each in service.take_unfinished(BOT)]
    db.session.commit()
    return found


def test_what_comes_twice_is_new_once(any_app: Flask) -> None:
    with any_app.app_context():
        assert keep(2**50, 7) == {2**50, 7}
        assert keep(7, 8) == {8}
        service.finish_updates(BOT, [7])
        assert keep(7) == set()
        assert service.keep_updates(BOT + 1, {7: "hello 7"}) == {7}


def test_an_id_that_begins_anew_is_another_update(any_app: Flask) -> None:
    with any_app.app_context():
        keep(7, 8)
        service.finish_updates(BOT, [7])
        assert keep(7, 8, text="a year later") == {7, 8}
        assert start() == [(7, False), (8, False)]


def test_what_is_unfinished_comes_back_in_order_with_its_answers(any_app: Flask) -> None:
    with any_app.app_context():
        keep(9)
        keep(3, 4)
        keep(5)
        service.finish_updates(BOT, [4])
        service.keep_reply(BOT, 3, {"1": "done"})
        db.session.commit()
        found = service.take_unfinished(BOT)
        assert [each.update_id for each in found] == [9, 3, 5]
        assert [each.replies for each in found] == [{}, {"1": "done"}, {}]
        assert found[0].payload == "hello 9"


def test_what_ends_every_start_is_given_up_and_the_others_are_not(any_app: Flask) -> None:
    with any_app.app_context():
        keep(1, 2, 3)
        assert start() == [(1, False), (2, False), (3, False)]
        poison, starts = 2, 0
        while suspects := start():
            starts += 1
            assert starts < 9
            assert all(suspect for _id, suspect in suspects)
            for number, _suspect in suspects:
                service.count_attempt(BOT, number)
                db.session.commit()
                if number == poison:
                    break  # the process ends here
                service.finish_updates(BOT, [number])
                db.session.commit()
        assert starts == service.MAX_ATTEMPTS


def test_a_graceful_stop_is_no_attempt(any_app: Flask) -> None:
    with any_app.app_context():
        keep(1)
        for _ in range(service.MAX_ATTEMPTS + 1):
            assert start() == [(1, False)]
            service.finish_updates(BOT, [], [1])
            db.session.commit()


def test_nothing_that_was_written_outlives_its_answer_and_rows_go(any_app: Flask) -> None:
    with any_app.app_context():
        keep(1, 2)
        service.keep_reply(BOT, 1, {"1": "secret"})
        service.finish_updates(BOT, [1])
        service.keep_reply(BOT, 1, {"2": "late"})
        db.session.commit()
        row = db.session.get_one(TelegramUpdate, (BOT, 1), populate_existing=True)
        assert (row.payload, row.replies) == ("", "")
        db.session.get_one(TelegramUpdate, (BOT, 2)).received_at -= timedelta(days=1, hours=1)
        db.session.commit()
        assert start() == []
        assert db.session.get_one(TelegramUpdate, (BOT, 2)).payload == ""
        assert service.remove_expired(utcnow()) == 0
        assert service.remove_expired(utcnow() + service.KEEP_DONE) == 2
