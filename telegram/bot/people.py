"""Who writes to the bot."""

from __future__ import annotations

from dataclasses import dataclass

from edu.accounts.models import User
from edu.extensions import db
from edu.telegram_links.service import person_of


@dataclass(frozen=True, slots=True)
class Person:
    """Whoever writes in a private chat; `user` is None until the chat is linked to an account."""

    chat_id: int
    user: User | None
    locale: str


def find_person(chat_id: int, locale: str) -> Person:
    """Whose chat it is, as long as the link holds. Commits, for asking may renew the link's tokens.

    `locale` is what the chat is spoken to in.
    """
    user = person_of(chat_id)
    # Whatever the answer comes to: a token that was used up stays used up, with the one after it.
    db.session.commit()
    return Person(chat_id, user, locale)
