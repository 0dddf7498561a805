"""Sending stored bytes: ranges, caching, names, and a policy under which they run nothing.

Who sends them is a matter of settings: the site itself, the front server that it names the file
to, or the storage, to which a browser is sent with a signed address. Who may have them is asked
here each time, by the caller.
"""

from __future__ import annotations

from collections.abc import Iterator
from os import SEEK_END
from typing import IO
from urllib.parse import quote

from flask import Response, request
from flask_babel import gettext as _
from werkzeug.exceptions import HTTPException
from werkzeug.http import dump_options_header
from werkzeug.wsgi import ClosingIterator

from edu.errors import NotFound
from edu.extensions import settings, storage
from edu.materials.models import StoredFile
from edu.media.markup import PICTURE
from edu.storage.base import (
    original_key,
    page_picture_key,
    preview_key,
    stream_key,
    thumbnail_key,
)

UNTRUSTED = "default-src 'none'; style-src 'unsafe-inline'; media-src 'self'; sandbox"
CHUNK = 128 * 1024


def deliver_file(stored: StoredFile, *, attach: bool = False) -> Response:
    """The file, to be saved (`attach`) or to be shown where a browser can.

    Who may have it is the caller's to ask. Raises NotFound, StorageUnavailable.
    """
    # Only PDF and video are made for showing in a browser; a DOCX is for the office program.
    attach = attach or stored.kind == "docx"
    key = original_key(stored.sha256)
    return deliver_key(key, stored.media_type, stored.download_name, attach=attach)


def deliver_thumbnail(stored: StoredFile) -> Response:
    """The picture of a file. Raises NotFound, StorageUnavailable."""
    if not stored.has_thumbnail:
        raise NotFound
    return deliver_key(thumbnail_key(stored.sha256), "image/webp", "thumbnail.webp")


def deliver_preview(stored: StoredFile, name: str) -> Response:
    """A picture out of a document. Raises NotFound, StorageUnavailable."""
    if not PICTURE.fullmatch(name):
        raise NotFound
    key = preview_key(stored.sha256, name)
    return deliver_key(key, "image/webp", name, etag=f"{stored.sha256}-{name}")


def deliver_page(stored: StoredFile, number: int) -> Response:
    """The picture of a page that has been drawn. Raises NotFound, StorageUnavailable."""
    key = page_picture_key(stored.sha256, number)
    return deliver_key(key, "image/webp", f"page-{number}.webp", etag=f"{stored.sha256}-{number}")


# The media types of what a stream is made of, by the ends of its names.
STREAM_TYPES = {
    "m3u8": "application/vnd.apple.mpegurl",
    "mp4": "video/mp4",
    "m4s": "video/iso.segment",
}


def deliver_stream(stored: StoredFile, name: str) -> Response:
    """A playlist or a piece of a video, such as `720/00000.m4s`. Raises as deliver_key does."""
    key, end = stream_key(stored.sha256, name), name.rpartition(".")[2]
    etag = f"{stored.sha256}-{name.replace('/', '-')}"
    # What a playlist names lies beside it, and that is asked of the site, each time.
    anywhere = end != "m3u8"
    shown = name.rpartition("/")[2]
    return deliver_key(key, STREAM_TYPES[end], shown, etag=etag, anywhere=anywhere)


def deliver_key(
    key: str,
    media_type: str,
    name: str,
    *,
    attach: bool = False,
    etag: str = "",
    anywhere: bool = True,
) -> Response:
    """Whatever lies under a key; `etag` names its content where the last part of the key does not.

    `anywhere`: a browser may be sent to the storage for it. Raises NotFound, StorageUnavailable.
    """
    disposition = _disposition(name, attach=attach)
    try:
        if anywhere and request.method == "GET":  # a signature is good for one method
            address = storage().presign(key, media_type=media_type, disposition=disposition)
            if address:
                return _send_elsewhere(address)
        response = Response(mimetype=media_type)
        response.headers["Content-Disposition"] = disposition
        if not _hand_over(key, response):
            _send(key, response, etag or key.rsplit("/", 1)[-1])
    except FileNotFoundError as error:
        raise NotFound(
            _("The file is not in the storage any more. Tell the moderators.")
        ) from error
    # What may be seen can change at any moment, so a browser asks each time (and gets a 304).
    response.cache_control.private = True
    response.cache_control.no_cache = True
    response.headers["Content-Security-Policy"] = UNTRUSTED
    return response


def _disposition(name: str, *, attach: bool) -> str:
    """The header; a name beyond ASCII is written twice, plainly for old programs."""
    plain = name.encode("ascii", "ignore").decode()
    options = {"filename": plain or "file"}
    if plain != name:
        options["filename*"] = f"UTF-8''{quote(name, safe='!#$&+^`|~')}"
    return dump_options_header("attachment" if attach else "inline", options)


def _send_elsewhere(address: str) -> Response:
    response = Response(status=302, headers={"Location": address})
    # The address is a key to the bytes: nobody keeps it, and no other site learns of ours.
    response.cache_control.no_store = True
    response.headers["Referrer-Policy"] = "no-referrer"
    return response


def _hand_over(key: str, response: Response) -> bool:
    """Name the file to the front server, which sends it; False where there is none, or no file."""
    header = settings().sendfile_header
    path = storage().file_of(key) if header else None
    if path is None:
        return False
    by_path = header == "x-sendfile"
    response.headers[header] = str(path) if by_path else quote(settings().sendfile_prefix + key)
    return True


def _send(key: str, response: Response, etag: str) -> None:
    """Bytes by way of the site: all, or the range that was asked for. Raises FileNotFoundError."""
    response.set_etag(etag)
    known = request.if_none_match.contains_weak(etag)
    if known or request.method != "GET":
        response.content_length = storage().size(key)
        if known:
            response.status_code = 304
        else:
            response.make_conditional(request, True, response.content_length)
        return
    stream = storage().open(key)
    response.call_on_close(stream.close)
    size = stream.seek(0, SEEK_END)
    response.content_length = size
    try:
        response.make_conditional(request, accept_ranges=True, complete_length=size)
    except HTTPException:  # a range beyond the end
        stream.close()
        raise
    if response.status_code in (200, 206):
        pieces = _pieces(stream, response.content_range.start, response.content_length)
        response.response = ClosingIterator(pieces, stream.close)
        response.direct_passthrough = True


def _pieces(stream: IO[bytes], start: int | None, length: int) -> Iterator[bytes]:
    """So many bytes from there on, read when they are sent."""
    stream.seek(start or 0)
    while length and (piece := stream.read(min(CHUNK, length))):
        length -= len(piece)
        yield piece
