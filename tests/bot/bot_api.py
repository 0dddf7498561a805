"""A Bot API on loopback: long polling, and refusals where the real one would refuse."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from html.parser import HTMLParser
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs

TOKEN = "4815162342:stand-in_token-of-the-tests"
MAX_TEXT, MAX_DATA, MAX_ALERT = 4096, 64, 200
TAGS = {"a", "b", "i", "u", "s", "code", "pre"}
Answer = tuple[int, dict[str, Any]]


class Markup(HTMLParser):
    """Telegram's HTML, strictly: known tags, each closed in order."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.plain, self.links = "", list[str]()
        self.feed(text)
        self.close()
        if self.open:
            raise ValueError(f"can't find end tag corresponding to start tag {self.open[-1]}")

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note a tag; only a link has attributes."""
        if tag not in TAGS or (attrs and [name for name, _ in attrs] != ["href"]):
            raise ValueError(f"unsupported start tag {tag}")
        self.open.append(tag)
        self.links += [value or "" for _, value in attrs]

    def handle_endtag(self, tag: str) -> None:
        """Close the innermost tag, which has to be this one."""
        if not self.open or self.open.pop() != tag:
            raise ValueError(f"unexpected end tag {tag}")

    def handle_data(self, data: str) -> None:
        """Collect what people read."""
        self.plain += data


class BotApi:
    """What the bot asked for, in `calls`, and what people did, for its getUpdates."""

    def __init__(self) -> None:
        self.changed = threading.Condition()
        self.calls: list[tuple[str, dict[str, Any]]] = []
        self.updates: list[dict[str, Any]] = []
        self.refusals: dict[str, list[Answer]] = {}
        self.ids = 0
        self.stopping = False
        self.url = ""

    # People

    def say(self, text: str, chat: int = 1, language: str = "en") -> None:
        """Write to the bot in a private chat."""
        entities = []
        if text.startswith("/"):
            length = len(text.split()[0])
            entities = [{"type": "bot_command", "offset": 0, "length": length}]
        self._update(
            message=self._message(chat, text) | {"from": _person(chat, language)},
            entities=entities,
        )

    def press(self, message_id: int, data: str, chat: int = 1) -> str:
        """Press a button below a message of the bot's; the id that it will be answered by."""
        message = self._message(chat, "…") | {"message_id": message_id}
        query = {"id": str(self._id()), "from": _person(chat, "en"), "chat_instance": "1"}
        self._update(callback_query=query | {"message": message, "data": data})
        return str(query["id"])

    def refuse(self, chat: int, status: int, description: str, **parameters: int) -> None:
        """Refuse the next call for a chat."""
        body = {"ok": False, "error_code": status, "description": description}
        with self.changed:
            refusals = self.refusals.setdefault(str(chat), [])
            refusals.append((status, body | {"parameters": parameters}))

    def wait_for_answer(self, query_id: str) -> dict[str, Any]:
        """The bot's answer to a pressed button."""

        def answers() -> list[dict[str, Any]]:
            return [p for _, p in self.calls if p.get("callback_query_id") == query_id]

        with self.changed:
            assert self.changed.wait_for(answers, 20), self.calls
            return answers()[0]

    def wait_for(self, method: str, chat: int = 1, after: int = 0) -> dict[str, Any]:
        """What the bot sent by `method` to a chat, the first after `after` such calls."""

        def sent() -> list[dict[str, Any]]:
            of_chat = [p for name, p in self.calls if name == method]
            return [p for p in of_chat if p.get("chat_id", str(chat)) == str(chat)]

        with self.changed:
            assert self.changed.wait_for(lambda: len(sent()) > after, 20), self.calls
            return sent()[after]

    def _update(self, entities: list[dict[str, Any]] | None = None, **content: Any) -> None:
        if entities:
            content["message"]["entities"] = entities
        with self.changed:
            self.updates.append({"update_id": self._id(), **content})
            self.changed.notify_all()

    def _id(self) -> int:
        self.ids += 1
        return self.ids

    def _message(self, chat: int, text: str) -> dict[str, Any]:
        place = {"id": chat, "type": "private", "first_name": "Alice"}
        return {"message_id": self._id(), "date": int(time.time()), "chat": place, "text": text}

    # The bot

    def answer(self, method: str, params: dict[str, Any]) -> Answer:
        """The status and body of a call."""
        if method == "getUpdates":
            return 200, _ok(self._poll(int(params.get("offset", 0)), int(params["timeout"])))
        with self.changed:
            if refusals := self.refusals.get(params.get("chat_id", "")):
                self.changed.notify_all()
                return refusals.pop(0)
            problem = _problem(method, params)
            if problem:
                return 400, {"ok": False, "error_code": 400, "description": problem}
            result = self._result(method, params)
            self.calls.append((method, params | {"result": result}))
            self.changed.notify_all()
        return 200, _ok(result)

    def _poll(self, offset: int, timeout: int) -> list[dict[str, Any]]:
        with self.changed:
            self.updates = [u for u in self.updates if u["update_id"] >= offset]
            self.changed.wait_for(lambda: self.updates or self.stopping, timeout)
            return list(self.updates)

    def _result(self, method: str, params: dict[str, Any]) -> Any:
        if method == "getMe":
            return {"id": 4815162342, "is_bot": True, "first_name": "Bot", "username": "a_bot"}
        if method in {"sendMessage", "editMessageText"}:
            return self._message(int(params["chat_id"]), params["text"])
        return True


