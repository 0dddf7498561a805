"""How a search was understood, and what would narrow it, in JSON."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from edu.search.base import Facet
from edu.search.service import WITHIN, Found
from edu.search.understanding.understand import ChangeKind

_CHANGE: dict[str, Any] = {"kind": "layout", "said": "vfnfy", "meant": "матан"}
_FILTERS: dict[str, Any] = {"type": "lecture", "kind": None, "semesters": [3, 4], "year": None}
_COUNTS: dict[str, Any] = {
    "category": {"7": 3, "9": 1},
    "type": {"lecture": 3, "exam": 1},
    "kind": {"pdf": 4},
    "language": {"ru": 4},
    "semester": {"2": 3},
    "year": {"2025": 3},
    "tag": {"ряды": 3},
    "rating": {"4": 2, "3": 3},
    "uploaded": {"month": 1, "year": 4},
}


class UnderstoodChange(BaseModel):
    """Something that was understood otherwise than it was typed."""

    kind: ChangeKind
    said: str = Field(description="What was typed; `literal` with it takes it as typed.")
    meant: str = Field(description="What it was taken for: words, a type, a number.")

    model_config = ConfigDict(json_schema_extra={"example": _CHANGE}, from_attributes=True)


class UnderstoodFilters(BaseModel):
    """Words that were taken for filters. A parameter of the same name wins."""

    type: str | None
    kind: str | None
    semesters: list[int] | None = Field(description="Any of these.")
    year: int | None

    model_config = ConfigDict(json_schema_extra={"example": _FILTERS}, from_attributes=True)


class UnderstoodSearch(BaseModel):
    """How the words were understood."""

    text: str = Field(description="What was looked for, without the words of filters.")
    changes: list[UnderstoodChange]
    filters: UnderstoodFilters

    model_config = ConfigDict(
        json_schema_extra={
            "example": {"text": "vfnfy", "changes": [_CHANGE], "filters": _FILTERS},
        }
    )

    @classmethod
    def of(cls, found: Found) -> UnderstoodSearch:
        """What was understood of a search."""
        meant = found.understood
        return cls.model_validate(
            {"text": meant.text, "changes": meant.changes, "filters": meant}, from_attributes=True
        )


class FoundCounts(BaseModel):
    """How many one would find with each choice of a filter in place of the present one.

    The other filters stay as they are; choices that find nothing are left out.
    """

    category: dict[str, int] = Field(description="By id, with what lies below.")
    type: dict[str, int]
    kind: dict[str, int]
    language: dict[str, int]
    semester: dict[str, int]
    year: dict[str, int]
    tag: dict[str, int] = Field(description="Beside the tags that are asked for.")
    rating: dict[str, int] = Field(description="By the least number of stars.")
    uploaded: dict[str, int] = Field(description="By `within`.")

    model_config = ConfigDict(json_schema_extra={"example": _COUNTS})

    @classmethod
    def of(cls, found: Found) -> FoundCounts:
        """The counts, their keys as texts."""
        counts: dict[Facet, dict[Any, int]] = dict(found.counts or {})
        names = list(WITHIN)
        counts["uploaded"] = {names[n]: count for n, count in counts.get("uploaded", {}).items()}
        facets = (name for name in cls.model_fields)
        return cls.model_validate(
            {name: {str(k): v for k, v in counts.get(name, {}).items()} for name in facets}  # type: ignore[call-overload]  # every field is a facet
        )
