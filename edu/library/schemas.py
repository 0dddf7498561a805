"""History and own uploads in JSON."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from edu.api.schemas import Page, PageQuery
from edu.library.models import HistoryEntry
from edu.library.service import MAX_PLACE
from edu.materials.models import MaterialStatus
from edu.materials.schemas import CARD_EXAMPLE, MaterialCard

_ENTRY: dict[str, Any] = {
    "material": CARD_EXAMPLE,
    "place": 12,
    "opened_at": "2026-02-03T18:30:00Z",
    "url": "https://library.example.org/materials/12?page=12",
}
_ONE_PAGE = {"total": 1, "page": 1, "pages": 1, "per_page": 20}


def _shown(example: dict[str, Any]) -> ConfigDict:
    return ConfigDict(json_schema_extra={"example": example})


class UploadQuery(PageQuery):
    """Which of the own uploads."""

    status: MaterialStatus | None = Field(None, description="Only those in this state.")


class PlaceForm(BaseModel):
    """How far a material has been read."""

    place: int = Field(
        ge=0,
        le=MAX_PLACE,
        strict=True,
        description="Page of a PDF or section of a DOCX, from 1, or second of a video; 0 means "
        "from the beginning.",
    )

    model_config = _shown({"place": 12})


class HistoryItem(BaseModel):
    """A material that the person has opened."""

    material: MaterialCard
    place: int = Field(description="Page, section or second where the person stopped; 0 if none.")
    opened_at: datetime = Field(description="When it was open last.")
    url: str = Field(description="Where reading goes on.")

    model_config = _shown(_ENTRY)

    @classmethod
    def of(cls, entry: HistoryEntry, material: MaterialCard, url: str) -> HistoryItem:
        """The entry in JSON."""
        return cls(material=material, place=entry.place, opened_at=entry.opened_at, url=url)


class HistoryList(Page):
    """A page of the history, the latest first."""

    items: list[HistoryItem]

    model_config = _shown({**_ONE_PAGE, "items": [_ENTRY]})


class UploadedMaterial(MaterialCard):
    """A material as its uploader sees it."""

    reason: str = Field(description="Why it was rejected, or failed; else empty.")

    model_config = _shown({**CARD_EXAMPLE, "reason": ""})


class UploadList(Page):
    """A page of the own uploads, newest first."""

    items: list[UploadedMaterial]
    counts: dict[MaterialStatus, int] = Field(
        description="How many there are in each state; states without any are left out."
    )

    model_config = _shown(
        {**_ONE_PAGE, "items": [{**CARD_EXAMPLE, "reason": ""}], "counts": {"active": 1}}
    )
