"""A Bot API and the people who use a bot through it, in a process of their own.

Each chat does one thing at a time: it writes or presses, waits for the answer, looks at it for a
while, and notes how long it took and whether anything came besides. A lean server: what the bot
sends is taken as it is (the tests' stand-in is the one that judges it).

    python -m tests.bench.bot_people CHATS SECONDS THINK_S FIRST_CHAT RESULT

prints its port, begins with the first poll and writes RESULT (JSON) when everybody has ended.
"""

from __future__ import annotations

import asyncio
import json
import random
import re
import sys
import time
from collections import deque
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

PATIENCE_S = 20.0
LINGER_S = 3.0  # after the end: does anything come twice?
MENU = ("Library", "Subjects", "My collections", "History", "Subscriptions", "Settings", "/help")
WORDS = ("Даламбера", "формула Грина", "ряды", "числовой ряд сходится", "интеграл", "ghbpyfr")
SAFE = re.compile(r"(material:show|search:(page|filters|type|exact)|library|subjects|history)\b")
SEEN = ("sendMessage", "sendPhoto", "editMessageText", "editMessageMedia", "editMessageReplyMarkup")


@dataclass(slots=True)
class Deed:
    """What one chat did, and what came of it: `shown` messages, `told` answers to a button."""

    kind: str
    begun: float = field(default_factory=time.monotonic)
    took_s: float = -1.0
    shown: int = 0
    told: int = 0


class Chat:
    """One person: what stands in the chat now, what was done so far."""

    def __init__(self, api: Api, number: int) -> None:
        self.api, self.number = api, number
        self.deeds: list[Deed] = []
        self.message: dict[str, Any] = {}
        self.random = random.Random(number)
        self.answered = asyncio.Event()

    async def live(self, end: float) -> None:
        """Do one thing after another."""
        await asyncio.sleep(self.random.uniform(0, self.api.think_s))
        while time.monotonic() < end:
            self.answered.clear()
            self.act()
            try:
                await asyncio.wait_for(self.answered.wait(), PATIENCE_S)
            except TimeoutError:
                continue
            await asyncio.sleep(self.random.uniform(0.5, 1.5) * self.api.think_s)

    def act(self) -> None:
        """Press a button below the last message, or write."""
        buttons = [b for b in self.buttons() if SAFE.match(b)]
        if buttons and self.random.random() < 0.5:
            cards = [b for b in buttons if b.startswith("material:show")]
            data = self.random.choice(cards if cards and self.random.random() < 0.5 else buttons)
            self.deeds.append(Deed("card" if data.startswith("material:show") else "button"))
            self.api.press(self, data)
        elif self.random.random() < 0.4:
            self.deeds.append(Deed("search"))
            self.api.say(self, self.random.choice(WORDS))
        else:
            self.deeds.append(Deed("menu"))
            self.api.say(self, self.random.choice(MENU))

    def buttons(self) -> list[str]:
        rows = self.message.get("reply_markup", {}).get("inline_keyboard", [])
        return [b["callback_data"] for row in rows for b in row if "callback_data" in b]

    def see(self, method: str, message: dict[str, Any]) -> None:
        """The bot has shown something."""
        self.message = message
        if self.deeds:
            deed = self.deeds[-1]
            deed.shown += 1
            if deed.took_s < 0:
                deed.took_s = time.monotonic() - deed.begun
            self.answered.set()

    def hear(self, said: str) -> None:
        """A button was answered; one that says something may leave the message as it is."""
        self.deeds[-1].told += 1


