"""Answers to frequent questions, kept for a day and for one state of the library."""

from __future__ import annotations

import hashlib
import json
import logging
import unicodedata
from datetime import timedelta
from typing import TYPE_CHECKING

from sqlalchemy import delete, or_, select

from edu.assistant.engines.choose import options_of
from edu.assistant.instructions import prompt_version
from edu.assistant.models import CachedAnswer, Question
from edu.extensions import change_rows, db, insert_if_absent, search_index, settings, utcnow
from edu.materials.service import load_active
from edu.search.base import IndexUnavailable

if TYPE_CHECKING:
    from edu.assistant.drafts import Draft

log = logging.getLogger(__name__)
KEPT = timedelta(days=1)
MOST = 1000
# What an answer may be made of: all that is published, which everybody who may ask sees.
SEEN = "published"


def key_of(question: Question) -> str | None:
    """The key of a question that begins a conversation; None while the index does not answer.

    The day counts: «in two weeks» is another day tomorrow.
    """
    try:
        generation = search_index().generation()
    except IndexUnavailable as error:
        log.warning("no answer is looked for: %s", error)
        return None
    options, config = options_of(settings()), settings()
    told = [
        *(options.engine, options.model, options.base_url, options.context),
        *(config.assistant_max_tokens, prompt_version(), question.locale, normalise(question.text)),
        *(SEEN, generation, utcnow().date().isoformat()),
    ]
    return hashlib.sha256(json.dumps(told, ensure_ascii=False).encode()).hexdigest()


def normalise(text: str) -> str:
    """The question without what makes no difference: case, spaces, ё, the marks at its end."""
    # Only what is understood alike: «①» is not read as 1, and its answer would be everybody's.
    plain = unicodedata.normalize("NFC", text).lower().replace("ё", "е")
    return " ".join(plain.split()).rstrip("?!.… ")


def find_answer(key: str) -> CachedAnswer | None:
    """The answer, if all that it names is still published."""
    found = db.session.get(CachedAnswer, key)
    if found is None or found.created_at < utcnow() - KEPT:
        return None
    cited = {citation["material_id"] for citation in found.citations}
    return found if cited <= load_active(cited).keys() else None


def keep_answer(key: str, draft: Draft) -> None:
    """Keep a whole answer that nothing went wrong with."""
    values = {
        "answer": draft.text,
        "citations": draft.citations,
        "meaning": draft.meaning.as_json(),
        "engine": draft.engine,
        "prompt": draft.prompt,
        "removed": draft.removed,
        "created_at": utcnow(),
    }
    # Whatever is there under this key was no longer good for a hit.
    change_rows(delete(CachedAnswer).where(CachedAnswer.key == key))
    insert_if_absent(CachedAnswer, key=key, **values)
    _forget_old()


def _forget_old() -> None:
    ages = select(CachedAnswer.created_at).order_by(CachedAnswer.created_at.desc())
    oldest = ages.offset(MOST).limit(1).scalar_subquery()
    old = CachedAnswer.created_at < utcnow() - KEPT
    change_rows(delete(CachedAnswer).where(or_(old, CachedAnswer.created_at <= oldest)))
