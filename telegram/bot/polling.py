"""What Telegram answers to getUpdates, without what the library cannot read.

One update that is not as the library expects would else be asked for, and fail, for ever.
"""

from __future__ import annotations

import logging
from typing import Any

from telegram import Update
from telegram.request import HTTPXRequest

log = logging.getLogger(__name__)


class PollRequest(HTTPXRequest):
    """Connections for getUpdates."""

    @staticmethod
    def parse_json_payload(payload: bytes) -> Any:
        """The answer; what cannot be read is left out, or left with its number alone."""
        answer = HTTPXRequest.parse_json_payload(payload)
        if isinstance(answer, dict) and isinstance(answer.get("result"), list):
            found = [_readable(each) for each in answer["result"]]
            answer["result"] = [each for each in found if each is not None]
        return answer


def _readable(update: Any) -> dict[str, Any] | None:
    """The update, if it can be read; else one that asks for nothing, so that it counts as seen."""
    number = update.get("update_id") if isinstance(update, dict) else None
    if not isinstance(number, int):
        log.error("Telegram has sent an update without a number")
        return None
    try:
        read = Update.de_json(update, None)
        # Whom it is from, as the library will ask before any handler does.
        _ = read.effective_user, read.effective_chat, read.effective_message
    except Exception:  # whatever the library makes of it
        log.exception("update %d cannot be read", number)
        return {"update_id": number}
    return dict(update)
