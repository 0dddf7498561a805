"""Text without what tells who somebody is: patterns, and the names and addresses of the site."""

from __future__ import annotations

import re
from collections.abc import Iterable

from edu.assistant.planted import visible

PERSON, MAIL, LINK, NUMBER, GROUP = "[имя]", "[почта]", "[ссылка]", "[номер]", "[группа]"
SHORTEST = 3  # letters of a name that is looked for by itself
SHORTEST_LOGIN = 4
LONGEST_ENDING = 4  # letters that the cases of a name may add
_ENDINGS = "аяйьоеыиaoey"

_PATTERNS = (
    (re.compile(r"[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,5}"), MAIL),
    (re.compile(r"\b(?:[a-z][a-z0-9+.-]{1,20}://|www\.)\S{1,2000}", re.IGNORECASE), LINK),
    (re.compile(r"\b(?:t\.me|telegram\.me|vk\.com|wa\.me)/\S{1,300}", re.IGNORECASE), LINK),
    (re.compile(r"(?<![\w@])@[a-z]\w{3,40}\b", re.IGNORECASE), PERSON),
    (re.compile(r"(?<!\w)\+?\d[\d ().-]{8,20}\d(?!\w)"), NUMBER),
    (re.compile(r"\b\d{6,20}\b"), NUMBER),
    (re.compile(r"\b[0-9a-f-]{24,80}\b", re.IGNORECASE), NUMBER),
    (re.compile(r"\b[А-ЯЁ]{2,6}[а-я]?-?\d{0,2}-\d{2,3}(?:-\d{2})?[а-я]?\b"), GROUP),
)
# «Иванов И. И.», «Анна Петровна», «меня зовут Анна», my name is Ann.
_SAID = (
    re.compile(
        r"\b[А-ЯЁ][а-яё]{1,30}\s[А-ЯЁ]\.\s?[А-ЯЁ]\.|\b[А-ЯЁ]\.\s?[А-ЯЁ]\.\s?[А-ЯЁ][а-яё]{1,30}\b"
    ),
    re.compile(
        r"\b(?:[А-ЯЁ][а-яё]{1,30}\s){1,2}[А-ЯЁ][а-яё]{1,30}(?:вич|вна|ична)(?:а|у|ем|е|ы|ой)?\b"
        r"|\b[А-ЯЁ][а-яё]{1,30}\s[А-ЯЁ][а-яё]{1,30}(?:вич|вн|ичн)\w{0,2}\b"
    ),
)
_INTRODUCED = re.compile(
    r"(?P<how>\b(?i:меня зовут|мо[её] имя|моя фамилия|my name is|call me)\s{1,3})"
    r"[^\W\d_]{2,30}(?:\s[A-ZА-ЯЁ][^\W\d_]{1,30}){0,2}"
)
_WORD = re.compile(r"[^\W_][\w'-]*")


class Scrubber:
    """What is known of the people of the site: (name, address) of each."""

    def __init__(self, people: Iterable[tuple[str, str]]) -> None:
        self._wholes: set[str] = set()
        self._bases: set[str] = set()
        self._logins: set[str] = set()
        for name, email in people:
            self._learn(name, email)
        ordered = sorted(map(re.escape, self._wholes), key=len, reverse=True)
        self._known = re.compile(rf"(?<!\w)(?:{'|'.join(ordered)})(?!\w)", re.IGNORECASE)

    def _learn(self, name: str, email: str) -> None:
        words = _WORD.findall(name)
        if len(words) > 1:
            self._wholes.add(" ".join(name.split()))
        bases = (word.lower().rstrip(_ENDINGS) for word in words)
        self._bases |= {base for base in bases if len(base) >= SHORTEST}
        login = email.partition("@")[0].lower()
        if len(login) >= SHORTEST_LOGIN and not login.isdigit():
            self._logins.add(login)

    def scrub(self, text: str) -> str:
        """The text without them, and without whoever else is called by name in it."""
        text = visible(text)
        for pattern, instead in _PATTERNS:
            text = pattern.sub(instead, text)
        if self._wholes:
            text = self._known.sub(PERSON, text)
        text = _INTRODUCED.sub(lambda found: found["how"] + PERSON, text)
        for pattern in _SAID:
            text = pattern.sub(PERSON, text)
        return _WORD.sub(self._judge, text)

    def _judge(self, word: re.Match[str]) -> str:
        """A name is written with a capital; a login is told as it is."""
        found = word[0]
        if found.lower() in self._logins:
            return PERSON
        if not found[0].isupper():
            return found
        lower = found.lower()
        sizes = range(max(SHORTEST, len(lower) - LONGEST_ENDING), len(lower) + 1)
        return PERSON if any(lower[:size] in self._bases for size in sizes) else found
