"""People in JSON. Only their own account shows a person's e-mail address."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from edu.accounts.models import Role, User
from edu.accounts.service import MAX_NAME, MAX_PASSWORD, MIN_PASSWORD
from edu.api.schemas import Text

_ACCOUNT: dict[str, Any] = {
    "id": 2,
    "email": "maria@example.org",
    "name": "Мария",
    "role": "moderator",
    "confirmed": True,
    "locale": "ru",
    "theme": "auto",
    "created_at": "2026-02-01T09:00:00Z",
}


class LoginRequest(BaseModel):
    """The credentials of an account."""

    email: Text = Field(min_length=1, max_length=254)
    password: Text = Field(min_length=1, max_length=MAX_PASSWORD)
    code: Text | None = Field(
        None, max_length=40, description="Of the code app, or a spare one; with a second factor."
    )

    model_config = ConfigDict(
        json_schema_extra={"example": {"email": "maria@example.org", "password": "a long phrase"}}
    )


class RefreshRequest(BaseModel):
    """What keeps a program signed in."""

    refresh_token: Text = Field(min_length=1, max_length=200)

    model_config = ConfigDict(json_schema_extra={"example": {"refresh_token": "refresh_hL2…"}})


class Account(BaseModel):
    """The signed-in person's own account."""

    id: int
    email: str
    name: str = Field(description="The name that others see.")
    role: Role
    confirmed: bool = Field(description="Whether the e-mail address is confirmed.")
    locale: str = Field(description="Language of letters and pages; empty: the site's.")
    theme: str = Field(description="`light`, `dark`, `auto`; empty: not chosen.")
    created_at: datetime

    model_config = ConfigDict(json_schema_extra={"example": _ACCOUNT})

    @classmethod
    def of(cls, user: User) -> Account:
        """The account of `user`, for `user`."""
        return cls(
            id=user.id,
            email=user.email,
            name=user.name,
            role=Role(user.role),
            confirmed=user.is_confirmed,
            locale=user.locale,
            theme=user.theme,
            created_at=user.created_at,
        )


class ProfileChange(BaseModel):
    """What is left out stays."""

    name: Text | None = Field(None, min_length=1, max_length=MAX_NAME)
    locale: Literal["ru", "en"] | None = None
    theme: Literal["auto", "light", "dark"] | None = None

    model_config = ConfigDict(json_schema_extra={"example": {"name": "Мария", "theme": "dark"}})


class PasswordChange(BaseModel):
    """The password from now on."""

    old_password: Text | None = Field(
        None, max_length=MAX_PASSWORD, description="Left out by an account that has none yet."
    )
    new_password: Text = Field(min_length=MIN_PASSWORD, max_length=MAX_PASSWORD)

    model_config = ConfigDict(
        json_schema_extra={
            "example": {"old_password": "a long phrase", "new_password": "a longer phrase"}
        }
    )


class LoginAnswer(BaseModel):
    """An access token and whose it is, and the refresh token for the next one."""

    access_token: str = Field(description="To be sent as `Authorization: Bearer …`.")
    refresh_token: str = Field(description="Works once, at `POST /api/auth/refresh`.")
    token_type: Literal["Bearer"]
    expires_in: int = Field(description="Seconds until the access token ends.")
    refresh_expires_in: int = Field(description="Seconds until the refresh token ends.")
    user: Account

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "access_token": "eyJ0eXAiOiJhdCtqd3QiLCJhbGciOiJIUzI1NiIsImtpZCI6Ii…",
                "refresh_token": "refresh_hL2…",
                "token_type": "Bearer",
                "expires_in": 900,
                "refresh_expires_in": 2592000,
                "user": _ACCOUNT,
            }
        }
    )
