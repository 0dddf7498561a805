"""Words of a query that say what kind of material is wanted, not what it is about."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from edu.search.understanding.filter_phrases import COMPOUNDS, PHRASES, Facet, Phrase
from edu.search.understanding.lexicon import Lexicon
from edu.search.understanding.meaning import Change
from edu.search.understanding.spans import (
    Edit,
    Span,
    fold_text,
    frozen_spans,
    is_free,
    replace_spans,
)
from edu.search.understanding.when_words import When, find_times, semesters_of

_FORMAT = re.compile(
    r"(?<!\w)(?P<said>(?:в\s+)?формате?\s+(?P<kind>pdf|пдф|docx?|word|ворд[а-я]?)"
    r"|в\s+(?P<kind2>pdf|пдф|docx?|word|ворде?))(?!\w)"
)
# Their forms are those of «задачи», the genitive of which looks like the plural: only beside a
# name of the catalogue or a comma is it clear that no title is meant («постановка задачи»).
_UNCLEAR_FORMS = "задачи задания упражнения problems exercises"
_WISHES_TO_HAVE = (
    "нужен нужна нужны нужно ищу найти найди скачать дайте хочу подскажите где есть мне"
)
_SMALL_WORDS = "по на за для в во к из с со о об и on of for in about the"
_UNCLEAR, _WISHES, _SMALL = (
    frozenset(words.split()) for words in (_UNCLEAR_FORMS, _WISHES_TO_HAVE, _SMALL_WORDS)
)
_ABOUT = frozenset(("по", "on"))
_WORD = re.compile(r"\w[\w+#-]*")
_ADJECTIVE = re.compile(r".{2}(?:ый|ий|ой|ая|яя|ое|ее|ые|ие|ого|его|ых|их)$")
# Nouns that govern a genitive more often than they are subjects of their own: «план лекции».
_GOVERNING = re.compile(
    r"(?:.{3,}(?:ание|ение|тие|ка|ция|ация|аж|ость|ство)|тем[аы]|план|курс|цикл|текст|метод|анализ"
    r"|запис[ьи]|номер|список|содержание|материалы?|конспект|начало|конец|часть)$"
)
_RUSSIAN = re.compile(r"[а-я]")
MOST_ROUNDS = 3  # a type and a kind, each found once, and one more to see that nothing is left


class _Token(NamedTuple):
    word: str
    span: Span
    free: bool


class _At(NamedTuple):
    """A phrase in a row of tokens: which, from which token, how many."""

    phrase: Phrase
    start: int
    size: int


@dataclass(slots=True)
class Filters:
    """What the words of a query narrow the search to, and the text without them."""

    text: str
    changes: list[Change] = field(default_factory=list)
    type: str | None = None
    kind: str | None = None
    semesters: tuple[int, ...] | None = None
    year: int | None = None


def take_filters(text: str, literal: frozenset[str], lexicon: Lexicon) -> Filters:
    """Return the filters that words of a text stand for. What may be part of a title stays."""
    found = Filters(text)
    frozen = frozen_spans(text, literal)
    cuts = _take_times(found, frozen)
    # What stands before a time ends the query, also where the time was typed to be text.
    quoted = frozen_spans(text, ())
    asides = [when.span for when in find_times(text) if is_free(when.said, quoted)]
    folded = _blank(fold_text(text), [*cuts, *asides])
    cuts += _take_format(found, folded, frozen)
    for _ in range(MOST_ROUNDS):
        folded = _blank(folded, cuts)
        cut = _take_phrase(found, folded, frozen, lexicon)
        if cut is None:
            break
        cuts.append(cut)
    if cuts:
        found.text = _tidy(replace_spans(text, [Edit(cut, " ") for cut in _joined(cuts)]))
    return found


def _take_times(found: Filters, frozen: list[Span]) -> list[Span]:
    taken: list[When] = []
    for when in find_times(found.text):
        clash = any(when.span.overlaps(other.span) for other in taken)
        if is_free(when.said, frozen) and not clash:
            taken.append(when)
    for when in taken:
        said = found.text[when.said.start : when.said.end]
        numbers = ", ".join(map(str, when.numbers))
        found.changes.append(Change(when.facet, said, numbers))
    found.semesters = semesters_of(_numbers(taken, "semester"), _numbers(taken, "course"))
    found.year = next(iter(_numbers(taken, "year")), None)
    return [when.span for when in taken]


def _numbers(taken: Iterable[When], facet: str) -> tuple[int, ...]:
    return tuple(dict.fromkeys(n for when in taken if when.facet == facet for n in when.numbers))


def _take_format(found: Filters, folded: str, frozen: list[Span]) -> list[Span]:
    match = _FORMAT.search(folded)
    if not match or not is_free(Span(*match.span()), frozen):
        return []
    name = match["kind"] or match["kind2"]
    found.kind = "pdf" if name in ("pdf", "пдф") else "docx"
    found.changes.append(Change("kind", found.text[match.start() : match.end()], found.kind))
    return [Span(*match.span())]


def _take_phrase(found: Filters, folded: str, frozen: list[Span], lexicon: Lexicon) -> Span | None:
    """Take the first phrase that makes a filter, and return what to cut."""
    tokens = [
        _Token(match.group(), Span(*match.span()), is_free(Span(*match.span()), frozen))
        for match in _WORD.finditer(folded)
    ]
    phrases = list(_find_phrases(tokens))
    for at in phrases:
        facet, value = at.phrase
        rivals = {other.phrase.value for other in phrases if other.phrase.facet == facet}
        if len(rivals) > 1 or getattr(found, facet) is not None:
            continue
        cut = _leading(at, tokens, folded, lexicon) or _trailing(at, tokens, folded, lexicon)
        if cut:
            said = Span(tokens[at.start].span.start, tokens[at.start + at.size - 1].span.end)
            _note(found, facet, value, found.text[said.start : said.end])
            return cut
    return None


def _note(found: Filters, facet: Facet, value: str, said: str) -> None:
    both = COMPOUNDS.get(fold_text(said))
    if both and found.type is None:
        found.kind, found.type = both
        found.changes += [Change("kind", said, both[0]), Change("type", said, both[1])]
        return
    setattr(found, facet, value)
    found.changes.append(Change(facet, said, value))


def _find_phrases(tokens: list[_Token]) -> Iterator[_At]:
    at = 0
    while at < len(tokens):
        for size in (3, 2, 1):
            words = tuple(token.word for token in tokens[at : at + size])
            phrase = PHRASES.get(words) if len(words) == size else None
            if phrase and all(token.free for token in tokens[at : at + size]):
                yield _At(phrase, at, size)
                at += size - 1
                break
        at += 1


def _leading(at: _At, tokens: list[_Token], folded: str, lexicon: Lexicon) -> Span | None:
    """Return what to cut when the phrase begins the query: alone, «… по …», before a name."""
    if any(token.word not in _WISHES for token in tokens[: at.start]):
        return None
    rest = tokens[at.start + at.size :]
    start, end = tokens[at.start].span.start, tokens[at.start + at.size - 1].span.end
    if not rest:
        return Span(start, end)
    if rest[0].word in _ABOUT and len(rest) > 1:
        return Span(start, rest[0].span.end)
    between = folded[end : rest[0].span.start]
    following = folded[rest[0].span.start :]
    named = [name for name in lexicon.find(following) if name.span.start == 0]
    other = next((o for o in _find_phrases(rest) if o.start == 0), None)
    fits = named or "," in between or ":" in between
    fits = fits or (other is not None and other.phrase.facet != at.phrase.facet)
    return Span(start, end) if fits and rest[0].free else None


def _trailing(at: _At, tokens: list[_Token], folded: str, lexicon: Lexicon) -> Span | None:
    """Return what to cut when the phrase ends the query, and belongs to no phrase before it."""
    if at.start == 0 or at.start + at.size < len(tokens):
        return None
    last = tokens[at.start - 1]
    start, end = tokens[at.start].span.start, tokens[-1].span.end
    before = folded[: last.span.end]
    between = folded[last.span.end : start]
    if any(sign in between for sign in ',:—–"»“”'):
        return Span(start, end)
    if not last.free or last.word in _SMALL or last.word[-1:].isdecimal():
        return None
    names = lexicon.find(before)
    if (names and names[-1].span.end == len(before)) or tokens[0].word in _ABOUT:
        return Span(start, end)
    return Span(start, end) if _stands_alone(tokens[at.start].word, last.word, before) else None


def _stands_alone(word: str, last: str, before: str) -> bool:
    """Whether a last word is no part of what stands before it, by the looks of that."""
    if word in _UNCLEAR or not _RUSSIAN.search(before):
        return False
    return not _ADJECTIVE.fullmatch(last) and not _GOVERNING.fullmatch(last)


def _blank(folded: str, cuts: Iterable[Span]) -> str:
    for start, end in cuts:
        folded = folded[:start] + " " * (end - start) + folded[end:]
    return folded


def _joined(cuts: list[Span]) -> Iterator[Span]:
    """Yield the cuts without overlaps."""
    end = 0
    for cut in sorted(cuts):
        if cut.end > end:
            yield Span(max(cut.start, end), cut.end)
            end = cut.end


def _tidy(text: str) -> str:
    """Return the text without the small words and signs that the cuts left at its edges."""
    words = text.split()
    while words and (_is_left_over(words[0]) or words[0].lower() in _WISHES):
        del words[0]
    while words and _is_left_over(words[-1]):
        del words[-1]
    return " ".join(words).strip(" ,;:")


def _is_left_over(word: str) -> bool:
    return word.lower() in _SMALL or not re.search(r"\w", word)
