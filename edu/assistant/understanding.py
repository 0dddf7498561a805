"""What a question asks for: a subject of the catalogue, a kind of material, words to look for."""

from __future__ import annotations

import functools
from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass

from edu.catalog.models import Category, MaterialType
from edu.catalog.service import list_tree, walk
from edu.search.analysis import WORD, stem_word, stems

# As people call them, in all the forms whose stems differ.
TYPE_WORDS: Mapping[MaterialType, str] = {
    MaterialType.LECTURE: "лекция лекции лекций лекционный lecture lectures",
    MaterialType.SEMINAR: "семинар семинары практикум seminar seminars workshop",
    MaterialType.PROBLEMS: "задача задачи задач задачник задание упражнение упражнения "
    "problem problems exercise exercises",
    MaterialType.TEXTBOOK: "учебник учебники пособие книга книги textbook textbooks book books",
    MaterialType.EXAM: "экзамен экзамены экзаменационный билет билеты зачёт зачёты "
    "exam exams examination",
    MaterialType.NOTES: "конспект конспекты шпаргалка notes summary",
}
# Words of asking and learning, which say nothing of what is asked for.
ASKING = (
    "дай дайте покажи покажите найди найдите посоветуй посоветуйте порекомендуй рекомендуй "
    "подбери подберите помоги помогите расскажи объясни составь нужно нужен нужна нужны хочу "
    "надо есть можно подготовиться подготовка готовиться изучить изучать изучение понять "
    "разобраться выучить учить начать сдать материал материалы план курс предмет тема теме "
    "give show find recommend suggest help tell explain prepare preparation study learn "
    "understand need want start pass material materials plan course subject topic"
)
LONGEST_NAME = 8  # words
LONGEST_ENDING = 3  # letters

Words = list[tuple[str, str]]  # as written, and the stem
Names = dict[tuple[str, ...], Category]  # by stems


@dataclass(frozen=True, slots=True)
class Understood:
    """What is left when subject and kind are taken out of the question."""

    words: str
    category: Category | None = None
    type: MaterialType | None = None


@functools.cache
def _types() -> Mapping[str, MaterialType]:
    return {stem: kind for kind, words in TYPE_WORDS.items() for stem in stems(words) if stem}


@functools.cache
def _asking() -> frozenset[str]:
    return frozenset(stems(ASKING))


def understand(question: str) -> Understood:
    """Read the question; what is not recognised stays among the words to look for."""
    names = _names()
    known = _types().keys() | _asking() | {stem for name in names for stem in name}
    words = [(word, stem) for word in WORD.findall(question) if (stem := _stem(word, known))]
    category, words = _take_category(words, names)
    kind = next((_types()[stem] for _word, stem in words if stem in _types()), None)
    spoken = [(word, stem) for word, stem in words if _types().get(stem) is None]
    left = [word for word, stem in spoken if stem not in _asking()]
    if not left and category is None and kind is None:
        return Understood(question.strip())
    return Understood(" ".join(left), category, kind)


def _stem(word: str, known: Set[str]) -> str:
    """The stem; of slang, which stems badly («матан», «матану»), one without the ending."""
    stem = stem_word(word)
    if stem and stem not in known:
        shorter = (word[:-n] for n in range(1, LONGEST_ENDING + 1) if len(word) - n >= 4)
        return next((one for part in shorter if (one := stem_word(part)) in known), stem)
    return stem


def _take_category(words: Words, names: Names) -> tuple[Category | None, Words]:
    """The category named in the words, the deepest of those named, and the words without names."""
    found: list[Category] = []
    left: Words = []
    place = 0
    while place < len(words):
        length, category = _longest(names, [stem for _word, stem in words[place:]])
        if category is not None and _agrees(category, found):
            found.append(category)
        else:
            length = 1
            left.append(words[place])
        place += length
    return (max(found, key=lambda one: len(one.trail)) if found else None), left


def _longest(names: Names, row: Sequence[str]) -> tuple[int, Category | None]:
    for length in range(min(LONGEST_NAME, len(row)), 0, -1):
        if tuple(row[:length]) in names:
            return length, names[tuple(row[:length])]
    return 1, None


def _agrees(category: Category, found: Sequence[Category]) -> bool:
    """Two subjects in one question are no place: the second stays a word to look for."""
    return all(category in other.trail or other in category.trail for other in found)


def _names() -> Names:
    """Names and aliases in stems; of two categories with the same one the higher counts."""
    names: Names = {}
    for category in sorted(walk(list_tree()), key=lambda one: len(one.trail)):
        for key in _keys(category):
            names.setdefault(key, category)
    return names


def _keys(category: Category) -> Iterator[tuple[str, ...]]:
    for name in (category.name, *(alias.alias for alias in category.aliases)):
        key = tuple(stem for stem in stems(name) if stem)
        if key and len("".join(key)) > 1:
            yield key
