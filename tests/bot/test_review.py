"""«На проверке» without Telegram: the queue, the card, decisions, and who gets none of it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask

from bot.callbacks import MAX_DATA, pack
from bot.menu import keyboard
from edu.accounts.models import ModeratedSubject, Role, User
from edu.accounts.service import create_user
from edu.catalog.models import Category
from edu.extensions import db, utcnow
from edu.materials.models import Material, MaterialStatus
from edu.moderation.service import approve_material
from edu.notifications.models import Notification
from edu.tree.service import ensure_category
from tests.bot import library as samples
from tests.bot.bot_api import Markup
from tests.bot.conftest import CHARLIES_CHAT, Chat, labels, link_chat

MARIAS_CHAT, ALICES_CHAT = 901, 902


@pytest.fixture(scope="module")
def reviewed(library: Flask) -> Flask:
    """The library with Maria, who moderates calculus only, in a chat of hers."""
    with library.app_context():
        maria = create_user("maria@example.org", samples.PASSWORD, "Maria")
        maria.confirmed_at, maria.role = utcnow(), Role.MODERATOR.value
        maria.moderates_all = False
        subject = db.session.query(Category).filter_by(slug="matan").one()
        maria.moderated = [ModeratedSubject(category_id=subject.id)]
        db.session.commit()
    link_chat(library, "maria", MARIAS_CHAT)
    return library


@pytest.fixture
def maria(reviewed: Flask) -> Iterator[Chat]:
    """Maria's chat; what waited before goes."""
    with reviewed.app_context():
        waiting = db.session.query(Material).filter_by(status=MaterialStatus.PENDING.value)
        for material in waiting:
            material.status = MaterialStatus.ARCHIVED.value
        db.session.commit()
    chat = Chat(reviewed, MARIAS_CHAT)
    yield chat
    chat.say("/cancel")


def submit(app: Flask, title: str, **changes: Any) -> int:
    """A material of Alice's that waits; its id."""
    with app.app_context():
        values = {"status": MaterialStatus.PENDING.value, "published_at": None, **changes}
        material = samples.add(title, ["Кватернион <i>."], **values)
        db.session.commit()
        return material.id


def now(app: Flask, material_id: int) -> Material:
    with app.app_context():
        return db.session.get_one(Material, material_id)


def rename(app: Flask, material_id: int, title: str) -> None:
    with app.app_context():
        db.session.get_one(Material, material_id).title = title
        db.session.commit()


def test_the_queue_lists_what_waits_longest_first(maria: Chat) -> None:
    assert "empty" in maria.say("/review").text
    for number in range(6):
        submit(maria.app, f"Очередь {number} <b>")
    listed = maria.say("In review")
    plain = Markup(listed.text).plain
    assert "6 materials, page 1 of 2" in plain
    assert plain.index("Очередь 0 <b>") < plain.index("Очередь 4 <b>")
    assert "Alice" in plain
    assert "Очередь 5" in maria.press(listed, "▶").text


def test_a_card_says_what_the_site_says(maria: Chat) -> None:
    before = {"description": "О <кватернионах>", "reject_reason": "Нет страниц"}
    number = submit(maria.app, "Кватернионы", **before)
    with maria.app.app_context():
        file = db.session.get_one(Material, number).file
        samples.keep_files(file)
        file.text_ok = False
        twin = submit(maria.app, "Двойник")
        db.session.get_one(Material, twin).file = file
        db.session.commit()
    card = maria.press(maria.say("/review"), "1")
    plain = Markup(card.text).plain
    for words in ("Кватернионы", "Alice", "О <кватернионах>", "Declined before: Нет страниц"):
        assert words in plain
    assert "Text not recognised" in plain
    assert "The same file is in another material: Двойник" in plain
    assert card.picture is not None
    assert "/pages/1" in card.picture.key
    sent = maria.press(card, "Download").then
    assert sent is not None
    assert sent.document is not None
    assert maria.press(card, "Back").text == maria.say("/review").text


def test_a_material_is_published_and_its_uploader_told(maria: Chat) -> None:
    number = submit(maria.app, "К изданию")
    submit(maria.app, "Следующий")
    done = maria.press(maria.press(maria.say("/review"), "1"), "Approve")
    assert done.alert == "Published."
    assert "К изданию" in done.text
    assert now(maria.app, number).status == MaterialStatus.ACTIVE
    with maria.app.app_context():
        told = db.session.query(Notification).filter_by(material_id=number).one()
        assert (told.kind, told.user_id) == ("approved", 1)
    assert "Следующий" in maria.press(done, "Next").text


def test_a_material_goes_back_with_a_reason(maria: Chat) -> None:
    number = submit(maria.app, "Без титула")
    asked = maria.press(maria.press(maria.say("/review"), "1"), "Reject")
    assert "/cancel" in asked.text
    assert "too long" in maria.say("ы" * 1001).text  # and the next one is a reason again
    done = maria.say("Нет <титула>")
    assert "Нет <титула>" in Markup(done.text).plain
    material = now(maria.app, number)
    assert (material.status, material.reject_reason) == ("rejected", "Нет <титула>")
    assert "Даламбера" in maria.say("Даламбера").text  # a search again


def test_a_rejection_can_be_left(maria: Chat) -> None:
    number = submit(maria.app, "Передумали")
    asked = maria.press(maria.press(maria.say("/review"), "1"), "Reject")
    maria.press(asked, "Back")
    assert "Даламбера" in maria.say("Даламбера").text
    assert now(maria.app, number).status == MaterialStatus.PENDING


