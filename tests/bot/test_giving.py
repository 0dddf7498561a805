"""Files that people give to the bot: by way of compose(), and through the real process."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from bot import replies
from bot.given import MOST_IN_HAND, Given
from bot.guessing import guess_description, guess_tags, guess_title, guess_type
from bot.people import Person
from bot.receiving import keep, note
from bot.replies import Reply
from bot.screens import giving
from edu.accounts.models import User
from edu.accounts.service import find_user
from edu.extensions import db, settings
from edu.materials.models import Material, MaterialStatus
from edu.uploads.models import Upload
from tests.bot.bot_api import BotApi, Markup, run_bot_api
from tests.bot.conftest import CHARLIES_CHAT, SITE, Chat, labels
from tests.bot.process import run_bot
from tests.bot.test_process import buttons, labelled
from tests.conftest import make_people
from tests.samples import make_category, write_small_pdf

PDF_TYPE = "application/pdf"
numbers = count(1)


@pytest.fixture
def pdf(tmp_path: Path) -> bytes:
    """A PDF that nobody has sent before."""
    return write_small_pdf(tmp_path / "a.pdf", f"File number {next(numbers)}").read_bytes()


@pytest.fixture
def charlie(library: Flask) -> Iterator[Chat]:
    """Charlie's chat; nothing stays in hand."""
    chat = Chat(library, CHARLIES_CHAT)
    yield chat
    for _ in range(2 * MOST_IN_HAND):
        if "nothing to cancel" in chat.say("/cancel").text:
            break


def file_of(content: bytes, name: str = "матан_лекция_3.pdf", **changes: Any) -> Given:
    unique = f"unique-{hash(content)}"
    given = Given(f"id-{next(numbers)}", unique, name, len(content), PDF_TYPE)
    return replace(given, **changes)


def send(chat: Chat, given: Given) -> Reply:
    return replies.compose(chat.app, chat.writer, partial(giving.receive, given))


def fetch(chat: Chat, reply: Reply, content: bytes) -> Reply:
    """Bring the bytes, as the receiver does."""
    assert reply.fetch, reply.text
    with chat.app.app_context():
        wanted, _earlier = note(chat.chat_id, reply.fetch, 77)
        db.session.commit()
        assert wanted is not None
        keep(wanted, io.BytesIO(content))
    return arrive(chat, reply, "")


def arrive(chat: Chat, reply: Reply, failure: str) -> Reply:
    make = partial(giving.arrive, reply.fetch, failure)
    return replies.compose(chat.app, chat.writer, make)


def give(chat: Chat, content: bytes, *name: str, **changes: Any) -> Reply:
    """Send a file and have it fetched: its form."""
    return fetch(chat, send(chat, file_of(content, *name, **changes)), content)


def exactly(chat: Chat, reply: Reply, label: str) -> Reply:
    return chat.send(next(b.data for row in reply.buttons for b in row if b.text == label))


def count_uploads(app: Flask) -> tuple[int, int]:
    """Rows and files."""
    with app.app_context():
        folder = settings().data_dir / "uploads"
        return db.session.query(Upload).count(), len(list(folder.iterdir()))


# Guesses --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("caption", "name", "title"),
    [
        ("", "Ряды_и_интегралы.pdf", "Ряды и интегралы"),
        ("Ряды Фурье\nдля зачёта", "scan.pdf", "Ряды Фурье"),
        ("#матан #лекция\nРяды Фурье", "scan.pdf", "Ряды Фурье"),
        ("вот", "Билеты 2024.pdf", "Билеты 2024"),
        ("", "IMG-20231123-WA0001.pdf", ""),
        ("", "VID_20231123_101010.mp4", ""),
        ("", "документ (2).docx", ""),
        ("", "лекция", "лекция"),
        ("", "v1.2 конспект", "v1.2 конспект"),
        ("", "я" * 300 + ".pdf", "я" * 199 + "…"),
        ("слово " * 60, "a.pdf", ("слово " * 40)[:199].rstrip() + "…"),
    ],
)
def test_a_title_is_guessed_from_the_caption_or_the_name(
    caption: str, name: str, title: str
) -> None:
    assert guess_title(caption, name) == title


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("Лекция 5. Задача Коши", "lecture"),
        ("Конспект лекций", "notes"),
        ("Билеты к экзамену", "exam"),
        ("Зачёт 2024", "exam"),
        ("сборник задач", "problems"),
        ("ДЗ 3", "problems"),
        ("sem_04_lektsiya", "seminar"),
        ("Examples of rings", ""),
        ("Ряды", ""),
    ],
)
def test_a_type_is_guessed_from_the_word_that_stands_first(text: str, kind: str) -> None:
    assert guess_type(text) == kind


