"""Leaving: the account goes, and with it all that tells who it was; materials and votes stay.

GOES and STAYS name every column that points to a person; a test asks that none is forgotten.
"""

from __future__ import annotations

import secrets
from datetime import timedelta
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import delete, func, select, update

from edu.accounts.models import LetterToken, ModeratedSubject, Role, SignInFailure, User
from edu.accounts.service import (
    end_sessions,
    find_letter_token,
    find_user,
    make_letter_token,
    normalise_email,
    use_letter_token,
)
from edu.admin.models import AuditEntry
from edu.admin.service import require_other_admin
from edu.assistant.models import Conversation, Question, SavedAnswer
from edu.collections.models import Collection
from edu.demand.models import MaterialRequest
from edu.errors import Forbidden, InvalidInput
from edu.extensions import absolute_url, db, utcnow
from edu.identities.models import Identity
from edu.library.models import HistoryEntry
from edu.lockout.service import name_account
from edu.mail.models import Letter
from edu.mail.service import write_letter
from edu.materials.models import Material, View
from edu.notifications.models import Delivery, Notification, NotificationChoice, QuietHours
from edu.oauth.models import AuthorizationCode
from edu.plans.models import Plan
from edu.reports.models import Report
from edu.search.models import RecentQuery
from edu.second_factor.models import Authenticator, SpareCode
from edu.sessions.models import UserSession
from edu.site.database import lock_table
from edu.subscriptions.models import FeedToken, Subscription
from edu.telegram_chats.service import forget_chat
from edu.telegram_links.models import TelegramLink
from edu.telegram_outbox.models import TelegramMessage
from edu.tokens.models import PersonalToken
from edu.trash.models import TrashEntry
from edu.uploads.models import Upload

HAND_OVER_FOR = timedelta(days=14)
# Rows that are deleted. What hangs on them (items of collections, refresh tokens) goes along.
GOES = (
    Identity.user_id,
    UserSession.user_id,
    PersonalToken.user_id,
    AuthorizationCode.user_id,
    TelegramLink.user_id,
    TelegramMessage.user_id,
    QuietHours.user_id,
    Authenticator.user_id,
    SpareCode.user_id,
    Collection.user_id,
    HistoryEntry.user_id,
    RecentQuery.user_id,
    MaterialRequest.user_id,
    Report.user_id,
    Subscription.user_id,
    Subscription.author_id,
    FeedToken.user_id,
    Delivery.user_id,
    Notification.user_id,
    NotificationChoice.user_id,
    Question.user_id,
    Conversation.user_id,
    SavedAnswer.user_id,
    Plan.user_id,
    Letter.user_id,
    LetterToken.user_id,
    ModeratedSubject.user_id,
    Upload.user_id,
)
STAYS = {
    "materials.uploader_id": "materials stay; the author reads as a deleted account",
    "materials.moderator_id": "decisions stay, by a deleted account",
    "reports.settled_by_id": "what was answered stays, by a deleted account",
    "captions.author_id": "subtitles stay with their video",
    "material_versions.author_id": "versions stay with their material",
    "trash.deleted_by_id": "what lies in the trash stays there, deleted by a deleted account",
    "unused_files.uploader_id": "sizes of what is deleted for good, until it has gone in an hour",
    "ratings.user_id": "votes stay, by a deleted account",
    "views.user_id": "views are counted on, by nobody",
    "audit_entries.actor_id": "the record stays, by a deleted account",
}


class NotTheHeir(Forbidden):
    """The materials are offered to another address than the account's."""

    code = "not_the_heir"
    message = _l("Sign in with an account that has the address to which the letter went.")


def count_uploads(user: User) -> int:
    """How many materials would stay, or go to another author."""
    query = select(func.count()).select_from(Material).where(Material.uploader_id == user.id)
    return db.session.scalar(query) or 0


