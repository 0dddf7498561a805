"""Bytes that Telegram has of a file that somebody gives: fetched into the house's uploads."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from typing import IO, Any

import httpx
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm.exc import StaleDataError
from telegram import Animation, Document, Message, Video
from telegram.error import BadRequest, TelegramError

from bot import inbox
from bot.given import Given, find_draft, keep_draft
from bot.receipts import MAX_SIZE
from bot.replies import Make, Reply, Writer
from bot.screens import giving
from bot.sending import Sender, in_app
from bot.state import State
from bot.turns import Turns
from edu.accounts.models import User
from edu.errors import EduError, NotFound
from edu.extensions import db
from edu.telegram_chats.service import open_chat
from edu.uploads import service as uploads
from edu.uploads.models import Upload

log = logging.getLogger(__name__)
AT_ONCE = 8  # files, of all chats
WHOLE_S = 180.0  # for one file, from asking for its address to its last byte
SILENCE_S = 30.0  # between two pieces of it
LOOK_S = 0.5  # how often it looks whether the process is to end
STOPPED = "stopped"
LOST = "lost"


class _Stopped(Exception):
    """The process is asked to end."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """An upload without its bytes, whose they will be, and how Telegram calls them."""

    upload_id: str
    user_id: int
    file_id: str
    size: int


def read_given(message: Message) -> Given | None:
    """The file of a message as plain data; None for a picture, a voice and the like."""
    file: Document | Video | Animation | None = message.document or message.video
    if file is None:
        return None
    kind = file.mime_type or ("video/mp4" if message.video else "")
    return Given(
        file_id=file.file_id,
        unique_id=file.file_unique_id,
        name=file.file_name or ("video" if message.video else "file"),
        size=file.file_size,
        media_type=kind,
        caption=message.caption or "",
        forwarded=message.forward_origin is not None,
    )


def _is_too_big(error: TelegramError) -> bool:
    return "file is too big" in error.message.lower()


class Receiver:
    """Fetches files. Other chats go on meanwhile, and so does the chat itself."""

    def __init__(
        self, sender: Sender, turns: Turns, compose: Callable[[Writer, Make], Awaitable[Reply]]
    ) -> None:
        self.sender, self.turns, self.compose = sender, turns, compose
        self.app, self.bot = sender.app, sender.bot
        self._places = asyncio.Semaphore(AT_ONCE)
        self._arriving: dict[str, Message] = {}  # where each file's form will be shown

    async def measure(self, given: Given | None) -> Given | None:
        """The same with its size, also where the message has not told it."""
        if given is None or given.size is not None:
            return given
        try:
            size = (await self.bot.get_file(given.file_id)).file_size
        except TelegramError as error:
            log.warning("a file was not measured: %s", type(error).__name__)
            size = MAX_SIZE + 1 if _is_too_big(error) else None
        return replace(given, size=size)

    async def begin(self, chat_id: int, reply: Reply, shown: Message | None) -> Wanted | None:
        """What a reply wants to be fetched. Call it in the chat's turn; None: nothing more."""
        if not reply.fetch or shown is None:
            return None
        call = partial(in_app, self.app, note, chat_id, reply.fetch, shown.message_id)
        wanted, earlier = await asyncio.to_thread(call)
        if earlier not in (0, shown.message_id):  # of a process that has ended, or sent twice
            await self.sender.remove(chat_id, earlier)
        if wanted is None:
            return None
        in_hand = reply.fetch in self._arriving
        self._arriving[reply.fetch] = shown
        return None if in_hand else wanted

    async def fetch(self, writer: Writer, wanted: Wanted) -> None:
        """Fetch the bytes, then show the file's form, or what went wrong."""
        try:
            failure = await self._try(writer.chat_id, wanted)
        finally:
            shown = self._arriving.pop(wanted.upload_id)
        if failure == STOPPED:
            inbox.leave()
            return
        async with self.turns.of(writer.chat_id):
            arrive = partial(giving.arrive, wanted.upload_id, failure)
            reply = await self.compose(writer, arrive)
            await self.sender.show(writer.chat_id, reply, shown)

    async def _try(self, chat_id: int, wanted: Wanted) -> str:
        """Why it was not fetched, "" when it was."""
        try:
            async with self._places, self.sender.files.action(chat_id):
                async with asyncio.timeout(WHOLE_S):
                    await self._while_running(self._fetch(wanted))
        except _Stopped:
            return STOPPED
        except BadRequest as error:
            if _is_too_big(error):
                return giving.TOO_BIG
            log.warning("upload %s was not fetched: %s", wanted.upload_id, error.message)
        except (TelegramError, httpx.HTTPError, httpx.InvalidURL, TimeoutError, OSError) as error:
            # Without its text, which may quote the address, and so the token.
            log.warning("upload %s was not fetched: %s", wanted.upload_id, type(error).__name__)
        except StaleDataError:
            log.info("upload %s was given up meanwhile", wanted.upload_id)
        except SQLAlchemyError:
            log.exception("upload %s was not kept", wanted.upload_id)
        except EduError as error:  # no room on the disk, given up meanwhile
            log.warning("upload %s was not kept: %s", wanted.upload_id, error.code)
        else:
            return ""
        return LOST

    async def _while_running(self, work: Coroutine[Any, Any, None]) -> None:
        """Do it, unless the process is to end, however long Telegram is silent."""
        task = asyncio.create_task(work)
        try:
            while not task.done():
                if not self.sender.delivery.running():
                    raise _Stopped
                await asyncio.wait({task}, timeout=LOOK_S)
            task.result()
        finally:
            task.cancel()

    async def _fetch(self, wanted: Wanted) -> None:
        file = await self.bot.get_file(wanted.file_id)
        piece = await asyncio.to_thread(self._open_piece)
        with piece:
            await self._read(file.file_path or "", wanted.size, piece)
            await asyncio.to_thread(self._keep, wanted, piece)

    async def _read(self, address: str, size: int, piece: IO[bytes]) -> None:
        arrived = 0
        # As it is sent: what is counted are the file's own bytes.
        plain = {"Accept-Encoding": "identity"}
        async with (
            httpx.AsyncClient(timeout=SILENCE_S) as client,
            client.stream("GET", address, headers=plain) as response,
        ):
            response.raise_for_status()
            async for block in response.aiter_raw():
                arrived += len(block)
                if arrived > size:
                    break
                piece.write(block)
        if arrived != size:
            raise OSError(f"{arrived} of {size} bytes")

    def _open_piece(self) -> IO[bytes]:
        with self.app.app_context():
            return uploads.open_piece()

    def _keep(self, wanted: Wanted, piece: IO[bytes]) -> None:
        with self.app.app_context():
            keep(wanted, piece)


def keep(wanted: Wanted, piece: IO[bytes]) -> None:
    """Count the bytes in; commits. Raises EduError."""
    person = db.session.get(User, wanted.user_id)
    if person is None:
        raise NotFound
    upload = uploads.get_upload(person, wanted.upload_id)
    uploads.room_for(upload, 0, wanted.size)
    with uploads.lock_upload(upload) as file:
        with suppress(uploads.WrongOffset):  # another process was faster
            uploads.append_piece(person, upload.id, file, 0, piece)
        db.session.commit()
    uploads.seal_upload(uploads.get_upload(person, wanted.upload_id))
    db.session.commit()


def note(chat_id: int, upload_id: str, message_id: int) -> tuple[Wanted | None, int]:
    """Write down where the file is shown; what is wanted, and where it was shown before."""
    state = State(open_chat(chat_id))
    draft = find_draft(state, upload_id)
    upload = db.session.get(Upload, upload_id)
    if draft is None or upload is None:
        return None, 0
    keep_draft(state, draft, message_id=message_id)
    wanted = Wanted(upload.id, upload.user_id, draft.file_id, upload.size)
    return wanted, draft.message_id
