"""Answers that are files made for the moment."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import quote

from flask import Response

from edu.extensions import storage
from edu.storage.archive import Member, make_archive, safe_name


def send_archive(title: str, members: Sequence[Member]) -> Response:
    """The files as `title`.zip, made while it is sent."""
    size, content = make_archive(storage(), members)
    response = Response(content, mimetype="application/zip")
    response.content_length = size
    # The plain name is for programs that do not know the second form, which has any letters.
    names = {"filename": "archive.zip", "filename*": f"UTF-8''{quote(safe_name(title))}.zip"}
    response.headers.set("Content-Disposition", "attachment", **names)
    response.headers["Cache-Control"] = "private, no-store"
    return response
