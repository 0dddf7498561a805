"""Shapes that every part of the API shares: problems, pages of lists, safe text."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from edu.site.paging import MAX_PAGE, Listing


def _storable(text: str) -> str:
    # PostgreSQL takes no NUL, and no database takes half of a surrogate pair.
    if "\0" in text or any("\ud800" <= char <= "\udfff" for char in text):
        raise ValueError("contains characters that are not text")
    return text


Text = Annotated[str, AfterValidator(_storable)]


_SAID_OF_IT = {"title", "description", "default", "example", "examples", "deprecated"}
_EMPTY = {"type": "string", "maxLength": 0}


def _as_parameters(schema: dict[str, Any]) -> None:
    """A query parameter is there, empty or left out; it is never null, whatever Python says."""
    for value in schema.get("properties", {}).values():
        if value.get("default", ...) is None:
            del value["default"]
        kinds = [kind for kind in value.pop("anyOf", [value]) if kind != {"type": "null"}]
        kinds = [{key: kind[key] for key in kind.keys() - _SAID_OF_IT} for kind in kinds]
        for key in value.keys() - _SAID_OF_IT:
            del value[key]
        if kinds == [{"type": "string"}]:
            value.update(kinds[0])
        else:
            value["anyOf"] = [*kinds, _EMPTY]


class Query(BaseModel):
    """Parameters of an address. Empty ones count as left out."""

    model_config = ConfigDict(json_schema_extra=_as_parameters)


class PageQuery(Query):
    """Which part of a list."""

    page: int | None = Field(None, ge=1, le=MAX_PAGE, description="From 1.")
    per_page: int | None = Field(None, ge=1, le=100, description="The site's own if left out.")


class FieldError(BaseModel):
    """What is wrong with one input. The value itself is not repeated."""

    field: str = Field(description="Name of the input, with dots into nested ones.")
    message: str


class Problem(BaseModel):
    """An error in the form of RFC 9457."""

    type: str = Field(description="Always `about:blank`; `code` tells errors apart.")
    title: str = Field(description="The HTTP status in words.")
    status: int
    code: str = Field(description="A stable word for programs.")
    detail: str = Field(description="A sentence for people, in the language of the site.")
    errors: list[FieldError] | None = Field(None, description="With 422: each refused input.")
    material_id: int | None = Field(None, description="With 409: the material with these bytes.")

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "type": "about:blank",
                "title": "Not Found",
                "status": 404,
                "code": "not_found",
                "detail": "There is no such material.",
            }
        }
    )


class Page(BaseModel):
    """Where a part of a list stands in the whole."""

    total: int = Field(description="How many there are on all pages.")
    page: int = Field(description="This page, from 1.")
    pages: int = Field(description="How many pages there are, at least 1.")
    per_page: int


def page_of(listing: Listing[Any]) -> dict[str, int]:
    """Where a listing stands in the whole, as fields of Page."""
    return {
        "total": listing.total,
        "page": listing.page,
        "pages": listing.pages,
        "per_page": listing.per_page,
    }
