"""What is done to text on its way into a model and out of it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

THINK, THOUGHT = "<think>", "</think>"
# Marks by which the chat templates of the common model families tell who speaks.
_MARKS = re.compile(
    r"<\|[^|<>\s]{1,40}\|>|<｜[^｜<>\s]{1,40}｜>|</?s>|\[/?INST\]|<</?SYS>>"
    r"|<(?:start|end)_of_turn>|<[be]os>|</?think>"
)


def disarm(text: str, marks: Iterable[str] = ()) -> str:
    """The text with a space inside each mark of chat templates, so that it stays mere text.

    Else a lecture could end its own turn and speak as the system. `marks` are further ones.
    """
    text = _MARKS.sub(_apart, text)
    for mark in marks:
        if mark in text:
            text = text.replace(mark, f"{mark[0]} {mark[1:]}")
    return text


def _apart(match: re.Match[str]) -> str:
    return f"{match[0][0]} {match[0][1:]}"


def until(pieces: Iterable[str], stop: Sequence[str]) -> Iterator[str]:
    """The pieces up to the first stop word, which may lie across several of them."""
    held = ""
    for piece in pieces:
        held += piece
        places = [place for word in stop if word and (place := held.find(word)) >= 0]
        if places:
            held = held[: min(places)]
            break
        safe = len(held) - _open_end(held, stop)
        if safe:
            yield held[:safe]
            held = held[safe:]
    if held:
        yield held


def _open_end(text: str, words: Iterable[str]) -> int:
    """How many characters at the end of the text could be the beginning of one of the words."""
    longest = 0
    for word in words:
        for size in range(min(len(word) - 1, len(text)), longest, -1):
            if text.endswith(word[:size]):
                longest = size
                break
    return longest


def without_thoughts(pieces: Iterable[str]) -> Iterator[str]:
    """The pieces without what a reasoning model thinks aloud first, and without leading blanks."""
    source, head = iter(pieces), ""
    for piece in source:
        head = (head + piece).lstrip()
        if head and not THINK.startswith(head[: len(THINK)]):
            break
        if head.startswith(THINK):
            head = _skip_thought(head, source)
            break
    if head:
        yield head
    for piece in source:
        if not head:
            piece = head = piece.lstrip()
        if piece:
            yield piece


def _skip_thought(head: str, source: Iterator[str]) -> str:
    """What follows the end of the thought in the piece where it ends."""
    while THOUGHT not in head:
        piece = next(source, None)
        if piece is None:
            return ""
        head = head[-len(THOUGHT) :] + piece
    return head.partition(THOUGHT)[2].lstrip()
