"""Sending stored bytes: ranges, caching, names, and a policy under which they run nothing."""

from __future__ import annotations

from os import SEEK_END

from flask import Response, request, send_file
from flask_babel import gettext as _
from werkzeug.exceptions import HTTPException

from edu.errors import NotFound
from edu.extensions import storage
from edu.materials.models import StoredFile
from edu.storage.base import original_key, thumbnail_key

UNTRUSTED = "default-src 'none'; style-src 'unsafe-inline'; media-src 'self'; sandbox"


def deliver_file(stored: StoredFile, *, attach: bool = False) -> Response:
    """The file, to be saved (`attach`) or to be shown where a browser can.

    Who may have it is the caller's to ask. Raises NotFound.
    """
    # Only PDF and video are made for showing in a browser; a DOCX is for the office program.
    attach = attach or stored.kind == "docx"
    key = original_key(stored.sha256)
    return _deliver(key, stored.media_type, stored.download_name, attach=attach)


def deliver_thumbnail(stored: StoredFile) -> Response:
    """The picture of a file. Raises NotFound."""
    if not stored.has_thumbnail:
        raise NotFound
    return _deliver(thumbnail_key(stored.sha256), "image/webp", "thumbnail.webp", attach=False)


def _deliver(key: str, media_type: str, name: str, *, attach: bool) -> Response:
    try:
        stream = storage().open(key)
    except FileNotFoundError as error:
        raise NotFound(
            _("The file is not in the storage any more. Tell the moderators.")
        ) from error
    response = send_file(
        stream,
        mimetype=media_type,
        as_attachment=attach,
        download_name=name,
        etag=key.rsplit("/", 1)[-1],
        max_age=0,
    )
    # send_file knows no size of a stream, and without one there are no ranges: no seeking in video.
    size = stream.seek(0, SEEK_END)
    stream.seek(0)
    response.content_length = size
    try:
        response.make_conditional(request, accept_ranges=True, complete_length=size)
    except HTTPException:  # a range beyond the end
        stream.close()
        raise
    # What may be seen can change at any moment, so a browser asks each time (and gets a 304).
    response.cache_control.private = True
    response.cache_control.no_cache = True
    response.headers["Content-Security-Policy"] = UNTRUSTED
    return response
