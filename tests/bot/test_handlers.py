"""What the bot remembers, and how it takes Telegram's refusals."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from types import SimpleNamespace
from typing import Any, cast

import pytest
from telegram.error import BadRequest, RetryAfter

from bot.handlers import MAX_WAIT_S, Context, Searches, deliver


@pytest.fixture(autouse=True)
def durations(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PTB_TIMEDELTA", "true")  # as the bot's process has it


def calls_until(*answers: Exception | None, running: bool = True) -> int:
    """How often `deliver` calls Telegram when it answers like this."""
    made, left = [], list(answers)

    async def call() -> None:
        made.append(1)
        if error := left.pop(0):
            raise error

    context: Any = SimpleNamespace(application=SimpleNamespace(running=running))
    asyncio.run(deliver(cast("Context", context), call))
    return len(made)


def flood(seconds: float) -> RetryAfter:
    return RetryAfter(timedelta(seconds=seconds))


def test_a_short_wait_is_waited_for() -> None:
    assert calls_until(flood(0.01), flood(0.01), None) == 3


def test_a_flood_that_does_not_end_is_given_up() -> None:
    assert calls_until(*[flood(0.01)] * 5) == 3


def test_a_long_wait_is_not_worth_it() -> None:
    assert calls_until(flood(MAX_WAIT_S + 1), None) == 1


def test_a_bot_that_stops_does_not_wait() -> None:
    assert calls_until(flood(30), None, running=False) == 1


@pytest.mark.parametrize("text", ["Message is not modified: the same", "Query is too old and …"])
def test_a_button_pressed_twice_or_too_late_is_no_fault(text: str) -> None:
    assert calls_until(BadRequest(text)) == 1


def test_other_refusals_are_faults() -> None:
    with pytest.raises(BadRequest):
        calls_until(BadRequest("Can't parse entities"))


def test_only_the_latest_searches_are_remembered() -> None:
    searches = Searches(size=2)
    first, second = searches.remember(1, "ряды"), searches.remember(1, "графы")
    assert searches.recall(1, first) == "ряды"
    searches.remember(1, "пределы")
    assert searches.recall(1, first) == "ряды"
    assert searches.recall(1, second) is None


def test_a_token_is_good_in_its_chat_only() -> None:
    searches = Searches()
    assert searches.recall(2, searches.remember(1, "ряды")) is None
