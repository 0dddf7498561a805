"""Personal tokens in JSON."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from edu.api.schemas import Text
from edu.tokens.models import PersonalToken, Scope
from edu.tokens.service import MAX_TOKEN_NAME

_TOKEN: dict[str, Any] = {
    "id": 4,
    "name": "backup script",
    "hint": "x7Qa",
    "scopes": ["read"],
    "created_at": "2026-02-01T09:00:00Z",
    "expires_at": "2026-05-02T09:00:00Z",
    "last_used_at": None,
}


class TokenPath(BaseModel):
    """Which personal token."""

    token_id: int = Field(description="The id of the token.")


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
