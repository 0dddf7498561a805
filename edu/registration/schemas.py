"""Sign-up and recovery in JSON."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from edu.accounts.service import MAX_NAME, MAX_PASSWORD, MIN_PASSWORD
from edu.api.schemas import Text

Language = Literal["ru", "en"]


class RegisterRequest(BaseModel):
    """Who wants an account."""

    email: Text = Field(min_length=1, max_length=254)
    password: Text = Field(min_length=MIN_PASSWORD, max_length=MAX_PASSWORD)
    name: Text = Field(min_length=1, max_length=MAX_NAME, description="The name that others see.")
    locale: Language | None = Field(None, description="Of letters and pages; else the site's.")

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "email": "alice@example.org",
                "password": "a long phrase",
                "name": "Алиса",
                "locale": "ru",
            }
        }
    )


class RecoverRequest(BaseModel):
    """Whose password is forgotten."""

    email: Text = Field(min_length=1, max_length=254)
    locale: Language | None = Field(
        None, description="Of the letter; else the account's or site's."
    )

    model_config = ConfigDict(json_schema_extra={"example": {"email": "alice@example.org"}})


class LetterSent(BaseModel):
    """A letter with a link goes to the address; this says nothing of whether it has an account."""

    detail: str = Field(description="A sentence for people, in the language of the site.")

    model_config = ConfigDict(
        json_schema_extra={"example": {"detail": "A letter with a link is on its way."}}
    )
