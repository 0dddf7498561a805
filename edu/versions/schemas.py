"""Changes of a material, and the files that it has had, in JSON."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from flask_openapi3.models.file import FileStorage
from pydantic import BaseModel, ConfigDict, Field

from edu.api.schemas import Text
from edu.catalog.models import MaterialType
from edu.extensions import MAX_ID
from edu.materials.models import MaterialVersion
from edu.materials.schemas import (
    LAST_YEAR,
    SEMESTER,
    UPLOAD_ID,
    YEAR,
    FileFacts,
    Language,
    MaterialPath,
    Uploader,
    plain_file,
)
from edu.materials.service import MAX_DESCRIPTION, MAX_TAG_LENGTH, MAX_TAGS, MAX_TITLE
from edu.media.hints import MAX_SEMESTER

_EXAMPLE: dict[str, Any] = {
    "number": 2,
    "file": {
        "name": "series-2.pdf",
        "media_type": "application/pdf",
        "bytes": 492310,
        "pages": 15,
        "duration": None,
    },
    "author": {"id": 2, "name": "Мария"},
    "created_at": "2026-03-02T10:30:00Z",
    "url": "/api/materials/12/versions/2/file",
}


class MaterialChange(BaseModel):
    """What is to be said of a material from now on; what is left out or null stays."""

    title: Text | None = Field(None, min_length=1, max_length=MAX_TITLE)
    description: Text | None = Field(None, max_length=MAX_DESCRIPTION)
    tags: list[Annotated[Text, Field(max_length=MAX_TAG_LENGTH)]] | None = Field(
        None, max_length=MAX_TAGS, description="All tags; they take the place of the former ones."
    )
    type: MaterialType | None = None
    category_id: int | None = Field(None, ge=1, le=MAX_ID)
    semester: int | None = Field(
        None, ge=0, le=MAX_SEMESTER, strict=True, description=f"{SEMESTER} 0: none."
    )
    year: int | None = Field(None, ge=0, le=LAST_YEAR, strict=True, description=f"{YEAR} 0: none.")
    language: Language | None = Field(None, description="Empty: told by the text anew.")
    edition: Text | None = Field(
        None, description="The `edition` that you have seen; another one now answers 409."
    )

    model_config = ConfigDict(
        json_schema_extra={"example": {"title": "Числовые ряды", "tags": ["ряды"]}}
    )


class NewVersion(BaseModel):
    """Another file for a material, or an upload that has arrived before."""

    file: FileStorage | None = Field(
        None, description="PDF, DOCX or MP4; judged by its content.", json_schema_extra=plain_file
    )
    upload_id: Text = Field("", max_length=32, description=UPLOAD_ID)

    model_config = ConfigDict(
        arbitrary_types_allowed=True, json_schema_extra={"example": {"file": "lecture.pdf"}}
    )


class VersionPath(MaterialPath):
    """Which version of which material."""

    number: int = Field(description="The number of the version, from 1.")


class Version(BaseModel):
    """A file that the material has had, or has now."""

    number: int = Field(description="From 1; the highest is the present file.")
    file: FileFacts
    author: Uploader = Field(description="Who has sent it.")
    created_at: datetime
    url: str = Field(description="Where its bytes are.")

    model_config = ConfigDict(json_schema_extra={"example": _EXAMPLE})

    @classmethod
    def of(cls, version: MaterialVersion, url: str) -> Version:
        """`url` is the address of its bytes."""
        return cls(
            number=version.number,
            file=FileFacts.of(version.file),
            author=Uploader.of(version.author),
            created_at=version.created_at,
            url=url,
        )


class VersionList(BaseModel):
    """The latest versions, newest first."""

    items: list[Version]

    model_config = ConfigDict(json_schema_extra={"example": {"items": [_EXAMPLE]}})
