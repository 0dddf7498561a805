"""Шаги сценариев."""

from __future__ import annotations

import json
from typing import Any

from behave import given, step, then, when

from tests.bot.bot_api import Markup


@given("бот запущен")
def bot_runs(context: Any) -> None:
    context.api.wait_for("deleteWebhook")


@when("бот перезапускается")
def restart(context: Any) -> None:
    context.bot.close()
    context.start_bot(context)


@when("бота убивают и запускают снова")
def kill(context: Any) -> None:
    context.killed = True
    context.running["bot"].kill()
    context.running["bot"].wait()
    context.bot.close()
    context.start_bot(context)


@step("я пишу «{text}»")
def write(context: Any, text: str) -> None:
    context.world.say(text)


@step("я выбираю в меню «{label}»")
def choose(context: Any, label: str) -> None:
    context.world.say(context.world.words(label))


@step("я нажимаю «{label}»")
def press(context: Any, label: str) -> None:
    context.world.press(label)


@when("кто-то другой нажимает мою кнопку «{label}»")
def press_foreign(context: Any, label: str) -> None:
    world = context.world
    _message, button = world.until(lambda: world.find_button(label), label)
    world.pressed = context.api.press(1, button["callback_data"], world.chat + 100_000, "ru")


@then("бот показывает «{text}»")
def shows(context: Any, text: str) -> None:
    world = context.world
    wanted = world.words(text)
    world.until(lambda: wanted in world.last(), text)


@then("есть кнопка «{label}»")
def has_button(context: Any, label: str) -> None:
    context.world.until(lambda: context.world.find_button(label), label)


@then("нет кнопки «{label}»")
def has_no_button(context: Any, label: str) -> None:
    assert context.world.find_button(label) is None


@then("в чате одно сообщение бота")
def one_message(context: Any) -> None:
    world = context.world
    world.until(lambda: len(world.shown()) == 1, "одно сообщение")


@then("в меню есть «{label}»")
def in_menu(context: Any, label: str) -> None:
    world = context.world
    wanted = world.words(label)
    world.until(lambda: wanted in world.keyboard(), label)


@then("приходит картинка")
def picture(context: Any) -> None:
    world = context.world
    world.until(lambda: any("photo" in message for message in world.shown()), "картинка")


@then("приходит файл")
def document(context: Any) -> None:
    world = context.world
    world.until(lambda: any("document" in message for message in world.shown()), "файл")


@then("всплывает «{text}»")
def pops_up(context: Any, text: str) -> None:
    answer = context.api.wait_for_answer(context.world.pressed)
    assert context.world.words(text) in answer.get("text", ""), answer


@when("я пишу в чужом чате «@bot {text}»")
def ask_inline(context: Any, text: str) -> None:
    context.world.asked = context.api.ask_inline(text, context.world.chat)


@then("мне предлагают «{title}» со ссылкой на сайт")
def offered(context: Any, title: str) -> None:
    results = json.loads(context.api.wait_for_answer(context.world.asked)["results"])
    found = next(each for each in results if each["title"] == title)
    assert "/materials/" in Markup(found["input_message_content"]["message_text"]).links[0]
