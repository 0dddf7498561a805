"""Chapters as the pieces of a plan: which of them are meant, and to which topic they belong."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby

from edu.assistant.findings import Fit
from edu.catalog.models import MaterialType
from edu.plans.sources import SHORT, SLICE, Source, Unit
from edu.search.analysis import stems

LEAST = 20  # minutes: shorter chapters that follow each other are one step
MOST_TOPIC = 120  # characters
PART = " · "  # between the headings of one page
REPEATS = 0.8  # share of a chapter's words by which it repeats what another lecture says
SAME_TOPIC = 0.5  # share of the shorter heading's words that the other one has, too
# Words that headings have whatever they are about, as stems.
_EMPTY = "лекц глав част раздел тем задач задан упражнен семинар урок вопрос конспект курс билет"
_EMPTY += " lectur chapter part section topic problem task exercis seminar lesson question note"
_EMPTY += " пример решен exampl solut"
_GENERAL = frozenset(_EMPTY.split())
_NUMBER = re.compile(r"\d+")
_DAY = re.compile(r"\b(\d{1,2})[.](\d{1,2})[.](\d{4})\b")


@dataclass(frozen=True, slots=True)
class Piece:
    """A run of units of one material on one topic. `parts` are its headings, each with the first
    of the units that it stands over; `words` their stems. `rank`: the less, the more it is meant.
    """

    source: Source
    parts: tuple[tuple[int, str], ...]
    units: tuple[Unit, ...]
    rank: int
    words: frozenset[str]

    @property
    def topic(self) -> str:
        """The headings over its units, on one line that is not too long."""
        at = bisect_right(self.parts, self.units[0].first, key=lambda part: part[0]) - 1
        over = [text for start, text in self.parts[max(at, 0) :] if start <= self.units[-1].first]
        topics = list(dict.fromkeys(over))
        line = "; ".join(topics)
        if len(line) <= MOST_TOPIC or len(topics) == 1:
            return line
        return f"{_short(topics[0])} … {_short(topics[-1])}"

    @property
    def minutes(self) -> int:
        """How long it takes."""
        return sum(unit.minutes for unit in self.units)

    def cut(self, room: int) -> tuple[Piece | None, Piece | None]:
        """What fits into so many minutes, and the rest."""
        taken, spent = 0, 0
        while taken < len(self.units) and spent + self.units[taken].minutes <= room:
            spent += self.units[taken].minutes
            taken += 1
        head, tail = self.units[:taken], self.units[taken:]
        return (
            replace(self, units=head) if head else None,
            replace(self, units=tail) if tail else None,
        )


@dataclass(slots=True)
class Topic:
    """What belongs together: the theory first, what says the same elsewhere, then problems."""

    name: str
    theory: list[Piece]
    more: list[Piece]
    practice: list[Piece]


def split_source(source: Source) -> list[Piece]:
    """Its chapters as far as they are meant, in order: all of a short material, and of one in
    which no place was found; of others those with such places.
    """
    whole = source.minutes <= SHORT or not source.hits
    pieces = []
    for heading, units in _chapters(source):
        is_hit = any(unit.first <= hit <= unit.last for unit in units for hit in source.hits)
        if whole or is_hit:
            rank = 2 * list(Fit).index(source.fit) + (0 if is_hit or not source.hits else 1)
            topic = heading or source.title
            parts = ((units[0].first, topic),)
            pieces.append(Piece(source, parts, units, rank, _words(topic, source)))
    return list(_merge(pieces))


def _chapters(source: Source) -> Iterator[tuple[str, tuple[Unit, ...]]]:
    if not source.chapters:
        size = SLICE.get(source.kind, 1)
        for at in range(0, len(source.units), size):
            yield "", source.units[at : at + size]
        return
    starts = [number for number, _heading in source.chapters]
    # What stands before the first heading (a cover, a list of contents) goes with it.
    homes = [max(bisect_right(starts, unit.last) - 1, 0) for unit in source.units]
    for number, places in groupby(range(len(homes)), key=homes.__getitem__):
        units = tuple(source.units[place] for place in places)
        yield _heading(source.chapters[number][1]), units


def _heading(text: str) -> str:
    """On one line, as many of a page's headings as are not too long."""
    line = " ".join(text.split())
    while len(line) > MOST_TOPIC and PART in line:
        line = line.rpartition(PART)[0]
    return line


