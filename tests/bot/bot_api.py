"""A Bot API on loopback: long polling, chats with their messages, files, refusals."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import BytesIO
from typing import Any

from werkzeug.formparser import parse_form_data

from tests.bot.bot_chats import Chats
from tests.bot.bot_rules import Markup, Refused, check_call

__all__ = ["TOKEN", "BotApi", "Markup", "run_bot_api"]
TOKEN = "4815162342:stand-in_token-of-the-tests"
BOT_NAME = "a_bot"
Answer = tuple[int, dict[str, Any]]


class BotApi:
    """What the bot asked for, in `calls`, and what people did, for its getUpdates."""

    def __init__(self) -> None:
        self.changed = threading.Condition()
        self.calls: list[tuple[str, dict[str, Any]]] = []
        self.sent_to: list[tuple[float, int]] = []  # when new messages came, and for whom
        self.refused: list[tuple[str, str]] = []  # by the rules: faults of the bot
        self.updates: list[dict[str, Any]] = []
        self.refusals: dict[str, list[Answer]] = {}
        self.unanswered: set[int] = set()  # chats whose next message is taken without a word
        self.conflicts = 0  # so many polls are answered with 409
        self.chats = Chats(self._id)
        self.ids = 0
        self.stopping = False
        self.url = ""

    # People

    def say(self, text: str, chat: int = 1, language: str = "en") -> None:
        """Write to the bot in a private chat."""
        message = self.chats.message(chat, text=text) | {"from": _person(chat, language)}
        if text.startswith("/"):
            length = len(text.split()[0])
            message["entities"] = [{"type": "bot_command", "offset": 0, "length": length}]
        self._update(message=message)

    def give(
        self, name: str, content: bytes, chat: int = 1, language: str = "en", **told: Any
    ) -> str:
        """Send a file to the bot; its id. `told` is what the message says otherwise than it is:
        mime_type, file_size, caption, forward_origin, and `kind`: document or video.
        """
        kind = told.pop("kind", "document")
        around = {key: told.pop(key) for key in ("caption", "forward_origin") if key in told}
        with self.changed:
            file = self.chats.receive_file(name, content, **told)
        if kind == "video":
            file |= {"width": 160, "height": 90, "duration": 1}
        self.send(chat, language, **{kind: file}, **around)
        return str(file["file_id"])

    def send(self, chat: int, language: str = "en", **content: Any) -> None:
        """Send a message that is no text: a photo, a place."""
        message = self.chats.message(chat, **content)
        self._update(message=message | {"from": _person(chat, language)})

    def press(self, message_id: int, data: str, chat: int = 1, language: str = "en") -> str:
        """Press a button below a message of the bot's; the id that it will be answered by."""
        message = self.chats.find(chat, message_id) or self.chats.message(chat, text="…")
        query = {"id": str(self._id()), "from": _person(chat, language), "chat_instance": "1"}
        with self.changed:
            self.chats.queries.add(str(query["id"]))
        self._update(
            callback_query=query | {"message": message | {"message_id": message_id}, "data": data}
        )
        return str(query["id"])

    def ask_inline(self, text: str, chat: int = 1, language: str = "ru", offset: str = "") -> str:
        """Write `@bot text` in any chat; the id that it will be answered by."""
        query = {"id": str(self._id()), "from": _person(chat, language), "query": text}
        self._update(inline_query=query | {"offset": offset})
        return str(query["id"])

    def block(self, chat: int, status: str = "kicked") -> None:
        """Block the bot, or let it in again (`member`)."""
        bot = {"user": self._me(), "until_date": 0}
        self._update(
            my_chat_member={
                "chat": {"id": chat, "type": "private", "first_name": "Alice"},
                "from": _person(chat, "en"),
                "date": int(time.time()),
                "old_chat_member": bot | {"status": "member"},
                "new_chat_member": bot | {"status": status},
            }
        )

    def refuse(self, chat: int, status: int, description: str, **parameters: int) -> None:
        """Refuse the next call for a chat."""
        body = {"ok": False, "error_code": status, "description": description}
        with self.changed:
            refusals = self.refusals.setdefault(str(chat), [])
            refusals.append((status, body | {"parameters": parameters}))

    def wait_for_answer(self, query_id: str) -> dict[str, Any]:
        """The bot's answer to a pressed button or an inline query."""
        names = ("callback_query_id", "inline_query_id")

        def answers() -> list[dict[str, Any]]:
            return [p for _, p in self.calls if query_id in (p.get(name) for name in names)]

        with self.changed:
            assert self.changed.wait_for(answers, 30), self.calls
            return answers()[0]

    def wait_for(self, method: str, chat: int = 1, after: int = 0) -> dict[str, Any]:
        """What the bot sent by `method` to a chat, the first after `after` such calls."""
        with self.changed:
            enough = self.changed.wait_for(lambda: len(self.sent(method, chat)) > after, 30)
            assert enough, (self.calls, self.refused)
            return self.sent(method, chat)[after]

    def sent(self, method: str, chat: int) -> list[dict[str, Any]]:
        """All calls of a method for a chat, or for none."""
        of_method = [p for name, p in self.calls if name == method]
        return [p for p in of_method if p.get("chat_id", str(chat)) == str(chat)]

    def wait_until(self, condition: Callable[[], object], seconds: float = 30) -> None:
        """Wait for what follows from the bot's calls."""
        with self.changed:
            assert self.changed.wait_for(condition, seconds), (self.calls[-5:], self.refused)

    def _update(self, **content: Any) -> None:
        with self.changed:
            self.updates.append({"update_id": self._id(), **content})
            self.changed.notify_all()

    def _id(self) -> int:
        self.ids += 1
        return self.ids

    # The bot

    def answer(self, method: str, params: dict[str, Any], files: dict[str, Any]) -> Answer:
        """The status and body of a call."""
        if method == "getUpdates":
            if self.conflicts:
                self.conflicts -= 1
                return _refusal(409, "Conflict: terminated by other getUpdates request")
            return 200, _ok(self._poll(int(params.get("offset", 0)), int(params["timeout"])))
        with self.changed:
            if refusals := self.refusals.get(params.get("chat_id", "")):
                self.changed.notify_all()
                return refusals.pop(0)
            try:
                check_call(method, params)
                result = self._result(method, params, files)
            except Refused as error:
                self.refused.append((method, str(error)))
                self.changed.notify_all()
                return _refusal(400, f"Bad Request: {error}")
            uploads = {name: len(content) for name, (_file, content) in files.items()}
            if method.startswith("send") and method != "sendChatAction":
                self.sent_to.append((time.monotonic(), int(params["chat_id"])))
            self.calls.append((method, params | {"result": result, "uploads": uploads}))
            self.changed.notify_all()
        return 200, _ok(result)

    def falls_silent(self, params: dict[str, Any]) -> bool:
        """Whether the answer to this call gets lost."""
        chat = int(params.get("chat_id", 0))
        lost = chat in self.unanswered
        self.unanswered.discard(chat)
        return lost

    def _poll(self, offset: int, timeout: int) -> list[dict[str, Any]]:
        with self.changed:
            self.updates = [u for u in self.updates if u["update_id"] >= offset]
            self.changed.wait_for(lambda: self.updates or self.stopping, timeout)
            return list(self.updates)

    def _result(self, method: str, params: dict[str, Any], files: dict[str, Any]) -> Any:
        if method == "getMe":
            return self._me()
        if method in self.chats.methods:
            return self.chats.methods[method](params, files)
        if method in ("setMyCommands", "answerInlineQuery", "sendChatAction", "deleteWebhook"):
            return True
        raise Refused(f"method {method} is unknown to this stand-in")

    def _me(self) -> dict[str, Any]:
        return {"id": 4815162342, "is_bot": True, "first_name": "Bot", "username": BOT_NAME}


