"""What the real Bot API refuses, in its own words."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser
from typing import Any
from urllib.parse import urlsplit

MAX_TEXT, MAX_CAPTION, MAX_DATA, MAX_ALERT = 4096, 1024, 64, 200
MAX_BUTTONS, MAX_IN_ROW = 100, 8
MAX_PHOTO, MAX_DOCUMENT = 10 * 2**20, 50 * 2**20
TAGS = {"a", "b", "i", "u", "s", "code", "pre", "blockquote", "strong", "em", "ins", "del"}
ACTIONS = {"typing", "upload_photo", "upload_document", "upload_video", "find_location"}
PARSED = ("text", "caption")
Params = dict[str, Any]


class Refused(Exception):
    """The call is refused with 400 and this description."""


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


def units(text: str) -> int:
    return len(text.encode("utf-16-le")) // 2


def check_text(text: str, mode: str | None, limit: int, *, empty: bool = False) -> None:
    """A text or caption: its markup, its length. Raises Refused."""
    try:
        plain = Markup(text).plain if mode == "HTML" else text
    except ValueError as error:
        raise Refused(f"can't parse entities: {error}") from error
    if units(plain) > limit:
        too_long = "message is too long" if limit == MAX_TEXT else "message caption is too long"
        raise Refused(too_long)
    if not plain.strip() and not empty:
        raise Refused("message text is empty")


def check_markup(text: str | None, *, inline_only: bool = False) -> None:
    """Buttons below a message, or words below the field. Raises Refused."""
    markup = json.loads(text or "{}")
    if "keyboard" in markup:
        if inline_only:
            raise Refused("inline keyboard expected")
        if not all(row and all(button["text"] for button in row) for row in markup["keyboard"]):
            raise Refused("keyboard button text must be non-empty")
    rows = markup.get("inline_keyboard", [])
    if sum(map(len, rows)) > MAX_BUTTONS or any(len(row) > MAX_IN_ROW for row in rows):
        raise Refused("reply markup is too long")
    for row in rows:
        for button in row:
            _check_button(button)


def _check_button(button: dict[str, Any]) -> None:
    if not button.get("text", "").strip():
        raise Refused("text buttons are allowed in the inline keyboard only: empty text")
    if ("url" in button) == ("callback_data" in button):
        raise Refused("BUTTON_TYPE_INVALID")
    if "url" in button:
        address = urlsplit(button["url"])
        if address.scheme not in ("http", "https", "tg") or "." not in (address.hostname or ""):
            raise Refused("inline keyboard button URL is invalid: Wrong HTTP URL")
    elif not 1 <= len(button["callback_data"].encode()) <= MAX_DATA:
        raise Refused("BUTTON_DATA_INVALID")


def check_commands(text: str) -> None:
    """Raises Refused."""
    commands = json.loads(text)
    if len(commands) > 100:
        raise Refused("BOT_COMMANDS_TOO_MUCH")
    for each in commands:
        if not re.fullmatch(r"[a-z0-9_]{1,32}", each["command"]):
            raise Refused("BOT_COMMAND_INVALID")
        if not 1 <= len(each["description"]) <= 256:
            raise Refused("BOT_COMMAND_DESCRIPTION_INVALID")


def check_results(params: Params) -> None:
    """Results of an inline query. Raises Refused."""
    results = json.loads(params["results"])
    names = [each["id"] for each in results]
    if len(results) > 50 or len(set(names)) != len(names):
        raise Refused("RESULTS_TOO_MUCH" if len(results) > 50 else "RESULT_ID_DUPLICATE")
    if any(not 1 <= len(name.encode()) <= 64 for name in names):
        raise Refused("RESULT_ID_INVALID")
    if len(params.get("next_offset", "").encode()) > 64:
        raise Refused("NEXT_OFFSET_INVALID")
    for each in results:
        if not each["title"]:
            raise Refused("ARTICLE_TITLE_EMPTY")
        content = each["input_message_content"]
        check_text(content["message_text"], content.get("parse_mode"), MAX_TEXT)
        check_markup(json.dumps(each.get("reply_markup", {})), inline_only=True)


def check_call(method: str, params: Params) -> None:
    """What can be told without knowing the chat. Raises Refused."""
    if method in ("sendMessage", "editMessageText"):
        check_text(params.get("text", ""), params.get("parse_mode"), MAX_TEXT)
    if "caption" in params:
        check_text(params["caption"], params.get("parse_mode"), MAX_CAPTION, empty=True)
    if method == "editMessageMedia":
        media = json.loads(params["media"])
        check_text(media.get("caption", ""), media.get("parse_mode"), MAX_CAPTION, empty=True)
    if "reply_markup" in params:
        check_markup(params["reply_markup"], inline_only=method.startswith("edit"))
    if method == "answerCallbackQuery" and len(params.get("text", "")) > MAX_ALERT:
        raise Refused("MESSAGE_TOO_LONG")
    if method == "sendChatAction" and params["action"] not in ACTIONS:
        raise Refused("wrong parameter action in request")
    if method == "setMyCommands":
        check_commands(params["commands"])
    if method == "answerInlineQuery":
        check_results(params)
