"""Search as the bot answers it, without Telegram; and what becomes of faults."""

from __future__ import annotations

from typing import NoReturn

import pytest
from flask import Flask

from bot import lists, replies
from bot.people import Person
from bot.state import State
from edu.errors import NotFound
from edu.extensions import db
from edu.search.indexing import index_pending
from edu.search.service import MAX_QUERY
from edu.tree.service import ensure_category
from tests.bot.bot_api import Markup
from tests.bot.conftest import SITE, Chat, labels
from tests.bot.library import EVIL_TITLE, LECTURES, add


def test_start_says_what_this_is_shows_the_menu_and_the_way_in(stranger: Chat) -> None:
    reply = stranger.say("/start")
    assert "Конспект" in Markup(reply.text).plain
    assert Markup(reply.text).links == [SITE]
    assert [word for row in reply.keyboard for word in row][:3] == ["Search", "Library", "Subjects"]
    assert reply.then is not None
    assert reply.then.buttons[0][0].url.startswith(f"{SITE}/oauth/authorize?")


def test_a_hit_has_title_facts_and_the_place_it_was_found_at(stranger: Chat) -> None:
    reply = stranger.say("формула Грина")
    markup = Markup(reply.text)
    assert "Криволинейный интеграл" in markup.plain
    assert "Lecture · Математический анализ › Ряды · ★ 4.6 · 23 ratings" in markup.plain
    assert "p. 1 Формула Грина." in markup.plain
    assert "<b>Грина</b>" in reply.text
    assert markup.links[0].startswith(f"{SITE}/materials/")
    assert "page=1" in markup.links[0]
    assert "mark=%D0%B3" in markup.links[0]


def test_what_was_understood_is_said_and_can_be_searched_exactly(stranger: Chat) -> None:
    reply = stranger.say("ajhvekf Uhbyf")
    assert "\nKeyboard layout: ajhvekf Uhbyf → " in Markup(reply.text).plain
    assert "Криволинейный интеграл" in reply.text
    assert "Nothing found" in stranger.press(reply, "Search exactly").text


def test_numbers_follow_the_language_of_telegram(library: Flask) -> None:
    assert "★ 4,6" in Chat(library, 2, "ru-RU").say("Криволинейный").text
    assert "★ 4.6" in Chat(library, 2, "de").say("Криволинейный").text
    assert "★ 4.6" in Chat(library, 2, None).say("Криволинейный").text


def test_the_link_opens_at_the_page_of_the_hit(stranger: Chat) -> None:
    assert all("page=2" in link for link in Markup(stranger.say("Даламбера").text).links)


def test_pages_turn_forth_and_back(stranger: Chat) -> None:
    first = stranger.say("Даламбера")
    assert "page 1 of 2" in first.text
    assert len(Markup(first.text).links) == lists.PER_PAGE
    second = stranger.press(first, "▶")
    assert len(Markup(second.text).links) == LECTURES - lists.PER_PAGE
    assert "◀" in labels(second)
    assert "▶" not in labels(second)
    assert stranger.press(second, "◀") == first


def test_markup_in_titles_and_pages_stays_text(stranger: Chat) -> None:
    reply = stranger.say("тензор")
    markup = Markup(reply.text)
    assert EVIL_TITLE in markup.plain
    assert "<script" not in reply.text
    assert [link for link in markup.links if "evil" in link] == []
    assert EVIL_TITLE in Markup(stranger.press(reply, "1").text).plain


def test_markup_in_the_question_stays_text(stranger: Chat) -> None:
    assert "<u>нетто & брутто" in Markup(stranger.say("<u>нетто & брутто").text).plain


def test_what_is_not_published_is_not_found(stranger: Chat) -> None:
    reply = stranger.say("кватернион")
    assert "Nothing found" in reply.text
    assert "Черновик" not in reply.text


@pytest.mark.parametrize("text", [" ", "\0"])
def test_a_question_without_words_is_answered_with_how_to_search(stranger: Chat, text: str) -> None:
    assert stranger.say(text) == stranger.say("Search")


def test_filters_narrow_and_can_be_taken_back(stranger: Chat) -> None:
    found = stranger.say("Даламбера")
    filters = stranger.press(found, "Filters")
    assert "Lecture (7)" in labels(filters)
    narrowed = stranger.press(filters, "Lecture")
    assert "Filters (1)" in " ".join(labels(narrowed))
    again = stranger.press(narrowed, "Filters")
    assert "✓ Lecture (7)" in labels(again)
    assert stranger.press(stranger.press(again, "✓ Lecture"), "Filters") == filters
    by_subject = stranger.press(filters, "Математический анализ")
    assert "Математический анализ" in by_subject.text.split("\n")[1]


def test_the_longest_results_fit_into_a_message(library: Flask, stranger: Chat) -> None:
    with library.app_context():
        subject = ensure_category("🎓" * 60, slug="long")
        category = ensure_category("🎓" * 60, subject, slug="long")
        for number in range(lists.PER_PAGE):
            pages = [f"{number} " + "<&>🎓 гипербола " * 40]
            add(f"{number} " + "🎓&<" * 49, pages, category=category)
        db.session.commit()
        assert index_pending()
        db.session.commit()
    plain = Markup(stranger.say("гипербола " * (MAX_QUERY // 10)).text).plain
    assert plain.count("<&>🎓 гипербола") > lists.PER_PAGE
    assert len(plain.encode("utf-16-le")) // 2 <= 4096


def test_a_forgotten_search_says_so(library: Flask, stranger: Chat) -> None:
    found = stranger.say("Даламбера")
    stranger.say("/logout")
    reply = stranger.press(found, "▶")
    assert reply.failed
    assert "send it again" in reply.alert


def test_another_chats_button_has_no_access(library: Flask, stranger: Chat) -> None:
    found = stranger.say("Даламбера")
    reply = Chat(library, 3).press(found, "▶")
    assert reply.failed
    assert "No access" in reply.alert


def test_a_refusal_is_told_as_its_sentence(library: Flask) -> None:
    def refuse(person: Person, state: State) -> NoReturn:
        raise NotFound("No <such> thing.")

    reply = replies.compose(library, replies.Writer(1, "en"), refuse)
    assert (reply.text, reply.alert) == ("No &lt;such&gt; thing.", "No <such> thing.")


def test_a_fault_is_a_sentence_with_the_number_of_its_log_line(
    library: Flask, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(person: Person, state: State) -> NoReturn:
        raise RuntimeError("kaput")

    reply = replies.compose(library, replies.Writer(1, "en"), fail)
    assert "kaput" not in reply.text
    number = caplog.messages[-1].split()[1]
    assert number in reply.text
