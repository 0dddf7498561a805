"""From what is due to the outbox of the bot."""

from __future__ import annotations

from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import event

from edu.claims import ClaimLost, new_claim
from edu.extensions import db, utcnow
from edu.notifications import delivery
from edu.notifications.choices import find_paces, list_choices
from edu.notifications.models import Pace, Topic
from edu.sessions.models import UserSession
from edu.telegram_chats.service import block_chat
from edu.telegram_outbox import service as outbox
from edu.telegram_outbox.models import MessageState
from jobs.notifications import deliver, tidy_messages
from tests.conftest import make_people
from tests.notifications import followers
from tests.notifications.chats import link, make_crowd, make_due, messages_to, states
from tests.notifications.followers import choose, follow, letters_to, person, publish
from tests.samples import make_category

CHAT = 71


@pytest.fixture
def alice(any_app: Flask) -> int:
    """Her id; she follows a subject, and has a chat."""
    people = make_people(any_app)
    with any_app.app_context():
        link((people["alice"], CHAT))
        follow(people["alice"], category=make_category())
    return people["alice"]


def test_instant_ones_that_wait_go_in_one_message_of_ten(any_app: Flask, alice: int) -> None:
    with any_app.app_context():
        for number in range(13):
            publish(2, title=f"Лекция {number}")
        sizes = [len(each.notification_ids) for each in messages_to(alice)]
        assert sizes == [10, 3]
        ids = [number for each in messages_to(alice) for number in each.notification_ids]
        assert len(set(ids)) == 13
        assert {each.chat_id for each in messages_to(alice)} == {CHAT}


def test_many_at_once_are_shared_out(any_app: Flask, alice: int) -> None:
    with any_app.app_context():
        moment = utcnow()
        outbox.write_messages(alice, [(number, moment) for number in range(1, 26)], moment)
        sizes = [len(each.notification_ids) for each in messages_to(alice)]
        assert sizes == [10, 10, 5]


def test_what_is_on_its_way_is_not_added_to(any_app: Flask, alice: int) -> None:
    with any_app.app_context():
        publish(2, title="Ряды")
        (first,) = messages_to(alice)
        outbox.mark_handed(first.id, new_claim(), first.notification_ids)
        db.session.commit()
        publish(2, title="Пределы")
        assert states(alice) == [MessageState.HANDED, MessageState.QUEUED]


def test_a_message_that_has_grown_since_it_was_made_is_not_handed_over(
    any_app: Flask, alice: int
) -> None:
    with any_app.app_context():
        publish(2, title="Ряды")
        (message,) = messages_to(alice)
        told = list(message.notification_ids)
        publish(2, title="Пределы")
        with pytest.raises(ClaimLost):
            outbox.mark_handed(message.id, new_claim(), told)
        db.session.rollback()
        assert states(alice) == [MessageState.QUEUED]


def test_a_message_is_handed_over_by_one_process(any_app: Flask, alice: int) -> None:
    with any_app.app_context():
        publish(2)
        (message,) = messages_to(alice)
        told = list(message.notification_ids)
        outbox.mark_handed(message.id, "one", told)
        with pytest.raises(ClaimLost):
            outbox.mark_handed(message.id, "another", told)
        outbox.mark_sent(message.id, "another", 5)
        outbox.put_back(message.id, "another", "no")
        assert states(alice) == [MessageState.HANDED]
        outbox.mark_sent(message.id, "one", 5)
        assert states(alice) == [MessageState.SENT]


def test_there_is_one_digest_a_day_for_all_chats(any_app: Flask, alice: int) -> None:
    with any_app.app_context():
        link((alice, 72))
        choose(alice, "daily", channel="telegram")
        publish(2, title="Ряды")
        assert messages_to(alice) == []
        followers.make_due()
        deliver()
        assert [(each.chat_id, each.digest) for each in messages_to(alice)] == [
            (CHAT, True),
            (72, True),
        ]
        publish(2, title="Пределы")
        followers.make_due()
        deliver()
        assert len(messages_to(alice)) == 2
        assert delivery.list_due() == []  # put off until tomorrow


