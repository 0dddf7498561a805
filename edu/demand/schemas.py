"""Requests for materials in JSON."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from edu.api.schemas import Page, Text
from edu.demand.models import MaterialRequest, RequestState
from edu.demand.service import MAX_NOTE, MAX_TEXT
from edu.extensions import MAX_ID

_EXAMPLE: dict[str, Any] = {
    "id": 5,
    "text": "лекции по топологии",
    "note": "Нужно к экзамену в июне.",
    "category_id": 3,
    "state": "met",
    "reason": "",
    "material_url": "https://library.example.org/materials/12",
    "created_at": "2026-02-01T09:00:00Z",
    "settled_at": "2026-02-03T18:30:00Z",
}


class NewRequest(BaseModel):
    """What somebody looks for in vain."""

    text: Text = Field(min_length=1, max_length=MAX_TEXT, description="In the words of a search.")
    note: Text = Field("", max_length=MAX_NOTE, description="What moderators should know besides.")
    category_id: int | None = Field(None, ge=1, le=MAX_ID, description="The subject, if known.")

    model_config = ConfigDict(
        json_schema_extra={"example": {"text": "лекции по топологии", "note": ""}}
    )


class RequestItem(BaseModel):
    """A request for a material."""

    id: int
    text: str
    note: str
    category_id: int | None
    state: RequestState
    reason: str = Field(description="Why it was closed, else empty.")
    material_url: str | None = Field(description="The page of the material that answers it.")
    created_at: datetime
    settled_at: datetime | None

    model_config = ConfigDict(json_schema_extra={"example": _EXAMPLE})

    @classmethod
    def of(cls, request: MaterialRequest, material_url: str | None) -> RequestItem:
        """`material_url` is None where there is no material, or not for everybody."""
        names = cls.model_fields.keys() - {"material_url"}
        facts = {name: getattr(request, name) for name in names}
        return cls.model_validate(facts | {"material_url": material_url})


class RequestList(Page):
    """A page of requests, the newest first."""

    items: list[RequestItem]

    model_config = ConfigDict(
        json_schema_extra={
            "example": {"items": [_EXAMPLE], "total": 1, "page": 1, "pages": 1, "per_page": 20}
        }
    )