class Api:
    """The methods of the Bot API that the bot calls here."""

    def __init__(self, chats: int, seconds: float, think_s: float, first: int) -> None:
        self.seconds, self.think_s = seconds, think_s
        self.chats = {first + n: Chat(self, first + n) for n in range(chats)}
        self.updates: deque[dict[str, Any]] = deque()
        self.news, self.polled = asyncio.Event(), asyncio.Event()
        self.ids = 10**6
        self.pressed: dict[str, Chat] = {}
        self.calls: dict[str, int] = {}

    def id(self) -> int:
        self.ids += 1
        return self.ids

    def update(self, **content: Any) -> None:
        self.updates.append({"update_id": self.id(), **content})
        self.news.set()

    def say(self, chat: Chat, text: str) -> None:
        message = self.message(chat.number, text=text) | {"from": _person(chat.number)}
        if text.startswith("/"):
            message["entities"] = [{"type": "bot_command", "offset": 0, "length": len(text)}]
        self.update(message=message)

    def press(self, chat: Chat, data: str) -> None:
        query = {"id": str(self.id()), "from": _person(chat.number), "chat_instance": "1"}
        self.pressed[str(query["id"])] = chat
        self.update(callback_query=query | {"message": chat.message, "data": data})

    def message(self, chat: int, **content: Any) -> dict[str, Any]:
        place = {"id": chat, "type": "private", "first_name": "Alice"}
        now = int(time.time())
        return {"message_id": self.id(), "date": now, "chat": place, **content}

    async def answer(self, method: str, params: dict[str, str]) -> Any:
        """The result of a call."""
        self.calls[method] = self.calls.get(method, 0) + 1
        if method == "getUpdates":
            return await self.poll(int(params.get("offset", 0)), float(params.get("timeout", 0)))
        if method == "getMe":
            return {"id": 4815162342, "is_bot": True, "first_name": "Bot", "username": "a_bot"}
        if method == "answerCallbackQuery":
            chat = self.pressed.pop(params["callback_query_id"])
            chat.hear(params.get("text", ""))
        elif method in SEEN:
            return self.show(method, params)
        return True

    def show(self, method: str, params: dict[str, str]) -> dict[str, Any]:
        chat = self.chats[int(params["chat_id"])]
        sent = self.message(chat.number)
        if method.startswith("edit"):
            sent = {**chat.message, "message_id": int(params["message_id"])}
        if method in ("sendPhoto", "editMessageMedia"):
            sent.pop("text", None)
            size = {"file_id": "a", "file_unique_id": "a", "width": 60, "height": 80}
            sent["photo"] = [size | {"file_id": f"photo-{sent['message_id']}"}]
        elif "text" in params:
            sent["text"] = params["text"]
        markup = json.loads(params.get("reply_markup", "{}"))
        sent.pop("reply_markup", None)
        if "inline_keyboard" in markup:
            sent["reply_markup"] = markup
        chat.see(method, sent)
        return sent

    async def poll(self, offset: int, timeout: float) -> list[dict[str, Any]]:
        self.polled.set()
        while self.updates and self.updates[0]["update_id"] < offset:
            self.updates.popleft()
        if not self.updates:
            self.news.clear()
            try:
                await asyncio.wait_for(self.news.wait(), timeout)
            except TimeoutError:
                return []
        return list(self.updates)[:100]

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection of the bot's."""
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                path = head.split(b" ", 2)[1].decode()
                length = re.search(rb"content-length: (\d+)", head, re.IGNORECASE)
                body = await reader.readexactly(int(length[1])) if length else b""
                result = await self.answer(path.rpartition("/")[2], read(head, body))
                said = json.dumps({"ok": True, "result": result}).encode()
                kind = b"Content-Type: application/json\r\n"
                writer.write(b"HTTP/1.1 200 OK\r\n%sContent-Length: %d\r\n\r\n" % (kind, len(said)))
                writer.write(said)
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass  # the bot has hung up
        finally:
            writer.close()


def read(head: bytes, body: bytes) -> dict[str, str]:
    """The fields of a form; of its files nothing."""
    boundary = re.search(rb"boundary=(\S+)", head)
    if boundary is None:
        return dict(parse_qsl(body.decode(), keep_blank_values=True))
    fields = {}
    for part in body.split(b"--" + boundary[1])[1:-1]:
        about, _, content = part.partition(b"\r\n\r\n")
        name = re.search(rb'name="([^"]+)"', about)
        if name and b"filename=" not in about:
            fields[name[1].decode()] = content.removesuffix(b"\r\n").decode()
    return fields


def _person(chat: int) -> dict[str, Any]:
    return {"id": chat, "is_bot": False, "first_name": "Alice", "language_code": "en"}


async def run(chats: int, seconds: float, think_s: float, first: int, result: Path) -> None:
    """Serve, let everybody live, write down what they saw."""
    api = Api(chats, seconds, think_s, first)
    server = await asyncio.start_server(api.serve, "127.0.0.1", 0, limit=2**22)
    print(server.sockets[0].getsockname()[1], flush=True)
    await api.polled.wait()
    begun, cpu = time.monotonic(), time.process_time()
    end = begun + seconds
    print("begun", flush=True)
    await asyncio.gather(*(chat.live(end) for chat in api.chats.values()))
    busy = (time.process_time() - cpu) / (time.monotonic() - begun)
    await asyncio.sleep(LINGER_S)
    deeds = [asdict(deed) for chat in api.chats.values() for deed in chat.deeds]
    result.write_text(json.dumps({"deeds": deeds, "calls": api.calls, "busy": busy}), "utf-8")
    print("ended", flush=True)
    await asyncio.sleep(3600)  # the bot polls until it is stopped


if __name__ == "__main__":
    chats, seconds, think_s, first = map(float, sys.argv[1:5])
    asyncio.run(run(int(chats), seconds, think_s, int(first), Path(sys.argv[5])))