def test_letters_and_chats_are_told_apart(any_app: Flask, alice: int) -> None:
    with any_app.app_context():
        choose(alice, "instant", channel="email")
        choose(alice, "off", channel="telegram")
        publish(2)
        assert (len(letters_to(alice)), len(messages_to(alice))) == (1, 0)


def test_it_reaches_whoever_has_a_chat_that_is_open(any_app: Flask, alice: int) -> None:
    with any_app.app_context():

        def reached() -> bool:
            db.session.commit()
            return (Topic.MATERIALS, "telegram") in list_choices(person(alice))

        assert reached()
        assert list_choices(person(alice))[Topic.MATERIALS, "telegram"] is Pace.INSTANT
        block_chat(CHAT)
        assert not reached()
        link((alice, 72))
        assert reached()
        for session in db.session.query(UserSession):
            session.expires_at = utcnow() - timedelta(seconds=1)
        assert not reached()


def test_hundreds_of_people_cost_no_query_each(any_app: Flask) -> None:
    make_people(any_app)
    with any_app.app_context():
        ids = make_crowd(150, 1000, make_category().id)
        db.session.commit()
        people = [person(number) for number in ids]
        asked: list[str] = []

        @event.listens_for(db.engine, "before_cursor_execute")
        def note(connection: object, cursor: object, statement: str, *rest: object) -> None:
            asked.append(statement)

        assert len(find_paces(people, Topic.MATERIALS)) == 150
        assert len(asked) < 5


def test_what_waited_too_long_is_dropped_and_what_is_over_forgotten(
    any_app: Flask, alice: int
) -> None:
    with any_app.app_context():
        publish(2, title="Ряды")
        (waiting,) = messages_to(alice)
        waiting.created_at = utcnow() - outbox.STALE - timedelta(minutes=1)
        db.session.commit()
        tidy_messages()
        (dropped,) = messages_to(alice)
        assert (dropped.state, dropped.error) == (MessageState.DROPPED, "waited too long")
        dropped.created_at = utcnow() - outbox.KEEP - timedelta(minutes=1)
        db.session.commit()
        tidy_messages()
        assert messages_to(alice) == []


def test_only_what_the_dead_had_in_hand_counts_as_sent(any_app: Flask, alice: int) -> None:
    with any_app.app_context():
        mine, moment = new_claim(), utcnow()
        claims = [mine, "elsewhere:1:x", "elsewhere:1:x", f"{mine.rpartition(':')[0]}:before"]
        for number, claim in enumerate(claims, 1):
            outbox.write_messages(alice, [(number, moment)], moment)
            (message,) = (each for each in messages_to(alice) if each.state == MessageState.QUEUED)
            outbox.mark_handed(message.id, claim, message.notification_ids)
        messages_to(alice)[2].claimed_at = utcnow() - outbox.SILENCE - timedelta(seconds=1)
        db.session.commit()
        assert outbox.release_dead(mine) == 2
        assert [state.value for state in states(alice)] == ["handed", "handed", "sent", "sent"]


def test_the_oldest_of_each_chat_is_due_first(any_app: Flask, alice: int) -> None:
    with any_app.app_context():
        moment = utcnow()
        outbox.write_messages(alice, [(number, moment) for number in range(1, 25)], moment)
        link((3, 72))
        outbox.write_messages(3, [(1, moment)], moment)
        make_due(*messages_to(alice), *messages_to(3))
        (first, *_others) = messages_to(alice)
        (other,) = messages_to(3)
        assert set(outbox.list_due(10)) == {(first.id, CHAT), (other.id, 72)}
        assert outbox.list_due(10, [CHAT]) == [(other.id, 72)]
