"""Linking a chat with an account, and whose chat it is.

The bot is the client of the site's authorization server: it sends the person to the consent page,
gets a code back by the chat, and exchanges it for tokens that it keeps here, encrypted under
SECRET_KEY. Whoever changes SECRET_KEY has every chat linked anew.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import logging
import re
import secrets
from datetime import datetime, timedelta

from authlib.oauth2.rfc7636 import create_s256_code_challenge
from cryptography.fernet import Fernet, InvalidToken
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import delete, select, update

from edu.accounts.models import User
from edu.api import tokens as access_tokens
from edu.errors import EduError, NotFound, Unavailable
from edu.extensions import absolute_url, change_rows, db, find_row, settings, utcnow
from edu.mail.service import write_letter
from edu.oauth import service as oauth
from edu.oauth.service import CLIENT_ID, CodeRefused, Tokens
from edu.sessions.service import hash_secret
from edu.site.telegram import bot_address, bot_name
from edu.telegram_links.models import LinkRequest, TelegramLink
from edu.tokens.service import end_api_session, find_session_person

log = logging.getLogger(__name__)

REQUEST_LIFE = timedelta(hours=1)  # enough to register on the way
MAX_REQUESTS = 5  # of one chat at a time
MAX_NAME = 100


class RequestExpired(EduError):
    """The chat has not asked, or too long ago."""

    status = 410
    code = "link_expired"
    message = _l("This link has expired. Ask the bot for a new one.")


class AnotherChat(CodeRefused):
    """The code came to another chat than asked for it."""

    code = "another_chat"
    message = _l(
        "This sign-in was begun in another chat, so it is not valid here. "
        "If you want to sign in, ask for a link of your own."
    )


class NoBot(Unavailable):
    """The site has no bot, or does not know its name yet."""

    message = _l("This site has no Telegram bot just now.")


# Linking ---------------------------------------------------------------------------------------


def begin_linking(chat_id: int, name: str) -> str:
    """The address of the consent page for this chat; `name` is what the person is shown of it.

    Raises NoBot.
    """
    if not bot_name():
        raise NoBot
    state, verifier = secrets.token_urlsafe(24), secrets.token_urlsafe(48)
    db.session.add(
        LinkRequest(
            state_hash=hash_secret(state),
            chat_id=chat_id,
            name=_clean(name),
            verifier=_cipher().encrypt(verifier.encode()),
            expires_at=utcnow() + REQUEST_LIFE,
        )
    )
    db.session.flush()
    _drop_surplus_requests(chat_id)
    return absolute_url(
        "oauth.authorize",
        response_type="code",
        client_id=CLIENT_ID,
        redirect_uri=bot_address(),
        state=state,
        code_challenge=create_s256_code_challenge(verifier),
        code_challenge_method="S256",
    )


def _clean(name: str) -> str:
    """One line that nobody can make look like another part of the page."""
    words = "".join(sign if sign.isprintable() else " " for sign in name).split()
    return " ".join(words)[:MAX_NAME]


def _drop_surplus_requests(chat_id: int) -> None:
    own = select(LinkRequest.id).where(LinkRequest.chat_id == chat_id)
    surplus = db.session.scalars(own.order_by(LinkRequest.id.desc()).offset(MAX_REQUESTS)).all()
    db.session.execute(delete(LinkRequest).where(LinkRequest.id.in_(surplus)))


def find_request(state: str, challenge: str) -> LinkRequest:
    """Which chat has asked for this consent. Raises RequestExpired."""
    request = _find_request(hash_secret(state))
    if request is None or request.expires_at <= utcnow():
        raise RequestExpired
    if not hmac.compare_digest(_challenge(request).encode(), challenge.encode()):
        raise RequestExpired
    return request


def _find_request(state_hash: str) -> LinkRequest | None:
    return db.session.scalar(select(LinkRequest).where(LinkRequest.state_hash == state_hash))


def _challenge(request: LinkRequest) -> str:
    verifier = _open(request.verifier)
    return create_s256_code_challenge(verifier) if verifier else ""


def drop_request(request: LinkRequest) -> None:
    """The person has refused: nothing comes of it any more."""
    db.session.delete(request)
    db.session.flush()


def looks_like_code(word: str) -> bool:
    """Whether the word has the shape of a code, of 32 bytes in base64."""
    return re.fullmatch(r"[\w-]{43}", word, re.ASCII) is not None


def finish_linking(chat_id: int, code: str) -> User:
    """Whom the chat acts for from now on, of which a letter tells; what it was linked with ends.

    Raises CodeRefused or AnotherChat. Commit even then: the code is burnt, and one that was used
    before has ended its link.
    """
    row = oauth.find_code(code)
    request = _find_request(row.state_hash) if row else None
    if row is None or request is None:
        oauth.use_code(code)
        raise CodeRefused
    own = request.chat_id == chat_id
    verifier, name, late = _open(request.verifier), request.name, request.expires_at <= utcnow()
    db.session.execute(delete(LinkRequest).where(LinkRequest.id == request.id))
    if not own or late or verifier is None:
        oauth.use_code(code)
        raise CodeRefused if own else AnotherChat
    return _link(chat_id, name, row.user, oauth.exchange_code(code, verifier))


def _link(chat_id: int, name: str, user: User, tokens: Tokens) -> User:
    unlink_chat(chat_id)
    link = TelegramLink(
        chat_id=chat_id,
        user_id=user.id,
        session_id=tokens.session_id,
        name=name,
        tokens=_seal(tokens),
    )
    db.session.add(link)
    db.session.flush()
    write_letter(
        "chat_linked",
        user.email,
        user=user,
        chat=name or str(_("without a name")),
        link=absolute_url("telegram_links.index"),
    )
    return user


# Whose chat it is ------------------------------------------------------------------------------


def person_of(chat_id: int) -> User | None:
    """Whom the chat acts for, None once that has ended. Commit after: tokens may be renewed.

    The tokens decide, as for any program: the access token while it lasts, then the refresh token.
    """
    link = _find(chat_id)
    kept = _unseal(link) if link else None
    if link is None or kept is None:
        return None
    try:
        return find_session_person(access_tokens.read_token(kept.access))
    except access_tokens.InvalidToken:
        return _renew(link.id)


def _renew(link_id: int) -> User | None:
    """One at a time: of two that come with the same refresh token the second would end the link."""
    same = TelegramLink.id == link_id
    # A write that changes nothing holds the row, on SQLite too, until the transaction ends.
    change_rows(update(TelegramLink).where(same).values(chat_id=TelegramLink.chat_id))
    link = db.session.get(TelegramLink, link_id, populate_existing=True)
    kept = _unseal(link) if link else None
    if link is None or kept is None:
        return None
    try:
        return find_session_person(access_tokens.read_token(kept.access))
    except access_tokens.InvalidToken:
        pass  # nobody else has renewed it meanwhile
    try:
        renewed = oauth.refresh(kept.refresh)
    except CodeRefused as error:
        log.info("a chat's link has ended: %s", error.code)
        end_api_session(link.session_id)
        return None
    link.tokens = _seal(renewed)
    db.session.flush()
    return link.user


def _find(chat_id: int) -> TelegramLink | None:
    return db.session.scalar(select(TelegramLink).where(TelegramLink.chat_id == chat_id))


def list_links(user: User) -> list[TelegramLink]:
    """The chats that act for the person, the oldest first."""
    own = select(TelegramLink).where(TelegramLink.user_id == user.id)
    return list(db.session.scalars(own.order_by(TelegramLink.id)))


# The end of it ---------------------------------------------------------------------------------


def unlink(user: User, link_id: int) -> None:
    """End one of the person's own links. Raises NotFound."""
    link = find_row(TelegramLink, link_id)
    if link is None or link.user_id != user.id:
        raise NotFound
    end_api_session(link.session_id)


