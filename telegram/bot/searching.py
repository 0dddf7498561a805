"""The search behind a chat's buttons: how it is kept, and how it is done again."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace

from flask_babel import gettext as _

from bot.lists import PER_PAGE
from bot.state import State
from edu.catalog.service import find_category
from edu.errors import NotFound
from edu.search.hits import FoundMaterial
from edu.search.service import MAX_PAGE, MAX_QUERY, Found, SearchInput, find_materials


@dataclass(frozen=True, slots=True)
class Wanted:
    """Words, and the filters chosen with buttons."""

    text: str
    type: str = ""
    category: int = 0
    exact: bool = False


def clean(text: str) -> str:
    """The words as they are searched for."""
    return " ".join(text.replace("\0", " ").split())[:MAX_QUERY]


def write(state: State, wanted: Wanted) -> int:
    """The number of this search in the chat's buttons."""
    kept = [wanted.text, wanted.type, wanted.category, wanted.exact]
    return state.remember(json.dumps(kept, ensure_ascii=False))


def read(state: State, number: int) -> Wanted:
    """The search of that number. Raises NotFound when it has been forgotten."""
    kept = state.recall(number)
    if kept is None:
        raise NotFound(_("I no longer remember this search. Please send it again."))
    return Wanted(*json.loads(kept))


def find(wanted: Wanted, page: int, *, counts: bool = False, per_page: int = PER_PAGE) -> Found:
    """One page of what strangers may find; the last one where the library has shrunk.

    Raises Unavailable when the index cannot be read.
    """
    asked = SearchInput(
        text=wanted.text,
        type=wanted.type or None,
        category=find_category(str(wanted.category)) if wanted.category else None,
        exact=wanted.exact,
        page=min(max(page, 1), MAX_PAGE),
        per_page=per_page,
    )
    found = find_materials(asked, counts=counts)
    if found.page > found.pages:
        found = find_materials(replace(asked, page=found.pages), counts=counts)
    return found


def find_hit(state: State, origin: str, material_id: int) -> tuple[FoundMaterial, str] | None:
    """The hit that a card of `s<search>-<page>` shows, and the words to mark; None for no such."""
    number, _dash, page = origin[1:].partition("-")
    kept = state.recall(int(number)) if origin[:1] == "s" and number.isdecimal() else None
    if kept is None:
        return None
    found = find(Wanted(*json.loads(kept)), int(page) if page.isdecimal() else 1)
    hits = [hit for hit in found.items if hit.material.id == material_id]
    return (hits[0], found.marks) if hits else None
