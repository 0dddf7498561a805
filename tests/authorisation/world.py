"""What the world of the authorisation tests holds. Alice owns whatever has an owner."""

from __future__ import annotations

import hashlib
from typing import Any

from flask import Flask, session
from flask.testing import FlaskClient

from edu.accounts.models import ModeratedSubject, Role, User
from edu.accounts.service import create_user
from edu.assistant.models import Conversation, Question, SavedAnswer
from edu.captions.models import Caption
from edu.collections.models import Collection, CollectionItem, Visibility
from edu.demand.models import MaterialRequest
from edu.extensions import db, settings, storage, utcnow
from edu.identities.models import Identity
from edu.library.models import HistoryEntry
from edu.mail.models import Letter, LetterState
from edu.materials.models import (
    Material,
    MaterialStatus,
    MaterialVersion,
    Passage,
    StoredFile,
)
from edu.notifications.models import Notification
from edu.plans.models import Plan, PlanStep
from edu.reports.models import Report
from edu.sessions.models import UserSession
from edu.site.signing import start_browser_session
from edu.storage.base import (
    original_key,
    page_picture_key,
    preview_key,
    stream_key,
    thumbnail_key,
)
from edu.streams.models import Stream
from edu.subscriptions.models import FeedToken, Subscription
from edu.telegram_links.models import TelegramLink
from edu.tokens.models import PersonalToken
from edu.trash.models import TrashEntry
from edu.tree.service import ensure_category
from edu.uploads.models import Upload

# charlie is any other user, alice the owner, boris moderates another subject, maria this one.
ACTORS = ("stranger", "charlie", "alice", "boris", "maria", "anna")
PASSWORD = "correct horse battery"
ROLES = {"charlie": Role.USER, "alice": Role.USER, "boris": Role.MODERATOR}
ROLES |= {"maria": Role.MODERATOR, "anna": Role.ADMIN}
UPLOAD_ID = "a" * 32
BYTES = b"%PDF-1.4 of nobody's interest"


def build_world(app: Flask) -> dict[str, int]:
    """Fill an empty database; ids by name."""
    people = {
        name: create_user(f"{name}@example.org", PASSWORD, name.title(), role=role)
        for name, role in ROLES.items()
    }
    maths, physics = ensure_category("Maths", slug="maths"), ensure_category("Physics")
    empty = ensure_category("Empty", slug="empty")
    for name, subject in (("maria", maths), ("boris", physics)):
        people[name].moderates_all = False
        people[name].moderated = [ModeratedSubject(category_id=subject.id)]
    materials = {
        status.value: make_material(people["alice"], status, maths.id) for status in MaterialStatus
    }
    materials["video"] = _make_video(people["alice"], maths.id)
    db.session.flush()
    ids = {name: user.id for name, user in people.items()}
    ids |= {f"{name}_material": material.id for name, material in materials.items()}
    ids |= {"maths": maths.id, "physics": physics.id, "empty": empty.id}
    ids |= {name: row.id for name, row in _belongings(ids).items()}
    alice, archived = ids["alice"], ids["archived_material"]
    db.session.add(
        TrashEntry(material_id=archived, deleted_by_id=alice, status_before="pending", reason="")
    )
    db.session.commit()
    return ids


def make_material(owner: User, status: MaterialStatus, category_id: int) -> Material:
    file = StoredFile(
        sha256=hashlib.sha256(status.encode()).hexdigest(),
        size=len(BYTES),
        name=f"{status}.pdf",
        media_type="application/pdf",
        pages=20,
        has_thumbnail=True,
    )
    _store(file)
    material = Material(
        title=f"The {status} one",
        type="lecture",
        status=status.value,
        category_id=category_id,
        uploader=owner,
        file=file,
        passages=[Passage(number=1, text="Series.")],
        error="crashed" if status == MaterialStatus.FAILED else "",
        published_at=utcnow() if status == MaterialStatus.ACTIVE else None,
        announced_at=utcnow(),
    )
    unmade = status == MaterialStatus.FAILED
    stream = {"status": "failed", "error": "crashed"} if unmade else {"status": "ready"}
    db.session.add_all([material, Stream(file=file, **stream)])
    db.session.flush()
    db.session.add(MaterialVersion(material_id=material.id, number=1, file=file, author=owner))
    return material


