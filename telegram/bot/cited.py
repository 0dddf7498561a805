"""The places that a card shows when it is opened from an answer or from a plan."""

from __future__ import annotations

from collections.abc import Sequence

from bot.answers import list_places, make_place
from bot.people import Person
from edu.accounts.models import User
from edu.assistant.service import Citation, get_answer, get_saved_answer
from edu.assistant.showing import make_marks, sought
from edu.errors import NotFound
from edu.materials.models import Material
from edu.plans.own import find_own_step
from edu.search.hits import FoundMaterial

Found = tuple[FoundMaterial, str]


def find_cited(person: Person, origin: str, material: Material) -> Found | None:
    """What `a<question>-…`, `v<kept answer>-…` or `p<step>` say about the material, marks too."""
    number = origin[1:].partition("-")[0]
    find = {"a": _in_answer, "v": _in_kept, "p": _in_plan}.get(origin[:1])
    if person.user is None or find is None or not number.isdecimal():
        return None
    try:
        return find(person.user, int(number), material)
    except NotFound:  # deleted since, or the button is another person's who had this chat before
        return None


def _in_answer(user: User, number: int, material: Material) -> Found | None:
    shown = get_answer(user, number)
    return _cited(shown.citations, material, make_marks(sought(shown.question)))


def _in_kept(user: User, number: int, material: Material) -> Found | None:
    return _cited(get_saved_answer(user, number).citations, material, "")


def _cited(citations: Sequence[Citation], material: Material, marks: str) -> Found | None:
    for each in citations:
        if each.material.id == material.id and (places := list_places(each)):
            return FoundMaterial(material, places), marks
    return None


def _in_plan(user: User, number: int, material: Material) -> Found | None:
    step = find_own_step(user, number)
    place = make_place(material, step.kind, step.first or 0)
    if step.material_id != material.id or place is None:
        return None
    return FoundMaterial(material, [place]), ""
