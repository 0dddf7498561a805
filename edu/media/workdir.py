"""The folder of a run: the names in it, and how much a child has written there."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from edu.media.errors import FileRefused

# What was found, as JSON, and the picture: of the file, or of one page.
RESULT_NAME = "result.json"
THUMBNAIL_NAME = "thumbnail.webp"
PAGE_NAME = "page.webp"
# Empty files and folders take space too.
_BLOCK = 4096


def read_result(folder: Path) -> dict[str, Any]:
    """Read what the child wrote. A link is not followed: it could lead to any file.

    Raises FileRefused: broken when there is nothing of the kind.
    """
    try:
        flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK
        with os.fdopen(os.open(folder / RESULT_NAME, flags), "rb") as file:
            data = json.load(file)
    except (OSError, ValueError, RecursionError) as error:
        raise FileRefused("broken", detail="result") from error
    if not isinstance(data, dict):
        raise FileRefused("broken", detail="result")
    return data


def used_bytes(folder: Path, enough: int) -> int:
    """The bytes of all files beneath a folder, at least a block for each; stops after `enough`.

    A folder that cannot be looked into counts as more than enough.
    """
    total, folders = 0, [str(folder)]
    while folders and total <= enough:
        try:
            with os.scandir(folders.pop()) as entries:
                for entry in entries:
                    total += _size(entry)
                    if entry.is_dir(follow_symlinks=False):
                        folders.append(entry.path)
                    if total > enough:
                        break
        except FileNotFoundError:
            continue
        except OSError:
            return enough + 1
    return total


def _size(entry: os.DirEntry[str]) -> int:
    try:
        return max(entry.stat(follow_symlinks=False).st_size, _BLOCK)
    except FileNotFoundError:  # removed just now
        return 0
