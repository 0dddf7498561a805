"""By what a name is found while it is being typed."""

from __future__ import annotations

from edu.search.analysis import WORD, normal_form
from edu.search.models import KEY_LENGTH
from edu.search.stop_words import STOP_WORDS

MAX_STARTS = 8  # words of a name at which typing may begin


def name_key(text: str) -> str:
    """The words of a name, or of what was typed, in normal form and with one space between."""
    return " ".join(normal_form(word) for word in WORD.findall(text))


def start_keys(name: str) -> list[str]:
    """The keys of a name from each of its first words on, the whole name first.

    Nobody begins with a word such as «в», unless the name does.
    """
    words = name_key(name).split()
    starts = [i for i, word in enumerate(words) if i == 0 or word not in STOP_WORDS]
    keys = (" ".join(words[i:])[:KEY_LENGTH] for i in starts[:MAX_STARTS])
    return list(dict.fromkeys(keys))
