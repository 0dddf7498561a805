"""What a caption and the name of a file tell of a material: guesses that a person looks over."""

from __future__ import annotations

import re
from collections.abc import Sequence

from bot.given import suffix_of
from edu.accounts.models import User
from edu.assistant.subjects import load_subjects
from edu.catalog.models import Category, MaterialType
from edu.library.service import list_uploads
from edu.materials.service import MAX_TAGS, MAX_TITLE
from edu.search.understanding.spans import fold_text

LAST_UPLOADS = 5
HASHTAG = re.compile(r"(?<!\w)#(\w{2,40})")
# Words of names that cameras, scanners and programs make up.
_MADE_UP = """
file document doc docx pdf img image vid video mov mp movie scan photo untitled noname wa new copy
telegram screen recording zoom at am pm без имени названия документ файл скан видео фото новый новая
копия из запись экрана снимок
"""
EMPTY_WORDS = frozenset(_MADE_UP.split())
# The word that stands first decides: «конспект лекций» are notes, «лекция: задача Коши» is none.
TYPE_WORDS = {
    MaterialType.EXAM: r"экзам|билет|зачет|контрольн|коллоквиум|exam(?!pl)|quiz|ekzamen|bilet",
    MaterialType.PROBLEMS: r"задач|задани|упражнен|домашн|дз\b|листок|problem|exercise|homework"
    r"|zadach|zadani",
    MaterialType.SEMINAR: r"семинар|практи[кч]|лаб\b|лабор|seminar|workshop|lab\b|sem\b",
    MaterialType.TEXTBOOK: r"учебник|учебн|пособи|методич|книг|textbook|book|uchebnik",
    MaterialType.LECTURE: r"лекц|видеолекц|lectu|lec\b|lek[tc]",
    MaterialType.NOTES: r"конспект|шпаргал|шпор|summary|notes|cheat|konspekt",
}
_TYPES = [(kind, re.compile(rf"(?<!\w)(?:{words})")) for kind, words in TYPE_WORDS.items()]
LETTERS = re.compile(r"[^\W\d_]+")


def words_of(name: str) -> str:
    """The name of a file as words: no suffix, no underscores."""
    stem = name[: len(name) - len(suffix_of(name))]
    return " ".join(stem.replace("_", " ").split())


def guess_tags(caption: str) -> list[str]:
    """The hashtags of a caption."""
    return list(dict.fromkeys(tag.lower() for tag in HASHTAG.findall(caption)))[:MAX_TAGS]


def guess_title(caption: str, name: str) -> str:
    """The caption's first line, else the file's name; "" where neither says anything."""
    lines = [" ".join(HASHTAG.sub(" ", line).split()) for line in caption.splitlines()]
    first = next(filter(None, lines), "")
    if sum(map(len, LETTERS.findall(first))) < 5:
        first = words_of(name)
        words = [word for word in LETTERS.findall(first.lower()) if len(word) > 1]
        if all(word in EMPTY_WORDS for word in words):
            return ""
    return first if len(first) <= MAX_TITLE else first[: MAX_TITLE - 1].rstrip() + "…"


def guess_description(caption: str) -> str:
    """What a caption says below its first line."""
    text = HASHTAG.sub(" ", caption).strip()
    return "\n".join(" ".join(line.split()) for line in text.splitlines()[1:]).strip()


def guess_type(*texts: str) -> str:
    """The type whose word stands first, in the first text that has one; "" for none."""
    for text in texts:
        folded = fold_text(text.replace("_", " "))
        found = [(m.start(), kind) for kind, pattern in _TYPES if (m := pattern.search(folded))]
        if found:
            return min(found)[1].value
    return ""


def find_named_categories(*texts: str) -> list[Category]:
    """The categories that are named, the likeliest first: parts of a named subject, subjects,
    other parts; what stands in an earlier text before what stands in a later one.
    """
    subjects = load_subjects()
    named: list[Category] = []
    for text in texts:
        # «матан3» names матан.
        parted = re.sub(r"(?<=[^\W\d_])(?=\d)|_", " ", text)
        for at in subjects.lexicon.find(fold_text(parted)):
            named += [subjects.categories[n] for n in at.groups if n < len(subjects.categories)]
    named = list(dict.fromkeys(named))
    return sorted(named, key=lambda one: _rank(one, named))


def _rank(category: Category, named: Sequence[Category]) -> tuple[int, int]:
    within = sum(step in named for step in category.trail[:-1])
    if within:
        return 0, -within
    return (1, 0) if category.parent_id is None else (2, 0)


def list_last_categories(user: User) -> list[Category]:
    """Where the person's last uploads lie, the latest first."""
    uploads = list_uploads(user, 1, per_page=LAST_UPLOADS).items
    return list(dict.fromkeys(each.category for each in uploads))
