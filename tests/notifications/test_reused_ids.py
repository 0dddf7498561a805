"""A message that waits names notifications by ids, which some databases give away a second time."""

from __future__ import annotations

from flask import Flask

from edu.accounts.models import User
from edu.extensions import db, utcnow
from edu.notifications.delivery import list_wanted
from edu.notifications.models import Notification
from edu.telegram_outbox import service as outbox
from tests.conftest import make_people
from tests.notifications.chats import link, messages_to
from tests.notifications.followers import follow, publish
from tests.samples import make_category

CHAT = 71


def test_nobody_is_told_of_what_is_anothers(any_app: Flask) -> None:
    people = make_people(any_app)
    with any_app.app_context():
        link((people["alice"], CHAT))
        for name in ("alice", "charlie"):
            follow(people[name], category=make_category())
        publish(2, title="Ряды")
        (message,) = messages_to(people["alice"])
        (own,) = message.notification_ids
        charlies = db.session.query(Notification).filter_by(user_id=people["charlie"]).one()
        alice = db.session.get_one(User, people["alice"])
        assert [each.id for each in list_wanted(alice, "telegram", [own, charlies.id])] == [own]
        outbox.write_messages(alice.id, [(charlies.id, utcnow())], utcnow())
        assert messages_to(alice.id)[-1].notification_ids == [own, charlies.id]
