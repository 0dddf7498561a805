"""Numbers as people write them in questions: «3», «три», «полтора», «a couple of»."""

from __future__ import annotations

from collections.abc import Mapping

_SPELT: Mapping[float, str] = {
    0.5: "пол half",
    1: "один одна одну одной одного a an one",
    1.5: "полтора полторы полутора",
    2: "два две двух двумя пара пару парочку two couple",
    3: "три трех тремя three",
    4: "четыре четырех four",
    5: "пять пяти five",
    6: "шесть шести six",
    7: "семь семи seven",
    8: "восемь восьми eight",
    9: "девять девяти nine",
    10: "десять десяти ten",
    12: "двенадцать twelve",
    14: "четырнадцать fourteen",
    15: "пятнадцать fifteen",
    20: "двадцать twenty",
    30: "тридцать thirty",
}
WORDS: Mapping[str, float] = {
    word: number for number, words in _SPELT.items() for word in words.split()
}
# A number without a name: for patterns over folded text (lower case, е for ё).
NUMBER = rf"(?:\d{{1,3}}(?:[.,]\d)?|(?:{'|'.join(sorted(WORDS, key=len, reverse=True))})(?!\w))"


def read_number(text: str) -> float:
    """The number that NUMBER has found, 0 for none."""
    word = text.strip()
    if word in WORDS:
        return WORDS[word]
    try:
        return float(word.replace(",", "."))
    except ValueError:
        return 0.0
