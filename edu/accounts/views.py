"""Pages of sign-up and sign-in."""

from __future__ import annotations

from ipaddress import ip_address

from flask import Blueprint, flash, redirect, render_template, request, session, url_for
from flask_babel import gettext as _
from flask_login import current_user, login_user, logout_user
from werkzeug.wrappers import Response

from edu.accounts import service
from edu.accounts.forms import LoginForm, RegisterForm
from edu.demo.service import sign_in_hints as demo_accounts
from edu.errors import EduError
from edu.extensions import client_address, db, limiter, settings

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
@limiter.limit(lambda: settings().login_limit_address)
@limiter.limit(lambda: settings().login_limit, key_func=_per_account)
def login_submit() -> str | Response | tuple[str, int]:
    form = LoginForm()
    if form.validate_on_submit():
        try:
            user = service.sign_in(form.email.data, form.password.data)
        except EduError as error:
            form.form_errors.append(str(error.message))
        else:
            login_user(user, remember=form.remember.data)
            return redirect(safe_target(request.args.get("next")), 303)
    return _login_page(form), 422


@bp.get("/register")
def register() -> str:
    return render_template("accounts/register.html", form=RegisterForm())


@bp.post("/register")
@limiter.limit(lambda: settings().login_limit_address)
def register_submit() -> str | Response | tuple[str, int]:
    form = RegisterForm()
    if form.validate_on_submit():
        try:
            user = service.register_user(form.email.data, form.password.data, form.name.data)
        except EduError as error:
            form[error.details.get("field", "email")].errors = [str(error.message)]
        else:
            db.session.commit()
            login_user(user)
            flash(_("Welcome! Your account is ready."), "success")
            return redirect(safe_target(request.args.get("next")), 303)
    return render_template("accounts/register.html", form=form), 422


@bp.post("/logout")
def logout() -> Response:
    session.clear()  # the next person at this computer starts anew, CSRF token included
    logout_user()
    return redirect(url_for("main.home"), 303)
