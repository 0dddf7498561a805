"""Why a file is not taken."""

from __future__ import annotations

from typing import Literal

RefusalCode = Literal[
    "empty",
    "too_large",
    "unknown_type",
    "wrong_type",
    "encrypted",
    "broken",
    "bomb",
    "remote",
    "limits",
    # of subtitles and transcripts
    "not_text",
    "no_text",
    "too_many",
    "too_late",
]


class FileRefused(Exception):  # it names an outcome, as its users read it
    """The file cannot become a material; `code` and `details` say why.

    The details are plain strings and numbers, so that they travel through JSON. The sentence
    for a person is made of both by `messages.refusal_message`.
    """

    def __init__(self, code: RefusalCode, **details: str | int) -> None:
        super().__init__(code, details)
        self.code: RefusalCode = code
        self.details = details


class SandboxError(Exception):
    """The machine failed, not the file: no disk, no process. Worth another attempt."""
