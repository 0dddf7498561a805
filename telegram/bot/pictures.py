"""Pictures of materials and their pages, as Telegram takes them: JPEG, or a name that it knows."""

from __future__ import annotations

import io
from pathlib import Path

from limits import parse

from bot.people import Person
from bot.replies import Picture
from edu.extensions import limiter, settings, storage
from edu.materials.models import Material
from edu.media.pages import CannotDraw, TooBusy, draw_page, is_drawn, is_hopeless
from edu.storage.base import StorageUnavailable, page_picture_key, thumbnail_key
from edu.telegram_chats.service import find_file
from jobs.sandbox import shared_sandbox

DRAWN = parse("30 per minute")  # pages of which one person has pictures made, as on the site
QUALITY = 85


def bot_id() -> int:
    """The number of the bot, which is the first half of its token; 0 without one."""
    first = settings().telegram_token.partition(":")[0]
    return int(first) if first.isdecimal() else 0


def thumbnail(material: Material) -> Picture | None:
    """The picture of a material, if it has one."""
    if not material.file.has_thumbnail:
        return None
    return _load(thumbnail_key(material.file.sha256))


def page_picture(person: Person, material: Material, number: int) -> Picture | None:
    """A page of a PDF; None where there is no picture, and the first page has to stand in."""
    file = material.file
    if file.kind != "pdf" or not 0 < number <= (file.pages or number):
        return None
    if not is_drawn(storage(), file.sha256, number) and not _draw(person, material, number):
        return None
    return _load(page_picture_key(file.sha256, number))


def _draw(person: Person, material: Material, number: int) -> bool:
    """Draw it as the site would: no stranger begins that, and nobody has too many drawn."""
    sha256 = material.file.sha256
    if person.user is None or is_hopeless(storage(), sha256, number):
        return False
    if not limiter.limiter.hit(DRAWN, "pages drawn", f"user:{person.user.id}"):
        return False
    work = Path(settings().data_dir / "work")
    try:
        draw_page(shared_sandbox(), storage(), work, sha256, number)
    except (CannotDraw, TooBusy, FileNotFoundError):
        return False
    return True


def _load(key: str) -> Picture | None:
    file_id = find_file(bot_id(), key)
    if file_id:
        return Picture(key, file_id)
    content = read_picture(key)
    return Picture(key, "", content) if content else None


def read_picture(key: str) -> bytes:
    """A picture of the storage as JPEG; nothing where it is not there or cannot be read."""
    from PIL import Image

    try:
        with storage().open(key) as stream, Image.open(stream) as image:
            target = io.BytesIO()
            image.convert("RGB").save(target, "JPEG", quality=QUALITY)
    except (OSError, StorageUnavailable):  # a card without a picture is better than none
        return b""
    return target.getvalue()
