"""A picture of any page of a PDF, drawn when it is first asked for."""

from __future__ import annotations

import fcntl
import logging
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NoReturn

from edu.media.errors import FileRefused, SandboxError
from edu.media.sandbox import Limits, Sandbox
from edu.media.workdir import PAGE_NAME
from edu.storage.base import Storage, original_key, page_picture_key, undrawn_key

# A person waits for it, so a page that takes longer has no picture.
LIMITS = Limits(memory_mb=768, cpu_s=8, wall_s=12.0, output_mb=8)
MAX_BYTES = 2 * 1024 * 1024
# So many at a time in one process, whoever asks; for a free place one waits this long.
_PLACES = threading.BoundedSemaphore(1)
_PATIENCE_S = 0.2
log = logging.getLogger(__name__)


class CannotDraw(Exception):
    """The page has no picture: it is not there, or too hard to draw."""


class TooBusy(Exception):
    """Others are being drawn; another time."""


def is_drawn(storage: Storage, sha256: str, number: int) -> bool:
    """Whether there is a picture of the page already."""
    return storage.exists(page_picture_key(sha256, number))


def is_hopeless(storage: Storage, sha256: str, number: int) -> bool:
    """Whether the page has been tried, and cannot be drawn."""
    return storage.exists(undrawn_key(sha256, number))


def draw_page(sandbox: Sandbox, storage: Storage, work: Path, sha256: str, number: int) -> None:
    """Make the picture of a page (WebP, 480 pixels at most) where it is missing.

    Two that ask at once get one drawing, and what cannot be drawn is tried once.
    Raises CannotDraw, TooBusy, FileNotFoundError.
    """
    if not _PLACES.acquire(timeout=_PATIENCE_S):
        raise TooBusy
    try:
        work.mkdir(parents=True, exist_ok=True)
        with _only_one(work / f"page-{sha256}-{number}.lock"):
            if is_hopeless(storage, sha256, number):
                raise CannotDraw
            if not is_drawn(storage, sha256, number):
                _draw(sandbox, storage, work, sha256, number)
    finally:
        _PLACES.release()


def _draw(sandbox: Sandbox, storage: Storage, work: Path, sha256: str, number: int) -> None:
    with (
        tempfile.TemporaryDirectory(dir=work, prefix="page-") as folder,
        storage.local_path(original_key(sha256)) as source,
    ):
        target = Path(folder, PAGE_NAME)
        try:
            sandbox.run("page", source, Path(folder), str(number), _ignore, limits=LIMITS)
        except SandboxError as error:  # no fault of the page: another time
            log.info("page %d of %s not drawn: %r", number, sha256[:12], error)
            raise CannotDraw from error
        except FileRefused as error:
            log.info("page %d of %s not drawn: %r", number, sha256[:12], error)
            _give_up(storage, work, sha256, number)
        if target.is_symlink() or not target.is_file() or target.stat().st_size > MAX_BYTES:
            _give_up(storage, work, sha256, number)
        storage.save(target, page_picture_key(sha256, number))


def _give_up(storage: Storage, work: Path, sha256: str, number: int) -> NoReturn:
    """Remember that the page has no picture. Raises CannotDraw."""
    with tempfile.NamedTemporaryFile(dir=work, prefix="page-", delete=False) as mark:
        pass
    storage.save(Path(mark.name), undrawn_key(sha256, number))
    raise CannotDraw


def _ignore(step: str, percent: int) -> None:
    """Nobody is told how far it is."""


@contextmanager
def _only_one(path: Path) -> Iterator[None]:
    """Hold a lock that the system frees with the process; the file goes with its last holder."""
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        try:
            yield
        finally:
            path.unlink(missing_ok=True)
