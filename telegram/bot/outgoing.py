"""What a message in the outbox says, at the moment when it goes."""

from __future__ import annotations

from dataclasses import dataclass

from flask_babel import force_locale

from bot.announcements import announce
from bot.people import Person
from bot.replies import Reply, choose_language, signed, spoken_language
from edu.extensions import db, utcnow
from edu.notifications.delivery import list_wanted
from edu.notifications.quiet import end_of_quiet
from edu.telegram_chats.models import TelegramChat
from edu.telegram_outbox import service as outbox


@dataclass(frozen=True, slots=True)
class Draft:
    """A message as it is to be sent; `told` are the notifications that its row held then."""

    id: int
    chat_id: int
    told: list[int]
    reply: Reply


def make_draft(message_id: int) -> Draft | None:
    """The message as it stands now; None when it is not to be sent, or not yet, which is noted."""
    message = outbox.find_waiting(message_id)
    if message is None:
        return None
    user, chat_id = message.user, message.chat_id
    if chat_id not in outbox.find_chats([user.id]).get(user.id, ()):
        outbox.drop(message_id, "the chat is closed, or acts for the person no more")
        return None
    now = utcnow()
    if (end := end_of_quiet(user, now)) > now:
        outbox.postpone(message_id, end)
        return None
    wanted = list_wanted(user, "telegram", message.notification_ids)
    if not wanted:
        outbox.drop(message_id, "read, turned off, or news no more")
        return None
    locale = spoken_language(db.session.get(TelegramChat, chat_id), user, choose_language(None))
    with force_locale(locale):
        reply = announce(Person(chat_id, user, locale), wanted, digest=message.digest)
    return Draft(message_id, chat_id, message.notification_ids, signed(chat_id, reply))
