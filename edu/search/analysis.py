"""Words to stems, Russian and English, the same for documents, queries and highlighting."""

import re
import threading
import unicodedata

import Stemmer

from edu.search.stop_words import STOP_WORDS

# A word is letters and digits of any script with the accents that PDF text layers leave apart
# (и + U+0306 for й) and soft hyphens; "c++" and "c#" stay whole.
WORD = re.compile(r"[^\W_](?:[^\W_]|[\u0300-\u036f\u00ad])*(?:\+\+|#)?")
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


def stem_word(word: str) -> str:
    """Return the stem of one word as WORD finds it, "" for a stop word."""
    return _stems[word]


def stems(text: str) -> list[str]:
    """Return one stem for each word, in order; stop words are "" and keep their place."""
    cache = _stems
    return [cache[word] for word in WORD.findall(text)]
