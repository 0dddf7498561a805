"""«Помощник» without Telegram: asking, answers as messages, what is kept of them, plans."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest
from flask import Flask
from sqlalchemy import select

from bot import replies
from bot.answers import MAX_PAGE, cut_page, write_text
from bot.callbacks import MAX_DATA, pack
from bot.replies import Reply
from edu.accounts.models import User
from edu.accounts.service import create_user
from edu.assistant import service
from edu.assistant.models import Conversation, Question, SavedAnswer
from edu.config import load_settings
from edu.extensions import db, limiter, utcnow
from edu.plans.models import Plan, PlanStep
from edu.ratings.models import Rating
from edu.telegram_chats.models import TelegramChat, TelegramWatch
from tests.bot.bot_api import Markup
from tests.bot.bot_rules import units
from tests.bot.conftest import CHARLIES_CHAT, SITE, Chat, labels

ASKED = "Что почитать о признаке Даламбера?"


@pytest.fixture(autouse=True)
def forgotten(library: Flask) -> Iterator[None]:
    """What is asked in one test is gone in the next."""
    yield
    with library.app_context():
        for model in (PlanStep, Plan, SavedAnswer, Question, Conversation):
            db.session.query(model).delete()
        db.session.query(TelegramChat).update({"dialogue": {}})
        db.session.commit()
        limiter.reset()


def ask(chat: Chat, text: str = ASKED) -> tuple[Question, Reply]:
    """Ask in the chat; the question, which is answered at once, and its answer."""
    followed = chat.say(f"/assistant {text}")
    assert followed.follow
    return last(chat)


def last(chat: Chat) -> tuple[Question, Reply]:
    """The question that was asked last, and its answer as a screen."""
    with chat.app.app_context():
        question = db.session.scalars(select(Question).order_by(Question.id.desc())).first()
        assert question is not None
        data = pack(chat.chat_id, f"assistant:answer:{question.id}")
        db.session.expunge(question)
    return question, chat.send(data)


def test_strangers_are_told_why_they_have_to_sign_in(stranger: Chat) -> None:
    shown = stranger.say("Assistant")
    assert "who you are" in shown.text
    assert labels(shown) == ["Sign in"]
    assert stranger.say("/plans").buttons[0][0].text == "Sign in"


def test_it_opens_with_questions_that_the_library_can_answer(charlie: Chat) -> None:
    shown = charlie.say("Assistant")
    assert any("Математический анализ" in label for label in labels(shown))
    assert charlie.press(shown, "Математический анализ").follow
    question, _answer = last(charlie)
    assert "Математический анализ" in question.text
    assert question.status == "answered"


def test_an_answer_names_materials_with_links_and_buttons(charlie: Chat) -> None:
    question, shown = ask(charlie)
    plain = Markup(shown.text).plain
    assert ASKED in plain
    assert "[1, p. 2]" in plain or "[1" in plain
    links = Markup(shown.text).links
    assert links
    assert all(link.startswith(f"{SITE}/materials/") for link in links)
    assert any("page=2" in link for link in links)
    assert "1" in labels(shown)
    card = charlie.press(shown, "1")
    assert "p. 2 " in Markup(card.text).plain
    assert charlie.press(card, "Back").text == shown.text
    assert question.seen_at is not None


def test_what_is_written_next_goes_on_with_the_conversation(charlie: Chat) -> None:
    first, shown = ask(charlie)
    charlie.press(shown, "1")  # to look at a material does not end it
    assert charlie.say("а посложнее?").follow
    second, _shown = last(charlie)
    assert second.conversation_id == first.conversation_id
    assert charlie.press(_shown, "New conversation").then is not None
    charlie.say("формула Грина")
    third, _shown = last(charlie)
    assert third.conversation_id != first.conversation_id


@pytest.mark.parametrize("way", ["Library", "/history", "button"])
def test_another_screen_ends_the_talk(charlie: Chat, way: str) -> None:
    types = charlie.say("Library")
    ask(charlie)
    charlie.press(types, "Lecture") if way == "button" else charlie.say(way)
    assert not charlie.say("формула Грина").follow


def test_a_conversation_that_was_deleted_is_followed_by_a_new_one(charlie: Chat) -> None:
    question, _shown = ask(charlie)
    with charlie.app.app_context():
        user = db.session.get_one(User, question.user_id)
        service.delete_conversation(
            user, db.session.get_one(Conversation, question.conversation_id)
        )
        db.session.commit()
    assert charlie.say("формула Грина").follow


def test_conversations_are_listed_opened_and_deleted(charlie: Chat) -> None:
    _question, shown = ask(charlie)
    talk = charlie.press(shown, "Back")
    assert "1 question" in talk.text
    assert charlie.press(talk, "1").text == shown.text
    assert charlie.press(charlie.say("Assistant"), "↩").text == talk.text
    listed = charlie.press(talk, "Back")
    assert any(ASKED in label for label in labels(listed))
    sure = charlie.press(charlie.press(listed, ASKED), "Delete")
    assert charlie.press(sure, "Back").text == talk.text
    assert charlie.press(sure, "Delete").alert == "The conversation is deleted."
    assert charlie.press(shown, "👍").alert == "There is no such question."


def test_opinions_are_given_and_taken_back(charlie: Chat) -> None:
    _question, shown = ask(charlie)
    liked = charlie.press(shown, "👎")
    assert "✓ 👎" in labels(liked)
    assert last(charlie)[0].opinion == -1
    assert "✓ 👎" not in labels(charlie.press(liked, "👎"))
    assert last(charlie)[0].opinion == 0


def test_recommended_materials_are_rated_below_the_answer(charlie: Chat) -> None:
    _question, shown = ask(charlie)
    choice = charlie.press(shown, "Rate")
    given = charlie.press(charlie.press(choice, "1. "), "5 ★")
    assert given.alert == "Thank you! Your rating counts."
    assert "✓5 ★" in labels(given)
    assert "★ 5.0" in charlie.press(given, "Back").text
    with charlie.app.app_context():
        assert db.session.query(Rating).filter_by(stars=5).count()


def test_answers_are_kept_and_read_again(charlie: Chat) -> None:
    question, shown = ask(charlie)
    kept = charlie.press(shown, "Keep the answer")
    assert "✓ Kept" in labels(kept)
    listed = charlie.press(charlie.say("/assistant"), "Kept answers")
    again = charlie.press(listed, ASKED)
    assert Markup(again.text).links
    card = charlie.press(again, "1")
    assert "p. 2 " in Markup(card.text).plain
    assert charlie.press(card, "Back").text == again.text
    assert charlie.press(again, "Keep no longer").alert == "It is not kept any more."
    assert "Keep the answer" in " ".join(labels(charlie.send(answer_data(charlie, question.id))))


def answer_data(chat: Chat, number: int) -> str:
    with chat.app.app_context():
        return pack(chat.chat_id, f"assistant:answer:{number}")


def test_what_the_library_has_not_got_is_asked_for(charlie: Chat) -> None:
    _question, shown = ask(charlie, "Что почитать о квазигруппах?")
    asked = charlie.press(shown, "Ask for the material")
    assert asked.alert == "Thank you. Moderators see what you ask for."
    assert "Ask for the material" not in " ".join(labels(asked))


def test_a_plan_is_saved_ticked_off_and_deleted(charlie: Chat) -> None:
    _question, shown = ask(charlie, "Составь план подготовки по числовым рядам на две недели")
    plan = charlie.press(shown, "Save the plan")
    assert "Week 1 of " in plan.text
    assert "☐ 1" in labels(plan)
    ticked = charlie.press(plan, "☐ 1")
    assert "☑ 1" in labels(ticked)
    assert "<s>" in ticked.text
    card = charlie.press(ticked, "📖 1")
    assert charlie.press(card, "Back").text == ticked.text
    assert "☐ 1" in labels(charlie.press(ticked, "☑ 1"))
    later = charlie.press(plan, "▶")
    assert "Week 2 of " in later.text
    assert "Open the plan" in " ".join(labels(last(charlie)[1]))
    listed = charlie.say("/plans")
    gone = charlie.press(charlie.press(charlie.press(listed, "%"), "Delete"), "Delete the plan")
    assert gone.alert == "The plan is deleted."


def test_what_is_anothers_is_not_there(charlie: Chat, stranger: Chat) -> None:
    with charlie.app.app_context():
        other = create_user(f"o{utcnow().timestamp()}@example.org", "correct horse", "Other")
        question = service.ask_question(other, "Чужой вопрос")
        db.session.commit()
        number, talk = question.id, question.conversation_id
    for go in (
        f"assistant:answer:{number}",
        f"assistant:cancel:{number}",
        f"assistant:stars:{number}",
        f"assistant:keep:{number}",
        f"assistant:judge:{number}:1",
        f"talks:open:{talk}",
        f"talks:delete:{talk}",
        f"plans:make:{number}",
        "plans:show:1",
        "kept:show:1",
    ):
        with charlie.app.app_context():
            data = pack(CHARLIES_CHAT, go)
        refused = charlie.send(data)
        assert refused.failed, go
        assert "There is no such" in refused.alert
        assert "No access" in stranger.send(data).alert


def test_an_empty_or_endless_question_is_refused_in_a_sentence(charlie: Chat) -> None:
    assert "1000 characters" in charlie.say("/assistant " + "ряд " * 400).text


def test_no_more_is_asked_than_the_site_allows(
    charlie: Chat, monkeypatch: pytest.MonkeyPatch
) -> None:
    few = replace(load_settings(), assist_limit="2 per day")
    monkeypatch.setattr("bot.screens.assistant.settings", lambda: few)
    asked = [charlie.say(f"/assistant {ASKED}") for _ in range(3)]
    assert [each.follow for each in asked] == [True, True, False]
    assert "too often" in asked[-1].text
    with charlie.app.app_context():
        assert db.session.query(Question).count() == 2


def test_a_waiting_question_is_cancelled(charlie: Chat, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.screens.assistant.answer_next.enqueue", lambda: None)
    _question, waiting = ask(charlie)
    assert "Your question is next" in waiting.text
    cancelled = charlie.press(waiting, "Cancel")
    assert cancelled.follow  # the message that grows will say so
    assert cancelled.alert == "Cancelled."
    _question, ended = last(charlie)
    assert "You have stopped this answer." in ended.text
    assert "🔄 Ask again" in labels(ended)


def test_the_command_cancels_the_answer_first_and_then_the_talk(
    charlie: Chat, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.screens.assistant.answer_next.enqueue", lambda: None)
    ask(charlie)
    assert charlie.say("/cancel").follow
    assert last(charlie)[0].status == "cancelled"
    assert charlie.say("а посложнее?").follow
    charlie.say("/cancel")
    charlie.say("/cancel")
    assert not charlie.say("формула Грина").follow


def test_a_question_of_the_site_is_cancelled_in_place(
    charlie: Chat, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.screens.assistant.answer_next.enqueue", lambda: None)
    _question, waiting = ask(charlie)
    with charlie.app.app_context():
        db.session.query(TelegramWatch).delete()
        db.session.commit()
    assert "You have stopped this answer." in charlie.press(waiting, "Cancel").text


def test_a_pressed_suggestion_becomes_the_answer(charlie: Chat) -> None:
    shown = charlie.say("Assistant")
    data = next(b.data for row in shown.buttons for b in row if "suggest" in b.go)
    with charlie.app.app_context():
        db.session.query(TelegramChat).update({"screen_id": 77})
        db.session.commit()
    charlie.writer = replies.Writer(CHARLIES_CHAT, "en", "Alice", 77)
    assert charlie.send(data).follow
    with charlie.app.app_context():
        watch = db.session.query(TelegramWatch).order_by(TelegramWatch.question_id.desc()).first()
        assert watch is not None
        assert watch.message_id == 77
        assert db.session.get_one(TelegramChat, CHARLIES_CHAT).screen_id is None


# As messages ----------------------------------------------------------------------------------


def test_text_of_an_answer_becomes_telegrams_html(library: Flask) -> None:
    text = "**Ряды** <b>и</b> &\nвторая строка\n\n1. раз\n2. два\n\n— пункт **с** [7, с. 2]"
    with library.app_context():
        written = write_text(text, [])
    assert written == (
        "<b>Ряды</b> &lt;b&gt;и&lt;/b&gt; &amp;\nвторая строка\n1. раз\n2. два\n"
        "• пункт <b>с</b> [7, с. 2]"
    )
    assert Markup(written).plain.startswith("Ряды <b>и</b> &")


def test_a_long_answer_has_pages(library: Flask) -> None:
    text = " ".join(f"<b>слово{number}</b>" for number in range(900))
    with library.app_context():
        first, page, row = cut_page(text, 1, "assistant:answer:1")
        second, _page, back_row = cut_page(text, 2, "assistant:answer:1")
        third = cut_page(text, 99, "assistant:answer:1")
    assert units(Markup(first).plain) <= MAX_PAGE + 50
    assert [button.go for button in row] == ["assistant:answer:1:2"]
    assert "assistant:answer:1:1" in [button.go for button in back_row]
    words = f"{Markup(first).plain} {Markup(second).plain} {Markup(third[0]).plain}"
    assert all(f"слово{number}" in words.split() for number in range(900))
    assert page == 1


def test_buttons_stay_within_64_bytes_for_large_numbers(library: Flask) -> None:
    with library.app_context():
        for go in (
            "material:show:999999999:3:a999999999-9",
            "material:show:999999999:0:p999999999",
            "material:rate:999999999:5:a999999999-9",
            "plans:tick:999999999:999999999:1",
            "assistant:judge:999999999:2:9",
        ):
            assert len(pack(CHARLIES_CHAT, go).encode()) <= MAX_DATA
