"""What query arguments ask of a search, checked."""

from __future__ import annotations

from datetime import date
from typing import Any

from flask_babel import gettext as _

from edu.catalog.models import Category, MaterialType
from edu.catalog.service import find_category
from edu.errors import InvalidInput
from edu.search.service import MAX_PAGE, MAX_QUERY, SORTS, SearchInput


def read_input(args: Any, *, strict: bool, text_name: str = "q") -> SearchInput:
    """The search that query arguments ask for; `text_name` is the argument that holds the words.

    Strict (the API) raises InvalidInput on a value that makes no sense; a page leaves it out, for
    an old or shortened link should still find something.
    """
    reader = _Arguments(args, strict)
    return SearchInput(
        text=reader.text(text_name)[:MAX_QUERY],
        category=reader.category(),
        type=reader.choice("type", tuple(MaterialType)),
        rating_gte=reader.number("rating_gte", 1, 5),
        uploaded_after=reader.day("uploaded_after"),
        uploaded_before=reader.day("uploaded_before"),
        sort=reader.choice("sort", SORTS) or "relevance",  # type: ignore[arg-type]  # one of SORTS
        page=int(reader.number("page", 1, MAX_PAGE) or 1),
        per_page=int(reader.number("per_page", 1, 100) or 0) or None,
    )


class _Arguments:
    """Reads query arguments; what makes no sense is refused (strict) or left out."""

    def __init__(self, args: Any, strict: bool) -> None:
        self.args, self.strict = args, strict

    def text(self, name: str) -> str:
        return str(self.args.get(name) or "").replace("\0", " ").strip()

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

    def day(self, name: str) -> date | None:
        value = self.text(name)
        try:
            return date.fromisoformat(value) if value else None
        except ValueError:
            self.refuse(name)
            return None
