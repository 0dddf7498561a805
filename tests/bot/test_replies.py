"""What the bot says, without Telegram."""

from __future__ import annotations

from functools import partial
from typing import NoReturn

import pytest
from flask import Flask

from bot import replies
from bot.replies import Reply
from edu import create_app
from edu.config import load_settings
from edu.errors import NotFound
from edu.extensions import db
from edu.search.indexing import index_pending
from edu.search.service import MAX_QUERY
from edu.tree.service import ensure_category
from tests.bot.bot_api import Markup
from tests.bot.conftest import SITE
from tests.bot.library import EVIL_TITLE, LECTURES, add


def search(app: Flask, text: str, page: int = 1, language: str | None = "en") -> Reply:
    return replies.compose(app, language, partial(replies.search, text, page, "token123"))


def labels(reply: Reply) -> list[str]:
    return [button.text for row in reply.buttons for button in row]


def test_start_says_what_this_is_and_links_the_site(library: Flask) -> None:
    markup = Markup(replies.compose(library, "en", replies.greet).text)
    assert "Конспект" in markup.plain
    assert markup.links == [SITE]


def test_a_hit_has_title_facts_and_the_place_it_was_found_at(library: Flask) -> None:
    reply = search(library, "формула Грина")
    markup = Markup(reply.text)
    assert "Криволинейный интеграл" in markup.plain
    assert "Lecture · Математический анализ › Ряды · ★ 4.6 · 23 ratings" in markup.plain
    assert "p. 1 Формула Грина." in markup.plain
    assert "<b>Грина</b>" in reply.text
    assert markup.links[0].startswith(f"{SITE}/materials/")
    assert "page=1" in markup.links[0]
    assert "mark=%D0%B3" in markup.links[0]


def test_what_was_understood_is_said(library: Flask) -> None:
    reply = search(library, "ajhvekf Uhbyf")
    assert "\nKeyboard layout: ajhvekf Uhbyf → " in Markup(reply.text).plain
    assert "Криволинейный интеграл" in reply.text


def test_numbers_follow_the_language_of_telegram(library: Flask) -> None:
    assert "★ 4,6" in search(library, "Криволинейный", language="ru-RU").text
    assert "★ 4.6" in search(library, "Криволинейный", language="de").text
    assert "★ 4.6" in search(library, "Криволинейный", language=None).text


def test_the_link_opens_at_the_page_of_the_hit(library: Flask) -> None:
    assert all("page=2" in link for link in Markup(search(library, "Даламбера").text).links)


def test_buttons_lead_to_the_pages_that_exist(library: Flask) -> None:
    first, second = search(library, "Даламбера"), search(library, "Даламбера", 2)
    assert (labels(first), labels(second)) == (["▶"], ["◀"])
    assert first.buttons[0][0].data == "page:2:token123"
    assert "page 1 of 2" in first.text
    assert len(Markup(first.text).links) == replies.PER_PAGE
    assert len(Markup(second.text).links) == LECTURES - replies.PER_PAGE


def test_a_page_past_the_end_is_the_last_one(library: Flask) -> None:
    assert search(library, "Даламбера", 99) == search(library, "Даламбера", 2)


def test_markup_in_titles_and_pages_stays_text(library: Flask) -> None:
    reply = search(library, "тензор")
    markup = Markup(reply.text)
    assert EVIL_TITLE in markup.plain
    assert "<script" not in reply.text
    assert [link for link in markup.links if "evil" in link] == []


def test_markup_in_the_question_stays_text(library: Flask) -> None:
    assert "<u>нетто & брутто" in Markup(search(library, "<u>нетто & брутто").text).plain


def test_what_is_not_published_is_not_found(library: Flask) -> None:
    reply = search(library, "кватернион")
    assert "Nothing found" in reply.text
    assert "Черновик" not in reply.text


@pytest.mark.parametrize("text", [" ", "\0"])
def test_a_question_without_words_is_answered_with_help(library: Flask, text: str) -> None:
    assert search(library, text) == replies.compose(library, "en", replies.explain)


def test_the_longest_results_fit_into_a_message(library: Flask) -> None:
    with library.app_context():
        subject = ensure_category("🎓" * 60, slug="long")
        category = ensure_category("🎓" * 60, subject, slug="long")
        for number in range(replies.PER_PAGE):
            pages = [f"{number} " + "<&>🎓 гипербола " * 40]
            add(f"{number} " + "🎓&<" * 49, pages, category=category)
        db.session.commit()
        assert index_pending()
        db.session.commit()
    plain = Markup(search(library, "гипербола " * (MAX_QUERY // 10)).text).plain
    assert plain.count("<&>🎓 гипербола") > replies.PER_PAGE
    assert len(plain.encode("utf-16-le")) // 2 <= 4096


def test_a_refusal_is_told_as_its_sentence(library: Flask) -> None:
    def refuse() -> NoReturn:
        raise NotFound("No <such> thing.")

    assert replies.compose(library, "en", refuse).text == "No &lt;such&gt; thing."


def test_a_fault_is_a_sentence_with_the_number_of_its_log_line(
    library: Flask, caplog: pytest.LogCaptureFixture
) -> None:
    def fail() -> NoReturn:
        raise RuntimeError("kaput")

    reply = replies.compose(library, "en", fail)
    assert "kaput" not in reply.text
    number = caplog.messages[-1].split()[1]
    assert number in reply.text


def test_a_public_site_shows_the_first_hit_as_a_picture(library_env: dict[str, str]) -> None:
    env = library_env | {"SITE_URL": "https://library.example.org", "SECRET_KEY": "x1y2z3w4" * 6}
    app = create_app(load_settings(env))
    assert search(app, "Криволинейный").media.endswith("/thumbnail")
    with app.app_context():
        db.engine.dispose()


def test_a_private_site_sends_no_addresses_for_telegram_to_fetch(library: Flask) -> None:
    assert search(library, "Криволинейный").media == ""


@pytest.mark.parametrize(
    ("text", "limit", "short"), [("abc", 3, "abc"), ("abcd", 3, "ab…"), ("🎓🎓", 3, "🎓…")]
)
def test_text_is_cut_between_characters(text: str, limit: int, short: str) -> None:
    assert replies.shorten(text, limit) == short
