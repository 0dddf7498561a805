"""Subtitles and transcripts in JSON."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from flask_openapi3.models.file import FileStorage
from pydantic import BaseModel, ConfigDict, Field

from edu.captions.service import CaptionFacts
from edu.materials.schemas import MaterialPath

_EXAMPLE: dict[str, Any] = {
    "language": "ru",
    "lines": 812,
    "author": "Мария",
    "created_at": "2026-03-02T10:30:00Z",
    "url": "/api/materials/12/captions/ru",
}


class CaptionPath(MaterialPath):
    """Which language of which video."""

    language: Literal["ru", "en", "be", "de", "es", "fr", "it", "kk", "pl", "tr", "uk", "zh"] = (
        Field(description="ISO 639-1.")
    )


class NewCaptions(BaseModel):
    """A file of subtitles, or a transcript."""

    file: FileStorage = Field(
        description="WebVTT, SRT, or plain text with or without times; judged by its content."
    )

    model_config = ConfigDict(arbitrary_types_allowed=True)


class Captions(BaseModel):
    """What is said in a video, in one language."""

    language: str = Field(description="ISO 639-1.")
    lines: int = Field(description="How many, each with its time.")
    author: str = Field(description="Who has sent them.")
    created_at: datetime
    url: str = Field(description="Where they are as WebVTT.")

    model_config = ConfigDict(json_schema_extra={"example": _EXAMPLE})

    @classmethod
    def of(cls, facts: CaptionFacts, url: str, **more: Any) -> Captions:
        """`url` is the address of the WebVTT."""
        return cls(
            language=facts.language,
            lines=facts.lines,
            author=facts.author,
            created_at=facts.created_at,
            url=url,
            **more,
        )


class SavedCaptions(Captions):
    """What has been kept."""

    timed: bool = Field(
        description="Whether the file had times. Without any, search opens the video at its start."
    )

    model_config = ConfigDict(json_schema_extra={"example": {**_EXAMPLE, "timed": True}})


class CaptionsList(BaseModel):
    """What a video has, a row for each language."""

    items: list[Captions]

    model_config = ConfigDict(json_schema_extra={"example": {"items": [_EXAMPLE]}})
