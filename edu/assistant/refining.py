"""What a model makes of a question, let through only where it makes sense."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

from edu.assistant.meaning import Intent, Meaning
from edu.assistant.times import MOST_DAYS, MOST_MINUTES, MOST_WEEKS
from edu.assistant.wishes import MOST_ASKED
from edu.catalog.models import Category, MaterialType
from edu.catalog.service import find_category, find_category_by_name
from edu.extensions import utcnow
from edu.materials.models import KINDS
from edu.search.understanding.when_words import MOST_COURSES, MOST_SEMESTERS

LONGEST_WORDS = 200  # characters of the words to look for

# For a grammar or a server's response format: small, so that small models keep to it.
REFINEMENT_SCHEMA: Mapping[str, Any] = {
    "type": "object",
    "additionalProperties": False,
    "properties": {
        "words": {"type": "string", "maxLength": LONGEST_WORDS},
        "intent": {"enum": [each.value for each in Intent]},
        "subject": {"type": "string", "maxLength": 120},
        "types": {
            "type": "array",
            "maxItems": 3,
            "items": {"enum": [each.value for each in MaterialType]},
        },
        "semester": {"type": "integer", "minimum": 0, "maximum": MOST_SEMESTERS},
        "level": {"enum": ["", "basic", "advanced"]},
        "exam_on": {"type": "string", "maxLength": 10},
        "minutes_a_week": {"type": "integer", "minimum": 0, "maximum": MOST_MINUTES},
        "count": {"type": "integer", "minimum": 0, "maximum": MOST_ASKED},
    },
    "required": ["intent"],
}


def refine(meaning: Meaning, said: Mapping[str, Any]) -> Meaning:
    """The meaning with what a model adds. Rules have the last word on what they have found; what
    is no category, type or sane number is left out.
    """
    changes: dict[str, Any] = {}
    if meaning.asks_nothing and (words := _text(said.get("words"))):
        changes["words"] = words
    if meaning.intent is Intent.RECOMMEND and said.get("intent") in tuple(Intent):
        changes["intent"] = Intent(said["intent"])
    if meaning.category_id is None and (category := _category(said.get("subject"))):
        changes["category_id"] = category.id
    if not meaning.types:
        changes["types"] = _known(said.get("types"), MaterialType)[:3]
    if not meaning.kinds:
        changes["kinds"] = _known(said.get("kinds"), KINDS.values())
    if not meaning.semesters and (number := _number(said.get("semester"), MOST_SEMESTERS)):
        changes["semesters"] = (number,)
    if meaning.year is None and not meaning.semesters and "semesters" not in changes:
        year = _number(said.get("year"), MOST_COURSES)
        changes |= {"year": year, "semesters": (2 * year - 1, 2 * year)} if year else {}
    if not meaning.level and said.get("level") in ("basic", "advanced"):
        changes["level"] = said["level"]
    if meaning.exam_on is None:
        changes["exam_on"] = _day(said.get("exam_on"))
    for name, most in (("weeks", MOST_WEEKS), ("minutes_a_week", MOST_MINUTES)):
        changes[name] = getattr(meaning, name) or _number(said.get(name), most)
    changes["count"] = meaning.count or _number(said.get("count"), MOST_ASKED)
    return replace(meaning, **changes)


def _text(value: object) -> str:
    """Plain words on one line, without signs that search or answers would read."""
    if not isinstance(value, str):
        return ""
    return " ".join("".join(c if c.isalnum() or c in "+#-'" else " " for c in value).split())[
        :LONGEST_WORDS
    ]


def _category(value: object) -> Category | None:
    if isinstance(value, int) and not isinstance(value, bool):
        return find_category(str(value)) if value > 0 else None
    return find_category_by_name(value) if isinstance(value, str) and value.strip() else None


def _known(value: object, allowed: Iterable[str]) -> tuple[str, ...]:
    if not isinstance(value, (list, tuple)):
        return ()
    names = {str(name) for name in allowed}
    return tuple(dict.fromkeys(one for one in value if isinstance(one, str) and one in names))


def _number(value: object, most: int) -> int:
    """A whole number from 1 to `most`, else 0."""
    sane = isinstance(value, int) and not isinstance(value, bool) and 0 < value <= most
    return value if sane and isinstance(value, int) else 0


def _day(value: object) -> date | None:
    if not isinstance(value, str):
        return None
    try:
        day = date.fromisoformat(value)
    except ValueError:
        return None
    today = utcnow().date()
    return day if today <= day <= today + timedelta(MOST_DAYS) else None
