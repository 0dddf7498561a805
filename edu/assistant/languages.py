"""In which language a question is answered, and whether an answer is in it."""

from __future__ import annotations

import re
from collections.abc import Iterable

_CYRILLIC = re.compile("[а-яё]", re.IGNORECASE)
_LATIN = re.compile("[a-z]", re.IGNORECASE)
# Russian typed in the other layout is Latin as well, but has none of these.
_ENGLISH = re.compile(
    r"\b(?:the|an?|is|are|what|which|how|why|when|where|who|do|does|can|could|should|i|me|my|we|you"
    r"|please|and|or|of|for|to|in|on|with|about|from|explain|recommend|find|show|give|need|want|help)\b",
    re.IGNORECASE,
)
_ASIDE = re.compile(r"\[[^\[\]\n]{0,100}\]|«[^«»]{0,300}»|“[^“”]{0,300}”|\"[^\"\n]{0,300}\"")
LEAST_LETTERS = 12
LEAST_SHARE = 0.25  # of the letters, in the language of the answer


def language_of(text: str, locale: str) -> str:
    """The person's language, or that of the question when it is clearly the other one."""
    cyrillic, latin = len(_CYRILLIC.findall(text)), len(_LATIN.findall(text))
    if locale != "ru" and cyrillic > latin:
        return "ru"
    if locale == "ru" and not cyrillic and len(_ENGLISH.findall(text)) >= 2:
        return "en"
    return locale


def reads_well(text: str, language: str, titles: Iterable[str] = ()) -> bool:
    """Whether a text is one of words, and of this language, apart from titles and quotes."""
    for title in titles:
        text = text.replace(title, " ")
    letters = sum(map(str.isalpha, text))
    signs = sum(not letter.isspace() for letter in text)
    if letters < LEAST_LETTERS or letters < signs / 2 or text.count("\ufffd") > letters / 50:
        return False
    own = _ASIDE.sub(" ", text)
    cyrillic, latin = len(_CYRILLIC.findall(own)), len(_LATIN.findall(own))
    wanted = cyrillic if language == "ru" else latin
    return wanted >= (cyrillic + latin) * LEAST_SHARE
