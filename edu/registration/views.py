"""Pages of sign-up and recovery. A link's page changes nothing until its button is pressed.

Mail scanners open links, and must not use them up.
"""

from __future__ import annotations

from flask import (
    Blueprint,
    Response,
    flash,
    make_response,
    redirect,
    render_template,
    request,
    session,
    url_for,
)
from flask_babel import get_locale
from flask_babel import gettext as _
from werkzeug.wrappers import Response as BaseResponse

from edu.accounts.service import LinkExpired, name_mailbox
from edu.accounts.views import safe_target
from edu.errors import Conflict, EduError, InvalidInput
from edu.extensions import db, limiter, settings
from edu.gate import PASSWORDS
from edu.registration import service
from edu.registration.forms import ConfirmForm, NewPasswordForm, RecoverForm, RegisterForm
from edu.sessions.service import hash_secret
from edu.site.requests import signed_in
from edu.site.settings import site_settings
from edu.site.signing import (
    check_password,
    complete_sign_in,
    present_session,
    remember_device,
    start_browser_session,
)
from jobs.mail import send_letters

bp = Blueprint("registration", __name__)
SENT_TO = "letter_to"
REGISTERED = "registered"  # in the browser that has registered: the link's mark, where it leads


def _typed_address() -> str:
    return request.form.get("email", "").strip().lower()[:254]


def _letter_key() -> str:
    return f"to:{name_mailbox(request.form.get('email', ''))}"


def _was_sent(response: Response) -> bool:
    return response.status_code == 303


def _go_to(endpoint: str) -> Response:
    """The page that says that a letter went out."""
    session[SENT_TO] = _typed_address()
    return make_response(redirect(url_for(endpoint), 303))


def _sent_page(title: str, start: str) -> str | BaseResponse:
    if SENT_TO not in session:
        return redirect(url_for(start), 303)
    return render_template(
        "registration/sent.html",
        title=title,
        email=session[SENT_TO],
        start=start,
        can_send=bool(settings().smtp_host),
    )


@bp.errorhandler(LinkExpired)
def link_expired(error: LinkExpired) -> tuple[str, int]:
    return render_template("registration/expired.html", message=str(error.message)), 410


@bp.errorhandler(service.AccountExists)
def account_exists(error: service.AccountExists) -> BaseResponse:
    flash(str(error.message))
    return redirect(url_for("accounts.login"), 303)


# A new account ---------------------------------------------------------------------------------


@bp.get("/register")
def register() -> str:
    return _register_page(RegisterForm())


def _register_page(form: RegisterForm) -> str:
    site = site_settings()
    return render_template("registration/register.html", form=form, site=site)


@bp.post("/register")
@limiter.shared_limit(lambda: settings().login_limit_address, scope="passwords")
@limiter.shared_limit(
    lambda: settings().letter_limit_address, scope="letters", deduct_when=_was_sent
)
@limiter.shared_limit(
    lambda: settings().register_limit,
    scope="register",
    key_func=_letter_key,
    deduct_when=_was_sent,
    # Enough letters went there already; nothing more is said, and none is sent.
    on_breach=lambda _limit: _go_to("registration.register_sent"),
)
@PASSWORDS.pass_through()
def register_submit() -> str | Response | tuple[str, int]:
    form = RegisterForm()
    if form.validate_on_submit():
        person = form.email.data, form.password.data, form.name.data
        try:
            mark = service.ask_registration(*person, locale=str(get_locale()))
        except EduError as error:
            field = error.details.get("field")
            (form[field].errors if field else form.form_errors).append(str(error.message))
        else:
            db.session.commit()
            send_letters.enqueue()
            session[REGISTERED] = {"mark": mark, "next": safe_target(request.args.get("next"))}
            return _go_to("registration.register_sent")
    return _register_page(form), 422


@bp.get("/register/sent")
def register_sent() -> str | BaseResponse:
    return _sent_page(_("Confirm your address"), "registration.register")


def _registered_here(secret: str) -> bool:
    return bool(session.get(REGISTERED, {}).get("mark") == hash_secret(secret))


