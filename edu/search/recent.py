"""What a person has searched for, for them alone: the newest few, each wording once."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import ColumnElement, Row, delete, select, true, update

from edu.accounts.models import User
from edu.extensions import MAX_ID, change_rows, db, insert_if_absent, utcnow
from edu.search.keys import name_key
from edu.search.models import RecentQuery

KEPT = 30
_LONGEST = 300


def remember_query(user: User | None, text: str) -> None:
    """The person has searched for this just now; of strangers nothing is kept."""
    text = " ".join(text.split())[:_LONGEST]
    key = name_key(text)[:_LONGEST]
    if user is None or not key:
        return
    now = utcnow()
    if not insert_if_absent(RecentQuery, user_id=user.id, key=key, text=text, asked_at=now):
        known = update(RecentQuery).where(RecentQuery.user_id == user.id, RecentQuery.key == key)
        change_rows(known.values(text=text, asked_at=now))
    kept = list_recent(user)
    if len(kept) == KEPT:
        _forget(user, RecentQuery.id.not_in([each.id for each in kept]))


def list_recent(user: User) -> Sequence[Row[int, str]]:
    """Ids and texts, the newest first."""
    query = select(RecentQuery.id, RecentQuery.text).where(RecentQuery.user_id == user.id)
    newest = query.order_by(RecentQuery.asked_at.desc(), RecentQuery.id.desc())
    return db.session.execute(newest.limit(KEPT)).all()


def forget_query(user: User, query_id: int) -> None:
    """Forget one of the person's own; it is no error if there is no such."""
    if query_id <= MAX_ID:
        _forget(user, RecentQuery.id == query_id)


def clear_queries(user: User) -> None:
    """Forget all that the person has searched for."""
    _forget(user, true())


def _forget(user: User, which: ColumnElement[bool]) -> None:
    change_rows(delete(RecentQuery).where(RecentQuery.user_id == user.id, which))
