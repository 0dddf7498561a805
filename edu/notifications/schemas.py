"""Notifications in JSON."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from edu.api.schemas import Page, Query, Text
from edu.notifications.models import Notification, Pace, Topic
from edu.site.paging import MAX_PAGE

_EXAMPLE: dict[str, Any] = {
    "id": 91,
    "topic": "materials",
    "kind": "new",
    "note": "",
    "material": {
        "id": 12,
        "title": "Числовые ряды",
        "url": "https://library.example.org/materials/12",
    },
    "question": None,
    "read": False,
    "created_at": "2026-02-01T09:00:00Z",
}
_REPORTED = {"report_kept", "report_returned", "report_deleted"}
_TOLD = {"rejected", "deleted", "found", *_REPORTED}  # kinds whose note is for the person
_CHOICE: dict[str, Any] = {"topic": "materials", "channel": "email", "pace": "daily"}


class NotificationPath(BaseModel):
    """Which notification."""

    notification_id: int = Field(description="The id of the notification.")


class NotificationQuery(Query):
    """Which notifications."""

    unread: bool | None = Field(None, description="True for those only that are not read.")
    page: int | None = Field(None, ge=1, le=MAX_PAGE, description="From 1.")
    per_page: int | None = Field(None, ge=1, le=100, description="The site's own if left out.")


class MaterialRef(BaseModel):
    """The material that a notification is about."""

    id: int
    title: str
    url: str = Field(description="Its page, which may be hidden since you reported it.")


class QuestionRef(BaseModel):
    """The question to which there is an answer."""

    id: int
    title: str = Field(description="The question on one line, shortened if it is long.")
    url: str = Field(description="The page of its conversation.")


class NotificationItem(BaseModel):
    """Something that you were told of."""

    id: int
    topic: Topic
    kind: Literal[
        "new",
        "approved",
        "rejected",
        "failed",
        "deleted",
        "found",
        "report_kept",
        "report_returned",
        "report_deleted",
        "answered",
        "unanswered",
    ]
    note: str = Field(
        description="Why it was rejected or deleted, the words in which you asked for it, or the "
        "answer to your report; else empty."
    )
    material: MaterialRef | None = Field(description="Null where it is about an answer.")
    question: QuestionRef | None = Field(description="Null where it is about a material.")
    read: bool
    created_at: datetime

    model_config = ConfigDict(json_schema_extra={"example": _EXAMPLE})

    @classmethod
    def of(cls, notification: Notification, title: str, url: str) -> NotificationItem:
        """`title` is what the person may read, `url` the address of the page that it leads to."""
        material, question = notification.material, notification.question
        return cls.model_validate(
            {
                "id": notification.id,
                "topic": notification.topic,
                "kind": notification.kind,
                "note": notification.note if notification.kind in _TOLD else "",
                "material": material and MaterialRef(id=material.id, title=title, url=url),
                "question": question and QuestionRef(id=question.id, title=title, url=url),
                "read": notification.read_at is not None,
                "created_at": notification.created_at,
            }
        )


class NotificationList(Page):
    """A page of notifications, newest first."""

    items: list[NotificationItem]
    unread: int = Field(description="How many are not read, on all pages; 100 means so or more.")

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "items": [_EXAMPLE],
                "unread": 1,
                "total": 1,
                "page": 1,
                "pages": 1,
                "per_page": 20,
            }
        }
    )


class Choice(BaseModel):
    """When you hear of a topic through a channel; on the site you always do."""

    topic: Topic
    channel: Text = Field(max_length=16, description="Such as `email`.")
    pace: Pace

    model_config = ConfigDict(json_schema_extra={"example": _CHOICE})


class Choices(BaseModel):
    """Each topic with each channel that can reach you."""

    items: Annotated[list[Choice], Field(max_length=50)]

    model_config = ConfigDict(json_schema_extra={"example": {"items": [_CHOICE]}})


class QuietTime(BaseModel):
    """When you are not to be disturbed; usual hours to choose from where it is not `on`."""

    on: bool = Field(True, description="False: you may be told at any hour.")
    start: int = Field(22, ge=0, le=23, description="The first quiet hour of your own clock.")
    end: int = Field(8, ge=0, le=23, description="The hour at which it is over; another one.")
    timezone: Text = Field("UTC", max_length=64, description="A name such as `Europe/Moscow`.")

    model_config = ConfigDict(
        json_schema_extra={
            "example": {"on": True, "start": 22, "end": 8, "timezone": "Europe/Moscow"}
        }
    )
