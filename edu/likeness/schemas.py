"""Materials with almost the same text, in JSON."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field

from edu.likeness.service import Similar


class SimilarMaterial(BaseModel):
    """Another material with almost the same text."""

    id: int
    title: str
    percent: int = Field(
        description="How much of the shorter text is in the longer one, word for word."
    )

    model_config = ConfigDict(
        json_schema_extra={"example": {"id": 9, "title": "Числовые ряды, 2023", "percent": 93}}
    )

    @classmethod
    def of(cls, similar: Similar) -> SimilarMaterial:
        """The other material in JSON."""
        return cls(id=similar.id, title=similar.title, percent=similar.percent)
