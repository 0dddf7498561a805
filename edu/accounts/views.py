"""Pages of sign-in and of the own account."""

from __future__ import annotations

from ipaddress import ip_address

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import refresh
from flask_login import current_user
from flask_wtf import FlaskForm
from werkzeug.wrappers import Response

from edu.accounts import service
from edu.accounts.forms import EmailForm, LoginForm, PasswordForm, ProfileForm
from edu.demo.service import sign_in_hints as demo_accounts
from edu.errors import EduError, InvalidInput
from edu.extensions import client_address, db, limiter, settings
from edu.gate import PASSWORDS
from edu.lockout.service import MustWait
from edu.registration.service import ask_new_email, renew_password
from edu.site.preferences import choose_language, choose_theme, chosen_locale, chosen_theme
from edu.site.requests import signed_in, who_asks
from edu.site.signing import (
    check_credentials,
    check_password,
    complete_sign_in,
    end_browser_session,
    present_session,
)
from jobs.mail import send_letters

bp = Blueprint("accounts", __name__)


def _per_account() -> str:
    # A class behind one address signs in within a minute: the strict limit is by account as well.
    return f"{client_address()}:{request.form.get('email', '').strip().lower()[:254]}"


def safe_target(target: str | None) -> str:
    """`target` if it is an address of this site, else the home page."""
    # Browsers read // and /\ as the start of another site, and skip over control characters.
    local = target and target.startswith("/") and not target.startswith("//")
    clean = target and target.isprintable() and "\\" not in target
    return str(target) if local and clean else url_for("main.home")


@bp.get("/login")
def login() -> str | Response:
    if current_user.is_authenticated:
        return redirect(safe_target(request.args.get("next")), 303)
    return _login_page(LoginForm())


def _demo_hints() -> list[tuple[str, str]]:
    """The demo passwords, told to the person at this very machine only."""
    try:
        here = ip_address(request.remote_addr or "").is_loopback
    except ValueError:  # a Unix socket, or what a proxy made up: no address, no hints
        here = False
    return demo_accounts() if here else []


def _login_page(form: LoginForm) -> str:
    # On a demo start everybody may know the passwords; check_start keeps such a start private.
    return render_template("accounts/login.html", form=form, demo_accounts=_demo_hints())


@bp.post("/login")
@limiter.shared_limit(lambda: settings().login_limit_address, scope="passwords")
@limiter.limit(lambda: settings().login_limit, key_func=_per_account)
@PASSWORDS.pass_through()
def login_submit() -> Response | tuple[str, int] | tuple[str, int, dict[str, str]]:
    form = LoginForm()
    if not form.validate_on_submit():
        return _login_page(form), 422
    try:
        user = check_credentials(form.email.data, form.password.data)
    except MustWait as error:
        form.form_errors.append(str(error.message))
        return _login_page(form), 429, {"Retry-After": str(error.details["retry_after"])}
    except EduError as error:
        form.form_errors.append(str(error.message))
        return _login_page(form), 422
    target = safe_target(request.args.get("next"))
    return complete_sign_in(user, remember=form.remember.data, target=target)


@bp.post("/logout")
def logout() -> Response:
    end_browser_session()
    return redirect(url_for("main.home"), 303)


# The own account -------------------------------------------------------------------------------


@bp.get("/me/settings")
def profile() -> str:
    person = signed_in()
    present = {"name": person.name, "locale": chosen_locale(), "theme": chosen_theme()}
    form = ProfileForm(data=present)
    return render_template("accounts/profile.html", form=form)


@bp.post("/me/settings")
def profile_submit() -> Response | tuple[str, int]:
    person, form = signed_in(), ProfileForm()
    if not form.validate_on_submit():
        return render_template("accounts/profile.html", form=form), 422
    service.change_profile(person, name=form.name.data)
    response = redirect(url_for("accounts.profile"), 303)
    choose_language(form.locale.data, response)
    choose_theme(form.theme.data, response)
    refresh()  # what is said from here on is said in the language just chosen
    flash(_("Saved."), "success")
    return response


@bp.get("/me/security")
def security() -> str:
    return _security_page(PasswordForm(), EmailForm())


def _security_page(password_form: PasswordForm, email_form: EmailForm) -> str:
    forms = {"password_form": password_form, "email_form": email_form}
    return render_template("accounts/security.html", person=signed_in(), **forms)


def _show_error(form: FlaskForm, error: EduError) -> None:
    form[error.details["field"]].errors = [str(error.message)]


@bp.post("/me/security/password")
@limiter.limit(lambda: settings().login_limit, key_func=who_asks)
def password_submit() -> Response | tuple[str, int]:
    person, present, form = signed_in(), present_session(), PasswordForm()
    if not person.has_password:
        del form.old_password
    if form.validate_on_submit():
        try:
            if person.has_password:
                old = form.old_password.data
                check_password(person.email, old, person.password_hash, "old_password")
            renew_password(person, form.new_password.data, keep=present.id if present else None)
        except InvalidInput as error:
            _show_error(form, error)
        else:
            db.session.commit()
            send_letters.enqueue()
            flash(_("The new password is set. You are signed out everywhere else."), "success")
            return redirect(url_for("accounts.security"), 303)
    return _security_page(form, EmailForm(formdata=None)), 422


@bp.post("/me/security/email")
@limiter.limit(lambda: settings().recover_limit, key_func=who_asks)
def email_submit() -> Response | tuple[str, int]:
    person, form = signed_in(), EmailForm()
    if form.validate_on_submit():
        try:
            check_password(person.email, form.password.data, person.password_hash)
            ask_new_email(person, form.email.data)
        except InvalidInput as error:
            _show_error(form, error)
        else:
            db.session.commit()
            send_letters.enqueue()
            flash(_("A letter with a link is on its way to %(email)s.", email=form.email.data))
            return redirect(url_for("accounts.security"), 303)
    return _security_page(PasswordForm(formdata=None), form), 422
