"""Telegram's HTML, and lengths as Telegram counts them: in UTF-16 units, tags not counted."""

from __future__ import annotations

import html
import re
from urllib.parse import urlsplit

from flask import current_app

from edu.extensions import settings

TOKEN = re.compile(r"<[^>]+>|\s+|(?:&#?\w+;|[^<&\s]|&)+|<")


def units(text: str) -> int:
    """The length of plain text in UTF-16 units."""
    return len(text.encode("utf-16-le")) // 2


def shorten(text: str, limit: int) -> str:
    """`text` on one line, cut to `limit` UTF-16 units with an ellipsis at the cut."""
    text = text.replace("\n", " ")
    return text if units(text) <= limit else cut(text, limit - 1)[0].rstrip() + "…"


def cut(text: str, limit: int) -> tuple[str, str]:
    """The first `limit` units of plain text, between characters, and the rest."""
    head = text.encode("utf-16-le")[: 2 * limit].decode("utf-16-le", "ignore")
    return head, text[len(head) :]


def escape(text: object) -> str:
    """Plain text as HTML."""
    return html.escape(str(text))


def bold(text: object) -> str:
    """Plain text in bold, as HTML."""
    return f"<b>{escape(text)}</b>"


def link(address: str, text: str) -> str:
    """A link in HTML; both parts are plain."""
    return f'<a href="{html.escape(address)}">{html.escape(text)}</a>'


def site_address(endpoint: str, anchor: str = "", **values: object) -> str:
    """The public address of a page of the site; needs an app context but no request."""
    path = current_app.url_map.bind("").build(endpoint, values)
    return f"{settings().site_url}{path}{'#' + anchor if anchor else ''}"


def fits_button(address: str) -> bool:
    """Whether Telegram takes the address for a button: it refuses hosts without a dot."""
    return "." in (urlsplit(address).hostname or "")


class _Splitter:
    """Parts of an HTML text, each with the tags closed that it opens."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.parts: list[str] = []
        self.open: list[str] = []  # the start tags that hold here
        self.current, self.used = "", 0

    def take(self, token: str) -> None:
        if token.startswith("<") and len(token) > 1:
            self.take_tag(token)
            return
        plain = html.unescape(token)
        if self.used + units(plain) > self.limit:
            self.finish()
            if plain.isspace():
                return
        while units(plain) > self.limit:  # a word longer than a message
            head, plain = cut(plain, self.limit)
            self.add(head)
            self.finish()
        self.add(plain)

    def take_tag(self, tag: str) -> None:
        if tag.startswith("</"):
            self.open.pop()
        else:
            self.open.append(tag)
        self.current += tag

    def add(self, plain: str) -> None:
        self.current += html.escape(plain)
        self.used += units(plain)

    def finish(self) -> None:
        if self.used:
            names = [re.split(r"[\s>]", tag[1:])[0] for tag in reversed(self.open)]
            closed = "".join(f"</{name}>" for name in names)
            self.parts.append(self.current.rstrip() + closed)
        self.current, self.used = "".join(self.open), 0


def split_html(text: str, limit: int) -> list[str]:
    """Well-formed HTML in parts of `limit` units at most, cut between words where it can be."""
    if units(re.sub(r"<[^>]+>", "", text)) <= limit:
        return [text]
    splitter = _Splitter(limit)
    for token in TOKEN.findall(text):
        splitter.take(token)
    splitter.finish()
    return splitter.parts


def cut_html(text: str, limit: int) -> str:
    """The first part of such a text, with an ellipsis where something is left out."""
    parts = split_html(text, limit)
    return parts[0] if len(parts) == 1 else split_html(text, limit - 1)[0] + "…"
