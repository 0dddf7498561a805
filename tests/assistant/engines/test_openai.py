"""The engine openai against a server of its kind, well-behaved and not."""

from __future__ import annotations

import json
import logging
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from edu.assistant.engines import openai
from edu.assistant.engines.base import Message, Options
from edu.assistant.engines.errors import (
    BadAnswer,
    ContextTooLong,
    EngineBusy,
    EngineError,
    EngineUnreachable,
    ModelMissing,
    Refused,
)

KEY = "sk-very-secret"
ASKED = [Message("system", "Be brief."), Message("user", "Почему?")]
Reply = Callable[["Handler"], None]


class Handler(BaseHTTPRequestHandler):
    server: Server

    def do_POST(self) -> None:
        size = int(self.headers["Content-Length"])
        self.server.asked.append(json.loads(self.rfile.read(size)))
        self.server.keys.append(self.headers.get("Authorization", ""))
        replies = self.server.replies
        (replies.pop(0) if len(replies) > 1 else replies[0])(self)

    def log_message(self, *_: object) -> None:
        """Be quiet."""

    def begin(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.end_headers()

    def tell(self, line: str) -> None:
        self.wfile.write(f"{line}\n\n".encode())
        self.wfile.flush()

    def say(self, text: str, **delta: str) -> None:
        choice = {"delta": {"content": text, **delta}}
        self.tell("data: " + json.dumps({"choices": [choice]}, ensure_ascii=False))


class Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.replies: list[Reply] = []
        self.asked: list[dict[str, Any]] = []
        self.keys: list[str] = []

    def handle_error(self, *_: Any) -> None:
        """A client that hangs up is no news."""


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    monkeypatch.setattr(openai, "BACKOFF_S", 0.01)
    with Server() as server:
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        yield server
        server.shutdown()


def engine(server: Server, **changes: Any) -> openai.OpenAI:
    url = f"http://127.0.0.1:{server.server_port}/v1"
    options = {"base_url": url, "api_key": KEY, "first_s": 20.0, "stall_s": 20.0, **changes}
    return openai.OpenAI(Options("openai", "small", **options))


def ask(server: Server, *replies: Reply, **changes: Any) -> str:
    server.replies[:] = replies
    return "".join(engine(server, **changes).generate(ASKED, max_tokens=50))


def failure(server: Server, *replies: Reply, **changes: Any) -> EngineError:
    with pytest.raises(EngineError) as caught:
        ask(server, *replies, **changes)
    return caught.value


def well(handler: Handler) -> None:
    handler.begin()
    handler.tell(": keep-alive")
    for text in ("Потому", " что", "\u2028 так."):
        handler.say(text)
    handler.tell("data: [DONE]")


def status(code: int, text: str = "", **headers: str) -> Reply:
    def reply(handler: Handler) -> None:
        handler.send_response(code)
        for name, value in headers.items():
            handler.send_header(name.replace("_", "-"), value)
        handler.end_headers()
        handler.wfile.write(text.encode())

    return reply


def test_an_answer_is_streamed(server: Server) -> None:
    assert ask(server, well) == "Потому что\u2028 так."
    (body,) = server.asked
    assert (body["model"], body["stream"], body["max_tokens"]) == ("small", True, 50)
    assert body["messages"][1] == {"role": "user", "content": "Почему?"}
    assert server.keys == [f"Bearer {KEY}"]


def test_what_a_model_thinks_is_not_said(server: Server) -> None:
    def think(handler: Handler) -> None:
        handler.begin()
        handler.say("", reasoning_content="hm")
        for text in ("<thi", "nk>so", "</think>", "\n\nДа."):
            handler.say(text)
        handler.tell("data: [DONE]")

    assert ask(server, think) == "Да."


def test_an_answer_that_is_not_streamed_is_taken_whole(server: Server) -> None:
    body = json.dumps({"choices": [{"message": {"content": "Да."}}]})
    assert ask(server, status(200, body, Content_Type="application/json")) == "Да."


@pytest.mark.parametrize("code", [500, 502, 503, 429])
def test_a_passing_failure_is_tried_again(server: Server, code: int) -> None:
    assert ask(server, status(code), status(code), well)
    assert len(server.asked) == 3


def test_the_server_says_how_long_to_wait(server: Server) -> None:
    start = time.monotonic()
    assert ask(server, status(429, Retry_After="0.4"), well)
    assert time.monotonic() - start >= 0.4
    error = failure(server, status(429, Retry_After="3600"))
    assert isinstance(error, EngineBusy)
    assert (error.retry, error.retry_after) == (True, 3600)


@pytest.mark.parametrize(
    ("code", "text", "kind", "tries"),
    [
        (500, "", EngineUnreachable, openai.TRIES),
        (429, "", EngineBusy, openai.TRIES),
        (401, f"bad key {KEY}", Refused, 1),
        (302, "", Refused, 1),
        (404, "no such model", ModelMissing, 1),
        (400, "maximum context length is 4096 tokens", ContextTooLong, len(openai.BYTES_PER_TOKEN)),
    ],
)
def test_each_failure_has_its_kind(
    server: Server,
    caplog: pytest.LogCaptureFixture,
    code: int,
    text: str,
    kind: type[EngineError],
    tries: int,
) -> None:
    with caplog.at_level(logging.DEBUG):
        error = failure(server, status(code, text))
    assert type(error) is kind
    assert error.retry == (tries == openai.TRIES and kind is not ContextTooLong)
    assert len(server.asked) == tries
    assert KEY not in caplog.text + str(error) + repr(engine(server).options)


def test_a_prompt_that_the_server_finds_too_long_is_cut_and_the_next_at_once(
    server: Server,
) -> None:
    model = engine(server, context=512)
    long = [Message("user", "Что такое ряд?", tuple("Ряд сходится. " * 3 for _ in range(40)))]
    server.replies[:] = [status(400, "maximum context length is 512 tokens"), well]
    for _time in range(2):
        assert "".join(model.generate(long, max_tokens=50))
    lengths = [len(body["messages"][-1]["content"]) for body in server.asked]
    assert lengths[0] > lengths[1] == lengths[2] > 100


def test_a_setting_that_the_server_minds_is_left_out(server: Server) -> None:
    minds = status(400, "Unsupported parameter: 'max_tokens' is not supported")
    assert ask(server, minds, well)
    assert server.asked[1]["max_completion_tokens"] == 50
    assert "max_tokens" not in server.asked[1]


def broken(handler: Handler) -> None:
    handler.begin()
    handler.say("Потому")


def silent(handler: Handler) -> None:
    broken(handler)
    for _time in range(100):
        time.sleep(0.05)
        handler.tell(": keep-alive")


def nothing(handler: Handler) -> None:
    handler.begin()
    handler.tell("data: [DONE]")


def test_what_breaks_off_or_falls_silent_is_no_answer(server: Server) -> None:
    for reply in (broken, silent):
        error = failure(server, reply, stall_s=0.3)
        assert isinstance(error, EngineUnreachable)
        assert error.retry
    assert len(server.asked) == 2  # what has begun is not begun again


def test_a_first_word_that_never_comes_is_given_up(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(openai, "TRIES", 1)
    error = failure(server, lambda handler: time.sleep(1), first_s=0.2, stall_s=0.1)
    assert isinstance(error, EngineUnreachable)


@pytest.mark.parametrize("line", ["data: {", "data: [1]", 'data: {"choices": [1]}'])
def test_garbage_is_no_answer(server: Server, monkeypatch: pytest.MonkeyPatch, line: str) -> None:
    monkeypatch.setattr(openai, "TRIES", 1)

    def garbage(handler: Handler) -> None:
        handler.begin()
        handler.tell(line)

    assert isinstance(failure(server, garbage), BadAnswer)
    assert isinstance(failure(server, nothing), BadAnswer)


def test_nobody_there_is_said(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(openai, "TRIES", 1)
    error = failure(server, well, base_url="http://127.0.0.1:1/v1")
    assert isinstance(error, EngineUnreachable)


def test_a_wait_can_be_cancelled(server: Server) -> None:
    server.replies[:] = [lambda handler: time.sleep(20)]
    start = time.monotonic()
    asked = engine(server).generate(
        ASKED, max_tokens=50, cancelled=lambda: time.monotonic() - start > 0.2
    )
    assert list(asked) == []
    assert time.monotonic() - start < 10
