"""A chat that acts for its person no more hears nothing, however near the message was to going."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask import Flask

from edu.accounts.service import block_user, change_password
from edu.claims import ClaimLost, new_claim
from edu.extensions import db
from edu.telegram_chats.service import block_chat
from edu.telegram_links.service import unlink_chat
from edu.telegram_outbox import service as outbox
from edu.telegram_outbox.models import MessageState
from tests.conftest import make_people
from tests.notifications.chats import link, messages_to, states
from tests.notifications.followers import follow, person, publish
from tests.samples import make_category

CHAT = 71


@pytest.mark.parametrize("way", ["blocked", "password", "unlinked", "closed"])
def test_a_message_that_was_made_before_the_end_does_not_go(any_app: Flask, way: str) -> None:
    alice = make_people(any_app)["alice"]
    with any_app.app_context():
        link((alice, CHAT))
        follow(alice, category=make_category())
        publish(2, title="Ряды")
        (message,) = messages_to(alice)
        told = list(message.notification_ids)
        ends: dict[str, Callable[[], object]] = {
            "blocked": lambda: block_user(person(alice), blocked=True),
            "password": lambda: change_password(person(alice), "another correct horse"),
            "unlinked": lambda: unlink_chat(CHAT),
            "closed": lambda: block_chat(CHAT),
        }
        ends[way]()
        db.session.commit()
        with pytest.raises(ClaimLost):
            outbox.mark_handed(message.id, new_claim(), told)
        db.session.rollback()
        assert states(alice) == [MessageState.QUEUED]
