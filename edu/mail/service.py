"""Writing letters, and what administrators see of the outbox.

A letter is a row of the transaction that causes it: no letter without the change, no change
without the letter. After the commit the caller enqueues `jobs.mail.send_letters`.
"""

from __future__ import annotations

import re
import secrets
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from flask_babel import gettext as _
from sqlalchemy import func, select

from edu.accounts.models import User
from edu.config import in_address
from edu.errors import Conflict, InvalidInput
from edu.extensions import db, insert_if_absent, settings, utcnow
from edu.mail.models import Letter, LetterState
from edu.mail.render import render_letter
from edu.site.settings import site_settings

ADDRESS = re.compile(r"[^\s<>,;:\"()\[\]\\@]+@[^\s<>,;\"()\\@]+")


def write_letter(
    kind: str,
    address: str,
    *,
    user: User | None = None,
    locale: str = "",
    key: str | None = None,
    unsubscribe_url: str = "",
    **context: Any,
) -> Letter | None:
    """Put a letter into the outbox; None when one with this key has been written before.

    `kind` names the templates, `context` fills them. The language is the reader's, else `locale`,
    else the site's. Raises InvalidInput for what is no address.
    """
    if not ADDRESS.fullmatch(address):
        raise InvalidInput(_("This is not an e-mail address."), field="email")
    language = (user.locale if user else "") or locale or site_settings().default_locale
    content = render_letter(kind, language, {"name": user.name if user else "", **context})
    message_id = make_message_id()
    new = insert_if_absent(
        Letter,
        key=key,
        kind=kind,
        user_id=user.id if user else None,
        address=address,
        message_id=message_id,
        subject=content.subject,
        text=content.text,
        html=content.html,
        unsubscribe_url=unsubscribe_url,
    )
    if not new:
        return None
    return db.session.scalars(select(Letter).filter_by(message_id=message_id)).one()


def make_message_id() -> str:
    """A new name for a letter, under this site's host; sending it again keeps the name."""
    host = in_address(urlsplit(settings().site_url).hostname or "localhost")
    return f"<{secrets.token_hex(16)}@{host}>"


@dataclass(frozen=True, slots=True)
class MailStatus:
    """How the outbox is doing. Without `configured` letters go to the log."""

    configured: bool
    counts: dict[str, int]
    oldest_queued: datetime | None
    last_error: str


def mail_status() -> MailStatus:
    """The outbox for the administrators' page."""
    states = select(Letter.state, func.count()).group_by(Letter.state)
    counts = {state.value: 0 for state in LetterState}
    counts |= {row[0]: row[1] for row in db.session.execute(states)}
    oldest = select(func.min(Letter.created_at)).where(Letter.state == LetterState.QUEUED)
    # An error stays with its letter until that is sent, so what is shown is what still troubles.
    troubled = Letter.state.in_([LetterState.QUEUED, LetterState.FAILED])
    errors = select(Letter.error).where(troubled, Letter.error != "").order_by(Letter.due_at.desc())
    return MailStatus(
        configured=bool(settings().smtp_host),
        counts=counts,
        oldest_queued=db.session.scalar(oldest),
        last_error=db.session.scalar(errors.limit(1)) or "",
    )


def list_letters(limit: int = 50) -> list[Letter]:
    """The youngest letters first."""
    return list(db.session.scalars(select(Letter).order_by(Letter.id.desc()).limit(limit)))


def retry_letter(letter: Letter) -> None:
    """Send once more what has failed. Raises Conflict when it has not, or its text is gone."""
    if letter.state != LetterState.FAILED or not letter.text:
        raise Conflict(_("Only a failed letter whose text is still kept can be sent again."))
    letter.state, letter.attempts, letter.error = LetterState.QUEUED.value, 0, ""
    letter.due_at = utcnow()
    db.session.flush()
