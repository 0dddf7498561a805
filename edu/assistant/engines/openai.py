"""Any server that speaks the chat completions of OpenAI: a vendor's, Ollama, vLLM, llama-server.

https://platform.openai.com/docs/api-reference/chat
"""

from __future__ import annotations

import logging
import math
import random
import time
from collections.abc import AsyncGenerator, Generator, Mapping
from contextlib import closing
from typing import TYPE_CHECKING, Any

from edu.assistant.engines.base import Cancelled, Engine, Features, Options, Request
from edu.assistant.engines.errors import BadAnswer, EngineError, EngineUnreachable, Refused
from edu.assistant.engines.pulling import LOOK_S, pull
from edu.assistant.engines.replies import (
    MAX_BODY,
    Spoken,
    events,
    failure_of,
    failure_within,
    text_of,
    whole_text,
)

if TYPE_CHECKING:
    import httpx

log = logging.getLogger(__name__)

TRIES = 4
BACKOFF_S = 0.5
LONGEST_WAIT_S = 20.0
CONNECT_S = 10.0
# Of Russian in today's models; older and smaller ones know less of it, and the server tells.
BYTES_PER_TOKEN = (3.0, 2.0, 1.3, 1.0)
# What some servers refuse, and what says the same to them, if anything does.
OTHERWISE = {"max_tokens": "max_completion_tokens"}
OPTIONAL = ("temperature", "stop", "response_format", "max_tokens")


class ChatServer:
    """One address, key and model. Threads may share it: each answer has a connection of its own."""

    def __init__(self, base_url: str, key: str, *, trust_env: bool = True) -> None:
        self.url = f"{base_url.rstrip('/')}/chat/completions"
        self.key = key
        self.trust_env = trust_env

    def ask(
        self, body: Mapping[str, Any], *, first_s: float, stall_s: float, cancelled: Cancelled
    ) -> Generator[str]:
        """The pieces of one answer. Raises EngineError."""
        source = self._speak(body, first_s, stall_s)
        ended = False
        with closing(pull(source, first_s=first_s, stall_s=stall_s, cancelled=cancelled)) as spoken:
            for piece in spoken:
                ended = ended or piece.ends
                if piece.text:
                    yield piece.text
        if not ended and not cancelled():
            raise EngineUnreachable("the answer broke off")

    async def _speak(
        self, body: Mapping[str, Any], first_s: float, stall_s: float
    ) -> AsyncGenerator[Spoken, None]:
        import httpx

        headers = {"Authorization": f"Bearer {self.key}"} if self.key else {}
        # The waits for text are measured in pull(), where signs of life do not count as text.
        limits = httpx.Timeout(first_s + stall_s, connect=min(CONNECT_S, first_s))
        try:
            async with (
                httpx.AsyncClient(timeout=limits, trust_env=self.trust_env) as client,
                client.stream("POST", self.url, json=body, headers=headers) as response,
            ):
                async for piece in self._read(response):
                    yield piece
        except httpx.TimeoutException as error:
            raise EngineUnreachable(f"{type(error).__name__}") from error
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise EngineUnreachable(self._clean(f"{type(error).__name__}: {error}")) from error

    async def _read(self, response: httpx.Response) -> AsyncGenerator[Spoken, None]:
        if response.status_code != 200:
            text = (await _body(response)).decode("utf-8", "replace")
            raise failure_of(response.status_code, response.headers, self._clean(text))
        if "json" in response.headers.get("content-type", ""):
            yield Spoken(whole_text(await _body(response)), True)
            return
        async for event in events(response.aiter_bytes()):
            if "error" in event:
                raise failure_within(event["error"], self._clean)
            piece = text_of(event)
            if piece.text or piece.ends or piece.thinks:
                yield piece
            if piece.ends:
                return

    def _clean(self, text: str) -> str:
        """Text of the server for logs: short, and without the key, which some servers repeat."""
        text = text.replace(self.key, "…") if self.key else text
        return " ".join(text.split())[:300]


async def _body(response: httpx.Response) -> bytes:
    body = b""
    async for chunk in response.aiter_bytes():
        body += chunk
        if len(body) > MAX_BODY:
            raise BadAnswer("the answer is too long")
    return body


class OpenAI(Engine):
    """A model on a server. It counts tokens by estimate: the tokenizer is the server's."""

    name = "openai"

    def __init__(self, options: Options) -> None:
        self.options = options
        self.features = Features(
            context_tokens=options.context,
            repeats=True,
            grammar=frozenset({"json_schema"}),
        )
        self.server = ChatServer(options.base_url, options.api_key)
        self.refused: frozenset[str] = frozenset()
        self._estimate = 0  # which of BYTES_PER_TOKEN

    def count_tokens(self, text: str) -> int:
        """See Engine.count_tokens."""
        return math.ceil(len(text.encode()) / BYTES_PER_TOKEN[self._estimate])

    def count_more(self) -> bool:
        """See Engine.count_more."""
        if self._estimate + 1 == len(BYTES_PER_TOKEN):
            return False
        self._estimate += 1
        return True

    def stream(self, request: Request, cancelled: Cancelled) -> Generator[str]:
        """See Engine.stream. Tried again while nothing has come."""
        for tried in range(1, TRIES + 1):
            begun = False
            try:
                with closing(self._ask(request, cancelled)) as pieces:
                    for piece in pieces:
                        begun = True
                        yield piece
                return
            except EngineError as error:
                if begun or not self._may_repeat(error, tried):
                    raise
                log.info("asking the language model again after %s", error)
                if not _rest(_pause(error, tried), cancelled):
                    return

    def _ask(self, request: Request, cancelled: Cancelled) -> Generator[str]:
        return self.server.ask(
            self._body(request),
            first_s=self.options.first_s,
            stall_s=self.options.stall_s,
            cancelled=cancelled,
        )

    def _may_repeat(self, error: EngineError, tried: int) -> bool:
        if tried == TRIES:
            return False
        if isinstance(error, Refused) and error.parameter in OPTIONAL:
            known = error.parameter in self.refused
            self.refused |= {error.parameter}
            return not known
        return error.retry and (error.retry_after or 0) <= LONGEST_WAIT_S

    def _body(self, request: Request) -> dict[str, Any]:
        body: dict[str, Any] = {
            "model": self.options.model,
            "messages": [{"role": one.role, "content": one.content} for one in request.messages],
            "stream": True,
            "max_tokens": request.max_tokens,
            "temperature": request.temperature,
        }
        if request.stop:
            body["stop"] = list(request.stop[:4])  # OpenAI takes no more; until() knows them all
        if request.json_schema:
            shape = {"name": "answer", "schema": request.json_schema}
            body["response_format"] = {"type": "json_schema", "json_schema": shape}
        for name in self.refused & body.keys():
            value = body.pop(name)
            if name in OTHERWISE:
                body[OTHERWISE[name]] = value
        return body


def _pause(error: EngineError, tried: int) -> float:
    """Seconds: what the server asks for, else ever longer, and not all clients at once."""
    if error.retry_after is not None:
        return error.retry_after
    if not error.retry:
        return 0.0
    return BACKOFF_S * 2.0 ** (tried - 1) * random.uniform(0.5, 1.0)  # noqa: S311  no secret


def _rest(seconds: float, cancelled: Cancelled) -> bool:
    """Wait; false when it was cancelled."""
    end = time.monotonic() + seconds
    while (left := end - time.monotonic()) > 0:
        if cancelled():
            return False
        time.sleep(min(LOOK_S, left))
    return not cancelled()