def _person(chat: int, language: str) -> dict[str, Any]:
    return {"id": chat, "is_bot": False, "first_name": "Alice", "language_code": language}


def _ok(result: Any) -> dict[str, Any]:
    return {"ok": True, "result": result}


def _problem(method: str, params: dict[str, Any]) -> str:
    """Why the real API would refuse a call, or an empty string."""
    if method == "answerCallbackQuery" and len(params.get("text", "")) > MAX_ALERT:
        return "Bad Request: MESSAGE_TOO_LONG"
    if method not in {"sendMessage", "editMessageText"}:
        return ""
    try:
        plain = Markup(params["text"]).plain
    except ValueError as error:
        return f"Bad Request: can't parse entities: {error}"
    if len(plain.encode("utf-16-le")) // 2 > MAX_TEXT:
        return "Bad Request: message is too long"
    buttons = json.loads(params.get("reply_markup", "{}")).get("inline_keyboard", [])
    if any(len(b["callback_data"].encode()) > MAX_DATA for row in buttons for b in row):
        return "Bad Request: BUTTON_DATA_INVALID"
    return "" if plain.strip() else "Bad Request: message text is empty"


def _handler(api: BotApi) -> Callable[..., BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:  # the name that http.server calls
            body = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
            params = {name: values[-1] for name, values in parse_qs(body).items()}
            place, _, method = self.path.removeprefix("/").partition("/")
            if place == f"bot{TOKEN}":
                status, answer = api.answer(method, params)
            else:
                status = 401
                answer = {"ok": False, "error_code": 401, "description": "Unauthorized"}
            payload = json.dumps(answer).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(payload)))
            self.end_headers()
            self.wfile.write(payload)

        def log_message(self, format: str, *args: Any) -> None:
            """Say nothing."""

    return Handler


class _Server(ThreadingHTTPServer):
    def handle_error(self, request: Any, client_address: Any) -> None:
        """The bot hangs up on a long poll when it stops."""


@contextmanager
def run_bot_api() -> Iterator[BotApi]:
    """A Bot API for one bot; its address is in `url`."""
    api = BotApi()
    server = _Server(("127.0.0.1", 0), _handler(api))
    api.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield api
    finally:
        with api.changed:
            api.stopping = True
            api.changed.notify_all()
        server.shutdown()
        server.server_close()
        thread.join()