def test_a_caption_gives_tags_and_a_description() -> None:
    caption = "Ряды Фурье #матан #Ряды\nПервая часть\n\nбез доказательств"
    assert guess_tags(caption) == ["матан", "ряды"]
    assert guess_description(caption) == "Первая часть\n\nбез доказательств"


# Screens --------------------------------------------------------------------------------------


def test_a_file_with_a_good_name_is_given_by_one_press(charlie: Chat, pdf: bytes) -> None:
    loading = send(charlie, file_of(pdf, caption="Ряды Фурье\nВсе теоремы", file_id="one"))
    assert "Fetching" in loading.text
    form = fetch(charlie, loading, pdf)
    plain = Markup(form.text).plain
    assert "Title: Ряды Фурье" in plain
    assert "Subject: Математический анализ" in plain
    assert "Type: Lecture" in plain
    assert "Description: Все теоремы" in plain
    sent = charlie.press(form, "Send to review")
    assert "waits for a moderator" in sent.text
    with charlie.app.app_context():
        material = db.session.query(Material).order_by(Material.id.desc()).first()
        assert material is not None
        assert (material.title, material.uploader.name) == ("Ряды Фурье", "Charlie")
        assert material.status == MaterialStatus.PENDING  # the jobs of tests run at once
        assert material.file.name == "матан_лекция_3.pdf"
    assert count_uploads(charlie.app) == (0, 0)
    assert "already" in charlie.press(form, "Send to review").alert
    listed = charlie.press(sent, "My uploads")
    assert "In review" in listed.text
    card = charlie.press(listed, "1")
    assert "In review" in card.text
    assert "Ряды Фурье" in charlie.press(card, "Back").text


def test_title_subject_and_type_are_asked_for(charlie: Chat, pdf: bytes) -> None:
    form = give(charlie, pdf, "scan0001.pdf", caption="")
    assert "Send to review" not in " ".join(labels(form))
    asked = charlie.press(form, "Title")
    form = charlie.say("  Кратные \n интегралы <b>")
    assert "Кратные интегралы <b>" in Markup(form.text).plain
    assert "Write the title" in asked.text
    subjects = charlie.press(form, "Subject")
    parts = exactly(charlie, subjects, "📁 Математический анализ")
    assert "The whole subject" in " ".join(labels(parts))
    assert charlie.press(parts, "Back").text == subjects.text
    form = charlie.press(parts, "Ряды")
    assert "Математический анализ › Ряды" in Markup(form.text).plain
    types = charlie.press(form, "Type")
    form = charlie.press(types, "Problem set")
    assert "Type: Problem set" in Markup(form.text).plain
    assert "✓ Problem set" in labels(charlie.press(form, "Type"))
    parts = exactly(charlie, charlie.press(form, "Subject"), "📁 Математический анализ")
    assert "✓ Ряды" in labels(parts)
    assert "✅ Send to review" in labels(form)


def test_a_title_that_is_too_long_is_asked_for_again(charlie: Chat, pdf: bytes) -> None:
    charlie.press(give(charlie, pdf), "Title")
    assert "at most 200" in charlie.say("я" * 201).text
    assert "Title: Ряды" in Markup(charlie.say("Ряды").text).plain
    assert "Даламбера" in charlie.say("Даламбера").text  # a search again


def test_the_form_goes_where_its_title_was_asked_for(charlie: Chat, pdf: bytes) -> None:
    form = give(charlie, pdf)
    chat = replace(charlie.writer, message_id=4321)
    data = next(b.data for row in form.buttons for b in row if b.text == "Title")
    from bot import routes

    replies.compose(charlie.app, chat, partial(routes.press, data))
    assert charlie.say("Другое название").replaces == 4321


