"""What is kept of a search that somebody has submitted."""

from __future__ import annotations

import logging
from dataclasses import replace

from sqlalchemy.exc import OperationalError

from edu.accounts.models import User
from edu.demand.service import note_empty_search
from edu.extensions import db
from edu.search.recent import remember_query
from edu.search.service import Found, SearchInput

log = logging.getLogger(__name__)


def record_search(user: User | None, wanted: SearchInput, found: Found) -> bool:
    """Remember the words for the person, and that the library lacks what was not found.

    Call it when the answer is made: the commit that it asks for lets go of what that shows. False
    where the database did not take it: a search goes on all the same.
    """
    try:
        remember_query(user, wanted.text)
        if not found.total and _asks_for_words_alone(wanted):
            note_empty_search(wanted.text, wanted.category)
    except OperationalError:  # a full disk, a busy database
        db.session.rollback()
        log.exception("search: not recorded")
        return False
    return True


def _asks_for_words_alone(wanted: SearchInput) -> bool:
    """Whether no filter but the subject's can be why nothing was found."""
    words = SearchInput(wanted.text, wanted.category, sort=wanted.sort, exact=wanted.exact)
    return replace(wanted, literal=(), page=1, per_page=None) == words
