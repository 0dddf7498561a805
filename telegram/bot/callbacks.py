"""What stands behind a button: `screen:action:arguments` with a signature that is good in one chat.

Telegram hands back whatever a client sends, so the data of a button is no more trusted than an
address on the site: the signature keeps forged ones out, and each screen asks for permission.
"""

from __future__ import annotations

import hashlib
import hmac
from base64 import urlsafe_b64encode
from dataclasses import dataclass

from flask_babel import gettext as _

from edu.errors import Forbidden
from edu.extensions import settings

MAX_DATA = 64  # bytes
TAG_BYTES = 8
TAG = 11  # characters that these are in base64


@dataclass(frozen=True, slots=True)
class Call:
    """A pressed button."""

    screen: str
    action: str
    args: tuple[str, ...]


def _sign(chat_id: int, payload: str) -> str:
    key = hashlib.sha256(b"telegram callbacks" + settings().secret_key.encode()).digest()
    digest = hmac.digest(key, f"{chat_id}\n{payload}".encode(), "sha256")
    return urlsafe_b64encode(digest[:TAG_BYTES]).decode().rstrip("=")


def pack(chat_id: int, payload: str) -> str:
    """The data of a button in this chat. Raises ValueError when it is longer than 64 bytes."""
    data = f"{payload}:{_sign(chat_id, payload)}"
    if len(data.encode()) > MAX_DATA:
        raise ValueError(f"a button of {len(data.encode())} bytes: {payload}")
    return data


def unpack(chat_id: int, data: str) -> Call:
    """What a button of this chat asks for. Raises Forbidden for a forged or another chat's."""
    payload, _colon, tag = data.rpartition(":")
    if len(tag) != TAG or not hmac.compare_digest(tag.encode(), _sign(chat_id, payload).encode()):
        raise Forbidden(_("No access: this button is not of this chat."))
    screen, action, *args = (*payload.split(":"), "")
    return Call(screen, action, tuple(args[:-1]) if args else ())
