"""References in an answer, in whatever form a model writes them, made regular or left out."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from edu.assistant.findings import ALL_PLACE_KINDS
from edu.assistant.sources import Sources
from edu.site.context import format_duration

# What stands for a reference while the rest of the text is looked at. The text itself has no
# private characters: planted.visible() takes them out.
MARK = re.compile("\ue000([0-9]{1,6})\ue001")
_CANDIDATE = re.compile(
    r"[\[【]{1,3}(?P<square>[^\[\]【】\n]{1,100})[\]】]{1,3}"
    r"|\(\s?(?P<round>(?i:id|ид)\b[^()\n]{1,80})\)"
    r"|\b(?P<bare>(?i:id)[ \t:№#=]{1,3}\d{1,12})\b"
)
_TOKEN = re.compile(
    r"""\s*(?:
    (?P<time>\d{1,3}:[0-5]\d(?::[0-5]\d)?)(?!\d)
    | (?P<first>\d{1,12})(?:\s{0,2}[-–—]\s{0,2}(?P<last>\d{1,12}))?(?!\d|\.\d)
    | (?P<id>(?:id|ид|материал\w{0,3}|materials?|source|источник\w{0,2})\b|[№#])
    | (?P<page>pp?\b\.?|pages?\b|[cс]{1,2}\b\.?|стр(?:аниц\w{1,3})?\b\.?)
    | (?P<section>§{1,2}|sections?\b|sec\b\.?|раздел\w{0,3}\b|параграф\w{0,3}\b|parts?\b|част[ьи]\b)
    | (?P<second>t\s?=|at\b|time\b|время\b)
    | (?P<gap>[,;:.=&]|\b(?:и|and)\b)
    )""",
    re.VERBOSE | re.IGNORECASE,
)
_TITLED = re.compile(r"(\d{1,12})\s?[,;:.—–-]\s?[^\W\d_][^=<>≤≥+*/^\\]{2,}")
_INTERVAL = re.compile(r"\s?[-−]?\d{1,12}(?:\s?[,;]\s?\d{1,12}){1,7}\s?")
_MATHS = re.compile(
    r"(?:отрез\w{1,3}|интервал\w{0,3}|промежут\w{2,4}|сегмент\w{0,2}|массив\w{0,3}|вектор\w{0,3}"
    r"|списо?к\w{0,2}|множеств\w{1,3}|диапазон\w{0,2}|intervals?|segments?|arrays?|lists?|vectors?|sets?"
    r"|range|[∈=⊂(]|\b(?:на|от|on|over|in|from))\s{0,2}$",
    re.IGNORECASE,
)

Cited = tuple[int, str, int, int]


@dataclass(slots=True)
class Replaced:
    """A text with marks instead of its references; `lost` counts what was left out."""

    text: str
    references: list[Cited] = field(default_factory=list)
    written: list[str] = field(default_factory=list)
    lost: int = 0

    def restore(self, text: str) -> str:
        """The text with its references in their regular form."""
        return MARK.sub(lambda mark: self.written[int(mark[1])], text)

    def cited(self, text: str) -> list[Cited]:
        """The references that this text has, in its order."""
        return [self.references[int(number)] for number in MARK.findall(text)]


def replace_references(text: str, sources: Sources) -> Replaced:
    """The text with a mark for each reference to what was found, and without all others."""
    done = Replaced("")
    russian = _is_russian(text)
    parts, at = [], 0
    for found in _CANDIDATE.finditer(text):
        inner = found["square"] or found["round"] or found["bare"]
        before = text[max(0, found.start() - 24) : found.start()]
        kept = _read(inner, before, sources, done, russian=russian)
        if kept is None:
            continue
        parts += [text[at : found.start()], kept]
        at = found.end()
    done.text = "".join((*parts, text[at:]))
    return done


def _is_russian(text: str) -> bool:
    return len(re.findall("[а-яё]", text)) * 2 > len(re.findall("[a-z]", text))


def _read(
    inner: str, before: str, sources: Sources, done: Replaced, *, russian: bool
) -> str | None:
    """What to put in place of the brackets; None where they are no reference."""
    if _INTERVAL.fullmatch(inner):
        numbers = [int(number) for number in re.findall(r"\d+", inner)]
        is_maths = 0 in numbers or _MATHS.search(before) or "-" in inner or "−" in inner
        if is_maths and not sources.locate(numbers[0], "", numbers[1], numbers[1]):
            # As Russian books write it, and no reference to anybody.
            return f"[{'; '.join(part.strip() for part in re.split('[,;]', inner))}]"
    tokens = _tokens(inner)
    if tokens is None:
        titled = _TITLED.match(inner.strip())
        tokens = _tokens(titled[1]) if titled else None
    if not tokens or not any(token["first"] or token["time"] for token in tokens):
        return None
    marks = []
    for cited, word in _references(tokens, sources, done):
        latin = bool(re.match("[abd-z]", word, re.IGNORECASE))  # c is mistaken for с
        marks.append(_mark(done, cited, russian=russian if not word else not latin))
    return " ".join(dict.fromkeys(marks))


def _tokens(inner: str) -> list[re.Match[str]] | None:
    tokens, at = [], 0
    inner = inner.strip()
    while at < len(inner):
        token = _TOKEN.match(inner, at)
        if token is None:
            return None
        tokens.append(token)
        at = token.end()
    return tokens


def _references(
    tokens: Sequence[re.Match[str]], sources: Sources, done: Replaced
) -> Iterator[tuple[Cited, str]]:
    """Each valid reference and the word that its place was named with."""
    material, placed, kind, word = 0, True, "", ""
    for material_id, kind, span, word in _statements(tokens, sources):
        if material_id:
            if not placed:
                yield (material, "", 0, 0), ""
            material, placed = material_id, False
            if not sources.holds(material):
                done.lost += 1
                material, placed = 0, True
        elif material:
            found = sources.locate(material, kind, *span)
            if found is None:
                done.lost += 1
            else:
                done.lost += found[1:] != span
                yield (material, *found), word
                placed = True
    if not placed:
        yield (material, "", 0, 0), ""


def _statements(
    tokens: Sequence[re.Match[str]], sources: Sources
) -> Iterator[tuple[int, str, tuple[int, int], str]]:
    """(material, …) or (0, kind or "", span, word of the place), token by token."""
    material, kind, word, wants_id = 0, "", "", True
    for token in tokens:
        if token["id"]:
            wants_id, kind = True, ""
            continue
        named = next((one for one in ALL_PLACE_KINDS if token[one]), "")
        if named:
            kind, word = named, token[named]
            continue
        if token["gap"]:
            kind = "" if ";" in token["gap"] else kind
            continue
        spans = list(_spans(token, first=wants_id))
        for place_kind, span in spans:
            alone = not kind and not place_kind and span[0] == span[1]
            new = alone and not sources.locate(material, "", *span) and sources.holds(span[0])
            if wants_id or new:
                material, wants_id, kind, word = span[0], False, "", ""
                yield material or -1, "", (0, 0), ""
            else:
                yield 0, place_kind or kind, span, word


def _spans(token: re.Match[str], *, first: bool) -> Iterator[tuple[str, tuple[int, int]]]:
    """The numbers of a token; a time that comes first is «material: place»."""
    if token["first"]:
        start = int(token["first"])
        yield "", (start, max(start, int(token["last"] or start)))
        return
    head, _colon, rest = token["time"].partition(":")
    if not first:
        yield "second", (_seconds(token["time"]),) * 2
    else:
        yield "", (int(head), int(head))
        kind = "second" if ":" in rest else ""
        yield kind, (_seconds(rest),) * 2


def _seconds(time: str) -> int:
    seconds = 0
    for part in time.split(":"):
        seconds = seconds * 60 + int(part)
    return seconds


def _mark(done: Replaced, cited: Cited, *, russian: bool) -> str:
    written = write_reference(cited, russian=russian)
    if written not in done.written:
        done.references.append(cited)
        done.written.append(written)
    return f"\ue000{done.written.index(written)}\ue001"


def write_reference(cited: Cited, *, russian: bool) -> str:
    """`[12]`, `[12, с. 5–7]`, `[12, p. 5]`, `[12, § 3]` or `[12, 12:30]`."""
    material, kind, first, last = cited
    if not kind:
        return f"[{material}]"
    if kind == "second":
        return f"[{material}, {format_duration(first)}]"
    numbers = f"{first}" if first == last else f"{first}–{last}"
    if kind == "section":
        return f"[{material}, § {numbers}]"
    word = "с." if russian else "p." if first == last else "pp."
    return f"[{material}, {word} {numbers}]"
