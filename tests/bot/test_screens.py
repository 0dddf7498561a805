"""The other screens, without Telegram: library, subjects, card, what linked persons keep."""

from __future__ import annotations

import pytest
from flask import Flask

from bot.screens.material import MAX_UPLOAD
from edu.accounts.models import User
from edu.extensions import db
from edu.materials.models import Material, StoredFile
from edu.reports.models import Report
from tests.bot.bot_api import Markup
from tests.bot.conftest import SITE, Chat, labels, link_chat

BEST = "Криволинейный интеграл"


def material_id(title: str = BEST) -> int:
    """Within an app context."""
    return int(db.session.query(Material.id).filter_by(title=title).scalar())


def test_the_library_shows_types_and_their_pages(stranger: Chat) -> None:
    types = stranger.say("Library")
    assert labels(types) == ["Lecture (9)"]
    first = stranger.press(types, "Lecture")
    assert "9 materials, page 1 of 2" in first.text
    second = stranger.press(first, "▶")
    assert "page 2 of 2" in second.text
    assert stranger.press(second, "Back") == types


def test_subjects_are_a_tree_down_to_the_materials(stranger: Chat) -> None:
    root = stranger.say("Subjects")
    subject = stranger.press(root, "Математический анализ (9)")
    assert "Ряды (9)" in labels(subject)
    assert "All materials (9)" in labels(subject)
    part = stranger.press(subject, "Ряды")
    assert "Математический анализ › Ряды" in part.text
    assert stranger.press(part, "Back") == subject
    assert stranger.press(subject, "Back") == root


def test_a_card_shows_the_place_and_its_page_as_a_picture(stranger: Chat) -> None:
    card = stranger.press(stranger.say("формула Грина"), "1")
    assert "p. 1 Формула Грина." in Markup(card.text).plain
    assert card.picture is not None
    assert "/pages/1" in card.picture.key
    assert card.picture.content.startswith(b"\xff\xd8\xff")
    assert card.buttons[0][0].url.startswith(f"{SITE}/materials/")


def test_a_card_does_not_say_twice_what_the_description_and_the_page_say(
    library: Flask, stranger: Chat
) -> None:
    for description, shown in (("Формула Грина.", 1), ("О формуле Грина.", 2)):
        with library.app_context():
            db.session.get_one(Material, material_id()).description = description
            db.session.commit()
        card = stranger.press(stranger.say("формула Грина"), "1")
        assert Markup(card.text).plain.count("Грина.") == shown


def test_a_card_of_a_list_has_the_thumbnail_and_leads_back(stranger: Chat) -> None:
    types = stranger.say("Library")
    listed = stranger.press(types, "Lecture")
    card = stranger.press(listed, "1")
    assert card.picture is None or "/pages/" not in card.picture.key
    assert stranger.press(card, "Back") == listed


def test_a_stranger_is_offered_to_sign_in_and_nothing_else(stranger: Chat) -> None:
    card = stranger.press(stranger.say("формула Грина"), "1")
    assert [label.strip("⬇🌐⬅ ") for label in labels(card)] == [
        "Open on the site",
        "Download",
        "Sign in",
        "Back",
    ]
    asked = stranger.press(card, "Sign in")
    assert asked.buttons[0][0].url.startswith(f"{SITE}/oauth/authorize?")
    assert stranger.press(asked, "Back").text.split("\n")[0] == card.text.split("\n")[0]


@pytest.mark.parametrize("word", ["My collections", "History", "Subscriptions"])
def test_what_is_kept_for_persons_asks_strangers_to_sign_in(stranger: Chat, word: str) -> None:
    assert stranger.say(word).buttons[0][0].text == "Sign in"


def test_words_of_the_menu_work_in_both_languages(library: Flask) -> None:
    assert Chat(library, 5, "ru").say("library").text == Chat(library, 5, "ru").say("/library").text


def test_stars_are_given_and_can_be_changed(library: Flask, charlie: Chat) -> None:
    card = charlie.press(charlie.say("формула Грина"), "1")
    stars = charlie.press(card, "Rate")
    assert stars.text == ""
    given = charlie.press(stars, "4 ★")
    assert "Thank you" in given.alert
    assert "★ 4.0 · 1 rating" in given.text
    assert "✓4 ★" in labels(charlie.press(given, "Rate"))


def test_a_file_is_sent_with_stars_below_it(library: Flask, charlie: Chat) -> None:
    reply = charlie.press(charlie.press(charlie.say("формула Грина"), "1"), "Download")
    assert reply.text == ""
    sent = reply.then
    assert sent is not None
    assert sent.document is not None
    assert sent.document.name == "a.pdf"
    rated = charlie.press(sent, "5 ★")
    assert "✓5 ★" in labels(rated)


def test_what_is_too_large_comes_by_a_link_that_opens_for_whoever_has_it(
    library: Flask, stranger: Chat
) -> None:
    with library.app_context():
        file = db.session.get_one(Material, material_id()).file
        size, file.size = file.size, MAX_UPLOAD + 1
        db.session.commit()
        reply = stranger.press(stranger.press(stranger.say("формула Грина"), "1"), "Download")
        db.session.get_one(StoredFile, file.id).size = size
        db.session.commit()
    assert reply.then is not None
    address = reply.then.buttons[0][0].url
    path = address.removeprefix(SITE)
    response = library.test_client().get(path, buffered=True)
    assert response.status_code == 200
    assert response.headers["Content-Disposition"].startswith("attachment")
    assert library.test_client().get(path[:-1] + "?").status_code == 404


