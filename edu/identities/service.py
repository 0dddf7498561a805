"""Accounts at other sites: found, linked, unlinked."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import timedelta
from typing import Any

from flask_babel import format_timedelta
from flask_babel import gettext as _
from flask_babel.speaklater import LazyString
from sqlalchemy import select

from edu.accounts import service as accounts
from edu.accounts.models import User
from edu.errors import Conflict, Forbidden, InvalidInput, NotFound
from edu.extensions import absolute_url, db, find_row, insert_if_absent, settings, utcnow
from edu.identities.models import Identity
from edu.mail.service import write_letter
from edu.registration.service import check_may_join

MAX_IDENTITIES = 10
LETTER_LIFE = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Profile:
    """What another site says of a person; `email` only counts where it is `verified` there."""

    provider: str
    subject: str
    label: str
    name: str
    email: str
    verified: bool


class LastWay(Conflict):
    """Without this identity the person could not sign in."""

    code = "last_way"


def site_names() -> dict[str, str]:
    """The sites through which one may sign in here: key and name."""
    ours = settings()
    names = {"google": "Google", "github": "GitHub", "oidc": ours.oidc_name}
    ready = {
        "google": ours.google_client_id,
        "github": ours.github_client_id,
        "oidc": ours.oidc_client_id,
    }
    return {key: name for key, name in names.items() if ready[key]}


def site_name(provider: str) -> str:
    """What people call it, also after it has been switched off."""
    return site_names().get(provider, provider)


def make_profile(
    provider: str, *, subject: Any, label: Any, name: Any, email: Any, verified: bool
) -> Profile:
    """A profile out of what a site has sent, which may be anything. Raises ValueError."""
    key = str(subject)
    if not key or len(key) > 255 or not key.isprintable() or not isinstance(subject, str | int):
        raise ValueError(f"no usable subject: {key[:80]!r}")
    address = _address(email)
    return Profile(
        provider=provider,
        subject=key,
        label=_line(label, 254),
        name=_line(name, 80),
        email=address,
        verified=verified and bool(address),
    )


def _line(text: Any, length: int) -> str:
    words = "".join(c if c.isprintable() else " " for c in str(text or "")).split()
    return " ".join(words)[:length]


def _address(email: Any) -> str:
    try:
        return (
            accounts.normalise_email(email) if isinstance(email, str) and len(email) <= 254 else ""
        )
    except InvalidInput:
        return ""


def find_person(profile: Profile) -> User | None:
    """Whom this identity signs in; None where an e-mail address has to be shown first.

    An unknown one joins the account of the address that the site has verified, or opens a new one.
    Raises Forbidden, InvalidInput or Conflict.
    """
    identity = _find(profile)
    if identity is not None:
        identity.label = profile.label
        return _admitted(identity.user)
    return join_account(profile, profile.email) if profile.verified else None


def join_account(profile: Profile, email: str) -> User:
    """The account of an address that is shown to be the person's, linked now; else a new one.

    Raises Forbidden, InvalidInput or Conflict.
    """
    user = accounts.find_user(email)
    if user is None:
        check_may_join(email)
        user = accounts.create_user(email, None, profile.name)
        link_identity(user, profile)
        return user
    # Whoever entered the address of an unconfirmed account may be somebody else.
    if not user.is_confirmed:
        raise _closed()
    add_identity(_admitted(user), profile)
    return user


def _admitted(user: User) -> User:
    if not user.is_active:
        raise _closed()
    return user


def _closed() -> Forbidden:
    return Forbidden(_("This account cannot be used to sign in here."))


def send_link(profile: Profile, email: str, *, target: str, locale: str = "") -> str:
    """Write to the address, whether it has an account or not; the link's secret.

    Raises InvalidInput.
    """
    address = accounts.normalise_email(email)
    payload = {"profile": asdict(profile), "target": target}
    secret = accounts.make_letter_token("identity", address, payload=payload, lifetime=LETTER_LIFE)
    write_letter(
        "identity",
        address,
        user=accounts.find_user(address),
        locale=locale,
        link=absolute_url("identities.confirm", secret=secret),
        provider=site_name(profile.provider),
        expires=LazyString(lambda: format_timedelta(LETTER_LIFE)),
    )
    return secret


def add_identity(user: User, profile: Profile) -> None:
    """One more way into an account that exists, of which a letter tells. Raises Conflict."""
    if not link_identity(user, profile):
        return
    write_letter(
        "identity_added",
        user.email,
        user=user,
        provider=site_name(profile.provider),
        label=profile.label,
        link=absolute_url("identities.index"),
    )


def link_identity(user: User, profile: Profile) -> bool:
    """Let the person sign in with this identity; True when it is new. Raises Conflict."""
    if len(list_identities(user)) >= MAX_IDENTITIES:
        raise Conflict(_("No more than %(n)d accounts can be linked.", n=MAX_IDENTITIES))
    new = insert_if_absent(
        Identity,
        user_id=user.id,
        provider=profile.provider,
        subject=profile.subject,
        label=profile.label,
        created_at=utcnow(),
    )
    identity = _find(profile)
    if identity is None or identity.user_id != user.id:
        site = site_name(profile.provider)
        text = _("This account at %(site)s is linked to another account already.", site=site)
        raise Conflict(text)
    return new


def list_identities(user: User) -> list[Identity]:
    """The person's accounts at other sites, the oldest first."""
    query = select(Identity).where(Identity.user_id == user.id).order_by(Identity.id)
    return list(db.session.scalars(query))


def unlink_identity(user: User, identity_id: int) -> None:
    """Forget an identity. Raises NotFound, or LastWay."""
    identity = find_row(Identity, identity_id)
    if identity is None or identity.user_id != user.id:
        raise NotFound
    # One at a time: two at once would each take the other for the way that is left.
    db.session.execute(select(User.id).where(User.id == user.id).with_for_update())
    if is_last_way(user, identity):
        raise LastWay(_("This is your only way to sign in. Set a password first."))
    db.session.delete(identity)
    db.session.flush()


def is_last_way(user: User, identity: Identity) -> bool:
    """Whether the person could not sign in without it."""
    others = {each.provider for each in list_identities(user) if each.id != identity.id}
    return not user.has_password and not others & site_names().keys()


def _find(profile: Profile) -> Identity | None:
    query = select(Identity).where(
        Identity.provider == profile.provider, Identity.subject == profile.subject
    )
    return db.session.scalar(query)
