"""What the headers of the tus protocol say."""

from __future__ import annotations

import binascii
import hashlib
from base64 import b64decode
from dataclasses import dataclass
from typing import IO

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from edu.errors import EduError

VERSION = "1.0.0"
EXTENSIONS = "creation,termination,checksum,expiration"
ALGORITHMS = ("sha1", "sha256", "md5")
PIECE_TYPE = "application/offset+octet-stream"
MAX_DIGITS = 18
MAX_METADATA = 4096  # characters


class BadHeader(EduError):
    """A header of the protocol is missing or says nothing that can be understood."""

    code = "bad_header"


class WrongVersion(EduError):
    """The client speaks another version of the protocol."""

    status = 412
    code = "wrong_version"
    message = _l("This site speaks version 1.0.0 of the tus protocol.")


class WrongType(EduError):
    """The body is not a piece of a file."""

    status = 415
    code = "wrong_type"
    message = _l("A piece of a file is sent as application/offset+octet-stream.")


class ChecksumMismatch(EduError):
    """The piece has arrived damaged."""

    status = 460  # the protocol's own
    code = "checksum_mismatch"
    message = _l("The piece has arrived damaged. Send it once more.")


def read_number(name: str, text: str | None) -> int:
    """A number of bytes. Raises BadHeader."""
    if text is None or not text.isascii() or not text.isdigit() or len(text) > MAX_DIGITS:
        raise BadHeader(_("The header %(name)s must be a number of bytes.", name=name))
    return int(text)


def read_metadata(text: str) -> dict[str, str]:
    """What a client says of the file: `name BASE64,name BASE64`. Raises BadHeader."""
    pairs = [part.strip().partition(" ") for part in text.split(",") if part.strip()]
    try:
        if len(text) > MAX_METADATA:
            raise ValueError
        return {key: b64decode(value.strip(), validate=True).decode() for key, _sp, value in pairs}
    except ValueError as error:  # also what is no base64, or no text
        raise BadHeader(_("The header Upload-Metadata cannot be understood.")) from error


@dataclass(frozen=True, slots=True)
class Checksum:
    """What a piece must hash to."""

    algorithm: str
    digest: bytes

    @classmethod
    def read(cls, text: str) -> Checksum:
        """`sha1 BASE64`. Raises BadHeader."""
        algorithm, _space, value = text.strip().partition(" ")
        if algorithm not in ALGORITHMS:
            raise BadHeader(_("Checksums may be %(names)s.", names=", ".join(ALGORITHMS)))
        try:
            return cls(algorithm, b64decode(value.strip(), validate=True))
        except binascii.Error as error:
            raise BadHeader(_("The header Upload-Checksum cannot be understood.")) from error

    def check(self, piece: IO[bytes]) -> None:
        """Raises ChecksumMismatch."""
        piece.seek(0)
        hashed = hashlib.file_digest(
            piece,  # type: ignore[arg-type]  # typeshed wants readinto, which open files have
            lambda: hashlib.new(self.algorithm, usedforsecurity=False),
        )
        if hashed.digest() != self.digest:
            raise ChecksumMismatch
