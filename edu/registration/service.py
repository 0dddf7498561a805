"""A new account, a forgotten password, a new address: each by a link in a letter.

Whoever asks is answered the same whether the address has an account or not, and the work is the
same too; only the letter, which reaches nobody but the address's owner, tells the two apart.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from flask_babel import format_timedelta
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel.speaklater import LazyString
from sqlalchemy import delete
from sqlalchemy.exc import IntegrityError

from edu.accounts.models import LetterToken, User
from edu.accounts.service import (
    LinkExpired,
    add_user,
    change_password,
    check_new_password,
    clean_name,
    end_letter_tokens,
    end_sessions,
    find_letter_token,
    find_user,
    hash_password,
    make_letter_token,
    normalise_email,
    use_letter_token,
)
from edu.errors import Conflict, Forbidden, InvalidInput
from edu.extensions import absolute_url, db, utcnow
from edu.lockout.service import clear_failures
from edu.mail.service import write_letter
from edu.sessions.service import hash_secret
from edu.site.settings import site_settings


class AccountExists(Conflict):
    """The link came too late: its address has an account by now."""

    message = _l("There is already an account with this e-mail.")


REGISTER_FOR = timedelta(days=2)
RECOVER_FOR = timedelta(hours=1)
CHANGE_EMAIL_FOR = timedelta(days=1)


def _in_words(period: timedelta) -> Any:
    """The period in the language of whoever reads it."""
    return LazyString(lambda: format_timedelta(period))


def check_may_join(email: str) -> None:
    """Raises Forbidden where the site takes no new accounts, or none with such an address."""
    if not site_settings().registration_open:
        raise Forbidden(_("This site takes no new accounts."), code="registration_closed")
    check_domain(email)


def check_domain(email: str) -> None:
    """Raises InvalidInput for an address that the site takes no accounts with."""
    domains = site_settings().email_domains
    if domains and email.rpartition("@")[2] not in domains:
        text = _("Use an e-mail address that ends with %(domains)s.", domains=_list(domains))
        raise InvalidInput(text, field="email")


def _list(domains: tuple[str, ...]) -> str:
    return ", ".join(f"@{domain}" for domain in domains)


# A new account ---------------------------------------------------------------------------------


def ask_registration(email: str, password: str, name: str, *, locale: str = "") -> str:
    """Write to the address; nobody has an account yet. A mark by which to know the link again.

    Raises Forbidden or InvalidInput, for reasons that have nothing to do with other accounts.
    """
    address = normalise_email(email)
    check_may_join(address)
    check_new_password(password)
    payload = {
        "name": clean_name(name, address),
        "password": hash_password(password),
        "locale": locale,
    }
    secret = make_letter_token("register", address, payload=payload, lifetime=REGISTER_FOR)
    known = find_user(address)
    if known is not None:
        link = absolute_url("registration.recover")
        write_letter("already", address, user=known, link=link)
    else:
        link = absolute_url("registration.confirm", secret=secret)
        expires = _in_words(REGISTER_FOR)
        write_letter("confirm", address, locale=locale, link=link, expires=expires)
    return hash_secret(secret)


def find_registration(secret: str) -> LetterToken:
    """What waits behind a link. Raises LinkExpired, AccountExists, or like check_may_join.

    A site that is closed by now was closed for a reason.
    """
    token = find_letter_token("register", secret)
    check_may_join(token.email)
    if find_user(token.email) is not None:
        raise AccountExists
    return token


def confirm_registration(secret: str) -> User:
    """The account that the link was for. Raises like find_registration.

    The caller has made sure that it is the person who chose the password that now follows the link.
    """
    find_registration(secret)
    token = use_letter_token("register", secret)
    kept = token.payload
    user = add_user(token.email, kept["password"], kept["name"], locale=kept["locale"])
    others = delete(LetterToken).where(LetterToken.email == user.email)
    db.session.execute(others.where(LetterToken.purpose == "register"))
    return user


# A forgotten password --------------------------------------------------------------------------


def ask_recovery(email: str, *, locale: str = "") -> None:
    """Write to the address how to get in, or that it has no account. Raises InvalidInput."""
    address = normalise_email(email)
    user = find_user(address)
    secret = make_letter_token("recover", address, user=user, lifetime=RECOVER_FOR)
    if user is None:
        link = absolute_url("registration.register")
        write_letter("no_account", address, locale=locale, link=link)
    elif user.is_active:
        link = absolute_url("registration.reset", secret=secret)
        write_letter("recover", address, user=user, link=link, expires=_in_words(RECOVER_FOR))


def find_recovery(secret: str) -> User:
    """Whose password the link changes. Raises LinkExpired."""
    token = find_letter_token("recover", secret)
    if token.user is None or not token.user.is_active or token.user.email != token.email:
        raise LinkExpired
    return token.user


def reset_password(secret: str, password: str) -> User:
    """A new password by the link, for which also the waiting after wrong ones ends.

    Raises LinkExpired or InvalidInput.
    """
    check_new_password(password)
    user = find_recovery(secret)
    use_letter_token("recover", secret)
    renew_password(user, password)
    clear_failures(user.email)
    return user


def renew_password(user: User, password: str, *, keep: int | None = None) -> None:
    """A new password, of which a letter tells. Raises InvalidInput."""
    change_password(user, password, keep=keep)
    link = absolute_url("registration.recover")
    write_letter("password_changed", user.email, user=user, link=link)


# A new address ---------------------------------------------------------------------------------


def ask_new_email(user: User, email: str) -> None:
    """Write to the new address, whoever has it. Raises InvalidInput."""
    address = normalise_email(email)
    if address == user.email:
        raise InvalidInput(_("This is your address already."), field="email")
    check_domain(address)
    secret = make_letter_token("change_email", address, user=user, lifetime=CHANGE_EMAIL_FOR)
    link = absolute_url("registration.change_email", secret=secret)
    expires = _in_words(CHANGE_EMAIL_FOR)
    write_letter("change_email", address, user=user, link=link, expires=expires)


def find_new_email(user: User, secret: str) -> str:
    """The address that the person's link is for. Raises LinkExpired, also for others' links."""
    token = find_letter_token("change_email", secret)
    if token.user_id != user.id:
        raise LinkExpired
    return token.email


def change_email(user: User, secret: str, *, keep: int | None = None) -> None:
    """The address is shown to be the person's. Everything but the browser session `keep` ends.

    Raises LinkExpired, or Conflict for an address that another account has.
    """
    find_new_email(user, secret)
    former, address = user.email, use_letter_token("change_email", secret).email
    _take_address(user, address)
    user.confirmed_at = utcnow()
    end_letter_tokens(user, "recover", "change_email")
    end_sessions(user, keep=keep)
    link = absolute_url("accounts.security")
    write_letter("email_changed", former, user=user, link=link, new_email=address)


def _take_address(user: User, address: str) -> None:
    try:
        if find_user(address) is None:
            user.email = address
            db.session.flush()
            return
    except IntegrityError:  # somebody else's, a moment ago
        db.session.rollback()
    raise Conflict(_("This address cannot be used. Choose another one."))
