"""The playlists and pieces of a video, and how far their making is."""

from __future__ import annotations

import re

from flask import Blueprint, Response, render_template, url_for
from werkzeug.wrappers import Response as BaseResponse

from edu.errors import NotFound
from edu.extensions import db, limiter, settings
from edu.htmx import go_to
from edu.materials.models import StoredFile
from edu.materials.service import get_visible
from edu.media.streaming import MASTER_NAME
from edu.site.delivery import deliver_stream
from edu.site.requests import current_person, signed_in, who_asks
from edu.streams.models import StreamStatus
from edu.streams.service import find_stream, retry_stream, show_stream
from jobs.streams import make_stream

bp = Blueprint("streams", __name__, url_prefix="/materials/<int:material_id>/stream")

PART = re.compile(r"index\.m3u8|init\.mp4|[0-9]{5}\.m4s")


@bp.get("")
def progress(material_id: int) -> str:
    person = current_person()
    material = get_visible(person, material_id)
    stream = show_stream(person, material)
    return render_template("materials/_stream.html", material=material, stream=stream)


@bp.post("/retry")
@limiter.limit(lambda: settings().upload_limit, key_func=who_asks)
def retry(material_id: int) -> BaseResponse:
    material = get_visible(current_person(), material_id)
    retry_stream(signed_in(), material)
    db.session.commit()
    make_stream.enqueue(material.file_id)
    return go_to(url_for("materials.show", material_id=material.id))


def _file_with_stream(material_id: int) -> StoredFile:
    """Asked for each playlist and each piece: what may be seen can change while one watches."""
    file = get_visible(current_person(), material_id).file
    stream = find_stream(file)
    if stream is None or stream.status != StreamStatus.READY:
        raise NotFound
    return file


@bp.get("/master.m3u8")
def master(material_id: int) -> Response:
    return deliver_stream(_file_with_stream(material_id), MASTER_NAME)


@bp.get("/<int(max=9999):height>/<name>")
def part(material_id: int, height: int, name: str) -> Response:
    file = _file_with_stream(material_id)
    if not PART.fullmatch(name):
        raise NotFound
    return deliver_stream(file, f"{height}/{name}")
