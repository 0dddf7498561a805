"""What every request passes: who asks, bounded bodies in, security headers out."""

from __future__ import annotations

import hmac
import re
import shutil
from typing import IO, Any, cast

from flask import Request, Response, abort, request
from flask_babel import gettext as _
from flask_login import current_user
from werkzeug.datastructures import MultiDict

from edu.accounts.models import User
from edu.api.security import Scope, caller_or_stranger
from edu.captions.service import may_caption
from edu.errors import SignInRequired, Unavailable
from edu.extensions import client_address, settings, storage
from edu.media.captions import MAX_BYTES as MAX_CAPTION_BYTES
from edu.permissions import Permission, may
from edu.storage.incoming import HashingFile
from edu.uploads.schemas import PIECE_TYPE
from edu.versions.service import may_replace

FORM_OVERHEAD = 256 * 1024
UPLOAD_ENDPOINTS = {"materials.upload_submit", "versions.replace_submit"}
API_UPLOAD_ENDPOINTS = {"api_materials.create", "api_versions.create"}
CAPTION_ENDPOINTS = {"captions.save", "api_captions.save"}

CSP = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data: blob:",
        "font-src 'self' data:",
        "media-src 'self' blob:",
        "connect-src 'self'",
        "worker-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
        "manifest-src 'self'",
    )
)


class EduRequest(Request):
    """Uploads are written to the data folder and hashed as they arrive, not copied afterwards."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._arriving: list[HashingFile] = []

    def _get_file_stream(
        self,
        total_content_length: int | None,
        content_type: str | None,
        filename: str | None = None,
        content_length: int | None = None,
    ) -> IO[bytes]:
        file = HashingFile(settings().data_dir / "incoming")
        self._arriving.append(file)
        return cast("IO[bytes]", file)

    def close(self) -> None:
        """Drop what was not kept, also of a transfer that broke off and became no form."""
        super().close()
        for file in self._arriving:
            file.close()


def current_person() -> User | None:
    """The signed-in person as a plain model object, or None for a stranger."""
    if not current_user.is_authenticated:
        return None
    return cast("User", current_user._get_current_object())


def signed_in() -> User:
    """The person who asks. Raises SignInRequired, which leads to the sign-in page."""
    person = current_person()
    if person is None:
        raise SignInRequired
    return person


def who_asks() -> str:
    """Whom a limit counts this request for: the person, or a stranger's address."""
    person = current_person()
    return f"user:{person.id}" if person else f"address:{client_address()}"


def sent_by_another_site() -> bool:
    """Whether a page elsewhere made the browser ask, or a picture or frame of any page did."""
    sent = request.headers.get
    elsewhere = sent("Sec-Fetch-Site") == "cross-site"
    return elsewhere or sent("Sec-Fetch-Dest", "empty") not in {"document", "empty"}


def visitor() -> str:
    """What tells a stranger's browser from others, for counting only."""
    # No cookie for strangers: it would need consent, and dropping it would count them anew.
    facts = f"{client_address()}|{request.user_agent.string}"
    return hmac.digest(settings().secret_key.encode(), facts.encode(), "sha256").hex()


def upload_limit() -> int:
    """The largest body of a request that carries a file."""
    return settings().max_upload_bytes + FORM_OVERHEAD


def cap_body() -> None:
    """Only people who may upload may send more than a form's worth of bytes."""
    if _may_send_file():
        _require_space()
        request.max_content_length = upload_limit()
    elif request.endpoint in CAPTION_ENDPOINTS and _may_caption():
        request.max_content_length = MAX_CAPTION_BYTES + FORM_OVERHEAD
    elif request.blueprint == "uploads" and request.mimetype == PIECE_TYPE:
        # Unread until the view knows whose it is; a form's parser does not touch such a body.
        request.max_content_length = upload_limit()


def _require_space() -> None:
    """Leave room for the database and the index, which must be able to write."""
    left = shutil.disk_usage(settings().data_dir).free - (request.content_length or 0)
    if left < settings().min_free_bytes and request.method == "POST":
        raise Unavailable(_("This site is short of disk space and takes no files just now."))


def _may_send_file() -> bool:
    if request.endpoint in UPLOAD_ENDPOINTS:
        person = current_person()
        permission = Permission.UPLOAD
    elif request.endpoint in API_UPLOAD_ENDPOINTS:
        caller = caller_or_stranger()
        person = caller.user if caller and caller.may_use(Scope.UPLOAD) else None
        permission = Permission.PUBLISH
    else:
        return False
    number = (request.view_args or {}).get("material_id")
    if number is None:
        return may(person, permission)
    return person is not None and may_replace(person, number)


def _may_caption() -> bool:
    caller = caller_or_stranger()
    person = caller.user if caller and caller.may_use(Scope.WRITE) else current_person()
    return person is not None and may_caption(person, (request.view_args or {})["material_id"])


def refuse_nul() -> None:
    """No text of people holds a NUL, and PostgreSQL cannot keep one: 400 before anybody tries."""
    if request.path.startswith("/api/"):  # the part that reads a field names it
        if "\0" in request.path:
            abort(404)
        return
    texts = [request.path, *_values(request.args)]
    if request.method == "POST" and request.blueprint:
        texts += _values(request.form)
    if any("\0" in text for text in texts):
        abort(400)


def _values(fields: MultiDict[str, str]) -> list[str]:
    return [value for values in fields.listvalues() for value in values]


def site_policy() -> str:
    """CSP, with the storage's address where browsers are sent to it for pictures and videos."""
    origin = storage().origin()
    if not origin:
        return CSP
    return re.sub(r"((?:img|media|connect)-src 'self')", rf"\1 {origin}", CSP)


def secure_headers(response: Response) -> Response:
    """The headers of every answer; a view may have set a stricter policy for its bytes."""
    headers: dict[str, Any] = {
        "Content-Security-Policy": site_policy(),
        "X-Content-Type-Options": "nosniff",
        "X-Frame-Options": "DENY",
        "Referrer-Policy": "same-origin",
        "Cross-Origin-Opener-Policy": "same-origin",
        "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
    }
    if response.mimetype == "text/html" and current_user.is_authenticated:
        headers["Cache-Control"] = "private, no-store"  # Back shows nothing after signing out
    if settings().is_public:
        headers["Strict-Transport-Security"] = "max-age=31536000"
    for name, value in headers.items():
        response.headers.setdefault(name, value)
    return response
