"""The file of a form: an upload that has arrived before, or the part that comes with the form."""

from __future__ import annotations

from flask_babel import gettext as _
from werkzeug.datastructures import FileStorage

from edu.accounts.models import User
from edu.errors import InvalidInput, NotFound
from edu.extensions import db
from edu.materials.models import StoredFile
from edu.materials.service import accept_file
from edu.storage.incoming import from_form
from edu.uploads import service


def take_file(person: User, upload_id: str, part: FileStorage | None) -> StoredFile:
    """The file, judged and stored; commit, then call finish_upload(). Raises InvalidInput.

    A part that is sent along is the newer choice.
    """
    if not upload_id or (part and part.filename):
        incoming = from_form(part)
        service.require_room(person, incoming.size)  # before it is looked at and stored
        file = accept_file(incoming)
        service.hold_room(person, file.size)  # another one may have been since
        return file
    try:
        return service.accept_upload(person, upload_id)
    except (NotFound, service.Expired) as error:
        text = _("Too much time has passed. Choose the file once more.")
        raise InvalidInput(text, code="gone", field="file") from error


def finish_upload(upload_id: str) -> None:
    """After the commit: the upload has become a file of the library."""
    if upload_id:
        service.remove_bytes(upload_id)


def give_up_upload(person: User, upload_id: str, error: InvalidInput | None = None) -> None:
    """Forget an upload of which nothing can come any more; commits.

    After an `error` only if it is about the file, and more of it would not help.
    """
    helpless = error is None or error.details.get("field") == "file"
    if upload_id and helpless and not isinstance(error, service.Incomplete):
        service.drop_upload(person, upload_id)
        db.session.commit()
        service.remove_bytes(upload_id)
