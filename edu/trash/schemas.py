"""The trash in JSON."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from edu.api.schemas import Page, Query, Text
from edu.materials.schemas import CARD_EXAMPLE, MaterialCard, Uploader, card_of
from edu.trash.service import MAX_REASON, Trashed

_EXAMPLE: dict[str, Any] = {
    "material": {**CARD_EXAMPLE, "status": "archived"},
    "deleted_at": "2026-02-03T18:30:00Z",
    "deleted_by": {"id": 2, "name": "Мария"},
    "reason": "",
    "until": "2026-03-05T18:30:00Z",
    "may_restore": True,
}


class DeletionQuery(Query):
    """Why a material is deleted."""

    reason: Text | None = Field(
        None, max_length=MAX_REASON, description="Its uploader reads it, if somebody else deletes."
    )


class TrashedMaterial(BaseModel):
    """A material in the trash."""

    material: MaterialCard
    deleted_at: datetime
    deleted_by: Uploader = Field(description="Who has deleted it.")
    reason: str = Field(description="Why; may be empty.")
    until: datetime = Field(description="When it goes for good.")
    may_restore: bool = Field(description="Whether you may restore it, and delete it for good.")

    model_config = ConfigDict(json_schema_extra={"example": _EXAMPLE})

    @classmethod
    def of(cls, trashed: Trashed, url: str) -> TrashedMaterial:
        """`url` is the address of the material's page."""
        entry = trashed.entry
        return cls(
            material=card_of(entry.material, url),
            deleted_at=entry.deleted_at,
            deleted_by=Uploader.of(entry.deleted_by),
            reason=entry.reason,
            until=trashed.until,
            may_restore=trashed.may_restore,
        )


class Trash(Page):
    """A page of the trash, deleted last first."""

    items: list[TrashedMaterial]

    model_config = ConfigDict(
        json_schema_extra={
            "example": {"items": [_EXAMPLE], "total": 1, "page": 1, "pages": 1, "per_page": 20}
        }
    )