def _person(chat: int, language: str) -> dict[str, Any]:
    return {"id": chat, "is_bot": False, "first_name": "Alice", "language_code": language}


def _ok(result: Any) -> dict[str, Any]:
    return {"ok": True, "result": result}


def _refusal(status: int, description: str) -> Answer:
    return status, {"ok": False, "error_code": status, "description": description}


def _handler(api: BotApi) -> Callable[..., BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:  # the name that http.server calls
            place, _, method = self.path.removeprefix("/").partition("/")
            params, files = self._read()
            if place == f"bot{TOKEN}":
                status, answer = api.answer(method, params, files)
            else:
                status, answer = _refusal(401, "Unauthorized")
            if api.falls_silent(params):
                self.close_connection = True
                return
            self._send(status, "application/json", json.dumps(answer).encode())

        def do_GET(self) -> None:  # the name that http.server calls
            path = self.path.removeprefix(f"/file/bot{TOKEN}/")
            content = api.chats.download(path)
            api.chats.asked.append(path)
            if api.chats.held:
                api.chats.released.wait(30)
            if content is None:
                self._send(404, "text/plain", b"Not Found")
            elif api.chats.breaking:
                api.chats.breaking -= 1
                self._send(200, "application/octet-stream", content, len(content) * 2)
                self.close_connection = True
            else:
                self._send(200, "application/octet-stream", content)

        def _read(self) -> tuple[dict[str, Any], dict[str, Any]]:
            length = int(self.headers["Content-Length"])
            environ = {
                "REQUEST_METHOD": "POST",
                "CONTENT_TYPE": self.headers.get("Content-Type", ""),
                "CONTENT_LENGTH": str(length),
                "wsgi.input": BytesIO(self.rfile.read(length)),
            }
            _stream, form, files = parse_form_data(environ, silent=False)
            sent = {}
            for name, file in files.items():
                with file.stream:
                    sent[name] = (file.filename or "", file.read())
            return {name: form[name] for name in form}, sent

        def _send(self, status: int, kind: str, payload: bytes, told: int = 0) -> None:
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(told or len(payload)))
            self.end_headers()
            self.wfile.write(payload)

        def log_message(self, format: str, *args: Any) -> None:
            """Say nothing."""

    return Handler


class _Server(ThreadingHTTPServer):
    request_queue_size = 128  # the bot connects many times at once

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
