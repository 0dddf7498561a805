"""An asynchronous stream read by a thread that can be told to stop while it waits."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, Generator
from typing import TypeVar

from edu.assistant.engines.base import Cancelled
from edu.assistant.engines.errors import EngineUnreachable

LOOK_S = 0.1

T = TypeVar("T")


def pull(
    source: AsyncGenerator[T, None], *, first_s: float, stall_s: float, cancelled: Cancelled
) -> Generator[T]:
    """What the source yields, until it ends or `cancelled` says so.

    Raises EngineUnreachable when the first item takes longer than `first_s`, a later one longer
    than `stall_s`.
    """
    loop = asyncio.new_event_loop()
    try:
        deadline = time.monotonic() + first_s
        while True:
            waiting = loop.create_task(_next(source))
            if not _wait(loop, waiting, deadline, cancelled):
                return
            found = waiting.result()
            if not found:
                return
            yield found[0]
            deadline = time.monotonic() + stall_s
    finally:
        loop.run_until_complete(source.aclose())
        loop.run_until_complete(loop.shutdown_asyncgens())
        loop.close()


async def _next(source: AsyncGenerator[T, None]) -> list[T]:
    """The next item in a list, which is empty at the end: a task cannot end in StopIteration."""
    try:
        return [await anext(source)]
    except StopAsyncIteration:
        return []


def _wait(
    loop: asyncio.AbstractEventLoop,
    waiting: asyncio.Task[list[T]],
    deadline: float,
    cancelled: Cancelled,
) -> bool:
    """Whether the task came to its end by itself."""
    try:
        while not waiting.done():
            if cancelled():
                return False
            if time.monotonic() > deadline:
                raise EngineUnreachable("nothing came for too long")
            loop.run_until_complete(asyncio.wait({waiting}, timeout=LOOK_S))
        return True
    finally:
        if not waiting.done():
            waiting.cancel()
            loop.run_until_complete(asyncio.wait({waiting}))
