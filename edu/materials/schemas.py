"""Materials in JSON."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from typing import Annotated, Any, Literal

from flask_openapi3.models.file import FileStorage
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from edu.accounts.models import User
from edu.accounts.service import shown_name
from edu.api.schemas import Page, Query, Text
from edu.catalog.models import MaterialType
from edu.extensions import MAX_ID
from edu.likeness.schemas import SimilarMaterial
from edu.likeness.service import Similar
from edu.materials.models import Material, MaterialStatus, StoredFile
from edu.materials.service import MAX_DESCRIPTION, MAX_TAG_LENGTH, MAX_TAGS, MAX_TITLE
from edu.media.hints import FIRST_YEAR, MAX_SEMESTER
from edu.media.messages import refusal_message
from edu.ratings.service import RatingSummary
from edu.search.answers import FoundCounts, UnderstoodSearch
from edu.search.base import Sort
from edu.search.hits import FoundMaterial, FoundPlace
from edu.search.service import MAX_LITERAL, MAX_PAGE, MAX_QUERY, Found, Within
from edu.search.service import MAX_TAGS as MOST_TAGS
from edu.streams.models import StreamStatus
from edu.streams.service import ShownStream


def _day(value: Any) -> date:
    # Stricter than Pydantic, which takes numbers for seconds since 1970.
    try:
        return date.fromisoformat(str(value))
    except ValueError:
        raise ValueError("write the day as YYYY-MM-DD") from None


Day = Annotated[date, BeforeValidator(_day)]

Language = Literal["ru", "en", ""]
SearchLanguage = Literal["ru", "en"]
FileKind = Literal["pdf", "docx", "video"]
SearchTag = Annotated[Text, Field(max_length=MAX_TAG_LENGTH)]
SearchLiteral = Annotated[Text, Field(max_length=MAX_QUERY)]
LAST_YEAR = 2100  # of what can be asked; what can be said of a material ends with the coming year
SEMESTER = "Of the course of studies, from 1."
YEAR = "In which the academic year begins: 2024 for 2024/25."
LANGUAGE = "Of the text; empty where it is unknown."
UPLOAD_ID = "In place of `file`: the last part of the address of a tus upload."

CARD_EXAMPLE: dict[str, Any] = {
    "id": 12,
    "title": "Числовые ряды",
    "description": "Конспект лекций, второй семестр",
    "type": "lecture",
    "status": "active",
    "category": {"id": 7, "path": "matan/ryady", "name": "Ряды"},
    "tags": ["1 курс", "ряды"],
    "semester": 2,
    "year": 2025,
    "language": "ru",
    "rating": {"mean": 4.6, "votes": 23},
    "uploader": {"id": 2, "name": "Мария"},
    "created_at": "2026-02-01T09:00:00Z",
    "file": {
        "name": "series.pdf",
        "media_type": "application/pdf",
        "bytes": 482113,
        "pages": 14,
        "duration": None,
    },
    "url": "https://library.example.org/materials/12",
}
_DETAILS_EXAMPLE: dict[str, Any] = {
    **CARD_EXAMPLE,
    "rating": {"mean": 4.6, "votes": 23, "mine": None},
    "views": 310,
    "edition": "9f2c41d07be6a358",
    "reject_reason": "",
    "failure": "",
    "stream": None,
    "similar": [],
}
_PLACE_EXAMPLE: dict[str, Any] = {
    "page": 5,
    "section": None,
    "second": None,
    "heading": "",
    "snippet": "Ряд сходится, если сходится последовательность его частичных сумм.",
    "highlights": [{"start": 0, "end": 3}],
}


class MaterialPath(BaseModel):
    """Which material."""

    material_id: int = Field(description="The id of the material.")


class MaterialQuery(Query):
    """What to look for. Without `search` all published materials are listed."""

    search: Text | None = Field(None, description="Words in title, description, tags or the text.")
    category: Text | None = Field(
        None, description="Id or slug path (`matan/ryady`); takes in what lies below."
    )
    subject: Text | None = Field(None, description="Like `category`, which wins if both are given.")
    type: MaterialType | None = Field(None, description="The type of material.")
    kind: FileKind | None = Field(None, description="The kind of file.")
    language: SearchLanguage | None = Field(None, description="Of the text.")
    semester: int | None = Field(None, ge=1, le=MAX_SEMESTER, description=SEMESTER)
    year: int | None = Field(None, ge=1, le=LAST_YEAR, description=YEAR)
    tag: list[SearchTag] | None = Field(
        None, max_length=MOST_TAGS, description="Repeat it for each; materials have all of them."
    )
    rating_gte: float | None = Field(None, ge=1, le=5, description="The least mean rating.")
    uploaded_after: Day | None = Field(None, description="Published on this day (UTC) or later.")
    uploaded_before: Day | None = Field(None, description="Published on this day (UTC) or earlier.")
    within: Within | None = Field(
        None, description="Published in the last 7, 30 or 365 days; a day that is given wins."
    )
    exact: bool | None = Field(
        None, description="Take the words as they are typed: no corrections, no filters in them."
    )
    literal: list[SearchLiteral] | None = Field(
        None,
        max_length=MAX_LITERAL,
        description="Words of `search` to take as typed, as `said` in `understood`; repeatable.",
    )
    sort: Sort | None = Field(None, description="The order; `relevance` if left out.")
    page: int | None = Field(None, ge=1, le=MAX_PAGE, description="From 1.")
    per_page: int | None = Field(None, ge=1, le=100, description="The site's own if left out.")

    def as_arguments(self) -> dict[str, Any]:
        """The same as texts, as `edu.search.forms.read_input` takes them."""
        return self.model_dump(mode="json", exclude_none=True)


def plain_file(schema: dict[str, Any]) -> None:
    """A part of a form is there or not; it is never null."""
    for name in ("anyOf", "default"):
        schema.pop(name)
    schema |= {"type": "string", "format": "binary"}


class MaterialForm(BaseModel):
    """A file, or an upload that has arrived before, and what is said of it."""

    file: FileStorage | None = Field(
        None, description="PDF, DOCX or MP4; judged by its content.", json_schema_extra=plain_file
    )
    upload_id: Text = Field(
        "",
        max_length=32,
        description=UPLOAD_ID,
    )
    title: Text = Field(min_length=1, max_length=MAX_TITLE)
    description: Text = Field("", max_length=MAX_DESCRIPTION)
    tags: list[Annotated[Text, Field(max_length=MAX_TAG_LENGTH)]] = Field(
        [], max_length=MAX_TAGS, description="Repeat the field for each tag."
    )
    type: MaterialType
    category_id: int = Field(ge=1, le=MAX_ID, description="The subject, or the part of one.")
    semester: int | None = Field(None, ge=1, le=MAX_SEMESTER, description=SEMESTER)
    year: int | None = Field(None, ge=FIRST_YEAR, le=LAST_YEAR, description=YEAR)
    language: Language = Field("", description="Told by the text if left out.")
    allow_duplicate: bool = Field(
        False, description="Take the file even if the library already has these bytes."
    )

    model_config = ConfigDict(
        arbitrary_types_allowed=True,
        json_schema_extra={
            "example": {
                "file": "lecture.pdf",
                "title": "Числовые ряды",
                "tags": ["ряды", "сходимость"],
                "type": "lecture",
                "category_id": 7,
                "semester": 2,
                "year": 2025,
            }
        },
    )


class FileQuery(Query):
    """How a file is to be sent."""

    download: bool | None = Field(None, description="Send it as an attachment, to be saved.")


class RatingForm(BaseModel):
    """Stars for a material."""

    rating: int = Field(ge=1, le=5, strict=True, description="Stars, 1 to 5.")

    model_config = ConfigDict(json_schema_extra={"example": {"rating": 5}})


class CategoryRef(BaseModel):
    """Where a material belongs."""

    id: int
    path: str = Field(description="Slugs from the subject down.")
    name: str


class Rating(BaseModel):
    """What people think of a material."""

    mean: float = Field(description="Weighted mean in stars; 0 without votes.")
    votes: int


class OwnRating(Rating):
    """A rating, with the stars that the person who asks has given."""

    mine: int | None = Field(description="Your own stars; null without a token or a vote.")

    model_config = ConfigDict(json_schema_extra={"example": {"mean": 4.6, "votes": 23, "mine": 5}})

    @classmethod
    def of(cls, rating: RatingSummary) -> OwnRating:
        """The summary in JSON."""
        return cls(mean=round(rating.mean, 2), votes=rating.votes, mine=rating.mine)


class Uploader(BaseModel):
    """Who has uploaded a material."""

    id: int
    name: str

    @classmethod
    def of(cls, user: User) -> Uploader:
        """The person as everybody may see them."""
        return cls(id=user.id, name=shown_name(user))


class FileFacts(BaseModel):
    """The file of a material."""

    name: str
    media_type: str
    bytes: int = Field(description="Size of the file.")
    pages: int | None = Field(description="Pages of a document, once known.")
    duration: float | None = Field(description="Seconds of a video, once known.")

    @classmethod
    def of(cls, file: StoredFile) -> FileFacts:
        """The facts in JSON."""
        return cls(
            name=file.name,
            media_type=file.media_type,
            bytes=file.size,
            pages=file.pages,
            duration=file.duration,
        )


class MaterialCard(BaseModel):
    """A material as in lists."""

    id: int
    title: str
    description: str
    type: MaterialType
    status: MaterialStatus
    category: CategoryRef
    tags: list[str]
    semester: int | None = Field(description=SEMESTER)
    year: int | None = Field(description=YEAR)
    language: Language = Field(description=LANGUAGE)
    rating: Rating
    uploader: Uploader
    created_at: datetime
    file: FileFacts
    url: str = Field(description="The page of the material.")

    model_config = ConfigDict(json_schema_extra={"example": CARD_EXAMPLE})


class StreamState(BaseModel):
    """How far the conversion of a video for playing is; until it is ready the file is played."""

    status: StreamStatus
    percent: int
    failure: str = Field(description="Why there is none, for those who may change that.")

    @classmethod
    def of(cls, stream: ShownStream) -> StreamState:
        """The state in JSON."""
        return cls(status=stream.status, percent=stream.percent, failure=stream.failure)


class MaterialDetails(MaterialCard):
    """A material, with the rating as the person who asks sees it."""

    rating: OwnRating
    views: int
    edition: str = Field(description="Changes with every edit and new file; send it with yours.")
    reject_reason: str = Field(description="Why a moderator sent it back; empty otherwise.")
    failure: str = Field(description="Why the file could not be processed; empty otherwise.")
    stream: StreamState | None = Field(description="Of a video; null for documents.")
    similar: list[SimilarMaterial] = Field(
        description="Other materials with almost the same text, for its uploader and its "
        "moderators; empty for others."
    )

    model_config = ConfigDict(json_schema_extra={"example": _DETAILS_EXAMPLE})

    @classmethod
    def of(
        cls,
        material: Material,
        rating: RatingSummary,
        url: str,
        similar: list[Similar],
        stream: ShownStream | None,
    ) -> MaterialDetails:
        """`url` is the address of its page."""
        more = {
            "rating": OwnRating.of(rating),
            "views": material.views,
            "edition": material.edition,
            "reject_reason": material.reject_reason,
            "failure": refusal_message(material.error) if material.error else "",
            "stream": StreamState.of(stream) if stream else None,
            "similar": [SimilarMaterial.of(other) for other in similar],
        }
        return cls.model_validate(material_facts(material, url) | more)


class Highlight(BaseModel):
    """A matched word: `snippet[start:end]`, in characters (Unicode code points) from 0."""

    start: int
    end: int


class Place(BaseModel):
    """Where in a material the words stand; one of page, section and second is given."""

    page: int | None = Field(description="Page of a PDF, from 1.")
    section: int | None = Field(description="Section of a DOCX, from 1.")
    second: int | None = Field(description="Second of a video.")
    heading: str
    snippet: str = Field(description="Plain text around the words.")
    highlights: list[Highlight]

    model_config = ConfigDict(json_schema_extra={"example": _PLACE_EXAMPLE})

    @classmethod
    def of(cls, place: FoundPlace) -> Place:
        """The place, its marked pieces as plain text and ranges."""
        numbers = {"page": None, "section": None, "second": None, place.kind: place.number}
        return cls.model_validate(
            numbers
            | {
                "heading": place.heading,
                "snippet": "".join(text for text, _matched in place.pieces),
                "highlights": list(_ranges(place.pieces)),
            }
        )


class MaterialHit(MaterialCard):
    """A found material with the places where the words stand."""

    places: list[Place] = Field(description="Empty without `search`, and if only the card matches.")

    model_config = ConfigDict(
        json_schema_extra={"example": {**CARD_EXAMPLE, "places": [_PLACE_EXAMPLE]}}
    )

    @classmethod
    def of(cls, hit: FoundMaterial, url: str) -> MaterialHit:
        """`url` is the address of its page."""
        material = hit.material
        places = [Place.of(place) for place in hit.places]
        return cls.model_validate(material_facts(material, url) | {"places": places})


def card_of(material: Material, url: str) -> MaterialCard:
    """A material as in lists; `url` is the address of its page."""
    return MaterialCard.model_validate(material_facts(material, url))


class MaterialList(Page):
    """A page of found materials, how the words were understood, and what would narrow it."""

    items: list[MaterialHit]
    understood: UnderstoodSearch
    counts: FoundCounts

    @classmethod
    def of(cls, found: Found, items: list[MaterialHit]) -> MaterialList:
        """The page with its items in JSON."""
        return cls(
            items=items,
            understood=UnderstoodSearch.of(found),
            counts=FoundCounts.of(found),
            total=found.total,
            page=found.page,
            pages=found.pages,
            per_page=found.per_page,
        )


def _ranges(pieces: Iterable[tuple[str, bool]]) -> Iterable[Highlight]:
    start = 0
    for text, matched in pieces:
        if matched:
            yield Highlight(start=start, end=start + len(text))
        start += len(text)


def material_facts(material: Material, url: str) -> dict[str, Any]:
    """What a MaterialCard holds; `url` is the address of the material's page."""
    category = material.category
    return {
        "id": material.id,
        "title": material.title,
        "description": material.description,
        "type": material.type,
        "status": material.status,
        "category": CategoryRef(id=category.id, path=category.path, name=category.name),
        "tags": [tag.name for tag in material.tags],
        "semester": material.semester,
        "year": material.year,
        "language": material.language,
        "rating": Rating(mean=round(material.rating_mean, 2), votes=material.rating_votes),
        "uploader": Uploader.of(material.uploader),
        "created_at": material.created_at,
        "file": FileFacts.of(material.file),
        "url": url,
    }
