"""What Schemathesis loads: tokens of the person who asks, and ids of things that exist.

It runs in a process of its own, with the environment of the product that it asks.
"""

from __future__ import annotations

import os
import random
from typing import Any

import schemathesis
from sqlalchemy import select

from edu import create_app
from edu.accounts.service import find_user
from edu.api.tokens import sign_token
from edu.extensions import db
from edu.models import (
    Category,
    Collection,
    Conversation,
    Material,
    Notification,
    PersonalToken,
    Question,
    SavedAnswer,
    Subscription,
    UserSession,
)
from edu.tokens.service import open_api_session

app = create_app()
CHANCE = random.Random(1)  # not secrecy; its own, for Hypothesis watches the global
PERSON = os.environ["EDU_TEST_PERSON"]


def find_ids() -> dict[str, list[Any]]:
    """What path parameters may name, by the parameter's name."""
    columns = {
        "material_id": Material.id,
        "category_id": Category.id,
        "key": Collection.key,
        "subscription_id": Subscription.id,
        "notification_id": Notification.id,
        "token_id": PersonalToken.id,
        "session_id": UserSession.id,
        "question_id": Question.id,
        "conversation_id": Conversation.id,
        "saved_id": SavedAnswer.id,
    }
    with app.app_context():
        found = {name: list(db.session.scalars(select(of))) for name, of in columns.items()}
    return {**found, "number": [1]}


IDS = find_ids()


class FreshToken:
    """A new session for each request: some operations end the session that asks for them."""

    def get(self, _case: Any, _context: Any) -> str:
        """An access token."""
        with app.app_context():
            user = find_user(f"{PERSON}@example.org")
            assert user is not None
            grant = open_api_session(user)
            db.session.commit()
            return sign_token(user, grant.session_id)

    def set(self, case: Any, token: str, _context: Any) -> None:
        """Send it along."""
        case.headers = case.headers or {}
        case.headers["Authorization"] = f"Bearer {token}"


if PERSON:  # nobody's name means a stranger
    schemathesis.auth(refresh_interval=None)(FreshToken)


@schemathesis.hook
def map_path_parameters(_context: Any, parameters: dict[str, Any] | None) -> dict[str, Any] | None:
    """In three requests of four, ask for something that exists."""
    for name in parameters or {}:
        known = IDS.get(name)
        if parameters and known and random.random() < 0.75:  # chance, not secrecy
            parameters[name] = random.choice(known)
    return parameters
