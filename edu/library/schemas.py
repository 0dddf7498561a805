"""History, own uploads and collections in JSON."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Self

from pydantic import BaseModel, ConfigDict, Field

from edu.api.schemas import Page, Query, Text
from edu.library.models import Collection, CollectionItem, HistoryEntry, Visibility
from edu.library.service import (
    ITEMS_PER_PAGE,
    MAX_COLLECTIONS,
    MAX_DESCRIPTION,
    MAX_ITEMS,
    MAX_NOTE,
    MAX_PLACE,
    MAX_TITLE,
    Listing,
)
from edu.materials.models import MaterialStatus
from edu.materials.schemas import MAX_ID, MaterialCard
from edu.materials.service import MAX_PAGE

_MATERIAL: dict[str, Any] = MaterialCard.model_json_schema()["example"]
_KEY = "q3Zs0vJ8yB1nKx5dTfWc2A"
_CARD: dict[str, Any] = {
    "key": _KEY,
    "title": "К экзамену",
    "description": "Что повторить за неделю",
    "visibility": "link",
    "owner": {"id": 3, "name": "Алиса"},
    "materials": 1,
    "created_at": "2026-02-01T09:00:00Z",
    "updated_at": "2026-02-03T18:30:00Z",
    "url": f"https://library.example.org/collections/{_KEY}",
}
_ITEM: dict[str, Any] = {
    "material": _MATERIAL,
    "position": 1,
    "note": "Сначала признаки сходимости",
    "added_at": "2026-02-01T09:05:00Z",
}
_ENTRY: dict[str, Any] = {
    "material": _MATERIAL,
    "place": 12,
    "opened_at": "2026-02-03T18:30:00Z",
    "url": "https://library.example.org/materials/12?page=12",
}
_ONE_PAGE = {"total": 1, "page": 1, "pages": 1, "per_page": 20}


def _shown(example: dict[str, Any]) -> ConfigDict:
    return ConfigDict(json_schema_extra={"example": example})


class PageQuery(Query):
    """Which part of a list."""

    page: int | None = Field(None, ge=1, le=MAX_PAGE, description="From 1.")
    per_page: int | None = Field(None, ge=1, le=100, description="The site's own if left out.")


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

    model_config = _shown({**_MATERIAL, "reason": ""})


class UploadList(Page):
    """A page of the own uploads, newest first."""

    items: list[UploadedMaterial]
    counts: dict[MaterialStatus, int] = Field(
        description="How many there are in each state; states without any are left out."
    )

    model_config = _shown(
        {**_ONE_PAGE, "items": [{**_MATERIAL, "reason": ""}], "counts": {"active": 1}}
    )


class CollectionPath(BaseModel):
    """Which collection."""

    key: str = Field(description="The last part of its address.")


class CollectionItemPath(CollectionPath):
    """Which material of which collection."""

    material_id: int = Field(description="The id of the material.")


class NewCollection(BaseModel):
    """A collection to be made."""

    title: Text = Field(min_length=1, max_length=MAX_TITLE)
    description: Text = Field("", max_length=MAX_DESCRIPTION)
    visibility: Visibility = Field(
        Visibility.PRIVATE,
        description="`private`: only you; `link`: everybody who knows the key; `public`: it is "
        "listed, too.",
    )

    model_config = _shown({"title": "К экзамену", "description": "", "visibility": "link"})


class CollectionChange(BaseModel):
    """What is left out, or null, stays as it is."""

    title: Text | None = Field(None, min_length=1, max_length=MAX_TITLE)
    description: Text | None = Field(None, max_length=MAX_DESCRIPTION)
    visibility: Visibility | None = None

    model_config = _shown({"visibility": "public"})


class ItemForm(BaseModel):
    """How a material stands in a collection. What is left out, or null, stays as it is."""

    note: Text | None = Field(None, max_length=MAX_NOTE, description="What you say of it.")
    position: int | None = Field(
        None, ge=1, le=MAX_ITEMS, description="From 1; a new one comes last if left out."
    )

    model_config = _shown({"note": "Сначала признаки сходимости", "position": 1})


class OrderForm(BaseModel):
    """Materials of a collection in a new order."""

    material_ids: list[Annotated[int, Field(ge=1, le=MAX_ID)]] = Field(
        max_length=MAX_ITEMS,
        description="Those that are not named keep their places; those that are not in the "
        "collection are passed over.",
    )

    model_config = _shown({"material_ids": [12, 7]})


class CollectionOwner(BaseModel):
    """Whose a collection is."""

    id: int
    name: str


class CollectionCard(BaseModel):
    """A collection as in lists."""

    key: str = Field(description="Names it in addresses; of one by link it is a secret.")
    title: str
    description: str
    visibility: Visibility
    owner: CollectionOwner
    materials: int = Field(description="How many of its materials the person may see.")
    created_at: datetime
    updated_at: datetime
    url: str = Field(description="The page of the collection.")

    model_config = _shown(_CARD)

    @classmethod
    def of(cls, collection: Collection, count: int, url: str, **more: Any) -> Self:
        """`count` materials may be seen; `url` is the address of its page."""
        facts = {
            "key": collection.key,
            "title": collection.title,
            "description": collection.description,
            "visibility": collection.visibility,
            "owner": CollectionOwner(id=collection.user.id, name=collection.user.name),
            "materials": count,
            "created_at": collection.created_at,
            "updated_at": collection.updated_at,
            "url": url,
        }
        return cls.model_validate(facts | more)


class OwnCollections(BaseModel):
    """The person's own collections, the one changed last first."""

    items: list[CollectionCard] = Field(max_length=MAX_COLLECTIONS)

    model_config = _shown({"items": [_CARD]})


class CollectionList(Page):
    """A page of public collections, the one changed last first."""

    items: list[CollectionCard]

    model_config = _shown({**_ONE_PAGE, "items": [{**_CARD, "visibility": "public"}]})


class CollectedMaterial(BaseModel):
    """A material in a collection."""

    material: MaterialCard
    position: int = Field(description="From 1; materials that you may not see count, too.")
    note: str = Field(description="What the owner says of it.")
    added_at: datetime

    model_config = _shown(_ITEM)

    @classmethod
    def of(cls, item: CollectionItem, material: MaterialCard) -> CollectedMaterial:
        """The item in JSON."""
        return cls(
            material=material, position=item.position, note=item.note, added_at=item.added_at
        )


class CollectionDetails(CollectionCard, Page):
    """A collection with a page of its materials in order."""

    items: list[CollectedMaterial]
    hidden: int = Field(
        description="For the owner: how many are not shown, because they are not published."
    )

    model_config = _shown(
        {**_CARD, **_ONE_PAGE, "per_page": ITEMS_PER_PAGE, "items": [_ITEM], "hidden": 0}
    )


def page_of(listing: Listing[Any]) -> dict[str, int]:
    """Where a listing stands in the whole, as fields of Page."""
    return {
        "total": listing.total,
        "page": listing.page,
        "pages": listing.pages,
        "per_page": listing.per_page,
    }
