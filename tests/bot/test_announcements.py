"""What messages about notifications say, and that their buttons lead somewhere."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask

from bot.announcements import ORDER, SHOWN, announce
from bot.people import Person
from bot.replies import Reply
from edu.assistant.models import Conversation, Question
from edu.extensions import db
from edu.materials.models import Material, MaterialStatus
from edu.notifications.models import Notification, Topic
from tests.bot import library as samples
from tests.bot.bot_api import Markup
from tests.bot.conftest import CHARLIES_CHAT, SITE, labels

KINDS = {
    ("materials", "new"): "New material",
    ("decisions", "approved"): "Your material is published",
    ("decisions", "rejected"): "Reason: Нет <титула>",
    ("decisions", "failed"): "could not be processed",
    ("decisions", "deleted"): "Reason: Нет <титула>",
    ("requests", "found"): "Here is what you asked for: “Нет <титула>”",
    ("reports", "report_kept"): "Answer: Нет <титула>",
    ("reports", "report_returned"): "review it",
    ("reports", "report_deleted"): "have deleted the material",
    ("review", "pending"): "New material in the review queue",
}


def told(topic: str, kind: str, **values: Any) -> Notification:
    return Notification(user_id=2, topic=topic, kind=kind, note="Нет <титула>", **values)


def say(*notifications: Notification, digest: bool = False) -> Reply:
    return announce(Person(CHARLIES_CHAT, None, "en"), notifications, digest=digest)


def ways(reply: Reply) -> list[str]:
    return [button.go for row in reply.buttons for button in row if button.go]


def evil() -> Material:
    return db.session.query(Material).filter_by(title=samples.EVIL_TITLE).one()


def question() -> Question:
    """A question with a title to be escaped, flushed."""
    asked = Question(user_id=2, text="Чем <b>ряд</b> & сумма?", locale="en")
    asked.conversation = Conversation(user_id=2, title="Ряды")
    db.session.add(asked)
    db.session.flush()
    return asked


@pytest.mark.parametrize(("topic", "kind"), KINDS)
def test_one_is_a_card(library: Flask, topic: str, kind: str) -> None:
    with library.app_context():
        material = evil()
        reply = say(told(topic, kind, material=material, material_id=material.id))
        markup = Markup(reply.text)
        assert KINDS[topic, kind] in markup.plain
        assert samples.EVIL_TITLE in markup.plain
        assert markup.links == [f"{SITE}/materials/{material.id}"]
        assert reply.buttons[-1][-1].url == f"{SITE}/materials/{material.id}"
        opened = (
            f"review:show:{material.id}" if topic == "review" else f"material:show:{material.id}:0:"
        )
        assert opened in ways(reply)
        assert reply.stays


def test_what_waits_can_be_decided_on_at_once(library: Flask) -> None:
    with library.app_context():
        material = evil()
        reply = say(told("review", "pending", material=material, material_id=material.id))
        tail = f"{material.id}:{material.edition}"
        assert [b.go for b in reply.buttons[0]] == [
            f"review:approve:{tail}",
            f"review:reject:{tail}",
        ]
        assert "Alice" in reply.text


@pytest.mark.parametrize(("kind", "words"), [("answered", "is ready"), ("unanswered", "no answer")])
def test_an_answer_opens_in_the_chat(library: Flask, kind: str, words: str) -> None:
    with library.app_context():
        asked = question()
        reply = say(told("answers", kind, question=asked, question_id=asked.id))
        assert words in reply.text
        assert "Чем <b>ряд</b> & сумма?" in Markup(reply.text).plain
        assert ways(reply) == [f"assistant:answer:{asked.id}"]
        assert (
            f"/assistant/{asked.conversation_id}#question-{asked.id}" in Markup(reply.text).links[0]
        )


def test_what_is_hidden_since_one_reported_it_is_not_opened(library: Flask) -> None:
    with library.app_context():
        material = evil()
        material.status = MaterialStatus.PENDING.value
        reply = say(told("reports", "report_returned", material=material, material_id=material.id))
        assert ways(reply) == []
        assert Markup(reply.text).links == [f"{SITE}/me/reports"]
        db.session.rollback()


def test_several_are_a_list_by_topic_with_what_is_waited_for_first(library: Flask) -> None:
    with library.app_context():
        material, asked = evil(), question()
        news = [told("materials", "new", material=material, material_id=material.id)] * (SHOWN + 3)
        review = told("review", "pending", material=material, material_id=material.id)
        sent = told("decisions", "rejected", material=material, material_id=material.id)
        answer = told("answers", "answered", question=asked, question_id=asked.id)
        reply = say(*news, sent, review, answer)
        markup = Markup(reply.text)
        assert markup.plain.startswith("16 pieces of news")
        order = [
            "Answers of",
            "1. Чем",
            "wait for review",
            "2. ",
            "Decisions",
            "3. Sent back: <scr",
        ]
        places = [markup.plain.index(words) for words in order]
        assert places == sorted(places)
        assert "10. " in markup.plain
        assert "11. " not in markup.plain
        assert "And 6 more" in markup.plain
        assert labels(reply) == [str(n) for n in range(1, SHOWN + 1)]
        assert ways(reply)[:2] == [f"assistant:answer:{asked.id}", f"review:show:{material.id}"]


def test_a_digest_says_so(library: Flask) -> None:
    with library.app_context():
        material = evil()
        news = [told("materials", "new", material=material, material_id=material.id)] * 2
        assert "since yesterday" in say(*news, digest=True).text


def test_every_topic_has_its_place() -> None:
    assert set(ORDER) == set(Topic)
