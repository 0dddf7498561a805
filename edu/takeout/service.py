"""What the site keeps of a person, as files of an archive: facts in JSON, and their own uploads.

PARTS is the whole list. A new table with a column that names a person gets a line here, or one in
LEFT_OUT that says why not; a test asks for one of the two.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import InstrumentedAttribute

from edu.accounts.models import ModeratedSubject, User
from edu.assistant.models import Question, SavedAnswer
from edu.captions.models import Caption
from edu.collections.models import Collection
from edu.demand.models import MaterialRequest
from edu.extensions import absolute_url, db, storage
from edu.identities.models import Identity
from edu.library.models import HistoryEntry
from edu.mail.models import Letter
from edu.materials.models import Material, MaterialStatus, MaterialVersion, StoredFile
from edu.notifications.models import Notification, NotificationChoice, QuietHours
from edu.notifications.titles import page_url, shown_title
from edu.plans.models import Plan
from edu.ratings.models import Rating
from edu.reports.models import Report
from edu.search.models import RecentQuery
from edu.sessions.models import UserSession
from edu.storage.archive import Member, safe_name
from edu.storage.base import original_key
from edu.subscriptions.models import Subscription
from edu.telegram_links.models import TelegramLink
from edu.telegram_outbox.models import TelegramMessage
from edu.tokens.models import PersonalToken

Facts = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Part:
    """One file: the rows in which `owner` is the person, and what is told of each.

    `fields` are attributes, with dots into related rows; `more` makes what is no attribute.
    """

    name: str
    owner: InstrumentedAttribute[Any]
    fields: tuple[str, ...]
    more: Mapping[str, Callable[[Any], Any]] = field(default_factory=dict)

    def describe(self, row: Any) -> Facts:
        """What the archive tells of one row."""
        facts = {name: _reach(row, name) for name in self.fields}
        return facts | {name: make(row) for name, make in self.more.items()}


def _reach(row: Any, path: str) -> Any:
    """The attribute behind a dotted path; None where a step of it is missing."""
    for step in path.split("."):
        row = getattr(row, step) if row is not None else None
    return row


def _title(row: Any) -> str | None:
    """Of others' materials only what everybody may see."""
    material: Material = row.material
    return material.title if material.status == MaterialStatus.ACTIVE else None


def _page(row: Any) -> str:
    material_id = row.id if isinstance(row, Material) else row.material_id
    return absolute_url("materials.show", material_id=material_id)


def _told_title(notification: Notification) -> str | None:
    return shown_title(notification) if notification.question else _title(notification)


def _items(collection: Collection) -> list[Facts]:
    return [
        {"title": _title(item), "url": _page(item), "note": item.note, "added_at": item.added_at}
        for item in collection.items
    ]


def _steps(plan: Plan) -> list[Facts]:
    named = ("week", "topic", "note", "kind", "first", "last", "minutes", "done_at")
    return [{name: getattr(step, name) for name in named} for step in plan.steps]


