"""Sign-ins in JSON."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from edu.sessions.models import SessionKind, UserSession

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


class SessionPath(BaseModel):
    """Which sign-in."""

    session_id: int = Field(description="The id of the sign-in.")


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