def test_the_same_bytes_are_told_with_a_way_to_them(charlie: Chat, pdf: bytes) -> None:
    charlie.press(give(charlie, pdf, caption="Первое издание"), "Send to review")
    told = give(charlie, pdf, "other_name.pdf")
    assert "already in the library" in told.text
    assert "Первое издание" in told.text
    assert "Первое издание" in charlie.press(told, "Open the existing one").text
    form = charlie.press(told, "Upload anyway")
    charlie.press(form, "Cancel")
    assert count_uploads(charlie.app) == (0, 0)


def test_the_subject_is_guessed_from_the_last_upload_where_nothing_is_named(
    charlie: Chat, pdf: bytes
) -> None:
    form = give(charlie, pdf, "лекция.pdf", caption="Лекция первая")
    sent = charlie.press(charlie.press(charlie.press(form, "Subject"), "Ряды"), "Send")
    assert "Sent" in sent.text
    form = give(charlie, pdf + b" ", "Лекция о топологии.pdf")
    assert "Ряды (as last time)" in Markup(form.text).plain
    assert "✓ ✨ Математический анализ › Ряды" in labels(charlie.press(form, "Subject"))


def test_what_one_may_not_see_is_not_named(charlie: Chat, pdf: bytes) -> None:
    charlie.press(give(charlie, pdf, caption="Тайное издание"), "Send to review")
    with charlie.app.app_context():
        secret = db.session.query(Material).filter_by(title="Тайное издание").one()
        secret.uploader_id = 1
        db.session.commit()
    told = give(charlie, pdf, "other_name.pdf")
    assert "already in the library" in told.text
    assert "Тайное" not in told.text
    assert "Open the existing one" not in labels(told)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"name": "a.zip", "media_type": "application/zip"}, "PDF, DOCX and MP4"),
        ({"name": "a.doc", "media_type": "application/msword"}, "PDF, DOCX and MP4"),
        ({"name": "a.pdf.exe"}, "PDF, DOCX and MP4"),
        ({"name": "lecture.srt"}, "on the page of their video"),
        ({"size": 0}, "empty"),
        ({"size": None}, "send it again"),
        ({"size": 20 * 2**20 + 1}, "Upload it on the site"),
    ],
)
def test_what_is_not_taken_is_told_at_once(
    charlie: Chat, pdf: bytes, changes: dict[str, Any], words: str
) -> None:
    told = send(charlie, replace(file_of(pdf), **changes))
    assert words in told.text
    assert not told.fetch
    assert count_uploads(charlie.app) == (0, 0)
    if changes.get("size"):
        assert told.buttons[0][0].url == f"{SITE}/upload"


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("лекция.mp4", b"", "inside is a PDF file"),
        ("лекция.pdf", b"MZ this is a program" * 30, "not a PDF"),
        ("лекция.docx", b"PK\x03\x04 broken", "damaged"),
    ],
)
def test_a_file_is_judged_by_its_content(
    charlie: Chat, pdf: bytes, name: str, content: bytes, words: str
) -> None:
    told = give(charlie, content or pdf, name, media_type="")
    assert words in told.text
    assert count_uploads(charlie.app) == (0, 0)


def test_hostile_names_and_captions_are_text(charlie: Chat, pdf: bytes) -> None:
    form = give(charlie, pdf, "../../x<i>.pdf", caption="<b>Ряды</b> & <script>")
    plain = Markup(form.text).plain
    assert "Title: <b>Ряды</b> & <script>" in plain
    assert "x<i>.pdf" in plain
    assert ".." not in plain
    charlie.press(form, "Cancel")
    long = give(charlie, pdf, "я" * 300 + ".pdf", caption="#" + "т" * 60 + " слово " * 150)
    assert len(Markup(long.text).plain) < 1000


