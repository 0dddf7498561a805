"""What the product says: its catalogue of translations, and the texts of its pages."""

from __future__ import annotations

import re
from collections.abc import Iterable
from html.parser import HTMLParser

from babel.messages.catalog import Catalog, Message
from babel.messages.pofile import read_po

from edu.config import ROOT

PO = ROOT / "edu/translations/ru/LC_MESSAGES/messages.po"
SHOWN_ATTRIBUTES = {"alt", "aria-label", "placeholder", "title"}
SHOWN_ATTRIBUTES |= {"data-empty", "data-too-large", "data-wrong-type"}
LATIN_WORD = re.compile(r"[A-Za-z]{2,}")
CYRILLIC = re.compile(r"[А-Яа-яЁё]")
# Names that are the same in every language.
INTERNATIONAL = {"API", "DOC", "DOCX", "Escape", "JSON", "MP", "PDF", "application", "json"}
INTERNATIONAL |= {"Atom", "HOST", "QR", "RSS", "SMTP", "SRT", "UTF", "VTT", "ZIP", "example", "org"}
INTERNATIONAL |= {"Enter", "Shift", "Telegram", "UTC"}
INTERNATIONAL |= {"Checksum", "Metadata", "Upload", "tus"}


def read_russian() -> Catalog:
    """The catalogue as it lies in the repository."""
    with PO.open("rb") as stream:
        return read_po(stream, locale="ru")


def messages(catalog: Catalog) -> list[Message]:
    """Everything but the header."""
    return [message for message in catalog if message.id]


def forms(text: str | Iterable[str] | None) -> list[str]:
    """One string, or each of the plural forms."""
    return [text] if isinstance(text, str) else list(text or ())


class _Shown(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.texts: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.texts += [
            value
            for name, value in attrs
            if value and (name in SHOWN_ATTRIBUTES or name.startswith(("data-text", "data-label")))
        ]

    def handle_data(self, data: str) -> None:
        self.texts.append(data)


def shown(markup: str) -> list[str]:
    """What people see or hear of a page: its texts, and the attributes that are read out."""
    parser = _Shown()
    parser.feed(markup)
    return [text for text in parser.texts if text.strip()]
