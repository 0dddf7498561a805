"""Completions in JSON."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from edu.api.schemas import Query, Text
from edu.search.suggestions import Suggestion

MAX_TYPED = 300
_EXAMPLE: dict[str, Any] = {
    "text": "Ряды Фурье",
    "kind": "material",
    "note": "",
    "url": "https://library.example.org/materials/12",
}


class CompletionQuery(Query):
    """What has been typed so far."""

    q: Text | None = Field(
        None, max_length=MAX_TYPED, description="What is typed so far; nothing: your own searches."
    )


class CompletionItem(BaseModel):
    """Something that may be meant."""

    text: str
    kind: Literal["query", "subject", "alias", "material", "tag"] = Field(
        description="`query` is something that you have searched for before."
    )
    note: str = Field(description="Where a subject lies, or which one an alias means; else empty.")
    url: str = Field(description="Its page; of a query and a tag the search.")

    @classmethod
    def of(cls, suggestion: Suggestion, url: str) -> CompletionItem:
        """The suggestion in JSON."""
        return cls.model_validate(
            {"text": suggestion.text, "kind": suggestion.kind, "note": suggestion.note, "url": url}
        )


class CompletionList(BaseModel):
    """What may be meant, the likeliest first."""

    items: list[CompletionItem]

    model_config = ConfigDict(json_schema_extra={"example": {"items": [_EXAMPLE]}})
