"""A person with something in every table."""

from __future__ import annotations

import io
import json
import zipfile
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask

from edu.accounts.models import LetterToken, User
from edu.assistant.models import Conversation, Question, SavedAnswer
from edu.captions.models import Caption
from edu.collections.models import Collection, CollectionItem
from edu.demand.models import MaterialRequest
from edu.extensions import db, utcnow
from edu.identities.models import Identity
from edu.library.models import HistoryEntry
from edu.lockout.service import record_failure
from edu.mail.service import write_letter
from edu.materials.models import Material, MaterialVersion, View
from edu.notifications.models import Delivery, Notification, NotificationChoice, QuietHours
from edu.oauth.models import AuthorizationCode
from edu.plans.models import Plan
from edu.ratings.models import Rating
from edu.reports.models import Report
from edu.search.models import RecentQuery
from edu.second_factor.models import Authenticator, SpareCode
from edu.sessions.models import UserSession
from edu.subscriptions.models import FeedToken, Subscription
from edu.telegram_links.models import TelegramLink
from edu.telegram_outbox.models import TelegramMessage
from edu.tokens.models import PersonalToken, RefreshToken
from tests.conftest import make_people
from tests.samples import make_material

SECRETS = (
    *("token-hash", "session-hash", "spare-hash", "feed-secret", "refresh-hash", "$2b$"),
    *("code-hash", "state-hash", "chat-tokens"),
)


def fill_life(alice: int, charlie: int) -> tuple[Material, Material]:
    """Rows of Alice's in every table that can hold some; her material and Charlie's."""
    own = make_material(alice, title="Own")
    other = make_material(charlie, title="Other")
    db.session.add_all(_rows(alice, charlie, own, other))
    db.session.commit()
    user = db.session.get_one(User, alice)
    write_letter("test", user.email, user=user)
    record_failure(user.email, "192.0.2.1")
    db.session.commit()
    return own, other


def _rows(alice: int, charlie: int, own: Material, other: Material) -> list[Any]:
    later = utcnow() + timedelta(days=1)
    collection = Collection(user_id=alice, title="Exam", key="k", description="for May")
    collection.items.append(CollectionItem(material_id=other.id, position=0, note="page 3"))
    session = UserSession(
        user_id=alice,
        kind="api",
        secret_hash="session-hash",
        user_agent="curl/8",
        expires_at=later,
    )
    chat = UserSession(user_id=alice, kind="telegram", expires_at=later)
    note = Notification(
        user_id=alice, topic="decisions", kind="approved", occasion="a:1", material_id=own.id
    )
    return [
        collection,
        RefreshToken(session=session, token_hash="refresh-hash", expires_at=later),
        Delivery(notification=note, user_id=alice, channel="email", pace="daily"),
        PersonalToken(user_id=alice, name="script", token_hash="token-hash", hint="…abc"),
        TelegramLink(
            user_id=alice, session=chat, chat_id=2**40, name="@alice", tokens=b"chat-tokens"
        ),
        AuthorizationCode(
            user_id=alice,
            code_hash="code-hash",
            state_hash="state-hash",
            client_id="telegram",
            redirect_uri="https://t.me/bot",
            challenge="",
            label="@alice",
            expires_at=later,
        ),
        Identity(user_id=alice, provider="github", subject="42", label="alice-gh"),
        Authenticator(user_id=alice, secret=b"secret"),
        SpareCode(user_id=alice, code_hash="spare-hash"),
        FeedToken(user_id=alice, token="feed-secret"),
        HistoryEntry(user_id=alice, material_id=other.id, place=7),
        RecentQuery(user_id=alice, key="ряды", text="Ряды"),
        MaterialRequest(user_id=alice, key="ряд", text="Ряды", note="к экзамену"),
        Report(user_id=alice, material_id=other.id, title="Other", reason="file"),
        Rating(user_id=alice, material_id=other.id, stars=4, weight=1.0),
        Subscription(user_id=alice, kind="search", target="q=ряды", name="Ряды"),
        Subscription(user_id=charlie, kind="author", target=str(alice), author_id=alice),
        NotificationChoice(user_id=alice, channel="email", topic="materials", pace="off"),
        QuietHours(user_id=alice, start=22, end=8, timezone="Europe/Moscow"),
        TelegramMessage(key="n:1", chat_id=2**40, user_id=alice, notification_ids=[1]),
        Question(
            user_id=alice,
            conversation=Conversation(user_id=alice, title="Series"),
            text="What is a limit?",
            locale="en",
        ),
        SavedAnswer(user_id=alice, title="What is a limit?", answer="[1]", citations=[]),
        Plan(user_id=alice, title="Limits", starts_on=later.date(), minutes_a_week=120),
        LetterToken(
            purpose="recover",
            token_hash="letter-hash",
            email="alice@example.org",
            user_id=alice,
            expires_at=later,
        ),
        Caption(file=own.file, language="ru", text="WEBVTT\n\n", author_id=alice),
        View(material_id=other.id, user_id=alice, viewer="v", day=utcnow().date()),
    ]


def versions_of(material: Material) -> list[MaterialVersion]:
    """The versions of a material, oldest first."""
    found = db.session.query(MaterialVersion).filter_by(material_id=material.id)
    return list(found.order_by(MaterialVersion.number))


def read_zip(data: bytes) -> tuple[dict[str, Any], dict[str, bytes]]:
    """The facts and the files of an export, by name."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        assert archive.testzip() is None
        names = archive.namelist()
        assert len(set(names)) == len(names)
        content = {name: archive.read(name) for name in names}
    facts = {n.removesuffix(".json"): json.loads(c) for n, c in content.items() if "/" not in n}
    return facts, {name: bytes_ for name, bytes_ in content.items() if "/" in name}


@pytest.fixture
def life(any_app: Flask) -> dict[str, int]:
    """Ids of the people, of Alice's material (`own`) and of Charlie's (`other`)."""
    people = make_people(any_app)
    with any_app.app_context():
        own, other = fill_life(people["alice"], people["charlie"])
        return {**people, "own": own.id, "other": other.id}
