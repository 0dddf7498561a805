"""A chat as the person in it sees it: the messages that stand there, and their buttons."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Any

from flask import Flask
from flask_babel import force_locale, gettext

from tests.bot.bot_api import BotApi, Markup

# The words of the code for those of the scenarios: what a translation says may change.
WORDS = {
    "Поиск": "Search",
    "Библиотека": "Library",
    "Предметы": "Subjects",
    "Помощник": "Assistant",
    "Мои коллекции": "My collections",
    "История": "History",
    "Подписки": "Subscriptions",
    "Настройки": "Settings",
    "Назад": "Back",
    "Войти": "Sign in",
    "Скачать": "Download",
    "Оценить": "Rate",
    "В коллекцию": "To a collection",
    "Подписаться": "Subscribe",
    "Пожаловаться": "Report",
    "Новая коллекция": "New collection",
    "Фильтры": "Filters",
    "Искать точно": "Search exactly",
    "Открыть на сайте": "Open on the site",
    "Все материалы": "All materials",
    "Лекция": "Lecture",
    "Ошибки в содержании": "Mistakes in the content",
    "Нет доступа": "No access: this button is not of this chat.",
    "Уведомления": "Notifications",
    "Тихие часы": "Quiet hours",
    "нет тихих часов": "none",
    "Новое по подпискам": "New materials that you follow",
    "раз в день": "once a day",
    "никогда": "never",
    "Такой команды нет": "There is no such command. /help lists those that there are.",
    "Ничего не нашлось": "Nothing found",
    "Спасибо за оценку": "Thank you! Your rating counts.",
    "Отменено": "Cancelled.",
    "Отменить": "Cancel",
    "Удалить": "Delete",
    "Сохранить план": "Save the plan",
    "Сохранить ответ": "Keep the answer",
    "Сохранено": "Kept",
    "Ваш вопрос следующий": "Your question is next",
    "Вы остановили этот ответ": "You have stopped this answer.",
    "Помощнику нужно знать, кто вы": "The assistant keeps your questions and plans, so it needs to "
    "know who you are.",
    "Спрашивайте": "Ask as you would ask a person: what to read on a topic, which problems to "
    "solve, a plan for an exam. The answer names the pages.",
    "Ещё вопрос": "Ask more",
    "Модераторы посмотрят": "Thank you. Moderators will look at it.",
    "На проверке": "In review",
    "Одобрить": "Approve",
    "Отклонить": "Reject",
    "Опубликован": "Published",
    "Отклонён": "Rejected",
    "Уже решено": "Somebody has already decided on this material.",
    "Решают модераторы": "No access: only moderators of its subject decide on a material.",
    "Ответ готов": "The answer is ready",
    "Открыть": "Open",
}


class World:
    """What a person does in one chat, and sees there."""

    def __init__(self, api: BotApi, app: Flask, chat: int) -> None:
        self.api, self.app, self.chat = api, app, chat
        self.pressed = self.asked = ""
        self.steps = 0

    def words(self, said: str) -> str:
        """The bot's Russian words for what a scenario names."""
        with self.app.app_context(), force_locale("ru"):
            return gettext(WORDS[said]) if said in WORDS else said

    def say(self, text: str) -> None:
        self.steps = len(self.api.calls)
        self.api.say(text, chat=self.chat, language="ru")

    def press(self, label: str) -> None:
        """Press the lowest button whose text holds these words."""
        message, button = self.until(lambda: self.find_button(label), label)
        self.steps = len(self.api.calls)
        data = button["callback_data"]
        self.pressed = self.api.press(message["message_id"], data, self.chat, "ru")

    def shown(self) -> list[dict[str, Any]]:
        return self.api.chats.shown(self.chat)

    def last(self) -> str:
        """The plain text of the lowest message."""
        message = self.shown()[-1] if self.shown() else {}
        return Markup(message.get("text") or message.get("caption") or "").plain

    def find_button(self, label: str) -> tuple[dict[str, Any], dict[str, Any]] | None:
        wanted = self.words(label)
        for message in reversed(self.shown()):
            for row in message.get("reply_markup", {}).get("inline_keyboard", []):
                for button in row:
                    if wanted in button["text"]:
                        return message, button
        return None

    def keyboard(self) -> list[str]:
        """The words below the field for text, as they were sent last."""
        for params in reversed(self.api.sent("sendMessage", self.chat)):
            rows = json.loads(params.get("reply_markup", "{}")).get("keyboard")
            if rows:
                return [button["text"] for row in rows for button in row]
        return []

    def heard(self) -> list[tuple[str, object]]:
        """What the bot has called for this chat lately."""
        mine = [c for c in self.api.calls if c[1].get("chat_id") == str(self.chat)]
        return [(name, params.get("message_id") or params["result"]) for name, params in mine[-6:]]

    def until(self, look: Callable[[], Any], what: str) -> Any:
        """What `look` sees, as soon as it sees something."""
        end = time.monotonic() + 30
        while not (seen := look()):
            assert time.monotonic() < end, (what, self.last(), self.api.refused, self.heard())
            time.sleep(0.02)
        return seen
