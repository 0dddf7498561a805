"""The tus protocol 1.0 (https://tus.io): files in pieces, from a browser or a script.

A browser is known by its session and sends the CSRF token with each request; a script sends a token
of the API that may upload.
"""

from __future__ import annotations

from typing import IO

from flask import Blueprint, Response, current_app, request, url_for
from werkzeug.exceptions import ClientDisconnected
from werkzeug.http import http_date

from edu.accounts.models import User
from edu.api.security import Scope, caller_or_stranger, current_caller, person_key, require_person
from edu.errors import EduError, problem
from edu.extensions import csrf, db, limiter, settings
from edu.permissions import Permission, require
from edu.site.requests import signed_in, who_asks
from edu.uploads import service
from edu.uploads.models import Upload
from edu.uploads.schemas import (
    ALGORITHMS,
    EXTENSIONS,
    PIECE_TYPE,
    VERSION,
    Checksum,
    WrongType,
    WrongVersion,
    read_metadata,
    read_number,
)

READ_BYTES = 256 * 1024

bp = Blueprint("uploads", __name__, url_prefix="/files")
csrf.exempt(bp)  # _person() asks for the token where a cookie signs in


@bp.before_request
def _check_version() -> None:
    if request.method != "OPTIONS" and request.headers.get("Tus-Resumable") != VERSION:
        raise WrongVersion


@bp.after_request
def _finish(response: Response) -> Response:
    response.headers["Tus-Resumable"] = VERSION
    response.headers["Tus-Version"] = VERSION
    response.headers["Cache-Control"] = "no-store"
    return response


@bp.errorhandler(EduError)
def _refuse(error: EduError) -> Response:
    db.session.rollback()
    if error.status == 460:  # has no name that Python knows
        return Response(str(error.message), 460, mimetype="text/plain")
    return problem(error.status, error.code, str(error.message))


def _person() -> User:
    """Who may upload and asks. Raises SignInRequired, Forbidden, MissingScope or InvalidToken."""
    if current_caller() is not None:
        return require(require_person(Scope.UPLOAD), Permission.UPLOAD)
    person = signed_in()
    if current_app.config["WTF_CSRF_ENABLED"]:
        csrf.protect()
    return require(person, Permission.UPLOAD)


def _limit_key() -> str:
    return person_key() if caller_or_stranger() else who_asks()


def _answer(status: int, upload: Upload | None = None, **headers: str) -> Response:
    response = Response(status=status)
    del response.headers["Content-Type"]
    if upload is not None:
        response.headers["Upload-Expires"] = http_date(service.expires_at(upload))
        response.headers["Upload-Offset"] = str(service.offset_of(upload))
    for name, value in headers.items():
        response.headers[name.replace("_", "-")] = value
    return response


# Routes ---------------------------------------------------------------------------------------


@bp.route("/", methods=["OPTIONS"])
@bp.route("/<upload_id>", methods=["OPTIONS"])
def options(upload_id: str = "") -> Response:
    return _answer(
        204,
        Tus_Extension=EXTENSIONS,
        Tus_Max_Size=str(settings().max_upload_bytes),
        Tus_Checksum_Algorithm=",".join(ALGORITHMS),
    )


@bp.post("/")
@limiter.limit(lambda: settings().upload_limit, key_func=_limit_key)
def create() -> Response:
    person = _person()
    size = read_number("Upload-Length", request.headers.get("Upload-Length"))
    told = read_metadata(request.headers.get("Upload-Metadata", ""))
    upload = service.create_upload(person, told.get("filename") or told.get("name") or "", size)
    db.session.commit()
    return _answer(201, upload, Location=url_for("uploads.show", upload_id=upload.id))


@bp.route("/<upload_id>", methods=["HEAD"])
def show(upload_id: str) -> Response:
    upload = service.get_upload(_person(), upload_id)
    return _answer(200, upload, Upload_Length=str(upload.size))


@bp.delete("/<upload_id>")
def remove(upload_id: str) -> Response:
    person = _person()
    with service.lock_upload(service.get_upload(person, upload_id)):
        service.drop_upload(person, upload_id)
        db.session.commit()
        service.remove_bytes(upload_id)
    return _answer(204)


@bp.post("/<upload_id>")
def overridden(upload_id: str) -> Response:
    """For clients that cannot send PATCH or DELETE, as the protocol has it."""
    method = request.headers.get("X-HTTP-Method-Override", "").upper()
    if method == "DELETE":
        return remove(upload_id)
    return send(upload_id)


@bp.patch("/<upload_id>")
def send(upload_id: str) -> Response:
    person = _person()
    if request.mimetype != PIECE_TYPE:
        raise WrongType
    upload = service.get_upload(person, upload_id)
    offset = read_number("Upload-Offset", request.headers.get("Upload-Offset"))
    if offset != service.offset_of(upload):
        raise service.WrongOffset
    _receive(person, upload, offset)
    upload = service.get_upload(person, upload_id)
    if not upload.sha256 and service.offset_of(upload) == upload.size:
        service.seal_upload(upload)
        db.session.commit()
    return _answer(204, upload)


# Bytes ----------------------------------------------------------------------------------------


def _receive(person: User, upload: Upload, offset: int) -> None:
    """Take the body in, a piece at a time: what has been counted need not be sent again."""
    upload_id, left = upload.id, service.room_for(upload, offset, request.content_length)
    checksum = _read_checksum(left)
    while left:
        service.room_for(upload, offset, left)  # asked anew for each piece: others send, too
        with service.open_piece() as piece:
            wanted = min(left, service.PIECE_BYTES)
            arrived = _fill(piece, wanted)
            if checksum:
                checksum.check(piece)
            if arrived:
                with service.lock_upload(upload) as file:
                    offset = service.append_piece(person, upload_id, file, offset, piece)
                    db.session.commit()
        left = left - arrived if arrived == wanted else 0


def _read_checksum(size: int) -> Checksum | None:
    text = request.headers.get("Upload-Checksum")
    if text is None:
        return None
    if request.content_length is None or size > service.PIECE_BYTES:
        # Nothing counts before it is checked, so what would be sent again must be small.
        raise service.PieceTooLarge
    return Checksum.read(text)


def _fill(piece: IO[bytes], wanted: int) -> int:
    """Write what comes, up to `wanted` bytes; fewer when the body ends or the line breaks."""
    arrived = 0
    while arrived < wanted:
        try:
            block = request.stream.read(min(READ_BYTES, wanted - arrived))
        except ClientDisconnected:
            break  # what came before is kept
        if not block:
            break
        arrived += piece.write(block)
    return arrived
