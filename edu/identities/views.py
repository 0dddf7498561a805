"""Signing in through other sites, and the page that links and unlinks them.

A stranger's journey: `start` sends the browser to the site, the site sends it back to `callback`.
Where the site vouches for no e-mail address, `address` asks for one, and the link in a letter
leads to `confirm`, in the browser that began.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable
from dataclasses import asdict
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, session, url_for
from flask_babel import get_locale
from flask_babel import gettext as _
from flask_wtf.csrf import generate_csrf, validate_csrf
from werkzeug.wrappers import Response
from wtforms import ValidationError

from edu.accounts.service import (
    LinkExpired,
    find_letter_token,
    name_mailbox,
    use_letter_token,
)
from edu.accounts.views import safe_target
from edu.errors import EduError, NotFound, SignInRequired
from edu.extensions import absolute_url, db, limiter, settings
from edu.identities import service
from edu.identities.forms import AddressForm
from edu.identities.service import Profile
from edu.sessions.service import hash_secret
from edu.site.providers import NotConvinced, read_profile, send_to_provider
from edu.site.requests import current_person, signed_in
from edu.site.signing import complete_sign_in
from jobs.mail import send_letters

bp = Blueprint("identities", __name__)

JOURNEY_KEY, PROFILE_KEY, LETTER_KEY = "identity_journey", "identity_profile", "identity_letter"
JOURNEY_S = 900
LINK_KEY = "identity_link"


@bp.app_context_processor
def _buttons() -> dict[str, Callable[[], dict[str, str]]]:
    return {"sign_in_sites": service.site_names}


# There and back --------------------------------------------------------------------------------


@bp.get("/oauth/<provider>")
@limiter.limit(lambda: settings().login_limit_address)
def start(provider: str) -> Response:
    _check(provider)
    person = current_person()
    # Another site must not start this: it would sign its visitors in, or link, as it pleases.
    # Nor can it be a post, whose answer Chromium does not let lead to a foreign site.
    if _comes_from_elsewhere() or (person and not _wants_to_link()):
        return redirect(_way_back(bool(person)), 303)
    target = safe_target(request.args.get("next"))
    try:
        answer = send_to_provider(provider, _callback_url(provider))
    except EduError as error:
        return _refuse(error, bool(person))
    _put(JOURNEY_KEY, provider=provider, target=target, link=person.id if person else None)
    return answer


def _check(provider: str) -> None:
    if provider not in service.site_names():
        raise NotFound


def _comes_from_elsewhere() -> bool:
    return request.headers.get("Sec-Fetch-Site", "none") not in {"none", "same-origin"}


def _wants_to_link() -> bool:
    try:
        validate_csrf(request.args.get("link"), time_limit=3600, token_key=LINK_KEY)
    except ValidationError:
        return False
    return True


def _callback_url(provider: str) -> str:
    return absolute_url("identities.callback", provider=provider)


def _put(key: str, **values: Any) -> None:
    session[key] = {**values, "until": int(time.time()) + JOURNEY_S}


def _take(key: str) -> dict[str, Any] | None:
    kept: dict[str, Any] | None = session.get(key)
    return kept if kept and kept["until"] > time.time() else None


def _way_back(linking: bool) -> str:
    return url_for("identities.index" if linking else "accounts.login")


def _refuse(error: EduError, linking: bool) -> Response:
    db.session.rollback()
    flash(str(error.message), "error")
    return redirect(_way_back(linking), 303)


@bp.get("/oauth/<provider>/callback")
@limiter.limit(lambda: settings().login_limit_address)
def callback(provider: str) -> Response:
    _check(provider)
    journey = _take(JOURNEY_KEY)
    session.pop(JOURNEY_KEY, None)
    person = current_person()
    linking = bool(journey and journey["link"])
    try:
        if journey is None or journey["provider"] != provider:
            raise NotConvinced(_("This sign-in was not begun here, or took too long. Begin again."))
        profile = read_profile(provider)
        if not linking:
            return _sign_in(profile, journey["target"])
        if person is None or person.id != journey["link"]:
            raise SignInRequired
        service.add_identity(person, profile)
    except EduError as error:
        return _refuse(error, linking)
    db.session.commit()
    send_letters.enqueue()
    flash(
        _("Now you can also sign in with %(site)s.", site=service.site_name(profile.provider)),
        "success",
    )
    return redirect(url_for("identities.index"), 303)


def _sign_in(profile: Profile, target: str) -> Response:
    user = service.find_person(profile)
    if user is None:
        _put(PROFILE_KEY, profile=asdict(profile), target=target)
        return redirect(url_for("identities.address"), 303)
    db.session.commit()
    send_letters.enqueue()
    return complete_sign_in(user, remember=False, target=target)


# Where the site vouches for no address ---------------------------------------------------------


@bp.errorhandler(LinkExpired)
def link_expired(error: LinkExpired) -> tuple[str, int]:
    return render_template("registration/expired.html", message=str(error.message)), 410


@bp.get("/login/identity")
def address() -> str | Response:
    kept = _take(PROFILE_KEY)
    return _address_page(kept, AddressForm()) if kept else _begin_again()


def _address_page(kept: dict[str, Any], form: AddressForm) -> str:
    profile = Profile(**kept["profile"])
    if not form.is_submitted():
        form.email.data = profile.email
    return render_template(
        "identities/address.html", form=form, site=service.site_name(profile.provider)
    )


def _begin_again() -> Response:
    flash(_("This sign-in was not begun here, or took too long. Begin again."), "error")
    return redirect(url_for("accounts.login"), 303)


def _typed_address() -> str:
    return f"identity:{name_mailbox(request.form.get('email', ''))}"


@bp.post("/login/identity")
@limiter.limit(lambda: settings().recover_limit, key_func=_typed_address)
@limiter.shared_limit(lambda: settings().letter_limit_address, scope="letters")
@limiter.limit(lambda: settings().login_limit_address)
def address_submit() -> str | Response | tuple[str, int]:
    kept, form = _take(PROFILE_KEY), AddressForm()
    if kept is None:
        return _begin_again()
    if not form.validate_on_submit():
        return _address_page(kept, form), 422
    profile, target, locale = Profile(**kept["profile"]), kept["target"], str(get_locale())
    try:
        secret = service.send_link(profile, form.email.data, target=target, locale=locale)
    except EduError as error:
        form.email.errors = [str(error.message)]
        return _address_page(kept, form), 422
    db.session.commit()
    send_letters.enqueue()
    # Of the secret the browser keeps a hash: the link itself only ever stands in the letter.
    session[LETTER_KEY] = hash_secret(secret)
    return redirect(url_for("identities.address_sent"), 303)


@bp.get("/login/identity/sent")
def address_sent() -> str | Response:
    if LETTER_KEY not in session:
        return _begin_again()
    return render_template("identities/sent.html", can_send=bool(settings().smtp_host))


@bp.get("/login/identity/<secret>")
def confirm(secret: str) -> str:
    token = find_letter_token("identity", secret)
    site = service.site_name(token.payload["profile"]["provider"])
    return render_template("identities/confirm.html", site=site, begun_here=_began_here(secret))


def _began_here(secret: str) -> bool:
    # Else somebody could send the link to whom the address belongs, and get into that account.
    return secrets.compare_digest(session.get(LETTER_KEY, ""), hash_secret(secret))


@bp.post("/login/identity/<secret>")
@limiter.limit(lambda: settings().login_limit_address)
def confirm_submit(secret: str) -> Response:
    if not _began_here(secret):
        return _begin_again()
    token = use_letter_token("identity", secret)
    try:
        user = service.join_account(Profile(**token.payload["profile"]), token.email)
    except EduError as error:
        return _refuse(error, linking=False)
    db.session.commit()
    return complete_sign_in(user, remember=False, target=token.payload["target"])


# The own page ----------------------------------------------------------------------------------


@bp.get("/me/identities")
def index() -> str:
    user = signed_in()
    return render_template(
        "identities/index.html",
        identities=service.list_identities(user),
        sites=service.site_names(),
        is_last_way=service.is_last_way,
        link_token=generate_csrf(token_key=LINK_KEY),
    )


@bp.post("/me/identities/<int:identity_id>/unlink")
def unlink(identity_id: int) -> Response:
    try:
        service.unlink_identity(signed_in(), identity_id)
    except service.LastWay as error:
        return _refuse(error, linking=True)
    db.session.commit()
    flash(_("Unlinked."), "success")
    return redirect(url_for("identities.index"), 303)
