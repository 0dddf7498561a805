"""Reports in JSON."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from edu.api.schemas import Page, Text
from edu.library.service import MAX_PLACE
from edu.materials.schemas import CARD_EXAMPLE, MaterialCard, Uploader, card_of
from edu.reports.models import Reason, Report, ReportState
from edu.reports.service import MAX_ANSWER, MAX_NOTE, Reported
from edu.trash.service import MAX_REASON

Outcome = Literal[ReportState.KEPT, ReportState.RETURNED, ReportState.DELETED]
_PLACE = "Page of a PDF, part of a DOCX, second of a video."
_OWN: dict[str, Any] = {
    "id": 31,
    "title": "Числовые ряды",
    "url": "https://library.example.org/materials/12",
    "reason": "file",
    "note": "Третья страница не читается.",
    "place": 3,
    "state": "kept",
    "answer": "Файл заменён на чёткий.",
    "created_at": "2026-02-01T09:00:00Z",
    "settled_at": "2026-02-03T18:30:00Z",
}
_ENTRY: dict[str, Any] = {
    "id": 31,
    "reason": "file",
    "note": "Третья страница не читается.",
    "place": 3,
    "reporter": {"id": 5, "name": "Алиса"},
    "created_at": "2026-02-01T09:00:00Z",
    "changed_at": "2026-02-01T09:00:00Z",
}
_REPORTED: dict[str, Any] = {
    "material": CARD_EXAMPLE,
    "count": 1,
    "edition": "9f2c41d07be6a358",
    "reports": [_ENTRY],
}


class NewReport(BaseModel):
    """What is wrong with a material."""

    reason: Reason = Field(
        description="`subject` (or type), `file` (unreadable or broken), `copyright`, `content` "
        "(mistakes), `abuse` (offensive, spam) or `other`."
    )
    note: Text = Field("", max_length=MAX_NOTE, description="Required with `other`.")
    place: int | None = Field(None, ge=0, le=MAX_PLACE, description=_PLACE)

    model_config = ConfigDict(
        json_schema_extra={"example": {"reason": "file", "note": "Страница не читается."}}
    )


class OwnReport(BaseModel):
    """Your report of a material, and what became of it."""

    id: int
    title: str = Field(description="What the material was called when you reported it.")
    url: str | None = Field(description="The page of the material; null while it is hidden.")
    reason: Reason
    note: str
    place: int | None = Field(description=_PLACE)
    state: ReportState
    answer: str = Field(description="Of the moderators; may be empty.")
    created_at: datetime
    settled_at: datetime | None

    model_config = ConfigDict(json_schema_extra={"example": _OWN})

    @classmethod
    def of(cls, report: Report, url: str | None) -> OwnReport:
        """`url` is the address of the material's page, None where it is not for the person."""
        names = cls.model_fields.keys() - {"url"}
        facts = {name: getattr(report, name) for name in names}
        return cls.model_validate(facts | {"url": url})


class OwnReports(Page):
    """A page of your reports, the newest first."""

    items: list[OwnReport]

    model_config = ConfigDict(
        json_schema_extra={
            "example": {"items": [_OWN], "total": 1, "page": 1, "pages": 1, "per_page": 20}
        }
    )


class ReportEntry(BaseModel):
    """One person's report, as moderators read it."""

    id: int
    reason: Reason
    note: str
    place: int | None = Field(description=_PLACE)
    reporter: Uploader = Field(description="Who reports; only moderators are told.")
    created_at: datetime
    changed_at: datetime

    model_config = ConfigDict(json_schema_extra={"example": _ENTRY})

    @classmethod
    def of(cls, report: Report) -> ReportEntry:
        """The report in JSON."""
        names = cls.model_fields.keys() - {"reporter"}
        facts = {name: getattr(report, name) for name in names}
        return cls.model_validate(facts | {"reporter": Uploader.of(report.user)})


class ReportedMaterial(BaseModel):
    """A material with its open reports."""

    material: MaterialCard
    count: int = Field(description="How many people report it.")
    edition: str = Field(description="Send it with the decision.")
    reports: list[ReportEntry] = Field(description="The newest, at most 20.")

    model_config = ConfigDict(json_schema_extra={"example": _REPORTED})

    @classmethod
    def of(cls, reported: Reported, url: str) -> ReportedMaterial:
        """`url` is the address of the material's page."""
        return cls(
            material=card_of(reported.material, url),
            count=reported.count,
            edition=reported.edition,
            reports=[ReportEntry.of(report) for report in reported.reports],
        )


class ReportedMaterials(Page):
    """A page of what is reported, by most people first."""

    items: list[ReportedMaterial]

    model_config = ConfigDict(
        json_schema_extra={
            "example": {"items": [_REPORTED], "total": 1, "page": 1, "pages": 1, "per_page": 20}
        }
    )


class Settlement(BaseModel):
    """What is done with a reported material."""

    outcome: Outcome = Field(
        description="`kept`: it stays. `returned`: off the site, into the review queue. `deleted`: "
        "into the trash."
    )
    answer: Text = Field(
        "", max_length=MAX_ANSWER, description="Its reporters read it; required with `kept`."
    )
    reason: Text = Field(
        "", max_length=MAX_REASON, description="With `deleted`: the uploader reads it."
    )
    edition: Text = Field(
        "", description="The `edition` that you have seen; another one now answers 409."
    )

    model_config = ConfigDict(
        json_schema_extra={"example": {"outcome": "kept", "answer": "Файл открывается, проверено."}}
    )


class Settled(BaseModel):
    """What was done."""

    material_id: int
    outcome: Outcome
    reports: int = Field(description="How many were settled.")

    model_config = ConfigDict(
        json_schema_extra={"example": {"material_id": 12, "outcome": "kept", "reports": 3}}
    )