def delete_account(user: User, *, heir: str = "") -> None:
    """Forget who the person is. With `heir`, an e-mail address, offer the materials to it.

    That the person meant it is for the caller to make sure of. Raises InvalidInput for an heir that
    cannot be one, and Conflict for the last administrator.
    """
    # Two administrators may leave at the same moment.
    lock_table(User)
    require_other_admin(user)
    address = _check_heir(user, heir) if heir else ""
    giver, locale, former = f"{user.name} ({user.email})", user.locale, user.email
    _forget_rows(user)
    _make_anonymous(user)
    _forget_address(user, former)
    if address and count_uploads(user):
        _offer(user, address, giver=giver, locale=locale)


def _check_heir(user: User, heir: str) -> str:
    address = normalise_email(heir)
    if address == user.email:
        raise InvalidInput(_("This is your own address."), field="heir")
    return address


def _forget_rows(user: User) -> None:
    for chat_id in db.session.scalars(select(TelegramLink.chat_id).filter_by(user_id=user.id)):
        forget_chat(chat_id)  # a chat is nobody's row, but what was begun there is theirs
    end_sessions(user)
    for column in GOES:
        _run(delete(column.class_).where(column == user.id))
    _run(update(View).where(View.user_id == user.id).values(user_id=None))
    db.session.expire_all()


def _make_anonymous(user: User) -> None:
    now = utcnow()
    user.email, user.name, user.password_hash = f"deleted-{user.id}@invalid", "", ""
    user.role, user.moderates_all, user.is_demo = Role.USER.value, True, False
    user.locale, user.theme, user.confirmed_at = "", "", None
    user.deleted_at, user.blocked_at = now, user.blocked_at or now
    user.session_stamp = secrets.token_hex(16)
    db.session.flush()


def _forget_address(user: User, former: str) -> None:
    """What names the person by the address alone."""
    _run(delete(Letter).where(Letter.address == former))
    _run(delete(LetterToken).where(LetterToken.email == former))
    _run(delete(SignInFailure).where(SignInFailure.account == name_account(former)))
    named = update(AuditEntry).where(AuditEntry.subject == former)
    _run(named.values(subject=user.email))


def _run(statement: Any) -> None:
    db.session.execute(statement, execution_options={"synchronize_session": False})


# Handing over ----------------------------------------------------------------------------------


def _offer(user: User, address: str, *, giver: str, locale: str) -> None:
    """Write to the heir, in the same way whether there is an account with the address or not."""
    # Not tied to the account that goes: its own links die with it.
    secret = make_letter_token(
        "hand_over", address, payload={"giver": user.id}, lifetime=HAND_OVER_FOR
    )
    heir = find_user(address)
    write_letter(
        "hand_over",
        address,
        locale=heir.locale if heir and heir.locale else locale,
        giver=giver,
        number=count_uploads(user),
        link=absolute_url("privacy.hand_over", secret=secret),
        expires=HAND_OVER_FOR,
    )


def count_offered(user: User, secret: str) -> int:
    """How many materials the link in a letter brings. Raises LinkExpired or NotTheHeir."""
    return count_uploads(_giver(user, find_letter_token("hand_over", secret)))


def take_over(user: User, secret: str) -> int:
    """Become the author of what is offered; counts it. Raises LinkExpired or NotTheHeir."""
    giver = _giver(user, find_letter_token("hand_over", secret))
    use_letter_token("hand_over", secret)
    given = list(db.session.scalars(select(Material).where(Material.uploader_id == giver.id)))
    for material in given:
        material.uploader = user
        material.touch()
    _give_trash(giver, user, [material.id for material in given])
    db.session.flush()
    return len(given)


def _give_trash(giver: User, heir: User, material_ids: list[int]) -> None:
    """What the giver has deleted of them the heir may restore, as the giver could."""
    own = update(TrashEntry).where(TrashEntry.deleted_by_id == giver.id)
    own = own.where(TrashEntry.material_id.in_(material_ids))
    _run(own.values(deleted_by_id=heir.id))


def _giver(user: User, token: LetterToken) -> User:
    if not user.is_active or not user.is_confirmed or user.email != token.email:
        raise NotTheHeir
    return db.session.get_one(User, token.payload["giver"])