@bp.get("/register/<secret>")
def confirm(secret: str) -> str:
    return _confirm_page(secret, ConfirmForm())


def _confirm_page(secret: str, form: ConfirmForm) -> str:
    token, here = service.find_registration(secret), _registered_here(secret)
    name = token.payload["name"]
    return render_template(
        "registration/confirm.html", form=form, email=token.email, name=name, here=here
    )


@bp.post("/register/<secret>")
@limiter.limit(lambda: settings().login_limit_address)
def confirm_submit(secret: str) -> BaseResponse | tuple[str, int]:
    form, here = ConfirmForm(), _registered_here(secret)
    token = service.find_registration(secret)
    if not form.validate_on_submit():
        return _confirm_page(secret, form), 422
    if not here:  # else anybody could plant a password of theirs behind somebody's address
        try:
            check_password(token.email, form.password.data or "", token.payload["password"])
        except InvalidInput as error:
            form.password.errors = [str(error.message)]
            return _confirm_page(secret, form), 422
    user = service.confirm_registration(secret)
    target = session[REGISTERED]["next"] if here else url_for("main.home")
    start_browser_session(user, remember=False)
    flash(_("Welcome! Your account is ready."), "success")
    return redirect(target, 303)


# A forgotten password --------------------------------------------------------------------------


@bp.get("/recover")
def recover() -> str:
    return render_template("registration/recover.html", form=RecoverForm())


@bp.post("/recover")
@limiter.limit(lambda: settings().login_limit_address)
@limiter.shared_limit(
    lambda: settings().letter_limit_address, scope="letters", deduct_when=_was_sent
)
@limiter.shared_limit(
    lambda: settings().recover_limit,
    scope="recover",
    key_func=_letter_key,
    deduct_when=_was_sent,
    # Enough letters went there already; nothing more is said, and none is sent.
    on_breach=lambda _limit: _go_to("registration.recover_sent"),
)
def recover_submit() -> Response | tuple[str, int]:
    form = RecoverForm()
    if form.validate_on_submit():
        try:
            service.ask_recovery(form.email.data, locale=str(get_locale()))
        except EduError as error:
            form.email.errors = [str(error.message)]
        else:
            db.session.commit()
            send_letters.enqueue()
            return _go_to("registration.recover_sent")
    return render_template("registration/recover.html", form=form), 422


@bp.get("/recover/sent")
def recover_sent() -> str | BaseResponse:
    return _sent_page(_("Set a new password"), "registration.recover")


@bp.get("/recover/<secret>")
def reset(secret: str) -> str:
    user = service.find_recovery(secret)
    return render_template("registration/reset.html", form=NewPasswordForm(), email=user.email)


@bp.post("/recover/<secret>")
@limiter.limit(lambda: settings().login_limit_address)
def reset_submit(secret: str) -> BaseResponse | tuple[str, int]:
    form = NewPasswordForm()
    user = service.find_recovery(secret)
    if not form.validate_on_submit():
        return render_template("registration/reset.html", form=form, email=user.email), 422
    service.reset_password(secret, form.password.data)
    db.session.commit()
    send_letters.enqueue()
    response = complete_sign_in(user, remember=False, target=url_for("main.home"))
    flash(_("The new password is set. You are signed out everywhere else."), "success")
    return response


# A new address ---------------------------------------------------------------------------------


@bp.get("/me/security/email/<secret>")
def change_email(secret: str) -> str:
    email = service.find_new_email(signed_in(), secret)
    return render_template("registration/change_email.html", email=email)


@bp.post("/me/security/email/<secret>")
@limiter.limit(lambda: settings().login_limit_address)
def change_email_submit(secret: str) -> BaseResponse:
    person, present = signed_in(), present_session()
    try:
        service.change_email(person, secret, keep=present.id if present else None)
    except Conflict as error:
        flash(str(error.message), "error")
    else:
        db.session.commit()
        send_letters.enqueue()
        remember_device(person)
        flash(_("Your new address is set. You are signed out everywhere else."), "success")
    return redirect(url_for("accounts.security"), 303)
