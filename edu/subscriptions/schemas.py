"""Subscriptions in JSON."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, RootModel

from edu.api.schemas import Page, Query, Text
from edu.catalog.models import MaterialType
from edu.extensions import MAX_ID
from edu.materials.schemas import (
    LAST_YEAR,
    SEMESTER,
    YEAR,
    CategoryRef,
    Day,
    FileKind,
    MaterialCard,
    SearchLanguage,
    SearchLiteral,
    SearchTag,
    Uploader,
)
from edu.media.hints import MAX_SEMESTER
from edu.search.service import MAX_LITERAL, MAX_QUERY, MAX_TAGS
from edu.site.paging import MAX_PAGE
from edu.subscriptions.models import Subscription, SubscriptionKind
from edu.subscriptions.service import MAX_NAME, search_arguments

_MATERIAL: dict[str, Any] = MaterialCard.model_json_schema()["example"]
_SEARCH = {"search": "ряды Фурье", "type": "lecture"}
_EXAMPLE: dict[str, Any] = {
    "id": 31,
    "kind": "search",
    "name": "К экзамену",
    "category": None,
    "author": None,
    "search": _SEARCH,
    "created_at": "2026-02-01T09:00:00Z",
    "url": "https://library.example.org/search?q=ряды+Фурье&type=lecture",
}
_ONE_PAGE = {"total": 1, "page": 1, "pages": 1, "per_page": 20}


def _shown(example: dict[str, Any]) -> ConfigDict:
    return ConfigDict(json_schema_extra={"example": example})


class SubscriptionPath(BaseModel):
    """Which subscription."""

    subscription_id: int = Field(description="The id of the subscription.")


class FeedQuery(Query):
    """Which part of the feed."""

    page: int | None = Field(None, ge=1, le=MAX_PAGE, description="From 1.")
    per_page: int | None = Field(None, ge=1, le=100, description="The site's own if left out.")


class SavedSearch(BaseModel):
    """What a followed search asks for; at least one of these. As in `GET /api/materials`."""

    search: Text | None = Field(None, max_length=MAX_QUERY, description="Words to look for.")
    category: Text | None = Field(None, max_length=700, description="Id or slug path of a subject.")
    type: MaterialType | None = None
    rating_gte: float | None = Field(None, ge=1, le=5, description="The least mean rating.")
    uploaded_after: Day | None = Field(None, description="Published on this day (UTC) or later.")
    uploaded_before: Day | None = Field(None, description="Published on this day or earlier.")
    kind: FileKind | None = Field(None, description="The kind of file.")
    language: SearchLanguage | None = Field(None, description="Of the text.")
    semester: int | None = Field(None, ge=1, le=MAX_SEMESTER, strict=True, description=SEMESTER)
    year: int | None = Field(None, ge=1, le=LAST_YEAR, strict=True, description=YEAR)
    tag: list[SearchTag] | None = Field(None, max_length=MAX_TAGS, description="All of these.")
    exact: bool | None = Field(None, strict=True, description="Take all words as they are typed.")
    literal: list[SearchLiteral] | None = Field(
        None, max_length=MAX_LITERAL, description="Words of `search` to take as typed."
    )

    model_config = _shown(_SEARCH)

    def as_arguments(self) -> dict[str, Any]:
        """The same as texts, as `edu.search.forms.read_input` takes them."""
        return self.model_dump(mode="json", exclude_none=True)


class SubjectForm(BaseModel):
    """Follow a subject and all that lies below it."""

    kind: Literal["subject"]
    category_id: int = Field(ge=1, le=MAX_ID)

    model_config = _shown({"kind": "subject", "category_id": 7})


class AuthorForm(BaseModel):
    """Follow what a person uploads."""

    kind: Literal["author"]
    author_id: int = Field(ge=1, le=MAX_ID)

    model_config = _shown({"kind": "author", "author_id": 2})


class SearchForm(BaseModel):
    """Follow what a search finds."""

    kind: Literal["search"]
    search: SavedSearch
    name: Text = Field("", max_length=MAX_NAME, description="What you call it, if anything.")

    model_config = _shown({"kind": "search", "search": _SEARCH, "name": "К экзамену"})


class NewSubscription(
    RootModel[Annotated[SubjectForm | AuthorForm | SearchForm, Field(discriminator="kind")]]
):
    """What to follow; `kind` says which of the three it is."""

    model_config = _shown({"kind": "subject", "category_id": 7})


class SubscriptionName(BaseModel):
    """What to call a search; by its words when empty."""

    name: Text = Field(max_length=MAX_NAME)

    model_config = _shown({"name": "К экзамену"})


class SubscriptionItem(BaseModel):
    """Something that you follow."""

    id: int
    kind: SubscriptionKind
    name: str = Field(description="What it is called; of a search the name that you gave it.")
    category: CategoryRef | None = Field(description="The subject; of a search, its subject.")
    author: Uploader | None = Field(description="Whose materials.")
    search: SavedSearch | None = Field(description="What the search asks for.")
    created_at: datetime
    url: str = Field(description="The page of the subject or of the search; the feed otherwise.")

    model_config = _shown(_EXAMPLE)

    @classmethod
    def of(cls, subscription: Subscription, name: str, url: str) -> SubscriptionItem:
        """`name` is what people call it, `url` its page."""
        place, author = subscription.category, subscription.author
        return cls(
            id=subscription.id,
            kind=SubscriptionKind(subscription.kind),
            name=name,
            category=CategoryRef(id=place.id, path=place.path, name=place.name) if place else None,
            author=Uploader.of(author) if author else None,
            search=_search_of(subscription),
            created_at=subscription.created_at,
            url=url,
        )


def _search_of(subscription: Subscription) -> SavedSearch | None:
    if subscription.kind != SubscriptionKind.SEARCH:
        return None
    values = search_arguments(subscription.target)
    many = {name: values.pop(name, None) for name in ("tag", "literal")}
    one: dict[str, Any] = {name: texts[0] for name, texts in values.items()}
    one |= {name: int(one[name]) for name in ("semester", "year") if name in one}
    one["exact"] = True if "exact" in one else None
    return SavedSearch.model_validate({"search": one.pop("q", None), **one, **many})


class SubscriptionList(BaseModel):
    """Everything that you follow."""

    items: list[SubscriptionItem]

    model_config = _shown({"items": [_EXAMPLE]})


class Feed(Page):
    """A page of materials that match what you follow."""

    items: list[MaterialCard]

    model_config = _shown({"items": [_MATERIAL], **_ONE_PAGE})
