"""The chats of the Bot API's stand-in: messages as they stand now, and files."""

from __future__ import annotations

import hashlib
import json
import threading
import time
from collections.abc import Callable
from typing import Any

from tests.bot.bot_rules import MAX_DOCUMENT, MAX_PHOTO, Refused

Params = dict[str, Any]
Uploads = dict[str, tuple[str, bytes]]
PICTURES = (b"\xff\xd8\xff", b"\x89PNG")


class Chats:
    """Messages by chat and id, files by their ids."""

    def __init__(self, new_id: Callable[[], int]) -> None:
        self.new_id = new_id
        self.kept: dict[tuple[int, int], dict[str, Any]] = {}
        self.files: dict[str, tuple[str, bytes]] = {}
        self.queries: set[str] = set()
        self.asked: list[str] = []  # paths of files that the bot has asked for
        self.breaking = 0  # of so many downloads half arrives
        self.held = False  # downloads wait for `released`
        self.released = threading.Event()
        self.methods: dict[str, Callable[[Params, Uploads], Any]] = {
            "sendMessage": self.send_text,
            "sendPhoto": self.send_photo,
            "sendDocument": self.send_document,
            "editMessageText": self.edit_text,
            "editMessageCaption": self.edit_caption,
            "editMessageMedia": self.edit_media,
            "editMessageReplyMarkup": self.edit_markup,
            "deleteMessage": self.delete,
            "answerCallbackQuery": self.answer_query,
            "getFile": self.get_file,
        }

    def message(self, chat: int, **content: Any) -> dict[str, Any]:
        """A message that is not of the bot."""
        place = {"id": chat, "type": "private", "first_name": "Alice"}
        date = int(time.time())
        return {"message_id": self.new_id(), "date": date, "chat": place, **content}

    def find(self, chat: int, message_id: int) -> dict[str, Any] | None:
        """A message of the bot as it stands now."""
        return self.kept.get((chat, message_id))

    def shown(self, chat: int) -> list[dict[str, Any]]:
        """The bot's messages that stand in a chat, oldest first."""
        return [each for (place, _id), each in sorted(self.kept.items()) if place == chat]

    # Sending

    def _keep(self, params: Params, **content: Any) -> dict[str, Any]:
        sent = self.message(int(params["chat_id"]), **content)
        self._mark(sent, params)
        self.kept[int(params["chat_id"]), sent["message_id"]] = sent
        return sent

    def _mark(self, message: dict[str, Any], params: Params) -> None:
        markup = json.loads(params.get("reply_markup", "{}"))
        message.pop("reply_markup", None)
        if "inline_keyboard" in markup:
            message["reply_markup"] = markup

    def send_text(self, params: Params, files: Uploads) -> dict[str, Any]:
        return self._keep(params, text=params["text"])

    def send_photo(self, params: Params, files: Uploads) -> dict[str, Any]:
        photo = self._photo(params.get("photo", "attach://photo"), files)
        return self._keep(params, photo=photo, caption=params.get("caption", ""))

    def send_document(self, params: Params, files: Uploads) -> dict[str, Any]:
        file_id = self._take(params.get("document", "attach://document"), files, MAX_DOCUMENT)
        name = self.files[file_id][0]
        document = {"file_id": file_id, "file_unique_id": file_id[:8], "file_name": name}
        return self._keep(params, document=document, caption=params.get("caption", ""))

    def _photo(self, named: str, files: Uploads) -> list[dict[str, Any]]:
        file_id = self._take(named, files, MAX_PHOTO)
        if not self.files[file_id][1].startswith(PICTURES):
            raise Refused("IMAGE_PROCESS_FAILED")
        size = {"file_id": file_id, "file_unique_id": file_id[:8], "width": 320, "height": 480}
        return [size]

    def _take(self, named: str, files: Uploads, limit: int) -> str:
        """The id of a file: one that is known, or of what is sent along."""
        if not named.startswith("attach://"):
            if named not in self.files:
                raise Refused("wrong file identifier/HTTP URL specified")
            return named
        upload = files.get(named.removeprefix("attach://"))
        if upload is None:
            raise Refused("file must be non-empty")
        if len(upload[1]) > limit:
            raise Refused("file is too big")
        file_id = f"file-{self.new_id():06}-of-this-bot"
        self.files[file_id] = upload
        return file_id

    # Changing

    def _edited(self, params: Params) -> dict[str, Any]:
        kept = self.find(int(params["chat_id"]), int(params["message_id"]))
        if kept is None:
            raise Refused("message to edit not found")
        return kept

    def _change(self, params: Params, **content: Any) -> dict[str, Any]:
        kept = self._edited(params)
        changed = {**kept, **content}
        self._mark(changed, params)
        if changed == kept:
            raise Refused(
                "message is not modified: specified new message content and reply markup are "
                "exactly the same"
            )
        self.kept[int(params["chat_id"]), kept["message_id"]] = changed
        return changed

    def edit_text(self, params: Params, files: Uploads) -> dict[str, Any]:
        if "text" not in self._edited(params):
            raise Refused("there is no text in the message to edit")
        return self._change(params, text=params["text"])

    def edit_caption(self, params: Params, files: Uploads) -> dict[str, Any]:
        if "caption" not in self._edited(params):
            raise Refused("there is no caption in the message to edit")
        return self._change(params, caption=params.get("caption", ""))

    def edit_media(self, params: Params, files: Uploads) -> dict[str, Any]:
        media = json.loads(params["media"])
        self._edited(params).pop("text", None)
        return self._change(
            params,
            photo=self._photo(media["media"], files),
            caption=media.get("caption", ""),
        )

    def edit_markup(self, params: Params, files: Uploads) -> dict[str, Any]:
        return self._change(params)

    def delete(self, params: Params, files: Uploads) -> bool:
        if self.kept.pop((int(params["chat_id"]), int(params["message_id"])), None) is None:
            raise Refused("message to delete not found")
        return True

    def answer_query(self, params: Params, files: Uploads) -> bool:
        if params["callback_query_id"] not in self.queries:
            raise Refused("query is too old and response timeout expired or query ID is invalid")
        self.queries.remove(params["callback_query_id"])
        return True

    # Files

    def receive_file(self, name: str, content: bytes, **told: Any) -> dict[str, Any]:
        """A file that a person has sent, as its message tells it."""
        unique = hashlib.sha256(content).hexdigest()[:15]
        file_id = f"given-{unique}-{self.new_id():06}"
        self.files[file_id] = (name, content)
        said = {"file_name": name, "file_size": len(content)} | told
        told_of = {key: value for key, value in said.items() if value is not None}
        return {"file_id": file_id, "file_unique_id": unique, **told_of}

    def get_file(self, params: Params, files: Uploads) -> dict[str, Any]:
        if params["file_id"] not in self.files:
            raise Refused("invalid file_id")
        size, file_id = len(self.files[params["file_id"]][1]), params["file_id"]
        if size > 20 * 2**20:
            raise Refused("file is too big")
        path = f"documents/{file_id}"
        told = {"file_unique_id": file_id[:8], "file_size": size, "file_path": path}
        return {"file_id": file_id, **told}

    def download(self, path: str) -> bytes | None:
        """The bytes behind the path that getFile has told."""
        kept = self.files.get(path.removeprefix("documents/"))
        return kept[1] if kept else None
