"""Small index documents with Alice's lectures in them."""

from datetime import UTC, datetime
from typing import Any

from edu.search.base import (
    IndexDocument,
    PassageText,
    SearchAnswer,
    SearchFilters,
    SearchIndex,
    SearchRequest,
)

DAY = datetime(2026, 3, 1, tzinfo=UTC)


def document(number: int, *pages: str, **changes: Any) -> IndexDocument:
    """Return a document with these pages, numbered from 1."""
    values: dict[str, Any] = {
        "id": number,
        "title": f"Материал {number}",
        "description": "",
        "tags": [],
        "category_ids": [1],
        "category_names": [],
        "type": "lecture",
        "kind": "pdf",
        "rating": 0.0,
        "votes": 0,
        "views": 0,
        "created": DAY,
        "passages": [PassageText(at, "", text) for at, text in enumerate(pages, 1)],
    }
    return IndexDocument(**(values | changes))


def ask(index: SearchIndex, text: str = "", **filters: Any) -> SearchAnswer:
    """Return the first twenty hits."""
    return index.search(SearchRequest.of(text, SearchFilters(**filters)))


def found(index: SearchIndex, text: str = "", **filters: Any) -> list[int]:
    """Return the ids of the first twenty hits, best first."""
    return [hit.id for hit in ask(index, text, **filters).hits]
