"""Files too large for Telegram, by a link that expires."""

from __future__ import annotations

from flask import Blueprint, Response

from edu.site.delivery import deliver_file
from edu.telegram_chats.service import open_signed

bp = Blueprint("telegram_chats", __name__)


@bp.get("/telegram/files/<token>")
def file(token: str) -> Response:
    return deliver_file(open_signed(token).file, attach=True)
