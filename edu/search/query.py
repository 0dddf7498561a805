"""What a person typed, bounded and understood: words, "phrases", -exclusions."""

import re
from dataclasses import dataclass

from edu.search.analysis import WORD, stems

MAX_CHARACTERS = 300
MAX_TERMS = 32

_PHRASE = re.compile(r'"([^"]*)"|«([^»]*)»|“([^”]*)”|„([^“”]*)[“”]')
_EXCLUDED = re.compile(rf"(?:(?<=\s)|^)[-−](?=[^\W\d_])({WORD.pattern})")
# Wrapping of a question that says nothing about its subject. Dropped only when words remain:
# «объяснение» alone is searched for, and «сопротивление материалов» keeps its materials.
_WRAPPING = re.compile(
    r"\b(?:(?:где|что)\s+(?:можно\s+)?(?:по)?(?:читать|смотреть|найти|скачать)|подскажите"
    r"|посоветуйте|помогите|пожалуйста|хочу|нужн[аоы]?|нужен|найти|найди|ищу|скачать|скиньте|дайте"
    r"|(?:помогите\s+)?разобраться\s+(?:в|с)|расскажи(?:те)?\s+(?:про|о|об)|есть\s+ли"
    r"|что-нибудь\s+(?:про|по|о|об)|(?:простым|понятным|доступным)\w*\s+(?:словам\w*|язык\w*)"
    r"|для\s+(?:чайников|начинающих|новичков)|с\s+нуля|бесплатно"
    r"|объяснение|объясни(?:те|ть)?|материалы\s+(?=по\b|для\b|за\b|о\b|об\b)|как\s+построить"
    r"|please|explain(?:ed)?|(?:in\s+)?simple\s+words|tell\s+me|looking\s+for"
    r"|where\s+(?:can\s+i|to)\s+(?:find|read|learn)|for\s+(?:dummies|beginners))\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class ParsedQuery:
    """A query in stems. `sequence` and each phrase pair a stem with its place in what was typed."""

    terms: tuple[str, ...]  # distinct, in the order typed, phrases' words included
    sequence: tuple[tuple[int, str], ...]
    phrases: tuple[tuple[tuple[int, str], ...], ...]
    excluded: frozenset[str]
    asks_nothing: bool  # blank, or exclusions only: everything passes

    @property
    def key(self) -> tuple[str, ...]:
        """The stems in order, as titles are compared."""
        return tuple(stem for _, stem in self.sequence)


def parse_query(text: str) -> ParsedQuery:
    """Return the query in what was typed; any text is one, at worst one that matches nothing."""
    text = text[:MAX_CHARACTERS].replace("\0", " ")
    excluded = frozenset(s for m in _EXCLUDED.finditer(text) for s in stems(m[1]) if s)
    rest = _EXCLUDED.sub(" ", text)
    phrases = [_numbered("".join(filter(None, m.groups()))) for m in _PHRASE.finditer(rest)]
    sequence = _sequence(rest)
    return ParsedQuery(
        terms=tuple(dict.fromkeys(stem for _, stem in sequence)),
        sequence=sequence,
        phrases=tuple(filter(None, phrases)),
        excluded=excluded,
        asks_nothing=not rest.strip(),
    )


def fixed_spans(text: str) -> list[tuple[int, int]]:
    """Return where the phrases and exclusions stand, whose words are as they were typed."""
    phrases = [match.span() for match in _PHRASE.finditer(text)]
    return phrases + [match.span() for match in _EXCLUDED.finditer(text)]


def _sequence(text: str) -> tuple[tuple[int, str], ...]:
    bare = text if _PHRASE.search(text) else _WRAPPING.sub(" ", text)
    return (_numbered(bare) or _numbered(text))[:MAX_TERMS]


def _numbered(text: str) -> tuple[tuple[int, str], ...]:
    return tuple((place, stem) for place, stem in enumerate(stems(text)) if stem)
