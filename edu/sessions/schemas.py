"""Sign-ins and personal tokens in JSON."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from edu.api.schemas import Text
from edu.sessions.models import PersonalToken, Scope, SessionKind, UserSession
from edu.sessions.service import MAX_TOKEN_NAME

_SESSION: dict[str, Any] = {
    "id": 31,
    "kind": "api",
    "user_agent": "curl/8.5.0",
    "address": "192.0.2.7",
    "created_at": "2026-02-01T09:00:00Z",
    "last_seen_at": "2026-02-03T17:20:00Z",
    "expires_at": "2026-03-05T17:20:00Z",
    "current": True,
}
_TOKEN: dict[str, Any] = {
    "id": 4,
    "name": "backup script",
    "hint": "x7Qa",
    "scopes": ["read"],
    "created_at": "2026-02-01T09:00:00Z",
    "expires_at": "2026-05-02T09:00:00Z",
    "last_used_at": None,
}


class SessionPath(BaseModel):
    """Which sign-in."""

    session_id: int = Field(description="The id of the sign-in.")


class TokenPath(BaseModel):
    """Which personal token."""

    token_id: int = Field(description="The id of the token.")


class SignIn(BaseModel):
    """One device or program on which you are signed in."""

    id: int
    kind: SessionKind
    user_agent: str = Field(description="What the browser or program calls itself.")
    address: str = Field(description="The network address that it was last seen at.")
    created_at: datetime
    last_seen_at: datetime
    expires_at: datetime
    current: bool = Field(description="Whether it is the one that asks.")

    model_config = ConfigDict(json_schema_extra={"example": _SESSION})

    @classmethod
    def of(cls, session: UserSession, current_id: int | None) -> SignIn:
        """`current_id` is the session that asks, if a session does."""
        return cls(
            id=session.id,
            kind=SessionKind(session.kind),
            user_agent=session.user_agent,
            address=session.address,
            created_at=session.created_at,
            last_seen_at=session.last_seen_at,
            expires_at=session.expires_at,
            current=session.id == current_id,
        )


class SignInList(BaseModel):
    """Where you are signed in, the last used first."""

    items: list[SignIn]


class TokenForm(BaseModel):
    """What a personal token is to be for."""

    name: Text = Field(min_length=1, max_length=MAX_TOKEN_NAME, description="For your own memory.")
    scopes: list[Scope] = Field(
        min_length=1,
        max_length=len(Scope),
        description="`read`: everything that you may see; `write`: change what is yours, rate, "
        "collect; `upload`: materials; `moderate`: review. Never more than you may do yourself.",
    )
    days: Literal[30, 90, 365] | None = Field(
        None, description="Days until it ends; left out or null: it stays until you delete it."
    )

    model_config = ConfigDict(
        json_schema_extra={"example": {"name": "backup script", "scopes": ["read"], "days": 90}}
    )


class Token(BaseModel):
    """A personal token, without its secret."""

    id: int
    name: str
    hint: str = Field(description="The last characters of the token.")
    scopes: list[Scope]
    created_at: datetime
    expires_at: datetime | None = Field(description="Null: it does not end by itself.")
    last_used_at: datetime | None = Field(description="To within five minutes; null: never.")

    model_config = ConfigDict(json_schema_extra={"example": _TOKEN})

    @classmethod
    def of(cls, token: PersonalToken) -> Token:
        """What may be shown of a token."""
        return cls.model_validate(_facts(token))


class NewToken(Token):
    """A token that was just made."""

    token: str = Field(description="The token itself. It is shown this once.")

    model_config = ConfigDict(json_schema_extra={"example": {**_TOKEN, "token": "konspekt_Vb3…"}})

    @classmethod
    def made(cls, token: PersonalToken, secret: str) -> NewToken:
        """The token with its secret."""
        return cls.model_validate(_facts(token) | {"token": secret})


class TokenList(BaseModel):
    """Your personal tokens, the newest first."""

    items: list[Token]


def _facts(token: PersonalToken) -> dict[str, Any]:
    return {
        "id": token.id,
        "name": token.name,
        "hint": token.hint,
        "scopes": token.scopes,
        "created_at": token.created_at,
        "expires_at": token.expires_at,
        "last_used_at": token.last_used_at,
    }
