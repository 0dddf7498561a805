"""What a child says, judged by a process that must not believe it.

A parser that was taken over can write whatever it likes into the pipe.
"""

from __future__ import annotations

import json
from typing import Any

# The longest honest line holds two thousand characters of a traceback, escaped.
_LONGEST = 1 << 16


class NonsenseError(Exception):
    """No child of this program says this."""


def split_lines(data: bytes) -> tuple[list[dict[str, Any]], bytes]:
    """The messages of whole lines, and the rest of an unfinished one. Raises NonsenseError."""
    *lines, rest = data.split(b"\n")
    if len(rest) > _LONGEST:
        raise NonsenseError
    return [_read(line) for line in lines], rest


def _read(line: bytes) -> dict[str, Any]:
    try:
        message = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise NonsenseError from error
    if not (isinstance(message, dict) and _is_known(message)):
        raise NonsenseError
    return message


def _is_known(message: dict[str, Any]) -> bool:
    if message.keys() == {"step", "percent"}:
        return isinstance(message["step"], str) and type(message["percent"]) is int
    if message.keys() == {"missing"}:
        return _are_texts(message["missing"])
    if "refused" in message:
        known = message.keys() <= {"refused", "details", "trace"}
        texts = [message["refused"], message.get("trace", "")]
        return known and _are_texts(texts) and _are_details(message.get("details"))
    return message.keys() in ({"ok"}, {"failed"}) and _are_texts(list(message.values()))


def _are_details(details: Any) -> bool:
    # They become arguments of FileRefused beside `code`.
    return (
        isinstance(details, dict)
        and not details.keys() & {"self", "code"}
        and all(isinstance(value, str | int) for value in details.values())
    )


def _are_texts(values: Any) -> bool:
    return isinstance(values, list) and all(isinstance(value, str) for value in values)