def unlink_chat(chat_id: int) -> bool:
    """End the link from the chat's side; False when there was none."""
    session_id = db.session.scalar(
        select(TelegramLink.session_id).where(TelegramLink.chat_id == chat_id)
    )
    if session_id is not None:
        end_api_session(session_id)
    return session_id is not None


def remove_expired(now: datetime) -> int:
    """Drop requests that were never answered; how many rows went."""
    return change_rows(delete(LinkRequest).where(LinkRequest.expires_at < now))


# Secrets ---------------------------------------------------------------------------------------


def _cipher() -> Fernet:
    secret = settings().secret_key.encode()
    key = hmac.digest(secret, b"edu.telegram_links secret", hashlib.sha256)
    return Fernet(base64.urlsafe_b64encode(key))


def _open(sealed: bytes) -> str | None:
    """None when SECRET_KEY has changed since."""
    try:
        return _cipher().decrypt(sealed).decode()
    except InvalidToken:
        return None


def _seal(tokens: Tokens) -> bytes:
    return _cipher().encrypt(json.dumps([tokens.access, tokens.refresh]).encode())


def _unseal(link: TelegramLink) -> Tokens | None:
    text = _open(link.tokens)
    if text is None:
        log.warning("the link of person %d: SECRET_KEY has changed", link.user_id)
        return None
    access, refresh = json.loads(text)
    return Tokens(access, refresh, link.session_id)
