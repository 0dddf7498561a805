"""A question from which one thing after another is taken: what is taken is read no more."""

from __future__ import annotations

import re
from collections.abc import Iterator

from edu.search.understanding.spans import Span, fold_text


class Cuts:
    """A text and, of the same length, what is left of it in lower case with е for ё."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.left = fold_text(text)

    def find(self, pattern: re.Pattern[str]) -> re.Match[str] | None:
        """The first match in what is left."""
        return pattern.search(self.left)

    def has(self, pattern: re.Pattern[str]) -> bool:
        """Whether what is left has a match."""
        return pattern.search(self.left) is not None

    def take(self, pattern: re.Pattern[str]) -> re.Match[str] | None:
        """The first match, which is cut."""
        match = self.find(pattern)
        if match:
            self.cut(Span(*match.span()))
        return match

    def take_all(self, pattern: re.Pattern[str]) -> Iterator[re.Match[str]]:
        """Every match, each of which is cut."""
        for match in list(pattern.finditer(self.left)):
            self.cut(Span(*match.span()))
            yield match

    def cut(self, span: Span) -> None:
        """Leave spaces in its place."""
        start, end = span
        self.left = self.left[:start] + " " * (end - start) + self.left[end:]

    def say(self, at: int, words: str) -> None:
        """Put in what was left unsaid."""
        self.text = self.text[:at] + words + self.text[at:]
        self.left = self.left[:at] + fold_text(words) + self.left[at:]

    def rest(self) -> str:
        """What is left, as it was written."""
        pairs = zip(self.left, self.text, strict=True)
        written = "".join(" " if left == " " else own for left, own in pairs)
        return " ".join(written.split())
