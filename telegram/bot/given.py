"""Files that people give: as a message brings them, and while they are in hand."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, fields, replace
from typing import Any

from bot.state import State
from edu.errors import NotFound
from edu.materials.models import KINDS, SUFFIXES
from edu.materials.service import clean_file_name
from edu.uploads.service import Expired, get_upload, offset_of

MOST_IN_HAND = 10  # of one chat: as many as an album holds
KEY = 8  # characters of an upload's id that name it in buttons
_SUFFIX = re.compile(r"\.[a-z][a-z0-9]{1,4}$", re.IGNORECASE)  # «Лекция 1. Ряды» has none


def suffix_of(name: str) -> str:
    """What a name ends in, in lower case: `.pdf`; "" for none."""
    found = _SUFFIX.search(name)
    return found[0].lower() if found else ""


@dataclass(frozen=True, slots=True)
class Given:
    """A file as a message brings it. `size` is in bytes, None where it is not told."""

    file_id: str
    unique_id: str
    name: str
    size: int | None
    media_type: str
    caption: str = ""
    forwarded: bool = False

    @property
    def is_taken(self) -> bool:
        """Whether name and media type promise what the library takes, or nothing at all."""
        suffix = suffix_of(self.full_name)
        says_nothing = not suffix and self.media_type in ("", "application/octet-stream")
        return says_nothing or suffix in (*SUFFIXES.values(), ".m4v")

    @property
    def full_name(self) -> str:
        """The name as it is kept, with a suffix where only the media type tells what it is."""
        name = clean_file_name(self.name)
        kind = KINDS.get(self.media_type)
        if kind is None or suffix_of(name):
            return name
        return name + SUFFIXES[kind]


@dataclass(frozen=True, slots=True)
class Draft:
    """A file in hand: its upload, Telegram's names for it, and what is said of it so far."""

    upload: str
    unique_id: str
    file_id: str
    name: str
    size: int
    title: str = ""
    description: str = ""
    tags: Sequence[str] = field(default_factory=list)
    type: str = ""
    category: int = 0
    as_last: bool = False  # the subject is a guess from what was given before
    semester: int | None = None
    year: int | None = None
    again: bool = False  # the person knows that the library has these bytes
    message_id: int = 0  # where its arrival is shown

    @property
    def key(self) -> str:
        """What names it in buttons."""
        return self.upload[:KEY]


_FIELDS = {each.name for each in fields(Draft)}


def list_drafts(state: State) -> list[Draft]:
    """The files in hand of a chat, oldest first."""
    return [Draft(**{k: v for k, v in each.items() if k in _FIELDS}) for each in state.files]


def find_draft(state: State, key: str) -> Draft | None:
    """The file of that key in this chat; None: sent, given up, or another chat's."""
    found = (each for each in list_drafts(state) if each.key == key[:KEY])
    return next(found, None)


def keep_draft(state: State, draft: Draft, **changes: Any) -> Draft:
    """Write down a file in hand, with what has changed of it."""
    draft = replace(draft, **changes)
    others = list_drafts(state)
    known = any(each.key == draft.key for each in others)
    kept = [draft if each.key == draft.key else each for each in others]
    state.files = [asdict(each) for each in (kept if known else [*kept, draft])]
    return draft


def forget_draft(state: State, draft: Draft) -> None:
    """It is in hand no more."""
    state.files = [asdict(each) for each in list_drafts(state) if each.key != draft.key]


def is_whole(user: Any, draft: Draft) -> bool:
    """Whether its bytes are here. Raises NotFound or Expired when it was given up."""
    return offset_of(get_upload(user, draft.upload)) == draft.size


def forget_lost(user: Any, state: State) -> None:
    """Drop what nobody went on with for so long that its bytes are gone."""
    for draft in list_drafts(state):
        try:
            get_upload(user, draft.upload)
        except (NotFound, Expired):
            forget_draft(state, draft)
