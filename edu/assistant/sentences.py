"""The sentences of passages that answer a question best."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from edu.assistant.findings import PassageFound
from edu.search.analysis import stems

SHORTEST, LONGEST = 40, 320  # characters of a sentence that is quoted
MOST_SENTENCES = 3
LEAST_LETTERS = 0.6  # of the characters: the rest of a formula is not read without its signs
LEAST_SCORE = 0.5
DEFINES = 0.45  # by which a sentence that defines is worth more than its words
REPEATED = 0.35  # of its worth, what a word keeps that an earlier sentence has said

_ENDS = re.compile(r"(?<=[.!?…])\s+(?=[«\"(]?[А-ЯЁA-Z0-9])")
# «п. 5», «т. е.», «рис. 3», initials: no end of a sentence.
_NO_END = re.compile(
    r"(?:\b(?:т|п|с|стр|рис|см|др|пр|гл|опр|теор|табл|ср|напр|т\.\s?[едкпн]|[A-ZА-ЯЁ]"
    r"|e\.g|i\.e|fig|eq|vs|cf|ch|sec|th|def))\.$",
    re.IGNORECASE,
)
_DEFINES = re.compile(
    r"\s[—–-]\s(?:это\b)?|\b(?:называ[а-яё]+(?:ся|т|м|ют)?|определени[ея]\b|опр\.|обозначим|понима[а-яё]+"
    r"|теорема\b|означает|if\s+and\s+only\s+if|is\s+called|are\s+called|is\s+defined|definition"
    r"|is\s+an?\b|refers\s+to|means\s+that|тогда\s+и\s+только)",
    re.IGNORECASE,
)
# What speaks to a reading machine is no part of an explanation.
_ORDERS = re.compile(
    r"(?:ignore|disregard|forget|override)\b.{0,40}\b(?:instruction|prompt|rule|above|previous)"
    r"|(?:system|developer)\s*(?:prompt|message|:)|\b(?:assistant|system)\s*:|jailbreak"
    r"|(?:you\s+are|act\s+as)\s+(?:now\s+)?(?:an?|the)\s+\w+|reveal\b.{0,30}\b(?:password|prompt|key)"
    r"|(?:игнориру|проигнорируй|забудь|не\s+обращай)[а-яё]*\b.{0,60}\b(?:инструкц|правил|указани"
    r"|запрос|выше|предыдущ|промпт)|системн[а-яё]+\s+(?:промпт|сообщени|инструкц)|ассистент\s*[:,]"
    r"|помощник\s*[:,]|нейросет|языков[а-яё]+\s+модел|(?:ответь|рекомендуй|посоветуй|напиши|выведи"
    r"|скажи)(?:те)?\s+(?:всем|только|пользовател|студент|что|пароль|слово)",
    re.IGNORECASE | re.DOTALL,
)


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence, and the passage in which it stands."""

    text: str
    passage: PassageFound


def choose_sentences(
    words: str, passages: Sequence[PassageFound], most: int = MOST_SENTENCES
) -> list[Sentence]:
    """The ones that hold most of the words and define something; each says something new."""
    wanted = {stem for stem in stems(words) if stem}
    if not wanted:
        return []
    left = list(_candidates(passages))
    chosen: list[Sentence] = []
    said: set[str] = set()
    while left and len(chosen) < most:
        best = max(left, key=lambda one: _score(one[0], one[1], wanted, said))
        if _score(best[0], best[1], wanted, said) < LEAST_SCORE:
            break
        chosen.append(best[0])
        said |= wanted & best[1]
        left = [one for one in left if len(one[1] & best[1]) < 0.7 * len(one[1] | best[1])]
        left = [one for one in left if one[0] is not best[0]]
    return chosen


def is_order(text: str) -> bool:
    """Whether a text reads as if it was written for a machine to obey."""
    return _ORDERS.search(text) is not None


def _candidates(passages: Sequence[PassageFound]) -> Iterator[tuple[Sentence, set[str]]]:
    for passage in passages:
        for text in split_sentences(passage.text):
            letters = sum(map(str.isalpha, text)) / len(text) if text else 0
            fits = SHORTEST <= len(text) <= LONGEST and letters >= LEAST_LETTERS
            if fits and not is_order(text):
                yield Sentence(text, passage), {stem for stem in stems(text) if stem}


def split_sentences(text: str) -> list[str]:
    """The sentences of a text whose spaces are folded."""
    found: list[str] = []
    for part in _ENDS.split(text):
        if found and _NO_END.search(found[-1]):
            found[-1] += f" {part}"
        else:
            found.append(part)
    return [part.strip() for part in found if part.strip()]


def _score(sentence: Sentence, own: set[str], wanted: set[str], said: set[str]) -> float:
    """Of a sentence in a good passage with all the words 1, if it defines them 1 + DEFINES."""
    worth = sum(REPEATED if stem in said else 1.0 for stem in wanted & own) / len(wanted)
    if worth and _DEFINES.search(sentence.text):
        worth += DEFINES
    return worth * (1 if len(sentence.text) <= LONGEST * 0.75 else 0.9)
