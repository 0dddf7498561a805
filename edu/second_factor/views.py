"""The second factor: the question after the password, and the page that switches it on and off."""

from __future__ import annotations

import time
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, session, url_for
from flask_babel import gettext as _
from flask_wtf import FlaskForm
from werkzeug.wrappers import Response

from edu.accounts.models import User
from edu.errors import EduError, InvalidInput
from edu.extensions import db, limiter
from edu.second_factor import service
from edu.second_factor.forms import CodeForm, PasswordForm
from edu.site.requests import signed_in, who_asks
from edu.site.signing import (
    PendingSignIn,
    check_password,
    count_failure,
    finish_sign_in,
    pending_sign_in,
    refuse_attempts,
)

bp = Blueprint("second_factor", __name__)

LIMIT = "5 per minute"  # a code has a million values, and three of them are right
SETUP_KEY = "second_factor_setup"
SETUP_S = 600


def _who_is_asked() -> str:
    pending = pending_sign_in()
    return f"code:{pending.user.id}" if pending else who_asks()


@bp.get("/login/code")
def challenge() -> str | Response:
    if pending_sign_in() is None:
        return _too_late()
    return render_template("second_factor/challenge.html", form=CodeForm())


@bp.post("/login/code")
@limiter.limit(LIMIT, key_func=_who_is_asked)
def challenge_submit() -> Response | tuple[str, int]:
    pending = pending_sign_in()
    if pending is None:
        return _too_late()
    form = CodeForm()
    if form.validate_on_submit():
        try:
            return _answer(pending, form.code.data)
        except EduError as error:
            form.form_errors.append(str(error.message))
    return render_template("second_factor/challenge.html", form=form), 422


def _answer(pending: PendingSignIn, code: str) -> Response:
    refuse_attempts(pending.user.email)
    if service.check_code(pending.user, code):
        return finish_sign_in(pending)
    count_failure(pending.user.email)
    raise service.wrong_code()


def _too_late() -> Response:
    flash(_("That took too long. Please sign in again."), "error")
    return redirect(url_for("accounts.login"), 303)


@bp.get("/me/second-factor")
def setup() -> str:
    return _page(signed_in())


def _page(user: User, form: FlaskForm | None = None) -> str:
    state, pending = _state(user), None
    if state == "pending":
        pending = service.pending_setup(user)
    form = form or (_password_form(user) if state == "off" else CodeForm())
    left = service.count_spare_codes(user)
    return render_template(
        "second_factor/setup.html", state=state, setup=pending, left=left, form=form
    )


def _password_form(user: User) -> PasswordForm:
    form = PasswordForm()
    if not user.has_password:
        del form.password
    return form


def _state(user: User) -> str:
    if service.has_second_factor(user):
        return "on"
    if not service.may_set_up(user):
        return "not_offered"
    # Whoever finds the browser open later must not read the secret: it is shown for a while only.
    mark = session.get(SETUP_KEY, {})
    shown = mark.get("user") == user.id and mark.get("until", 0) > time.time()
    return "pending" if shown and service.pending_setup(user) else "off"


@bp.post("/me/second-factor/begin")
def begin() -> Response | tuple[str, int]:
    user = signed_in()
    form = _password_form(user)
    if not form.validate_on_submit():
        return _page(user, form), 422
    try:
        if user.has_password:
            check_password(user.email, form.password.data, user.password_hash)
    except InvalidInput as error:
        form.password.errors = [str(error.message)]
        return _page(user, form), 422
    service.begin_setup(user)
    db.session.commit()
    session[SETUP_KEY] = {"user": user.id, "until": int(time.time()) + SETUP_S}
    return redirect(url_for("second_factor.setup"), 303)


@bp.post("/me/second-factor/confirm")
@limiter.limit(LIMIT, key_func=who_asks)
def confirm() -> str | Response | tuple[str, int]:
    user, form = signed_in(), CodeForm()
    if _state(user) != "pending":
        return redirect(url_for("second_factor.setup"), 303)
    try:
        codes = service.confirm_setup(user, _typed(form))
    except InvalidInput as error:
        return _refused(user, form, error)
    db.session.commit()
    session.pop(SETUP_KEY, None)
    return render_template("second_factor/codes.html", codes=codes)


@bp.post("/me/second-factor")
@limiter.limit(LIMIT, key_func=who_asks)
def change() -> str | Response | tuple[str, int]:
    user, form = signed_in(), CodeForm()
    refuse_attempts(user.email)
    try:
        answer = _change(user, _typed(form))
    except InvalidInput as error:
        count_failure(user.email)
        return _refused(user, form, error)
    db.session.commit()
    return answer


def _change(user: User, code: str) -> str | Response:
    if request.form.get("act") == "off":
        service.switch_off(user, code)
        flash(_("The second factor is off."), "success")
        return redirect(url_for("second_factor.setup"), 303)
    codes = service.renew_spare_codes(user, code)
    return render_template("second_factor/codes.html", codes=codes)


def _typed(form: Any) -> str:
    if not form.validate_on_submit():
        raise service.wrong_code()
    return str(form.code.data)


def _refused(user: User, form: Any, error: EduError) -> tuple[str, int]:
    form.code.errors = [str(error.message)]
    return _page(user, form), 422
