"""Шаги сценариев о помощнике; он сам — настоящий процесс."""

from __future__ import annotations

import os
import subprocess
import sys
from contextlib import ExitStack
from typing import Any

from behave import step, then
from flask_babel import force_locale, gettext
from sqlalchemy import select

from edu.assistant.models import Question
from edu.config import ROOT
from edu.extensions import db
from edu.telegram_chats.models import TelegramWatch
from tests.bot.bot_api import Markup
from tests.services import stopping

WHOLE = "Ещё вопрос"  # a button that only whole answers have


@step("помощник работает")
def assistant_works(context: Any) -> None:
    if "assistant" in context.running:
        return
    stack = context.running["assistant"] = ExitStack()
    context.stack.callback(stack.close)
    output = stack.enter_context(context.log.with_name("assistant.log").open("ab"))
    process = subprocess.Popen(
        [sys.executable, "-m", "jobs", "assistant"],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"]} | context.env,
        stdout=output,
        stderr=output,
    )
    stack.enter_context(stopping(process))


@step("помощник не работает")
def assistant_is_off(context: Any) -> None:
    if stack := context.running.pop("assistant", None):
        stack.close()
    with context.app.app_context():
        # What an earlier scenario has left would stand in the queue before this one's.
        db.session.query(Question).filter(Question.status == "waiting").delete()
        db.session.commit()


@step("бот запомнил своё сообщение")
def message_is_kept(context: Any) -> None:
    def kept() -> bool:
        with context.app.app_context():
            query = select(TelegramWatch.message_id).filter_by(chat_id=context.world.chat)
            return db.session.scalar(query) is not None

    context.world.until(kept, "сообщение в базе")


@step("бота убивают")
def kill(context: Any) -> None:
    context.killed = True
    context.running["bot"].kill()
    context.running["bot"].wait()
    context.bot.close()


@step("бот запускается снова")
def start_again(context: Any) -> None:
    context.start_bot(context)


@step("ответ готов")
def answer_is_ready(context: Any) -> None:
    def ready() -> bool:
        with context.app.app_context():
            last = db.session.scalars(select(Question).order_by(Question.id.desc())).first()
            return last is not None and last.status == "answered"

    context.world.until(ready, "ответ в базе")


@then("приходит ответ «{text}»")
def answered(context: Any, text: str) -> None:
    world = context.world
    button = world.words(WHOLE)

    def whole() -> bool:
        message = world.shown()[-1] if world.shown() else {}
        rows = message.get("reply_markup", {}).get("inline_keyboard", [])
        return text in world.last() and any(button in b["text"] for row in rows for b in row)

    world.until(whole, text)


@then("мой вопрос в очереди под номером {number:d}")
def stands_in_queue(context: Any, number: int) -> None:
    world = context.world
    with context.app.app_context(), force_locale("ru"):
        wanted = gettext("Your question is number %(number)s in the queue", number=number)
    world.until(lambda: wanted in world.last(), wanted)


@then("бот печатал")
def typed(context: Any) -> None:
    sent = context.api.sent("sendChatAction", context.world.chat)
    assert any(each["action"] == "typing" for each in sent)


@then("в ответе есть ссылка на страницу {number:d}")
def links_to_page(context: Any, number: int) -> None:
    links = Markup(context.world.shown()[-1]["text"]).links
    assert any(f"page={number}" in link for link in links), links


@then("это тот же разговор")
def same_talk(context: Any) -> None:
    with context.app.app_context():
        query = select(Question.conversation_id).order_by(Question.id.desc()).limit(2)
        assert len(set(db.session.scalars(query))) == 1
