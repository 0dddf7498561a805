"""A search as the arguments of an address."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from edu.search.service import SearchInput

Arguments = dict[str, list[str]]
# What has a meaning in an address. Letters of any script stay as they are, being shorter so.
_SPECIAL = re.compile(r"[%&+#;=]")


def list_arguments(wanted: SearchInput) -> Arguments:
    """All that was asked for but the page; what was not given is left out."""
    values: dict[str, object] = {
        "q": " ".join(wanted.text.split()),
        "category": wanted.category.path if wanted.category else None,
        "type": wanted.type,
        "kind": wanted.kind,
        "language": wanted.language,
        "semester": wanted.semester,
        "year": wanted.year,
        "rating_gte": f"{wanted.rating_gte:g}" if wanted.rating_gte else None,
        "uploaded_after": wanted.uploaded_after,
        "uploaded_before": wanted.uploaded_before,
        "within": wanted.within,
        "sort": wanted.sort if wanted.sort != "relevance" else None,
        "exact": 1 if wanted.exact else None,
    }
    one = {name: [str(value)] for name, value in values.items() if value}
    many = {"tag": list(wanted.tags), "literal": list(wanted.literal)}
    return one | {name: texts for name, texts in many.items() if texts}


def write_arguments(arguments: Mapping[str, list[str]]) -> str:
    """The part of an address after the question mark."""
    return "&".join(
        f"{name}={escape_value(text)}" for name, texts in arguments.items() for text in texts
    )


def escape_value(text: str) -> str:
    """A value as it stands in an address."""
    return _SPECIAL.sub(lambda found: f"%{ord(found[0]):02X}", text).replace(" ", "+")


class Links:
    """Addresses of the page of results that differ from one search in what is given.

    `links(type=["exam"], within=[])` asks for exams of any day.
    """

    def __init__(self, path: str, arguments: Arguments) -> None:
        self.path, self.arguments = path, arguments

    def __call__(self, **changes: list[str]) -> str:
        written = write_arguments(self.arguments | changes)
        return f"{self.path}?{written}" if written else self.path

    def without(self, name: str, value: str = "") -> str:
        """Without one argument, or one of its values."""
        left = [text for text in self.arguments.get(name, []) if value and text != value]
        return self(**{name: left})
