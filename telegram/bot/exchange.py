"""One call of the Bot API, watched: the moment before its last bytes go, and what came back.

Telegram acts on nothing before the body of a request, so whatever is written down before the body
goes is written down in time.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextvars import ContextVar
from typing import Any

import httpx
from telegram.request import HTTPXRequest

BODY_NEXT = "http11.send_request_body.started"
GATEWAY_TIMEOUT = 504
_watched: ContextVar[Exchange | None] = ContextVar("watched", default=None)


class Exchange:
    """`before_body` is awaited once; what it raises keeps the body from going out.

    `handed`: the body has gone, or begun to; `status`: of the answer, 0 without one.
    """

    def __init__(self, before_body: Callable[[], Awaitable[object]]) -> None:
        self.before_body = before_body
        self.handed, self.status = False, 0

    @property
    def is_refused(self) -> bool:
        """Whether there is an answer, and it says that nothing was done."""
        return self.status >= 400 and self.status != GATEWAY_TIMEOUT

    async def make(self, call: Callable[[], Awaitable[Any]]) -> Any:
        """Make the call, of a bot with requests of `watched_requests`, as this exchange."""
        token = _watched.set(self)
        try:
            return await call()
        finally:
            _watched.reset(token)

    async def _trace(self, event: str, info: dict[str, Any]) -> None:
        # A proxy is asked for its tunnel by a request of its own, which is no POST.
        if event == BODY_NEXT and not self.handed and info["request"].method == b"POST":
            await self.before_body()
            self.handed = True


async def _watch(request: httpx.Request) -> None:
    if (exchange := _watched.get()) is not None:
        request.extensions["trace"] = exchange._trace


async def _note_answer(response: httpx.Response) -> None:
    if (exchange := _watched.get()) is not None:
        exchange.status = response.status_code


def watched_requests(connections: int, wait_s: float) -> HTTPXRequest:
    """Connections whose calls can be watched; an answer is waited for so long."""
    return HTTPXRequest(
        connection_pool_size=connections,
        read_timeout=wait_s,
        pool_timeout=wait_s,
        httpx_kwargs={"event_hooks": {"request": [_watch], "response": [_note_answer]}},
    )
