"""A language model behind an OpenAI-compatible server, which speaks slowly."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from tests.assistant.engines.test_openai import Handler, Server


@contextmanager
def run_model(sentences: int, pause_s: float) -> Iterator[dict[str, str]]:
    """Yield the settings that make it the product's; each answer has so many sentences."""

    def speak(handler: Handler) -> None:
        handler.begin()
        for _sentence in range(sentences):
            handler.say("Об этом рассказано в лекции о рядах [1]. ")
            time.sleep(pause_s)
        handler.tell("data: [DONE]")

    with Server() as server:
        server.replies[:] = [speak]
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        yield {
            "ASSISTANT_ENGINE": "openai",
            "ASSISTANT_MODEL": "slow",
            "ASSISTANT_BASE_URL": f"http://127.0.0.1:{server.server_port}/v1",
        }
        server.shutdown()
