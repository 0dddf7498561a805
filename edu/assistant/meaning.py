"""What a question was taken to mean, in plain data. understanding.py finds it out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from datetime import date
from enum import StrEnum
from typing import Any, Literal


class Intent(StrEnum):
    """What the person wants of the answer."""

    RECOMMEND = "recommend"  # materials
    EXPLAIN = "explain"  # something, out of the materials
    PLAN = "plan"  # what to do until when


Level = Literal["", "basic", "advanced"]
_ROWS = ("types", "kinds", "semesters", "about", "without")


@dataclass(frozen=True, slots=True)
class Meaning:
    """A question as it was understood, together with what its conversation adds to it.

    `words` are what to look for, without those that became something else; `category_id` a subject
    or a part of one; `kinds` are those of files ("video"). `year` counts courses of study (1 is
    semesters 1 and 2), which `semesters` holds already. `count` is how many materials were asked
    for, 0 for no number. `minutes_a_week` 0 means that nothing was said of it. `follows`: the
    question is about the answer before it: about its material number `pick` from 1 (-1 is the
    last, 0 none), or about `more` than it named. following.refer() turns these two into ids: of
    the materials that it is `about`, and of those to go `without`.
    """

    words: str = ""
    intent: Intent = Intent.RECOMMEND
    category_id: int | None = None
    types: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ()
    semesters: tuple[int, ...] = ()
    year: int | None = None
    level: Level = ""
    exam_on: date | None = None
    weeks: int = 0
    minutes_a_week: int = 0
    count: int = 0
    follows: bool = False
    pick: int = 0
    more: bool = False
    about: tuple[int, ...] = ()
    without: tuple[int, ...] = ()

    @property
    def asks_nothing(self) -> bool:
        """Whether nothing says what of the library is meant."""
        return not (
            self.words
            or self.category_id
            or self.types
            or self.kinds
            or self.semesters
            or self.about
        )

    def as_json(self) -> dict[str, Any]:
        """Plain values, for a column of the database."""
        said = asdict(self)
        return said | {"exam_on": self.exam_on.isoformat() if self.exam_on else None}

    @classmethod
    def of_json(cls, said: Mapping[str, Any]) -> Meaning:
        """What `as_json` gave, also that of an older version; unknown keys are left out."""
        known = {key: said[key] for key in (one.name for one in fields(cls)) if key in said}
        for key in _ROWS:
            known[key] = tuple(known.get(key) or ())
        day = known.get("exam_on")
        known["exam_on"] = date.fromisoformat(day) if day else None
        known["intent"] = Intent(known.get("intent", Intent.RECOMMEND))
        return cls(**known)
