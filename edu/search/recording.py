"""What is kept of a search that somebody has submitted."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from limits import parse
from redis.exceptions import RedisError
from sqlalchemy.exc import DBAPIError

from edu.accounts.models import User
from edu.demand.service import note_empty_search
from edu.extensions import client_address, db, limiter
from edu.search.recent import remember_query
from edu.search.service import Found, SearchInput
from edu.site.requests import sent_by_another_site

log = logging.getLogger(__name__)
_NOTED = parse("30 per day")  # searches in vain that count, of one person or address


def record_search(user: User | None, wanted: SearchInput, found: Found) -> None:
    """Remember the words for the person, and that the library lacks what was not found.

    Call it when the answer is made, and commit: that lets go of what the answer shows. Do both
    within as_far_as_possible().
    """
    if sent_by_another_site():
        return
    remember_query(user, wanted.text)
    if not found.total and _asks_for_words_alone(wanted) and _may_note(user):
        note_empty_search(wanted.text, wanted.category)


@contextmanager
def as_far_as_possible() -> Iterator[None]:
    """Where the database does not take what is written here, a search goes on all the same."""
    try:
        yield
    except DBAPIError:  # a full disk, a busy database, a person whose account has just gone
        db.session.rollback()
        log.exception("search: not recorded")


def _asks_for_words_alone(wanted: SearchInput) -> bool:
    """Whether no filter but the subject's can be why nothing was found."""
    words = SearchInput(wanted.text, wanted.category, sort=wanted.sort, exact=wanted.exact)
    return replace(wanted, literal=(), page=1, per_page=None) == words


def _may_note(user: User | None) -> bool:
    """Nobody alone fills the board of what is lacking; who asks is known to the limit only."""
    who = f"user:{user.id}" if user else f"address:{client_address()}"
    try:
        return limiter.limiter.hit(_NOTED, "empty searches", who)
    except RedisError as error:
        log.warning("search: not counted: %s", error)
        return False
