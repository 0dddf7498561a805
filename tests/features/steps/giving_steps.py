"""Шаги о файлах, которые присылают боту."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

from behave import step, then, when

from edu.accounts.models import Role, User
from edu.accounts.service import create_user
from edu.extensions import db, settings
from edu.materials.models import Material, MaterialStatus
from edu.uploads.models import Upload
from jobs.materials import process_material
from tests.bot.library import PASSWORD
from tests.features.world import WORDS
from tests.samples import write_small_pdf

MODERATOR = "reviewer@example.org"
WORDS |= {
    "Отправить на проверку": "Send to review",
    "Отправлено": "Sent. It is being processed, and then waits for a moderator.",
    "Мои загрузки": "My uploads",
    "На проверке": "In review",
    "Дайте материалу название": "Give the material a title.",
    "Название": "Title",
    "Предмет": "Subject",
    "Тип": "Type",
    "Весь предмет": "The whole subject",
    "Файл уже есть": "This file is already in the library",
    "Открыть существующий": "Open the existing one",
    "Загрузить на сайте": "Upload on the site",
    "Отменить": "Cancel",
    "Попробовать ещё раз": "Try again",
    "не удалось получить": "The file could not be fetched from Telegram. Please try again.",
    "Получаю файл": "Fetching the file…",
}


def content_of(context: Any) -> bytes:
    """A PDF that only this chat has."""
    with tempfile.TemporaryDirectory() as folder:
        text = f"File of chat {context.world.chat}"
        return write_small_pdf(Path(folder) / "a.pdf", text).read_bytes()


def give(context: Any, name: str, content: bytes, **told: Any) -> None:
    context.name = name
    told = {"mime_type": "application/octet-stream"} | told
    context.api.give(name, content, chat=context.world.chat, language="ru", **told)


@step("я присылаю файл «{name}» с подписью «{caption}»")
def send_with_caption(context: Any, name: str, caption: str) -> None:
    give(context, name, content_of(context), caption=caption)


@step("я присылаю файл «{name}»")
def send(context: Any, name: str) -> None:
    give(context, name, content_of(context))


@when("я присылаю тот же файл под именем «{name}»")
def send_again(context: Any, name: str) -> None:
    give(context, name, content_of(context))


@when("я присылаю файл больше 20 МБ")
def send_large(context: Any) -> None:
    give(context, "большая лекция.pdf", content_of(context), file_size=20 * 2**20 + 1)


@when("я присылаю картинку")
def send_picture(context: Any) -> None:
    size = {"file_id": "p", "file_unique_id": "p", "width": 10, "height": 10}
    context.api.send(context.world.chat, "ru", photo=[size])


@when("связь с Telegram рвётся посреди файла")
def break_line(context: Any) -> None:
    context.api.chats.breaking = 1


@when("Telegram медлит с файлом")
def hold(context: Any) -> None:
    context.api.chats.released.clear()
    context.api.chats.held = True
    context.running["asked"] = len(context.api.chats.asked)


@then("файл начали получать")
def asked(context: Any) -> None:
    chats = context.api.chats
    context.world.until(lambda: len(chats.asked) > context.running["asked"], "загрузка")


@step("Telegram отдаёт файл")
def release(context: Any) -> None:
    context.api.chats.held = False
    context.api.chats.released.set()


@then("модератор видит на сайте «{title}»")
def is_in_queue(context: Any, title: str) -> None:
    app = context.app
    with app.app_context():
        waiting = db.session.query(Material.id).filter_by(status=MaterialStatus.PROCESSING)
        for row in waiting.all():
            process_material(row.id)
        if db.session.query(User).filter_by(email=MODERATOR).first() is None:
            create_user(MODERATOR, PASSWORD, "Maria", role=Role.MODERATOR)
            db.session.commit()
    client = app.test_client()
    client.post("/login", data={"email": MODERATOR, "password": PASSWORD})
    assert title in client.get("/moderation").get_data(as_text=True)


@then("от файла ничего не осталось")
def is_gone(context: Any) -> None:
    with context.app.app_context():
        own = db.session.query(Upload).filter_by(name=context.name)
        context.world.until(lambda: own.count() == 0, "ни строки")
        ids = {row.id for row in db.session.query(Upload.id)}
        folder = settings().data_dir / "uploads"
        names = {path.name for path in folder.iterdir()}
        assert names <= ids, names
