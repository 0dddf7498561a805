"""`@bot words` in any chat: what the library has, for everybody to read."""

from __future__ import annotations

import hashlib
import logging
from dataclasses import dataclass

from flask import Flask
from flask_babel import force_locale

from bot import searching
from bot.lists import facts, item
from bot.places import place_address, place_label, snippet
from bot.replies import choose_language
from bot.searching import Wanted
from bot.texts import shorten
from edu.errors import EduError
from edu.materials.models import Material
from edu.materials.service import list_newest
from edu.search.hits import FoundPlace
from edu.site.context import format_rating

log = logging.getLogger(__name__)
PER_ANSWER = 10
MAX_DESCRIPTION = 120


@dataclass(frozen=True, slots=True)
class Result:
    """A result: what the list shows of it, the HTML that is sent, the address it opens."""

    id: str
    title: str
    description: str
    text: str
    address: str


@dataclass(frozen=True, slots=True)
class Results:
    """Some results, and where the next begin ("" for the end)."""

    items: tuple[Result, ...]
    next_offset: str = ""


def answer(app: Flask, language_code: str | None, query: str, offset: str) -> Results:
    """What is found, published materials only; without words the newest."""
    with app.app_context(), force_locale(choose_language(language_code)):
        try:
            return _answer(searching.clean(query), int(offset) if offset.isdecimal() else 1)
        except EduError as error:
            log.info("no inline answer: %s", error)
            return Results(())


def _answer(query: str, page: int) -> Results:
    if not query:
        return Results(tuple(_result(each, None, "") for each in list_newest(PER_ANSWER)))
    found = searching.find(Wanted(query), page, per_page=PER_ANSWER)
    items = tuple(
        _result(hit.material, hit.places[0] if hit.places else None, found.marks)
        for hit in found.items
    )
    return Results(items, str(page + 1) if page < found.pages else "")


def _result(material: Material, place: FoundPlace | None, marks: str) -> Result:
    address = place_address(material, place, marks)
    stars = f"★ {format_rating(material.rating_mean)} · " if material.rating_votes else ""
    about = f"{stars}{facts(material).split(' · ★')[0]}"
    text = item(0, material, address).removeprefix("0. ")
    if place is not None:
        about = f"{about} · {place_label(place)}"
        text = f"{text}\n<i>{place_label(place)}</i> {snippet(place.pieces)}"
    name = hashlib.sha256(f"{material.id} {address}".encode()).hexdigest()[:32]
    title = shorten(material.title, MAX_DESCRIPTION)
    return Result(name, title, shorten(about, MAX_DESCRIPTION), text, address)
