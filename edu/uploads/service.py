"""Files that arrive in pieces: the row counts only what is safe on disk.

The bytes of an upload lie in one file under its id. A piece is appended under the file's lock,
fsynced, and then counted; what stands behind the count was left by a process that died, and is cut
off by the next piece.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import re
import secrets
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import IO

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import delete, func, or_, select

from edu.accounts.models import User
from edu.errors import Conflict, EduError, InvalidInput, NotFound, Unavailable
from edu.extensions import change_rows, db, settings, utcnow
from edu.materials.models import Material, MaterialVersion, StoredFile
from edu.materials.service import accept_file, clean_file_name
from edu.site.context import format_size
from edu.site.database import lock_table
from edu.storage.incoming import Incoming
from edu.trash.models import UnusedFile
from edu.uploads.models import Upload

KEPT_FOR = timedelta(days=1)
LONGEST = timedelta(days=7)  # from first to last, whatever goes on
MOST_OPEN = 50  # uploads of one person at a time
PIECE_BYTES = 5 * 1024 * 1024  # what is sent again, at most, when something breaks
COPY_BYTES = 1024 * 1024
# A file's name: an id, or an id and the mark of a second name. Ids come from forms, too.
_NAME = re.compile(r"[0-9a-f]{32}(\.[0-9a-f]{8})?")
LOCK_WAIT_S = 3.0  # somebody who appends a piece is done before


class TooLarge(InvalidInput):
    """The file is more than is taken from anybody, from this person, or just now."""

    status = 413
    code = "too_large"


class Expired(EduError):
    """Nothing has come for too long."""

    status = 410
    code = "expired"
    message = _l("This upload has been given up. Choose the file once more.")


class WrongOffset(Conflict):
    """The piece does not begin where the last one ended."""

    code = "wrong_offset"
    message = _l("The piece does not begin where the file ends.")


class Busy(EduError):
    """Another request is writing to the same file at this moment."""

    status = 423
    code = "locked"
    message = _l("Another request is sending the same file.")


class PieceTooLarge(TooLarge):
    """A piece with a checksum is longer than what is kept or sent again as a whole."""

    message = _l("A piece with a checksum may have at most 5 MB.")


class TooMany(Conflict):
    """So many uploads of one person are open already."""

    code = "too_many_uploads"
    message = _l("Too many files are on their way at once. Let some of them arrive first.")


class Incomplete(InvalidInput):
    """Not all has come yet."""

    code = "incomplete"


@dataclass(frozen=True, slots=True)
class Room:
    """What a person may upload in all, in bytes, and what of it is taken."""

    quota: int
    used: int

    @property
    def left(self) -> int:
        """How much more there is room for."""
        return max(0, self.quota - self.used)


# Room -----------------------------------------------------------------------------------------


def measure_room(user: User) -> Room | None:
    """What the person has uploaded, unfinished uploads at their full size; None if unlimited.

    What was deleted for good makes room at once, though its bytes go later: up to another share.
    """
    quota = settings().upload_quota_bytes
    if not quota:
        return None
    beyond = max(0, _leaving_bytes(user) - quota)
    return Room(quota, _stored_bytes(user) + _promised_bytes(user) + beyond)


def _stored_bytes(user: User) -> int:
    own = select(Material.file_id).where(Material.uploader_id == user.id)
    versions = select(MaterialVersion.file_id).join(
        Material, Material.id == MaterialVersion.material_id
    )
    older = versions.where(Material.uploader_id == user.id)
    kept = or_(StoredFile.id.in_(own), StoredFile.id.in_(older))
    return int(db.session.scalar(select(func.sum(StoredFile.size)).where(kept)) or 0)


def _leaving_bytes(user: User) -> int:
    query = select(func.sum(UnusedFile.size)).where(UnusedFile.uploader_id == user.id)
    return int(db.session.scalar(query) or 0)


def _promised_bytes(user: User) -> int:
    query = select(func.sum(Upload.size)).where(Upload.user_id == user.id)
    return int(db.session.scalar(query) or 0)


def require_room(user: User, size: int) -> None:
    """Raises TooLarge when `size` more bytes are more than the person's share."""
    room = measure_room(user)
    if room is not None and size > room.left:
        left, quota = format_size(room.left), format_size(room.quota)
        text = _(
            "You have room for %(left)s more of %(quota)s. Choose a smaller file.",
            left=left,
            quota=quota,
        )
        raise TooLarge(text, code="over_quota", field="file")


