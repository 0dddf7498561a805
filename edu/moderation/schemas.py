"""The review queue in JSON."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field

from edu.api.schemas import Page, Query, Text
from edu.likeness.schemas import SimilarMaterial
from edu.likeness.service import Similar
from edu.materials.models import Material
from edu.materials.schemas import CARD_EXAMPLE, MaterialCard, material_facts
from edu.materials.service import Page as MaterialPage
from edu.moderation.service import MAX_REASON
from edu.site.paging import MAX_PAGE


class QueueQuery(Query):
    """Which part of the queue."""

    category: Text | None = Field(None, description="Id or slug path; takes in what lies below.")
    page: int | None = Field(None, ge=1, le=MAX_PAGE, description="From 1.")
    per_page: int | None = Field(None, ge=1, le=100, description="The site's own if left out.")


class DecisionQuery(Query):
    """What the decision is about."""

    edition: Text | None = Field(
        None, description="The `edition` that you have seen; another one now answers 409."
    )


class Rejection(BaseModel):
    """Why a material is sent back."""

    reason: Text = Field(min_length=1, max_length=MAX_REASON, description="The uploader reads it.")

    model_config = ConfigDict(
        json_schema_extra={"example": {"reason": "Скан нечёткий, третья страница не читается."}}
    )


class QueueItem(MaterialCard):
    """A material that waits for a decision."""

    edition: str = Field(description="Send it with the decision.")
    same_file: list[int] = Field(description="Ids of other materials with the same bytes.")
    similar: list[SimilarMaterial] = Field(
        description="Other materials with almost the same text, most alike first."
    )

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                **CARD_EXAMPLE,
                "status": "pending",
                "rating": {"mean": 0, "votes": 0},
                "edition": "9f2c41d07be6a358",
                "same_file": [],
                "similar": [{"id": 9, "title": "Числовые ряды, 2023", "percent": 93}],
            }
        }
    )

    @classmethod
    def of(
        cls, material: Material, url: str, same_file: list[int], similar: list[Similar]
    ) -> QueueItem:
        """`url` is the address of its page."""
        more = {
            "edition": material.edition,
            "same_file": same_file,
            "similar": [SimilarMaterial.of(other) for other in similar],
        }
        return cls.model_validate(material_facts(material, url) | more)


class Queue(Page):
    """A page of the queue, longest waiting first."""

    items: list[QueueItem]

    @classmethod
    def of(cls, page: MaterialPage, items: list[QueueItem]) -> Queue:
        """The page with its items in JSON."""
        return cls(
            items=items,
            total=page.total,
            page=page.page,
            pages=page.pages,
            per_page=page.per_page,
        )
