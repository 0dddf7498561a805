"""Which subject of the catalogue a question names."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from edu.assistant.asking_words import own_words
from edu.assistant.cuts import Cuts
from edu.catalog.models import Category
from edu.catalog.service import list_tree, walk
from edu.materials.service import count_by_category
from edu.search.analysis import WORD, stem_word
from edu.search.understanding.lexicon import Lexicon, NameAt, make_lexicon
from edu.search.understanding.meaning import NameGroup
from edu.search.understanding.slang import COMMON_NAMES, add_common_names
from edu.search.understanding.spans import Span

# With these before it a name is a place to look in, whatever follows.
_ADDRESSED = re.compile(
    r"(?:(?:по|из|курс[а-я]*|предмет[а-я]*|теме|тему|разделу?|on|for|in|from|of)\W+)+$"
)
_JOINED = re.compile(r"^\s+(?=[\w«])")  # something follows that the name may be a part of
_SMALL_AHEAD = re.compile(
    r"^\s*(?:(?:по|на|за|для|про|с|со|в|к|из|и|или|а|о|об|если|мне|on|for|in|about|with|and|i)(?!\w)"
    r"|[^\w\s]|$)"
)
_ADJECTIVE = re.compile(r"\w{2}(?:ый|ий|ой|ая|яя|ое|ее|ые|ие|ых|их)\s+$")
_SLANG = frozenset(name for group in COMMON_NAMES for name in group[1:] if " " not in name)


@dataclass(frozen=True, slots=True)
class Subjects:
    """The catalogue as questions name it: `categories` are those of the lexicon's first groups."""

    categories: tuple[Category, ...]
    groups: tuple[NameGroup, ...]
    lexicon: Lexicon
    counts: dict[int, int]  # published materials of a category and all below it


def load_subjects() -> Subjects:
    """Read the catalogue. A few queries."""
    categories = tuple(walk(list_tree()))
    own = [(each.name, *(alias.alias for alias in each.aliases)) for each in categories]
    groups = add_common_names(own)
    return Subjects(categories, groups, make_lexicon(groups), count_by_category())


def take_subject(cuts: Cuts, subjects: Subjects) -> Category | None:
    """The category that is named, its name cut out; the deepest, where it and its subject are.

    A part of a subject («ряды») is a place to look in only beside its subject, after «по», or when
    nothing else is asked for; else it is a word like others: «ряды Фурье» may lie anywhere, and so
    may what belongs to a part that holds nothing.
    """
    named = [
        (at, categories)
        for at in subjects.lexicon.find(cuts.left)
        if (categories := _categories(at, subjects))
    ]
    tops = [(at, top) for at, found in named for top in found if _is_top(top)]
    chosen = [(at, top) for at, top in tops if _is_place(at, cuts)]
    if len({top.id for _at, top in chosen}) > 1:
        chosen = _only_subject(chosen, subjects)
        if not chosen:
            return None
    root = chosen[0][1] if chosen else None
    part = _find_part(named, root, cuts, subjects)
    if part is not None and part[0].own == subjects.lexicon.keys(part[1].name):
        _cut(cuts, part[0])  # another name of it may say more than the part's own: it stays
    for at, _top in chosen:
        _cut(cuts, at)
    return part[1] if part is not None else root


def _categories(at: NameAt, subjects: Subjects) -> list[Category]:
    """Those of that name, subjects before parts, those that hold something first."""
    size = len(subjects.categories)
    found = [subjects.categories[number] for number in at.groups if number < size]
    return sorted(found, key=lambda one: (not _is_top(one), not subjects.counts.get(one.id)))


def _is_top(category: Category) -> bool:
    return category.parent_id is None


def _only_subject(
    chosen: list[tuple[NameAt, Category]], subjects: Subjects
) -> list[tuple[NameAt, Category]]:
    """Of several categories under one name the fullest; two subjects in one question are none."""
    spans = {at.span for at, _top in chosen}
    if len(spans) > 1 and not set.intersection(
        *({top.id for at, top in chosen if at.span == span} for span in spans)
    ):
        return []
    best = max(chosen, key=lambda one: subjects.counts.get(one[1].id, 0))
    return [best]


def _is_place(at: NameAt, cuts: Cuts) -> bool:
    """Whether a subject's name says where to look, and is no common word of something else:
    «история появления интеграла», «физика волн».
    """
    before, after = cuts.left[: at.span.start], cuts.left[at.span.end :]
    name = cuts.left[at.span.start : at.span.end]
    if _ADDRESSED.search(before):
        return True
    if _ADJECTIVE.search(before):
        return False
    if len(at.own) > 1 or _is_slang(name):
        return True
    return not _JOINED.match(after) or bool(_SMALL_AHEAD.match(after))


def _is_slang(name: str) -> bool:
    return any(name.startswith(word) and len(name) - len(word) <= 2 for word in _SLANG)


def _find_part(
    named: Sequence[tuple[NameAt, Sequence[Category]]],
    root: Category | None,
    cuts: Cuts,
    subjects: Subjects,
) -> tuple[NameAt, Category] | None:
    for at, found in named:
        for part in found:
            if _is_top(part) or not subjects.counts.get(part.id):
                continue
            within = root is not None and root in part.trail
            if within or (root is None and _is_all(at, cuts)):
                return at, part
    return None


def _is_all(at: NameAt, cuts: Cuts) -> bool:
    """Whether nothing else is named."""
    rest = cuts.left[: at.span.start] + " " + cuts.left[at.span.end :]
    words = (word for word in WORD.findall(rest) if word not in own_words())
    return not any(stem_word(word) for word in words)


def _cut(cuts: Cuts, at: NameAt) -> None:
    start = at.span.start
    before = _ADDRESSED.search(cuts.left[:start])
    cuts.cut(Span(before.start() if before else start, at.span.end))
