"""People in JSON. Only their own account shows a person's e-mail address."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from edu.accounts.models import Role, User
from edu.accounts.service import MAX_PASSWORD
from edu.api.schemas import Text


class LoginRequest(BaseModel):
    """The credentials of an account."""

    email: Text = Field(min_length=1, max_length=254)
    password: Text = Field(min_length=1, max_length=MAX_PASSWORD)

    model_config = ConfigDict(
        json_schema_extra={"example": {"email": "maria@example.org", "password": "a long phrase"}}
    )


class Account(BaseModel):
    """The signed-in person's own account."""

    id: int
    email: str
    name: str = Field(description="The name that others see.")
    role: Role
    confirmed: bool = Field(description="Whether the e-mail address is confirmed.")
    created_at: datetime

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "id": 2,
                "email": "maria@example.org",
                "name": "Мария",
                "role": "moderator",
                "confirmed": True,
                "created_at": "2026-02-01T09:00:00Z",
            }
        }
    )

    @classmethod
    def of(cls, user: User) -> Account:
        """The account of `user`, for `user`."""
        return cls(
            id=user.id,
            email=user.email,
            name=user.name,
            role=Role(user.role),
            confirmed=user.is_confirmed,
            created_at=user.created_at,
        )


class LoginAnswer(BaseModel):
    """An access token and whose it is."""

    access_token: str = Field(description="To be sent as `Authorization: Bearer …`.")
    token_type: Literal["Bearer"]
    expires_in: int = Field(description="Seconds until the token ends.")
    user: Account
