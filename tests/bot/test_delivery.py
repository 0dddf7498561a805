"""How the bot takes Telegram's refusals, and how fast it sends."""

from __future__ import annotations

import asyncio
import time
from contextlib import suppress
from datetime import timedelta

import httpx
import pytest
from telegram.error import BadRequest, Forbidden, NetworkError, RetryAfter

from bot.delivery import MAX_WAIT_S, Delivery, Pace
from bot.flood import Flood


@pytest.fixture(autouse=True)
def durations(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PTB_TIMEDELTA", "true")  # as the bot's process has it


def calls_until(
    *answers: Exception | None, running: bool = True, blocked: list[int] | None = None
) -> int:
    """How often Telegram is called when it answers like this."""
    made, left = [], list(answers)

    async def call() -> bool:
        made.append(1)
        if error := left.pop(0):
            raise error
        return True

    async def on_blocked(chat_id: int) -> None:
        (blocked if blocked is not None else []).append(chat_id)

    asyncio.run(Delivery(lambda: running, on_blocked).call(7, call))
    return len(made)


def lost(cause: Exception | None = None) -> NetworkError:
    """A call that Telegram has not answered, or with a 502 where there is no cause."""
    error = NetworkError("Bad Gateway")
    error.__cause__ = cause
    return error


@pytest.mark.parametrize(
    ("cause", "new", "calls"),
    [
        (None, True, 2),
        (httpx.ConnectError("refused"), True, 2),
        (httpx.ReadTimeout("no answer"), False, 2),
        (httpx.ReadTimeout("no answer"), True, 1),  # it may stand in the chat already
    ],
)
def test_what_has_surely_not_arrived_is_sent_again(
    monkeypatch: pytest.MonkeyPatch, cause: Exception | None, new: bool, calls: int
) -> None:
    monkeypatch.setattr("bot.delivery.AGAIN_S", 0.01)
    answers, made = [lost(cause), None], []

    async def call() -> bool:
        made.append(1)
        if error := answers.pop(0):
            raise error
        return True

    async def on_blocked(chat_id: int) -> None:
        """Nobody is."""

    delivery = Delivery(lambda: True, on_blocked, Pace(per_chat_s=0.01))
    with suppress(NetworkError):
        asyncio.run(delivery.call(7, call, new=new))
    assert len(made) == calls


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


def test_a_chat_that_is_closed_to_the_bot_is_told_of() -> None:
    blocked: list[int] = []
    assert calls_until(Forbidden("bot was blocked by the user"), blocked=blocked) == 1
    assert blocked == [7]


def seconds_for(pace: Pace, *chats: int) -> float:
    async def send_all() -> None:
        await asyncio.gather(*(pace.wait(chat) for chat in chats))

    begun = time.monotonic()
    asyncio.run(send_all())
    return time.monotonic() - begun


def test_one_chat_gets_a_message_at_a_time() -> None:
    assert seconds_for(Pace(per_chat_s=0.2), 1, 1, 1) >= 0.4


def test_chats_do_not_wait_for_one_another() -> None:
    assert seconds_for(Pace(per_chat_s=60), 1, 2, 3) < 30


def test_all_chats_together_wait_for_the_second_to_pass() -> None:
    assert seconds_for(Pace(overall=5), *range(6)) >= 1


def test_whoever_asks_too_much_waits_and_is_told_once() -> None:
    now = [0.0]
    limit = Flood(most=3, seconds=10, clock=lambda: now[0])
    assert [limit.refuses(1) for _ in range(4)] == [False, False, False, True]
    assert not limit.refuses(2)
    assert [limit.should_tell(1), limit.should_tell(1)] == [True, False]
    now[0] = 10.5
    assert not limit.refuses(1)
