"""Pages of a person's own data: taking it along, leaving, taking over what others leave."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, url_for
from flask_babel import gettext as _
from flask_babel import ngettext
from werkzeug.wrappers import Response

from edu.accounts.models import User
from edu.errors import EduError, InvalidInput
from edu.extensions import db, limiter, settings
from edu.privacy import service
from edu.privacy.forms import HAND_OVER, DeleteForm
from edu.site.downloads import send_archive
from edu.site.requests import signed_in, who_asks
from edu.site.settings import site_settings
from edu.site.signing import check_password, end_browser_session
from edu.takeout.service import list_takeout
from jobs.mail import send_letters
from jobs.uploads import sweep_uploads

bp = Blueprint("privacy", __name__, url_prefix="/me")
EXPORT_LIMIT = "5 per hour"


@bp.get("/data")
def index() -> str:
    return _page(signed_in(), _form(signed_in()))


def _form(person: User) -> DeleteForm:
    form = DeleteForm()
    if person.has_password:
        del form.address
    else:
        del form.password
    return form


def _page(person: User, form: DeleteForm) -> str:
    uploads = service.count_uploads(person)
    return render_template("privacy/index.html", person=person, form=form, uploads=uploads)


@bp.post("/data/export")
@limiter.limit(EXPORT_LIMIT, key_func=who_asks)
def export() -> Response:
    members = list_takeout(signed_in())
    db.session.rollback()  # the archive may be long in sending: nothing of the database is held
    return send_archive(site_settings().name, members)


@bp.post("/data/delete")
@limiter.limit(lambda: settings().login_limit, key_func=who_asks)
def delete() -> Response | tuple[str, int]:
    person, form = signed_in(), _form(signed_in())
    if not form.validate_on_submit():
        return _page(person, form), 422
    try:
        _check_meant(person, form)
        heir = _read_heir(form)
        service.delete_account(person, heir=heir)
    except EduError as error:
        db.session.rollback()
        _show_error(form, error)
        return _page(person, form), error.status
    db.session.commit()
    send_letters.enqueue()
    sweep_uploads.enqueue()
    end_browser_session()
    flash(_("Your account is deleted."), "success")
    return redirect(url_for("main.home"), 303)


def _check_meant(person: User, form: DeleteForm) -> None:
    if person.has_password:
        check_password(person.email, form.password.data, person.password_hash)
    elif form.address.data.strip().lower() != person.email:
        raise InvalidInput(_("This is not the address of your account."), field="address")


def _read_heir(form: DeleteForm) -> str:
    if form.fate.data != HAND_OVER:
        return ""
    if not form.heir.data:
        raise InvalidInput(_("Enter the address of who takes the materials over."), field="heir")
    return str(form.heir.data)


def _show_error(form: DeleteForm, error: EduError) -> None:
    name = {"email": "heir"}.get(error.details.get("field", ""), error.details.get("field"))
    if name in form:
        form[name].errors = [str(error.message)]
    else:
        form.form_errors.append(str(error.message))


# What others leave -----------------------------------------------------------------------------


@bp.get("/hand-over/<secret>")
def hand_over(secret: str) -> str:
    number = service.count_offered(signed_in(), secret)
    return render_template("privacy/hand_over.html", secret=secret, number=number)


@bp.post("/hand-over/<secret>")
def hand_over_submit(secret: str) -> Response:
    number = service.take_over(signed_in(), secret)
    db.session.commit()
    text = ngettext("%(num)s material is yours now.", "%(num)s materials are yours now.", number)
    flash(text, "success")
    return redirect(url_for("library.uploads"), 303)
