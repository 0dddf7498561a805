"""What a search was taken to mean, in plain data. understanding.py finds it out."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal, Protocol

from edu.search.base import SimilarWord, Wording

ChangeKind = Literal[
    "layout", "translit", "spelling", "alias", "type", "kind", "semester", "course", "year"
]


@dataclass(frozen=True, slots=True)
class Change:
    """One thing that was understood otherwise than it was typed: shown, and taken back by it.

    `said` is what was typed, or what an earlier change made of it, as `literal` takes it back;
    `meant` what it was taken for: words, a material type's or kind's name, a number.
    """

    kind: ChangeKind
    said: str
    meant: str


@dataclass(frozen=True, slots=True)
class Understood:
    """A search as it was understood. `text` is what is looked for, without the filters' words.

    `unfiltered` put it without those words, too, that might be filters but were to be as typed:
    what holds the rest is found beside what holds them.
    """

    text: str
    wordings: tuple[Wording, ...]
    changes: tuple[Change, ...] = ()
    type: str | None = None
    kind: str | None = None
    semesters: tuple[int, ...] | None = None
    year: int | None = None
    unfiltered: tuple[Wording, ...] = ()

    @property
    def narrows(self) -> bool:
        """Whether words of the query became filters."""
        return any(value is not None for value in (self.type, self.kind, self.semesters, self.year))


class Words(Protocol):
    """What understanding asks of an index (SearchIndex has it)."""

    def count_documents(self, wordings: Iterable[tuple[str, ...]]) -> list[int]: ...

    def similar_words(self, stem: str, edits: int, limit: int) -> list[SimilarWord]: ...


# The names of one thing of the catalogue, each as people write it, the name itself first:
# («Математический анализ», «матан», «матанализ»).
NameGroup = tuple[str, ...]