def test_strangers_sign_in_first_and_the_unconfirmed_wait(
    stranger: Chat, charlie: Chat, library: Flask, pdf: bytes
) -> None:
    with library.app_context():
        person = db.session.query(User).filter_by(name="Charlie").one()
        confirmed, person.confirmed_at = person.confirmed_at, None
        db.session.commit()
        assert "Only confirmed accounts" in send(charlie, file_of(pdf)).text
        person.confirmed_at = confirmed
        db.session.commit()
    told = send(stranger, file_of(pdf))
    assert "signed in" in told.text
    assert "Sign in" in labels(told)
    assert count_uploads(library) == (0, 0)


def test_the_same_file_twice_is_one_file_in_hand(charlie: Chat, pdf: bytes) -> None:
    first = send(charlie, file_of(pdf))
    again = send(charlie, file_of(pdf))
    assert first.fetch == again.fetch
    form = fetch(charlie, first, pdf)
    assert send(charlie, file_of(pdf)) == form
    assert count_uploads(charlie.app) == (1, 1)


def test_there_are_not_more_files_in_hand_than_an_album_has(charlie: Chat, pdf: bytes) -> None:
    for number in range(MOST_IN_HAND):
        assert send(charlie, file_of(pdf, unique_id=f"many-{number}")).fetch
    told = send(charlie, file_of(pdf, unique_id="one more"))
    assert "in hand already" in told.text
    listed = charlie.press(told, "My uploads")
    assert len([label for label in labels(listed) if "📎" in label]) == MOST_IN_HAND
    assert charlie.press(listed, "📎").fetch


def test_what_cannot_be_fetched_is_tried_again_or_dropped(charlie: Chat, pdf: bytes) -> None:
    loading = send(charlie, file_of(pdf))
    failed = arrive(charlie, loading, "lost")
    assert "try again" in failed.text
    again = charlie.press(failed, "Try again")
    assert "Title" in fetch(charlie, again, pdf).text
    loading = send(charlie, file_of(b"other" + pdf))
    assert "Upload it on the site" in arrive(charlie, loading, giving.TOO_BIG).text
    loading = send(charlie, file_of(b"third" + pdf))
    charlie.press(loading, "Cancel")
    assert arrive(charlie, loading, "lost") == Reply()
    charlie.say("/cancel")
    assert count_uploads(charlie.app) == (0, 0)


def test_what_was_swept_meanwhile_is_told(charlie: Chat, pdf: bytes) -> None:
    forms = [give(charlie, pdf + bytes([each])) for each in range(2)]
    with charlie.app.app_context():
        db.session.query(Upload).delete()
        db.session.commit()
    assert "Too much time" in charlie.press(forms[0], "Send to review").text
    assert "Too much time" in charlie.press(charlie.press(forms[1], "Type"), "Back").text
    assert "📎" not in " ".join(labels(charlie.say("/uploads")))


def test_a_file_is_nobody_elses(charlie: Chat, stranger: Chat, pdf: bytes) -> None:
    from bot.callbacks import pack

    loading = send(charlie, file_of(pdf))
    with charlie.app.app_context():
        data = pack(1, f"giving:send:{loading.fetch[:8]}")
    assert stranger.send(data).failed