def hold_room(user: User, size: int) -> None:
    """The same for a file whose row comes with this transaction: until it ends nobody else asks.

    Raises TooLarge.
    """
    if settings().upload_quota_bytes:
        lock_table(Upload)  # as for one that arrives in pieces
        require_room(user, size)


def require_disk(size: int) -> None:
    """Raises TooLarge when the file, and what others still send, would take the database's room."""
    query = select(func.sum(Upload.size - Upload.received)).where(Upload.touched_at > _given_up())
    promised = int(db.session.scalar(query) or 0)
    free = shutil.disk_usage(settings().data_dir).free
    if free - promised - size < settings().min_free_bytes:
        text = _("This site is short of disk space and takes no file of this size just now.")
        raise TooLarge(text, code="no_space", field="file")


# Life -----------------------------------------------------------------------------------------


def create_upload(user: User, name: str, size: int) -> Upload:
    """Make room for a file of `size` bytes. Raises TooLarge or TooMany."""
    if size > settings().max_upload_bytes:
        text = _("The file is larger than %(size)s.", size=format_size(settings().max_upload_bytes))
        raise TooLarge(text, field="file")
    lock_table(Upload)  # or several at once would all find the same room
    open_ones = select(func.count()).where(Upload.user_id == user.id)
    if (db.session.scalar(open_ones) or 0) >= MOST_OPEN:
        raise TooMany
    require_room(user, size)
    require_disk(size)
    upload = Upload(
        id=secrets.token_hex(16), user_id=user.id, name=clean_file_name(name), size=size
    )
    upload.received, upload.sha256 = 0, ""
    upload.created_at = upload.touched_at = utcnow()
    db.session.add(upload)
    db.session.flush()
    _folder().mkdir(parents=True, exist_ok=True)
    _path(upload.id).touch()
    return upload


def get_upload(user: User, upload_id: str) -> Upload:
    """The person's own upload, as the database has it now. Raises NotFound or Expired."""
    query = select(Upload).where(Upload.id == upload_id, Upload.user_id == user.id)
    upload = db.session.scalar(query.execution_options(populate_existing=True))
    if upload is None:
        raise NotFound(_("There is no such upload."))
    if expires_at(upload) < utcnow():
        raise Expired
    return upload


def expires_at(upload: Upload) -> datetime:
    """When it is given up unless more comes."""
    return min(upload.touched_at + KEPT_FOR, upload.created_at + LONGEST)


def _given_up() -> datetime:
    """Uploads are given up that were touched last before this."""
    return utcnow() - KEPT_FOR


def offset_of(upload: Upload) -> int:
    """How many bytes are here; less than counted if the disk has lost some."""
    try:
        return min(upload.received, _path(upload.id).stat().st_size)
    except FileNotFoundError:
        return 0


def drop_upload(user: User, upload_id: str) -> None:
    """Forget the row; after the commit the edge calls remove_bytes(). Nothing if there is none."""
    own = (Upload.id == upload_id, Upload.user_id == user.id)
    change_rows(delete(Upload).where(*own))
    db.session.expire_all()


def remove_bytes(upload_id: str) -> None:
    """Forget the file of an upload whose row is gone; nothing while there is one, whosever it is.

    The id may be anything that somebody has written into a form.
    """
    if _NAME.fullmatch(upload_id) and db.session.get(Upload, upload_id) is None:
        _path(upload_id).unlink(missing_ok=True)


def remove_expired() -> int:
    """Forget the rows of what nobody goes on with; counts them."""
    late = or_(Upload.touched_at < _given_up(), Upload.created_at < utcnow() - LONGEST)
    return change_rows(delete(Upload).where(late))


def remove_orphans() -> int:
    """Remove files whose rows are gone: given up, taken, or of a deleted account; counts them."""
    names = [path.name for path in _folder().iterdir()] if _folder().is_dir() else []
    known = set(db.session.scalars(select(Upload.id)))  # after the names: a row is older
    orphans = [name for name in names if name.partition(".")[0] not in known]
    for name in orphans:
        (_folder() / name).unlink(missing_ok=True)
    return len(orphans)