def _make_video(owner: User, category_id: int) -> Material:
    """Waits for review, with what is said in it."""
    video = make_material(owner, MaterialStatus.PENDING, category_id)
    video.title, video.file.media_type = "The spoken one", "video/mp4"
    said = "WEBVTT\n\n00:00:01.000 --> 00:00:02.000\nSeries.\n"
    db.session.add(Caption(file=video.file, language="ru", text=said, author=owner))
    return video


def _store(file: StoredFile) -> None:
    stream = [stream_key(file.sha256, name) for name in ("master.m3u8", "360/00000.m4s")]
    made = [page_picture_key(file.sha256, 1), preview_key(file.sha256, "1.webp"), *stream]
    for key in (original_key(file.sha256), thumbnail_key(file.sha256), *made):
        path = settings().data_dir / "incoming" / "sample"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(BYTES)
        storage().save(path, key)


def _belongings(ids: dict[str, int]) -> dict[str, Any]:
    alice, active = ids["alice"], ids["active_material"]
    soon = utcnow().replace(year=utcnow().year + 1)
    conversation = Conversation(user_id=alice, title="Series")
    rows: dict[str, Any] = {
        "upload": Upload(id=UPLOAD_ID, user_id=alice, name="notes.pdf", size=9),
        "subscription": Subscription(
            user_id=alice, kind="search", target="q=series", name="Series"
        ),
        "notification": Notification(
            user_id=alice, topic="materials", kind="new", occasion="material:1", material_id=active
        ),
        "request": MaterialRequest(
            user_id=alice, key="topolog", text="topology", category_id=ids["maths"]
        ),
        "device": UserSession(user_id=alice, kind="browser", secret_hash="x" * 64, expires_at=soon),
        "token": PersonalToken(
            user_id=alice, name="script", token_hash="y" * 64, hint="abcd", scopes=["read"]
        ),
        "identity": Identity(user_id=alice, provider="github", subject="1", label="alice"),
        "conversation": conversation,
        "saved_answer": SavedAnswer(user_id=alice, title="Series", answer="[1]", citations=[]),
        "question": Question(
            user_id=alice,
            conversation=conversation,
            text="Series?",
            locale="en",
            status="answered",
            answered_at=utcnow(),
            answer="[1]",
        ),
        "letter": Letter(
            kind="recover",
            user_id=alice,
            address="alice@example.org",
            message_id="<1@localhost>",
            subject="s",
            text="t",
            html="h",
            state=LetterState.FAILED.value,
        ),
    }
    rows["report"] = Report(
        user_id=ids["charlie"], material_id=active, title="The active one", reason="file"
    )
    rows["own_report"] = Report(
        user_id=alice, material_id=active, title="The active one", reason="file"
    )
    rows |= {
        f"{visibility}_collection": Collection(
            user_id=alice,
            title=f"{visibility}",
            visibility=visibility.value,
            key=f"key-{visibility}",
        )
        for visibility in Visibility
    }
    db.session.add_all(rows.values())
    db.session.flush()
    chat = UserSession(user_id=alice, kind="telegram", expires_at=soon)
    db.session.add(chat)
    db.session.flush()
    rows["telegram"] = TelegramLink(
        chat_id=2**40, user_id=alice, session_id=chat.id, name="Alice", tokens=b""
    )
    db.session.add(rows["telegram"])
    db.session.flush()
    for visibility in Visibility:
        of = rows[f"{visibility}_collection"].id
        db.session.add(CollectionItem(collection_id=of, material_id=active, position=0))
    db.session.add(HistoryEntry(user_id=alice, material_id=active, place=1))
    rows["plan"] = Plan(
        user_id=alice,
        question_id=rows["question"].id,
        title="Series",
        starts_on=utcnow().date(),
        minutes_a_week=240,
    )
    db.session.add(rows["plan"])
    db.session.flush()
    rows["step"] = PlanStep(
        plan_id=rows["plan"].id, week=1, position=1, topic="Series", minutes=30, material_id=active
    )
    db.session.add(rows["step"])
    db.session.flush()
    db.session.add(FeedToken(user_id=alice, token="feed-token"))
    return rows


def sign_in_as(app: Flask, client: FlaskClient, user_id: int) -> None:
    """Put the cookie of a fresh session into the browser, without a password's work."""
    with app.test_request_context():
        user = db.session.get_one(User, user_id)
        start_browser_session(user, remember=False)
        db.session.commit()
        values = dict(session)
    with client.session_transaction() as cookie:
        cookie.update(values)