def test_a_file_is_given_on_each_database(
    any_app: Flask, pdf: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    def find_charlie(chat_id: int, locale: str) -> Person:
        return Person(chat_id, find_user("charlie@example.org"), locale)

    monkeypatch.setattr(replies, "find_person", find_charlie)
    with any_app.app_context():
        make_people(any_app)
        make_category()
    chat = Chat(any_app, 5)
    sent = chat.press(give(chat, pdf, caption="Ряды Фурье"), "Send to review")
    assert "In review" in chat.press(sent, "My uploads").text
    assert count_uploads(any_app) == (0, 0)


# The real process -----------------------------------------------------------------------------


@pytest.fixture(scope="module")
def api(
    library: Flask, library_env: dict[str, str], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[BotApi]:
    """The stand-in, with the bot polling it."""
    log = tmp_path_factory.mktemp("bot") / "bot.log"
    with run_bot_api() as served, run_bot(library_env, served, log):
        served.wait_for("deleteWebhook")
        yield served
        faults = [each for each in served.refused if each[0] != "getFile"]
        assert faults == []
        assert "Traceback" not in log.read_text("utf-8")


def shown(api: BotApi, words: str) -> dict[str, Any]:
    """The message of Charlie's chat that shows these words, as soon as there is one."""

    def look() -> dict[str, Any] | None:
        standing = api.chats.shown(CHARLIES_CHAT)
        return next((m for m in reversed(standing) if words in m.get("text", "")), None)

    api.wait_until(look)
    found = look()
    assert found is not None
    return {**found, "reply_markup": json.dumps(found.get("reply_markup", {}))}


def press(api: BotApi, message: dict[str, Any], label: str) -> str:
    return api.press(message["message_id"], labelled(message, label), chat=CHARLIES_CHAT)


def process(test: Callable[..., None]) -> Callable[..., None]:
    """A test of the real process."""
    pytest.mark.xdist_group(name="bot")(test)
    pytest.mark.processes(test)
    return test


Give = Callable[..., str]


@pytest.fixture
def give_file(api: BotApi) -> Give:
    return partial(api.give, chat=CHARLIES_CHAT, mime_type=PDF_TYPE)


@process
def test_the_bot_fetches_a_file_and_the_message_becomes_its_form(
    api: BotApi, give_file: Give, pdf: bytes, library: Flask
) -> None:
    give_file("матан_лекция_7.pdf", pdf, caption="Первый файл")
    form = shown(api, "Первый файл")
    assert api.sent("sendChatAction", CHARLIES_CHAT)[0]["action"] == "upload_document"
    fetching = api.sent("sendMessage", CHARLIES_CHAT)[-1]
    assert fetching["result"]["message_id"] == form["message_id"]
    press(api, form, "Send to review")
    assert "My uploads" in buttons(shown(api, "Sent."))
    with library.app_context():
        assert db.session.query(Material).filter_by(title="Первый файл").count() == 1


@process
def test_a_line_that_breaks_costs_a_press(api: BotApi, give_file: Give, pdf: bytes) -> None:
    with api.changed:
        before = len(api.chats.asked)
        api.chats.breaking = 1
    give_file("лекция.pdf", pdf, caption="Рваный файл")
    failed = shown(api, "could not be fetched")
    press(api, failed, "Try again")
    form = shown(api, "Рваный файл")
    assert form["message_id"] == failed["message_id"]
    assert len(api.chats.asked) == before + 2
    press(api, form, "Cancel")
    shown(api, "Cancelled")


@process
def test_what_telegram_does_not_hand_out_goes_to_the_site(
    api: BotApi, give_file: Give, pdf: bytes
) -> None:
    give_file("огромный.pdf", pdf + b" " * 20 * 2**20, file_size=1000)
    shown(api, "Upload it on the site")
    give_file("другой.pdf", pdf + b"  ", file_size=len(pdf), caption="Не тот размер")
    press(api, shown(api, "could not be fetched"), "Cancel")


@process
def test_a_video_without_a_name_and_an_album_are_taken(
    api: BotApi, give_file: Give, pdf: bytes, mp4_file: Path
) -> None:
    video = mp4_file.read_bytes()
    give_file("", video, kind="video", file_name=None, mime_type="video/mp4")
    press(api, shown(api, "video.mp4"), "Cancel")
    give_file("", pdf + b"   ", file_name=None, mime_type=None, file_size=None, caption="Без слов")
    press(api, shown(api, "Без слов"), "Cancel")
    for number in range(3):
        give_file(f"лекция {number}.pdf", pdf + bytes([number]), caption=f"Альбом {number}")
    forms = [shown(api, f"Альбом {number}") for number in range(3)]
    assert len({form["message_id"] for form in forms}) == 3
    for form in forms:
        press(api, form, "Cancel")


@process
def test_the_chat_goes_on_while_a_file_is_fetched(api: BotApi, give_file: Give, pdf: bytes) -> None:
    api.chats.released.clear()
    api.chats.held = True
    give_file("лекция.pdf", pdf, caption="Долгий файл")
    shown(api, "Fetching")
    api.say("/help", chat=CHARLIES_CHAT)
    shown(api, "/cancel")
    api.chats.held = False
    api.chats.released.set()
    press(api, shown(api, "Долгий файл"), "Cancel")
