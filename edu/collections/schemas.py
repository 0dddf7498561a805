"""Collections in JSON."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Self

from pydantic import BaseModel, ConfigDict, Field

from edu.api.schemas import Page, Text
from edu.collections.models import Collection, CollectionItem, Visibility
from edu.collections.service import (
    ITEMS_PER_PAGE,
    MAX_COLLECTIONS,
    MAX_DESCRIPTION,
    MAX_ITEMS,
    MAX_NOTE,
    MAX_TITLE,
)
from edu.extensions import MAX_ID
from edu.materials.schemas import CARD_EXAMPLE, MaterialCard

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
    "material": CARD_EXAMPLE,
    "position": 1,
    "note": "Сначала признаки сходимости",
    "added_at": "2026-02-01T09:05:00Z",
}
_ONE_PAGE = {"total": 1, "page": 1, "pages": 1, "per_page": 20}


def _shown(example: dict[str, Any]) -> ConfigDict:
    return ConfigDict(json_schema_extra={"example": example})


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
