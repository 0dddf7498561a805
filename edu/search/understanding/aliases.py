"""Other names of what a query names: «матан» finds «математический анализ», and the reverse."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from edu.search.understanding.evidence import Evidence, content_stems
from edu.search.understanding.lexicon import Lexicon, NameAt
from edu.search.understanding.meaning import Change
from edu.search.understanding.spans import Edit, frozen_spans, is_free, replace_spans

# An adjective before a name makes another notion of it: «центральная предельная теорема».
_QUALIFIED = re.compile(r"\w{2}(?:ый|ий|ой|ая|яя|ое|ее|ые|ие|ых|их)\s+$")
NAME_FACTOR = 0.85  # of a score, where the name stands for an alias
ALIAS_FACTOR = 0.6  # where an alias stands for the name
MOST_NAMED = 3  # names of one query for which others are tried
MOST_ALIASES = 2  # of one name


class OtherName(NamedTuple):
    """A text with one name for another."""

    text: str
    factor: float
    change: Change


class _Tried(NamedTuple):
    at: NameAt
    name: str
    factor: float


def use_aliases(
    text: str, literal: frozenset[str], lexicon: Lexicon, evidence: Evidence
) -> list[OtherName]:
    """Return the text with other names of what it names, those first that promise most."""
    frozen = frozen_spans(text, literal)
    typed = content_stems(text)
    named = [at for at in lexicon.find(text) if is_free(at.span, frozen)][:MOST_NAMED]
    named = [at for at in named if not _QUALIFIED.search(text[: at.span.start])]
    tried = [each for at in named for each in _other_names(at, lexicon, len(typed))]
    new = [replace_spans(text, [Edit(each.at.span, each.name)]) for each in tried]
    evidence.learn(_questions(tried, new, typed))
    found = [
        OtherName(changed, each.factor, _change(text, each))
        for each, changed in zip(tried, new, strict=True)
        if _helps(each, content_stems(changed), typed, evidence)
    ]
    return list(_fewer(found))


def _other_names(at: NameAt, lexicon: Lexicon, words: int) -> Iterator[_Tried]:
    """Yield the name for an alias, and aliases for the name; one alias says little of another.

    A name of one word among others is rarely the subject: «ряды Фурье».
    """
    for number in at.groups:
        name, *aliases = lexicon.groups[number]
        if lexicon.keys(name) != at.own:
            if not set(at.own) <= set(lexicon.keys(name)):  # «ряды» are no less than their name
                yield _Tried(at, name, NAME_FACTOR)
            continue
        for alias in aliases if len(at.own) in (words, *range(2, words)) else ():
            own = lexicon.keys(alias)
            if own and not set(at.own) <= set(own):  # «числовые ряды» are found by «ряды» as it is
                yield _Tried(at, alias, ALIAS_FACTOR)


def _questions(
    tried: Iterable[_Tried], new: Iterable[str], typed: tuple[str, ...]
) -> Iterator[tuple[str, ...]]:
    for each, changed in zip(tried, new, strict=True):
        stems = content_stems(changed)
        yield from (stems, (*stems, *typed), content_stems(each.name), each.at.own)


def _helps(
    each: _Tried, stems: tuple[str, ...], typed: tuple[str, ...], evidence: Evidence
) -> bool:
    """Whether the other name finds something, and more than the typed one does already.

    A name of the catalogue that is a common word («времена») means the subject only when nothing
    else is asked for, or when the subject's own name is the commoner one.
    """
    finds = evidence.count(*stems)
    if each.factor == NAME_FACTOR:
        whole = len(content_stems(each.name)) + len(typed) - len(each.at.own) == len(stems)
        alone = whole and len(each.at.own) == len(typed)
        own, name = evidence.count(*each.at.own), evidence.count(*content_stems(each.name))
        return finds > 0 and (alone or own <= name)
    return finds > evidence.count(*stems, *typed)


def _change(text: str, each: _Tried) -> Change:
    return Change("alias", text[each.at.span.start : each.at.span.end], each.name)


def _fewer(found: list[OtherName]) -> Iterator[OtherName]:
    counts: dict[str, int] = {}
    for each in found:
        said = each.change.said
        counts[said] = counts.get(said, 0) + 1
        if counts[said] <= MOST_ALIASES:
            yield each