@pytest.mark.parametrize("way", ["Approve", "Reject"])
def test_who_comes_second_sees_what_the_first_has_decided(maria: Chat, way: str) -> None:
    number = submit(maria.app, f"Кто первый: {way}")
    card = maria.press(maria.say("/review"), "1")
    with maria.app.app_context():
        admin = db.session.get_one(User, 1)
        admin.role = Role.ADMIN.value
        approve_material(admin, db.session.get_one(Material, number))
        admin.role = Role.USER.value
        db.session.commit()
    late = maria.press(card, way)
    assert "already decided" in late.alert
    assert "Published" in late.text
    assert "Approve" not in " ".join(labels(late))


def test_a_reason_that_comes_too_late_ends_the_dialogue(maria: Chat) -> None:
    number = submit(maria.app, "Пока пишут причину")
    maria.press(maria.press(maria.say("/review"), "1"), "Reject")
    with maria.app.app_context():
        db.session.get_one(Material, number).status = MaterialStatus.ACTIVE.value
        db.session.commit()
    late = maria.say("Слишком поздно")
    assert "already decided" in late.text
    assert late.then is not None
    assert "Published" in late.then.text
    assert "Даламбера" in maria.say("Даламбера").text


def test_what_was_changed_meanwhile_is_looked_at_again(maria: Chat) -> None:
    number = submit(maria.app, "Первая редакция")
    card = maria.press(maria.say("/review"), "1")
    rename(maria.app, number, "Вторая редакция")
    again = maria.press(card, "Approve")
    assert "changed since" in again.alert
    assert "Вторая редакция" in again.text
    assert now(maria.app, number).status == MaterialStatus.PENDING
    maria.press(again, "Approve")
    assert now(maria.app, number).status == MaterialStatus.ACTIVE


def test_a_foreign_subject_is_out_of_reach(maria: Chat) -> None:
    number = submit(maria.app, "Чужая оптика")
    with maria.app.app_context():
        db.session.get_one(Material, number).category = ensure_category("Физика", slug="fizika")
        db.session.commit()
    assert "Чужая оптика" not in maria.say("/review").text
    for data in forged(maria, number):
        assert_refused(maria, data, number, "Чужая оптика")


def test_who_has_uploaded_it_does_not_decide(maria: Chat) -> None:
    link_chat(maria.app, "alice", ALICES_CHAT)
    number = submit(maria.app, "Своё")
    alice = Chat(maria.app, ALICES_CHAT)
    for data in forged(alice, number):
        assert_refused(alice, data, number, "Своё")


def forged(chat: Chat, number: int) -> list[str]:
    """Buttons that nobody has been given, with a signature that is good in this chat."""
    with chat.app.app_context():
        edition = db.session.get_one(Material, number).edition
        pages = [f"review:{each}:{number}:{edition}" for each in ("show", "approve", "reject")]
        return [pack(chat.chat_id, page) for page in [*pages, f"review:because:{number}:-:Нет"]]


def assert_refused(chat: Chat, data: str, number: int, title: str) -> None:
    reply = chat.send(data)
    assert "No access" in reply.alert
    assert title not in f"{reply.text}{reply.alert}"
    assert reply.buttons == ()
    assert now(chat.app, number).status == MaterialStatus.PENDING


@pytest.mark.parametrize("chat_id", [1, CHARLIES_CHAT])
def test_who_is_no_moderator_sees_nothing_of_it(maria: Chat, chat_id: int) -> None:
    number = submit(maria.app, f"Не для всех {chat_id}")
    chat = Chat(maria.app, chat_id)
    for data in forged(chat, number):
        assert_refused(chat, data, number, "Не для всех")
    with chat.app.app_context():
        for page in ("review:list:1", "review:next", f"review:show:{10**8}"):
            reply = chat.send(pack(chat_id, page))
            assert reply.failed
            assert "Не для всех" not in reply.text
    assert "/review" not in chat.say("/help").text
    assert chat.say("/review").text == chat.say("/no_such_command").text
    assert "Review queue" not in chat.say("In review").text
    with chat.app.app_context():
        assert all("In review" not in row for row in keyboard(None))


def test_a_moderator_who_is_one_no_more_decides_nothing(maria: Chat) -> None:
    number = submit(maria.app, "После отставки")
    card = maria.press(maria.say("/review"), "1")
    asked = maria.press(card, "Reject")
    assert asked.buttons
    set_role(maria.app, Role.USER)
    try:
        assert "No access" in maria.say("Нет титула").alert
        assert "Даламбера" in maria.say("Даламбера").text
        assert "No access" in maria.press(card, "Approve").alert
    finally:
        set_role(maria.app, Role.MODERATOR)
    assert now(maria.app, number).status == MaterialStatus.PENDING


def set_role(app: Flask, role: Role) -> None:
    with app.app_context():
        db.session.query(User).filter_by(name="Maria").one().role = role.value
        db.session.commit()


def test_the_menu_has_a_row_for_moderators(maria: Chat) -> None:
    assert ("In review",) in maria.say("/start").keyboard
    assert "/review" in maria.say("/help").text


def test_buttons_fit(library: Flask) -> None:
    with library.app_context():
        data = pack(2**52, f"review:approve:{2**31}:{'f' * 16}")
    assert len(data.encode()) <= MAX_DATA