PARTS = (
    Part(
        "profile",
        User.id,
        ("email", "name", "role", "locale", "theme", "created_at", "confirmed_at"),
    ),
    Part("reviewed_subjects", ModeratedSubject.user_id, ("category.path",)),
    Part(
        "uploads",
        Material.uploader_id,
        (
            "title",
            "description",
            "type",
            "status",
            "category.path",
            "semester",
            "year",
            "language",
            "reject_reason",
            "views",
            "rating_mean",
            "rating_votes",
            "created_at",
            "published_at",
            "file.name",
            "file.size",
        ),
        {"url": _page, "tags": lambda material: [tag.name for tag in material.tags]},
    ),
    Part(
        "versions",
        MaterialVersion.author_id,
        ("material_id", "number", "file.name", "file.size", "created_at"),
    ),
    Part("captions", Caption.author_id, ("file.name", "language", "text", "created_at")),
    Part("ratings", Rating.user_id, ("stars", "created_at"), {"url": _page}),
    Part("history", HistoryEntry.user_id, ("place", "opened_at"), {"title": _title, "url": _page}),
    Part("searches", RecentQuery.user_id, ("text", "asked_at")),
    Part(
        "requests",
        MaterialRequest.user_id,
        ("text", "note", "category.path", "state", "reason", "created_at", "settled_at"),
    ),
    Part(
        "reports",
        Report.user_id,
        ("title", "reason", "note", "place", "state", "answer", "created_at", "settled_at"),
        {"url": _page},
    ),
    Part(
        "collections",
        Collection.user_id,
        ("title", "description", "visibility", "created_at", "updated_at"),
        {"items": _items},
    ),
    Part(
        "subscriptions",
        Subscription.user_id,
        ("kind", "name", "category.path", "author.name", "created_at"),
        {"search": lambda row: row.target if row.kind == "search" else None},
    ),
    Part(
        "notifications",
        Notification.user_id,
        ("topic", "kind", "note", "created_at", "read_at"),
        {"title": _told_title, "url": page_url},
    ),
    Part("notification_choices", NotificationChoice.user_id, ("channel", "topic", "pace")),
    Part("quiet_hours", QuietHours.user_id, ("start", "end", "timezone")),
    Part("messages", TelegramMessage.user_id, ("chat_id", "state", "created_at")),
    Part(
        "letters", Letter.user_id, ("kind", "address", "subject", "state", "created_at", "sent_at")
    ),
    Part(
        "sessions",
        UserSession.user_id,
        ("kind", "user_agent", "address", "created_at", "last_seen_at", "expires_at"),
    ),
    Part(
        "tokens",
        PersonalToken.user_id,
        ("name", "hint", "scopes", "created_at", "expires_at", "last_used_at"),
    ),
    Part("telegram", TelegramLink.user_id, ("chat_id", "name", "created_at")),
    Part("identities", Identity.user_id, ("provider", "subject", "label", "created_at")),
    Part(
        "questions",
        Question.user_id,
        (
            "conversation.title",
            "text",
            "locale",
            "status",
            "answer",
            "citations",
            "opinion",
            "created_at",
            "answered_at",
        ),
    ),
    Part("saved_answers", SavedAnswer.user_id, ("title", "answer", "citations", "created_at")),
    Part(
        "plans",
        Plan.user_id,
        ("title", "starts_on", "exam_on", "minutes_a_week", "created_at", "changed_at"),
        {"steps": _steps},
    ),
)
LEFT_OUT = {
    "conversations.user_id": "each question tells the title of its conversation",
    "uploads.user_id": "files that have not arrived; they are the sender's own, and gone in a day",
    "letter_tokens.user_id": "secrets of links, kept as hashes",
    "authorization_codes.user_id": "hashes of secrets, gone in a day",
    "authenticators.user_id": "a secret",
    "spare_codes.user_id": "hashes of secrets",
    "feed_tokens.user_id": "a secret, which the page of subscriptions shows",
    "deliveries.user_id": "how notifications went out, which are exported themselves",
    "subscriptions.author_id": "others follow the person; who does is theirs",
    "materials.moderator_id": "decisions of the site",
    "reports.settled_by_id": "decisions of the site",
    "trash.deleted_by_id": "decisions of the site; own uploads tell that they are in the trash",
    "unused_files.uploader_id": "sizes of what is deleted for good, gone in an hour",
    "audit_entries.actor_id": "the record of the site's administration",
    "views.user_id": "how often materials are opened; the person's own side is the history",
}


def list_takeout(user: User) -> list[Member]:
    """Everything, as members of an archive; files that the storage has lost are left out."""
    facts = [_fact_member(part.name, user, part) for part in PARTS]
    return [*facts, *_file_members(user)]


def _fact_member(name: str, user: User, part: Part) -> Member:
    query = select(part.owner.class_).where(part.owner == user.id)
    rows = [part.describe(row) for row in db.session.scalars(query).unique()]
    told: Any = rows[0] if name == "profile" else rows
    text = json.dumps(told, ensure_ascii=False, indent=2, default=_plain).encode()
    return Member(f"{name}.json", "", len(text), text)


def _plain(value: Any) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)


def _file_members(user: User) -> Iterator[Member]:
    for material, number, file in _own_files(user):
        key = original_key(file.sha256)
        if storage().exists(key):
            version = f"-v{number}" if number else ""
            name = f"files/{material.id}{version} {safe_name(file.download_name)}"
            yield Member(name, key, file.size)


def _own_files(user: User) -> Iterator[tuple[Material, int, StoredFile]]:
    """What the person has uploaded: the files of their materials, and versions made by them."""
    own = select(Material).where(Material.uploader_id == user.id).order_by(Material.id)
    seen: set[tuple[int, int]] = set()
    for material in db.session.scalars(own):
        seen.add((material.id, material.file_id))
        yield material, 0, material.file
    made = select(MaterialVersion, Material).where(
        MaterialVersion.author_id == user.id, Material.id == MaterialVersion.material_id
    )
    order = MaterialVersion.material_id, MaterialVersion.number
    for version, material in db.session.execute(made.order_by(*order)):
        if (material.id, version.file_id) not in seen:
            seen.add((material.id, version.file_id))
            yield material, version.number, version.file
