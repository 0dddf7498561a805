"""The subject tree in JSON."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from edu.api.schemas import Text
from edu.catalog.models import Category, MaterialType
from edu.extensions import MAX_ID
from edu.tree.service import MAX_ALIAS, MAX_ALIASES, MAX_CATEGORIES, MAX_NAME, MAX_SLUG

Alias = Annotated[Text, Field(max_length=MAX_ALIAS)]
Slug = Annotated[str, Field(max_length=MAX_SLUG, pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$")]
SLUG_NOTE = "Its part of the address: small Latin letters, digits, hyphens; not only digits."

_PART: dict[str, Any] = {
    "id": 7,
    "name": "Ряды",
    "slug": "ryady",
    "path": "matan/ryady",
    "parent_id": 3,
    "position": 0,
    "aliases": [],
    "materials": 12,
    "children": [],
}
_SUBJECT: dict[str, Any] = {
    "id": 3,
    "name": "Математический анализ",
    "slug": "matan",
    "path": "matan",
    "parent_id": None,
    "position": 0,
    "aliases": ["матан"],
    "materials": 40,
    "children": [_PART],
}


class CategoryPath(BaseModel):
    """Which subject or part of one."""

    category_id: int = Field(description="The id of the category.")


class CategoryNode(BaseModel):
    """A subject, or a part of one, with all that lies below it."""

    id: int
    name: str
    slug: str = Field(description="Its own part of the path.")
    path: str = Field(description="Slugs from the subject down.")
    parent_id: int | None = Field(description="What it is a part of; null for a subject.")
    position: int = Field(description="Its place among its siblings, from 0.")
    aliases: list[str] = Field(description="Other words for it, in lower case.")
    materials: int = Field(description="Published materials in it and below.")
    children: list[CategoryNode]

    model_config = ConfigDict(json_schema_extra={"example": _SUBJECT})

    @classmethod
    def of(cls, category: Category, counts: Mapping[int, int]) -> CategoryNode:
        """`counts` as of `edu.materials.service.count_by_category`."""
        return cls(
            id=category.id,
            name=category.name,
            slug=category.slug,
            path=category.path,
            parent_id=category.parent_id,
            position=category.position,
            aliases=[alias.alias for alias in category.aliases],
            materials=counts.get(category.id, 0),
            children=[cls.of(child, counts) for child in category.children],
        )


class CategoryTree(BaseModel):
    """All subjects in order."""

    items: list[CategoryNode]

    model_config = ConfigDict(json_schema_extra={"example": {"items": [_SUBJECT]}})


class NewCategory(BaseModel):
    """A subject, or a part of `parent_id`."""

    name: Text = Field(min_length=1, max_length=MAX_NAME)
    slug: Slug | None = Field(None, description=f"{SLUG_NOTE} From the name if left out.")
    parent_id: int | None = Field(None, ge=1, le=MAX_ID, description="Null for a subject.")
    aliases: list[Alias] = Field([], max_length=MAX_ALIASES, description="Other words for it.")

    model_config = ConfigDict(
        json_schema_extra={"example": {"name": "Ряды", "parent_id": 3, "aliases": ["series"]}}
    )


class CategoryChange(BaseModel):
    """What to change; the rest stays as it is."""

    name: Text | None = Field(None, min_length=1, max_length=MAX_NAME)
    slug: Slug | None = Field(None, description=f"{SLUG_NOTE} Old addresses end.")
    parent_id: int | None = Field(
        None, ge=1, le=MAX_ID, description="Null makes it a subject; left out, it stays there."
    )
    position: int | None = Field(
        None, ge=0, lt=MAX_CATEGORIES, description="Its new place among its siblings, from 0."
    )
    aliases: list[Alias] | None = Field(None, max_length=MAX_ALIASES, description="All of them.")

    model_config = ConfigDict(
        json_schema_extra={"example": {"name": "Числовые ряды", "position": 0}}
    )


class TypeLabel(BaseModel):
    """A kind of study material and its name."""

    type: MaterialType
    label: str = Field(description="In the language of the site.")


class TypeList(BaseModel):
    """Every kind of study material, in order."""

    items: list[TypeLabel]

    model_config = ConfigDict(
        json_schema_extra={"example": {"items": [{"type": "lecture", "label": "Лекция"}]}}
    )
