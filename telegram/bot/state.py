"""What a chat remembers: the dialogue it is in, and the searches behind its buttons."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from edu.telegram_chats.models import TelegramChat
from edu.telegram_chats.service import forget_chat, recall_search, remember_search


@dataclass(slots=True)
class State:
    """One chat while an answer is composed. What it changes is committed with the answer."""

    chat: TelegramChat
    name: str = ""  # what the person is called in Telegram
    message_id: int = 0  # whose button was pressed; 0 for none
    # Called after the commit: jobs that are enqueued.
    afterwards: list[Callable[[], object]] = field(default_factory=list)

    @property
    def awaits(self) -> tuple[str, tuple[str, ...]] | None:
        """`screen:action` that the next text answers, and its arguments; None for no dialogue."""
        dialogue = self.chat.dialogue
        if not dialogue.get("awaits"):
            return None
        return str(dialogue["awaits"]), tuple(map(str, dialogue.get("args", ())))

    def ask(self, awaits: str, *args: object) -> None:
        """The next text goes to this action."""
        asked = {"awaits": awaits, "args": [str(each) for each in args]}
        self.chat.dialogue = self._without_question() | asked

    def end_dialogue(self) -> None:
        """The next text is a search again."""
        if self.awaits is not None:
            self.chat.dialogue = self._without_question()

    def _without_question(self) -> dict[str, Any]:
        return {k: v for k, v in self.chat.dialogue.items() if k not in ("awaits", "args")}

    @property
    def files(self) -> list[dict[str, Any]]:
        """The files that the person has given and not sent on yet (given.py)."""
        return list(self.chat.dialogue.get("files", ()))

    @files.setter
    def files(self, files: list[dict[str, Any]]) -> None:
        others = {k: v for k, v in self.chat.dialogue.items() if k != "files"}
        self.chat.dialogue = others | ({"files": files} if files else {})

    def remember(self, wanted: str) -> int:
        """A number that stands for a search in this chat's buttons."""
        return remember_search(self.chat.chat_id, wanted)

    def recall(self, number: int) -> str | None:
        """The search of that number; None: forgotten, or another chat's."""
        return recall_search(self.chat.chat_id, number)

    def forget(self) -> None:
        """Drop what was searched for and begun."""
        forget_chat(self.chat.chat_id)
        self.chat.dialogue = {}
