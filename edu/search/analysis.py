"""Words to stems, Russian and English, the same for documents, queries and highlighting."""

import re
import threading
import unicodedata
from functools import lru_cache

import Stemmer

from edu.search.stop_words import STOP_WORDS

# A word is letters and digits of any script with the accents that PDF text layers leave apart
# (и + U+0306 for й) and soft hyphens; "c++" and "c#" stay whole.
_GOES_ON = r"(?:[^\W_]|[\u0300-\u036f\u00ad])"
_REST = rf"{_GOES_ON}*(?:\+\+|#)?"
WORD = re.compile(rf"[^\W_]{_REST}")
LONGEST_WORD = 64  # letters; beyond is base64 or a broken text layer, kept by its beginning
CACHE_SIZE = 200_000  # words: all forms of a large library, about 30 MB

_CYRILLIC = re.compile(r"[а-яіїєґ]")
_LATIN = re.compile(r"[a-z]")
_LOOKALIKES = str.maketrans("aceopxykmthb", "асеорхукмтнв")
_CODE_LETTERS = str.maketrans("асф", "acf")  # of programming languages: С++ with a Russian С


def normal_form(word: str) -> str:
    """Return the word lower-cased, NFKC, with е for ё and one script in a mixed-script word."""
    word = unicodedata.normalize("NFKC", word.replace("\u00ad", "")).lower().replace("ё", "е")
    if _CYRILLIC.search(word) and _LATIN.search(word):
        word = word.translate(_LOOKALIKES)
    elif word[-1:] in ("+", "#"):
        word = word.translate(_CODE_LETTERS)
    return word[:LONGEST_WORD]


class _Stems(dict[str, str]):
    """Word as written -> stem, "" for a stop word; fills itself on the first question."""

    def __init__(self) -> None:
        self._lock = threading.Lock()  # a Stemmer keeps state between calls
        self._russian = Stemmer.Stemmer("russian", 0)
        self._english = Stemmer.Stemmer("english", 0)
        super().__init__()

    def __missing__(self, word: str) -> str:
        stem = self._stem(normal_form(word))
        if len(word) > LONGEST_WORD:
            return stem
        if len(self) >= CACHE_SIZE:
            self.clear()
        self[word] = stem
        return stem

    def _stem(self, word: str) -> str:
        if word in STOP_WORDS:
            return ""
        if not word.isalpha():
            return word
        stemmer = self._russian if _CYRILLIC.search(word) else self._english
        with self._lock:
            return str(stemmer.stemWord(word))


_stems = _Stems()


# The stem of one word as WORD finds it, "" for a stop word. The bare method, without a function
# around it: a page of results asks for thousands.
stem_word = _stems.__getitem__


@lru_cache(256)
def words_like(wanted: frozenset[str]) -> re.Pattern[str]:
    """What finds the words of a text that begin as one of the stems does.

    Few others have to be stemmed then. Letters outside the two alphabets may begin anything: NFKC
    tells what they stand for.
    """
    first = "".join({letter for stem in wanted - {""} for letter in _beginnings(stem)})
    head = rf"[{re.escape(first)}]|[^\W_A-Za-zА-Яа-яЁё]" if first else r"(?!)"
    return re.compile(rf"(?:{head})(?<!{_GOES_ON}.){_REST}", re.DOTALL)


def _beginnings(stem: str) -> set[str]:
    """Return the letters of the two alphabets that a word with this stem may begin with.

    An accent may be left apart: «й» is written as «и» and a mark.
    """
    first, bare = stem[:1], unicodedata.normalize("NFD", stem[:1])[:1]
    same = {first, bare, first.replace("е", "ё")}
    for letters in (_LOOKALIKES, _CODE_LETTERS):
        same |= {chr(written) for written, meant in letters.items() if chr(meant) in (first, bare)}
    return same | {letter.upper() for letter in same}


def stems(text: str) -> list[str]:
    """Return one stem for each word, in order; stop words are "" and keep their place."""
    cache = _stems
    return [cache[word] for word in WORD.findall(text)]
