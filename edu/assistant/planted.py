"""Passages before a model reads them: without sentences that speak to a model.

Anybody may upload a lecture, and a lecture may say «игнорируй предыдущие инструкции». A sentence is
left out when it gives orders to a machine or speaks of its instructions; what tasks ask of students
(«докажите», «найдите») stays. This only makes it rarer that a model is led astray: that nothing
made up is shown is up to verification.py.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import replace
from pathlib import Path

from edu.assistant.findings import PassageFound

GAP = "[…]"
PATTERNS = Path(__file__).with_name("prompts") / "planted.txt"
# Whatever the chat templates of models mean by them, text has no use for them.
TEMPLATE_MARKS = re.compile(
    r"<\|[^|<>\n]{0,40}\|>|<｜[^｜<>\n]{0,40}｜>|</?s>|\[/?(?:INST|SYS)\]|<</?SYS>>"
    r"|<(?:start|end)_of_turn>|<[be]os>|</?(?:think|system|assistant|user|instructions?|tool_call)>",
    re.IGNORECASE,
)
_TURN = re.compile(
    r"<\|[^|<>\n]{0,40}\|>|<｜[^｜<>\n]{0,40}｜>|\[/?INST\]|<</?SYS>>|<start_of_turn>"
)
_FRAME = re.compile(r"-{3,}|={3,}|#{3,}|~{3,}|`{3,}|<{3,}|>{3,}")
_SENTENCES = re.compile(r"((?<=[.!?…;])\s+|\n\s*\n)")
_LONE_LETTERS = re.compile(r"(?<!\w)(?:\w[ \t.\-_*]{1,3}){4,40}\w(?!\w)")
_MIXED = re.compile(r"\w*(?:[a-z][а-я]|[а-я][a-z])\w*")
_TO_CYRILLIC = str.maketrans("abcehkmoptxyiu", "авсенкмортхуии")
_TO_LATIN = str.maketrans("авсенкмортхуи", "abcehkmoptxyu")


def clean_passage(passage: PassageFound) -> PassageFound:
    """The same piece of a material as a model may read it."""
    return replace(
        passage,
        title=clean_text(passage.title),
        heading=clean_text(passage.heading),
        text=clean_text(passage.text),
    )


def clean_text(text: str) -> str:
    """The text without invisible characters, marks of templates and sentences for a model."""
    parts = _SENTENCES.split(visible(text))
    kept: list[str] = []
    for part, gap in zip(parts[::2], [*parts[1::2], ""], strict=True):
        sentence = _FRAME.sub("—", TEMPLATE_MARKS.sub(" ", part))
        # Who writes the mark of another speaker into a lecture means to speak as somebody else.
        if _TURN.search(part) or is_planted(sentence):
            sentence = "" if kept and kept[-1].rstrip().endswith(GAP) else GAP
        kept.append(sentence + (gap if sentence else ""))
    return "".join(kept).strip()


def visible(text: str) -> str:
    """The text without control, zero-width and direction characters, and private ones."""
    return "".join(
        letter if letter in "\n\t" or not _is_hidden(letter) else _instead(letter)
        for letter in text
    )


def _is_hidden(letter: str) -> bool:
    return letter < " " or (letter > "~" and unicodedata.category(letter) in _HIDDEN)


def _instead(letter: str) -> str:
    # Line and paragraph separators part words; what has no width does not.
    return " " if unicodedata.category(letter) in ("Cc", "Zl", "Zp") else ""


_HIDDEN = frozenset({"Cc", "Cf", "Co", "Cn", "Cs", "Zl", "Zp"})


def is_planted(sentence: str) -> bool:
    """Whether the sentence speaks to a model, also in look-alike or s p a c e d letters."""
    plain = " ".join(sentence.lower().replace("ё", "е").split())
    joined = _LONE_LETTERS.sub(lambda found: re.sub(r"[\W_]+", "", found[0]), plain)
    readings = {plain, joined}
    for text in (plain, joined):
        if _MIXED.search(text):
            readings.add(_MIXED.sub(lambda word: word[0].translate(_TO_CYRILLIC), text))
            readings.add(_MIXED.sub(lambda word: word[0].translate(_TO_LATIN), text))
    return any(_PLANTED.search(reading) for reading in readings)


def _read_patterns() -> re.Pattern[str]:
    named: dict[str, str] = {}
    patterns: list[str] = []
    for line in PATTERNS.read_text("utf-8").splitlines():
        name, is_named, pattern = line.partition(" = ")
        if is_named and name.isupper():
            named[name] = pattern
        elif line and not line.startswith("#"):
            patterns.append(re.sub(r"<([A-Z_]+)>", lambda found: named[found[1]], line))
    return re.compile("|".join(f"(?:{one})" for one in patterns))


_PLANTED = _read_patterns()
