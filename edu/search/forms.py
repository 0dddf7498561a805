"""What query arguments ask of a search, checked."""

from __future__ import annotations

from datetime import date
from typing import Any

from flask_babel import gettext as _
from werkzeug.datastructures import MultiDict

from edu.catalog.models import Category, MaterialType
from edu.catalog.service import find_category
from edu.errors import InvalidInput
from edu.materials.models import SUFFIXES
from edu.materials.service import normalise_tag
from edu.media.hints import MAX_SEMESTER
from edu.media.language import LANGUAGES
from edu.search.analysis import WORD, normal_form
from edu.search.service import (
    MAX_LITERAL,
    MAX_PAGE,
    MAX_QUERY,
    MAX_TAGS,
    SORTS,
    WITHIN,
    SearchInput,
)

YEARS = (1, 9999)


def read_input(args: Any, *, strict: bool, text_name: str = "q") -> SearchInput:
    """The search that query arguments ask for; `text_name` is the argument that holds the words.

    Strict (the API) raises InvalidInput on a value that makes no sense; a page leaves it out, for
    an old or shortened link should still find something.
    """
    reader = _Arguments(args, strict)
    text = reader.text(text_name)[:MAX_QUERY]
    after, before = reader.day("uploaded_after"), reader.day("uploaded_before")
    within = reader.choice("within", tuple(WITHIN))
    return SearchInput(
        text=text,
        category=reader.category(),
        type=reader.choice("type", tuple(MaterialType)),
        kind=reader.choice("kind", tuple(SUFFIXES)),
        language=reader.choice("language", LANGUAGES),
        semester=reader.whole("semester", 1, MAX_SEMESTER),
        year=reader.whole("year", *YEARS),
        tags=tuple(filter(None, map(normalise_tag, reader.texts("tag", MAX_TAGS)))),
        rating_gte=reader.number("rating_gte", 1, 5),
        uploaded_after=after,
        uploaded_before=before,
        # Days are more exact, and somebody has typed them.
        within=None if after or before else within,  # type: ignore[arg-type]  # one of WITHIN
        exact=reader.flag("exact"),
        literal=_said_in(text, reader.texts("literal", MAX_LITERAL)),
        sort=reader.choice("sort", SORTS) or "relevance",  # type: ignore[arg-type]  # one of SORTS
        page=reader.whole("page", 1, MAX_PAGE) or 1,
        per_page=reader.whole("per_page", 1, 100),
    )


def _said_in(text: str, phrases: list[str]) -> tuple[str, ...]:
    """Those whose words stand in the text: what was typed before has no say any more."""
    words = set(map(normal_form, WORD.findall(text)))
    return tuple(
        phrase[:MAX_QUERY]
        for phrase in phrases
        if words.issuperset(map(normal_form, WORD.findall(phrase[:MAX_QUERY])))
    )


class _Arguments:
    """Reads query arguments; what makes no sense is refused (strict) or left out."""

    def __init__(self, args: Any, strict: bool) -> None:
        self.args: MultiDict[str, Any] = MultiDict(args)
        self.strict = strict

    def text(self, name: str) -> str:
        return _plain(self.args.get(name))

    def texts(self, name: str, most: int) -> list[str]:
        """Distinct texts of an argument that may be repeated, in order."""
        found = list(dict.fromkeys(filter(None, map(_plain, self.args.getlist(name)))))
        if len(found) > most:
            self.refuse(name)
        return found[:most]

    def refuse(self, name: str) -> None:
        if self.strict:
            raise InvalidInput(_("This filter has no such value: %(name)s", name=name), field=name)

    def category(self) -> Category | None:
        # `category` narrows within `subject`, so it is the one that counts when both are given.
        name = "category" if self.text("category") else "subject"
        reference = self.text(name)
        category = find_category(reference) if reference else None
        if reference and category is None:
            self.refuse(name)
        return category

    def choice(self, name: str, allowed: tuple[str, ...]) -> str | None:
        value = self.text(name)
        if value and value not in allowed:
            self.refuse(name)
        return value if value in allowed else None

    def flag(self, name: str) -> bool:
        return self.choice(name, ("1", "True", "0", "False")) in ("1", "True")

    def number(self, name: str, low: float, high: float) -> float | None:
        value = self.text(name)
        if not value:
            return None
        try:
            number = float(value)
        except ValueError:
            number = low - 1
        if not low <= number <= high:
            self.refuse(name)
            return None
        return number

    def whole(self, name: str, low: int, high: int) -> int | None:
        return int(self.number(name, low, high) or 0) or None

    def day(self, name: str) -> date | None:
        value = self.text(name)
        try:
            return date.fromisoformat(value) if value else None
        except ValueError:
            self.refuse(name)
            return None


def _plain(value: Any) -> str:
    return str("" if value is None else value).replace("\0", " ").strip()