# Bytes ----------------------------------------------------------------------------------------


def _folder() -> Path:
    return settings().data_dir / "uploads"


def _path(name: str) -> Path:
    if not _NAME.fullmatch(name):
        raise ValueError(f"{name!r} names no upload")
    return _folder() / name


def open_piece() -> IO[bytes]:
    """A nameless file for a piece while it comes in; it goes when closed, or with the process."""
    _folder().mkdir(parents=True, exist_ok=True)
    return tempfile.TemporaryFile(dir=_folder())


@contextmanager
def lock_upload(upload: Upload) -> Iterator[IO[bytes]]:
    """The upload's file, to which nobody else appends until the block ends. Raises Busy.

    Freed with the process, however it ends.
    """
    handle = os.open(_path(upload.id), os.O_RDWR | os.O_CREAT, 0o600)
    with os.fdopen(handle, "rb+") as file:
        patience = time.monotonic() + LOCK_WAIT_S
        while not _lock(file):
            if time.monotonic() >= patience:
                raise Busy
            time.sleep(0.05)
        yield file


def _lock(file: IO[bytes]) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def room_for(upload: Upload, offset: int, announced: int | None) -> int:
    """How many bytes a request may bring that begins at `offset` and announces so many.

    Raises TooLarge, or Unavailable when the disk is short of room.
    """
    left = upload.size - offset
    if announced is not None and announced > left:
        raise TooLarge(_("The file is longer than was announced."))
    if shutil.disk_usage(settings().data_dir).free - left < settings().min_free_bytes:
        raise Unavailable(_("This site is short of disk space and takes no files just now."))
    return left if announced is None else announced


def append_piece(user: User, upload_id: str, file: IO[bytes], offset: int, piece: IO[bytes]) -> int:
    """Put a piece behind the first `offset` bytes of the locked `file`; the new offset.

    On return the bytes are safe; they count with the commit, before the lock is given back. Raises
    NotFound, Expired, WrongOffset or TooLarge.
    """
    upload = get_upload(user, upload_id)
    size = piece.seek(0, os.SEEK_END)
    if offset != offset_of(upload):
        raise WrongOffset
    if offset + size > upload.size:
        raise TooLarge(_("The file is longer than was announced."))
    if size:
        _write_at(file, offset, piece)
        upload.sha256 = ""  # of what the disk had before it lost some
    upload.received, upload.touched_at = offset + size, utcnow()
    db.session.flush()
    return upload.received


def _write_at(file: IO[bytes], offset: int, piece: IO[bytes]) -> None:
    piece.seek(0)
    file.truncate(offset)
    file.seek(offset)
    shutil.copyfileobj(piece, file, COPY_BYTES)
    file.flush()
    os.fsync(file.fileno())


def seal_upload(upload: Upload) -> None:
    """Remember the hash of an upload that has arrived whole."""
    upload.sha256 = _read_hash(upload)
    db.session.flush()


def _read_hash(upload: Upload) -> str:
    with _path(upload.id).open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@contextmanager
def lend_upload(user: User, upload_id: str) -> Iterator[Incoming]:
    """The whole file under a second name, which may be moved away.

    The upload itself stays until it is dropped, so a form that is refused for something else can be
    sent again. Raises NotFound, Expired or Incomplete.
    """
    upload = get_upload(user, upload_id)
    if offset_of(upload) < upload.size:
        raise Incomplete(_("The file has not arrived whole. Send the rest of it."), field="file")
    lent = _path(f"{upload.id}.{secrets.token_hex(4)}")
    # A process that died after the last piece has not read it through.
    digest = upload.sha256 or _read_hash(upload)
    os.link(_path(upload.id), lent)
    try:
        yield Incoming(lent, digest, upload.size, upload.name)
    finally:
        lent.unlink(missing_ok=True)


def accept_upload(user: User, upload_id: str) -> StoredFile:
    """The file of an upload, judged and stored; its row goes with the caller's commit.

    Raises as lend_upload() and accept_file().
    """
    with lend_upload(user, upload_id) as incoming:
        file = accept_file(incoming)
    drop_upload(user, upload_id)
    return file