def _merge(pieces: Iterable[Piece]) -> Iterator[Piece]:
    """Neighbours with the same topic are one piece, and so are short ones."""
    run: list[Piece] = []
    for piece in pieces:
        if run and not _may_join(run, piece):
            yield _joined(run)
            run = []
        run.append(piece)
    if run:
        yield _joined(run)


def _may_join(run: Sequence[Piece], piece: Piece) -> bool:
    last = run[-1]
    if last.units[-1].last + 1 != piece.units[0].first or last.rank != piece.rank:
        return False
    if piece.topic == last.topic:
        return True
    return sum(one.minutes for one in run) < LEAST and piece.minutes < LEAST


def _joined(run: Sequence[Piece]) -> Piece:
    parts = tuple(part for piece in run for part in piece.parts)
    units = tuple(unit for piece in run for unit in piece.units)
    words = frozenset().union(*(piece.words for piece in run))
    return replace(run[0], parts=parts, units=units, words=words)


def _short(heading: str) -> str:
    """Without what a page begins after its first heading, and not too long."""
    first = heading.split(PART)[0]
    return first if len(first) <= MOST_TOPIC // 2 else first[: MOST_TOPIC // 2 - 1].rstrip() + "…"


def in_order_of_study(sources: Sequence[Source]) -> list[Source]:
    """Materials whose titles differ in a number only («Лекция 2») in the order of that number."""
    groups: dict[tuple[str, str], list[Source]] = {}
    for source in sources:
        skeleton = _NUMBER.sub("#", source.title.lower())
        groups.setdefault((source.type, skeleton), []).append(source)
    ordered = (sorted(group, key=_numbers) for group in groups.values())
    return [source for group in ordered for source in group]


def _numbers(source: Source) -> list[int]:
    # «Лекция 07.02.2024»: a day counts from its year on.
    title = _DAY.sub(r"\3 \2 \1", source.title)
    return [int(number[:9]) for number in _NUMBER.findall(title)]


def _words(topic: str, source: Source) -> frozenset[str]:
    """The stems that say what it is about. Numbers of titles tell lectures apart; those of
    headings count chapters, in each book by itself.
    """
    words = frozenset(stems(topic)) - _GENERAL - {""}
    return frozenset(word for word in words if not (source.chapters and word.isdigit()))


def arrange(sources: Sequence[Source]) -> tuple[list[Topic], list[Piece]]:
    """Topics in the order of study, and what is for the end: questions of exams.

    Lectures give the topics; what other materials say of them is added to the topic it is like.
    """
    topics: list[Topic] = []
    known: list[frozenset[str]] = []
    headed: list[tuple[str, frozenset[str]]] = []  # types and all the words of the sources so far
    at_end: list[Piece] = []
    ordered = in_order_of_study(sources)
    for source in sorted(ordered, key=lambda one: one.is_practice):
        before, pieces = len(topics), split_source(source)
        for piece in pieces:
            if source.type == MaterialType.EXAM:
                at_end.append(piece)
                continue
            # Lectures without headings are told apart by their titles alone: none is the other.
            alone = not (source.is_practice or source.chapters)
            if not alone and _is_said(piece, headed):
                continue
            place = None if alone else _most_like(piece.words, known[:before])
            if place is None:
                topics.append(Topic(piece.topic, [], [], []))
                known.append(piece.words)
                _add(topics[-1], piece, is_new=True)
            else:
                _add(topics[place], piece, is_new=False)
        if source.chapters and not source.is_practice:
            headed.append((source.type, frozenset().union(*(one.words for one in pieces))))
    return topics, at_end


def _is_said(piece: Piece, headed: Sequence[tuple[str, frozenset[str]]]) -> bool:
    """Whether an earlier source of the same type has this in its headings: nobody reads both."""
    return any(
        type_ == piece.source.type and len(piece.words & words) >= REPEATS * len(piece.words) > 0
        for type_, words in headed
    )


def _add(topic: Topic, piece: Piece, *, is_new: bool) -> None:
    if piece.source.is_practice:
        topic.practice.append(piece)
    elif is_new:
        topic.theory.append(piece)
    else:
        topic.more.append(piece)


def _most_like(words: frozenset[str], known: Sequence[frozenset[str]]) -> int | None:
    best, best_share = None, 0.0
    for place, other in enumerate(known):
        shortest = min(len(words), len(other))
        share = len(words & other) / shortest if shortest else 0.0
        if share >= SAME_TOPIC and share > best_share:
            best, best_share = place, share
    return best