def test_a_material_goes_into_a_collection_and_out(charlie: Chat) -> None:
    card = charlie.press(charlie.say("формула Грина"), "1")
    chosen = charlie.press(card, "To a collection")
    charlie.press(chosen, "New collection")
    made = charlie.say("К экзамену <1>")
    assert "К экзамену" in made.text
    inside = charlie.press(made, "Open")
    assert BEST in inside.text
    assert BEST in charlie.press(charlie.press(made, "Back"), "Back").text  # card, then search
    assert "✓ К экзамену <1>" in labels(charlie.press(card, "To a collection"))
    out = charlie.press(charlie.press(card, "To a collection"), "✓ К экзамену")
    assert "К экзамену <1>" in labels(out)
    assert "К экзамену <1> (0)" in labels(charlie.say("My collections"))


def test_subject_and_author_are_followed(charlie: Chat) -> None:
    assert "card" in charlie.say("Subscriptions").text
    card = charlie.press(charlie.say("формула Грина"), "1")
    what = charlie.press(card, "Subscribe")
    assert "✓ Ряды" in labels(charlie.press(what, "Ряды"))
    assert "✓ Alice" in labels(charlie.press(what, "Alice"))
    followed = charlie.say("Subscriptions")
    assert any("Alice" in label for label in labels(followed))
    assert BEST in charlie.press(followed, "My feed").text
    charlie.press(charlie.press(followed, "Alice"), "Unfollow")
    assert not any("Alice" in label for label in labels(charlie.say("Subscriptions")))


def test_help_names_the_door_that_one_can_go_through(stranger: Chat, charlie: Chat) -> None:
    for chat, there, gone in ((stranger, "/login", "/logout"), (charlie, "/logout", "/login")):
        text = chat.say("/help").text
        assert there in text
        assert gone not in text


def test_history_holds_what_was_opened_and_can_be_cleared(charlie: Chat) -> None:
    charlie.press(charlie.say("формула Грина"), "1")
    opened = charlie.say("History")
    assert BEST in opened.text
    cleared = charlie.press(charlie.press(opened, "Clear"), "Clear")
    assert "Nothing here yet" in cleared.text


def test_a_report_has_a_reason_and_a_note(library: Flask, charlie: Chat) -> None:
    card = charlie.press(charlie.say("формула Грина"), "1")
    asked = charlie.press(charlie.press(card, "Report"), "Mistakes in the content")
    assert "Send without a note" in labels(asked)
    sent = charlie.say("На второй странице не тот знак")
    assert "Moderators will look" in sent.text
    assert "формула Грина" in charlie.press(charlie.press(sent, "Back"), "Back").text
    with library.app_context():
        report = db.session.query(Report).one()
        assert (report.reason, report.note) == ("content", "На второй странице не тот знак")


def test_a_report_is_withdrawn(library: Flask, charlie: Chat) -> None:
    card = charlie.press(charlie.say("формула Грина"), "1")
    charlie.press(charlie.press(charlie.press(card, "Report"), "Mistakes"), "without a note")
    ways = charlie.press(card, "Report")
    gone = charlie.press(ways, "Withdraw")
    assert "withdrawn" in gone.alert
    assert not any("Withdraw" in label for label in labels(gone))
    with library.app_context():
        assert db.session.query(Report).count() == 0


def test_a_dialogue_is_left_by_cancel_and_by_the_menu(charlie: Chat) -> None:
    listed = charlie.say("My collections")
    for leave in ("/cancel", "Library"):
        charlie.press(listed, "New collection")
        charlie.say(leave)
        assert "Даламбера" in charlie.say("Даламбера").text
    assert "nothing to cancel" in charlie.say("/cancel").text


def test_the_language_is_chosen_and_kept(library: Flask) -> None:
    chat = Chat(library, 6)
    changed = chat.press(chat.say("/settings"), "Русский")
    assert changed.then is not None
    assert changed.then.keyboard[0][0] == "Поиск"
    assert changed.then.then is not None  # words are changed by a message, which stands above
    assert "✓ Русский" in labels(changed.then.then)
    assert any("✓ Русский" in label for label in labels(chat.say("/settings")))


def test_the_language_of_the_site_is_spoken_until_the_chat_has_one(library: Flask) -> None:
    chat = Chat(library, 8, "ru")
    assert "Настройки" in chat.say("/settings").text
    link_chat(library, "charlie", 8)
    for locale, heading in (("en", "Settings"), ("", "Настройки")):
        with library.app_context():
            db.session.query(User).filter_by(email="charlie@example.org").one().locale = locale
            db.session.commit()
        assert heading in chat.say("/settings").text


def test_a_button_of_an_older_bot_says_so(library: Flask, stranger: Chat) -> None:
    from bot.callbacks import pack

    with library.app_context():
        data = pack(1, "gone:show:1")
    assert "out of date" in stranger.send(data).alert
