"""A server of a language model that says what a test wants it to, in words that it streams."""

from __future__ import annotations

import json
import re
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from edu.assistant.engines.base import Options
from edu.assistant.engines.openai import OpenAI

# From all that the model reads to what it says.
Speak = Callable[[str], str]


class Handler(BaseHTTPRequestHandler):
    server: ModelServer

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.asked.append(body)
        if self.server.failures:
            self.send_response(self.server.failures.pop(0))
            self.end_headers()
            return
        read = "\n".join(message["content"] for message in body["messages"])
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.end_headers()
        for piece in re.findall(r"\S+\s*|\s+", self.server.speak(read)):
            choice = {"delta": {"content": piece}}
            self.wfile.write(f"data: {json.dumps({'choices': [choice]})}\n\n".encode())
            self.wfile.flush()
            time.sleep(self.server.pause)
        if not self.server.breaks_off:
            self.wfile.write(b"data: [DONE]\n\n")

    def log_message(self, *_: object) -> None:
        """Be quiet."""


class ModelServer(ThreadingHTTPServer):
    """`failures` are statuses that come before the answers; `pause` is between two words."""

    daemon_threads = True

    def __init__(self, speak: Speak) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.speak = speak
        self.asked: list[dict[str, Any]] = []
        self.failures: list[int] = []
        self.pause = 0.0
        self.breaks_off = False

    @property
    def read(self) -> str:
        """All that the model was given to read the last time."""
        return "\n".join(message["content"] for message in self.asked[-1]["messages"])

    def engine(self, **changes: Any) -> OpenAI:
        """The engine for it."""
        url = f"http://127.0.0.1:{self.server_port}/v1"
        options = {"base_url": url, "first_s": 20.0, "stall_s": 20.0, "context": 8192, **changes}
        return OpenAI(Options("openai", "small", **options))

    def handle_error(self, *_: Any) -> None:
        """A client that hangs up is no news."""


@contextmanager
def run_model(speak: Speak) -> Iterator[ModelServer]:
    """The server, on a port of this machine."""
    with ModelServer(speak) as server:
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        yield server
        server.shutdown()


@contextmanager
def run_slow_model(sentences: int, pause_s: float) -> Iterator[dict[str, str]]:
    """The settings that make it the product's model; `pause_s` is how long a sentence takes."""
    sentence = "Об этом рассказано в лекции о рядах [1]. "
    with run_model(lambda _read: sentence * sentences) as server:
        server.pause = pause_s / len(sentence.split())
        yield {
            "ASSISTANT_ENGINE": "openai",
            "ASSISTANT_MODEL": "slow",
            "ASSISTANT_BASE_URL": f"http://127.0.0.1:{server.server_port}/v1",
        }
