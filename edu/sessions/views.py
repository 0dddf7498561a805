"""Pages of sign-ins and personal tokens."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from edu.accounts.models import User
from edu.accounts.service import end_sessions
from edu.errors import EduError
from edu.extensions import db
from edu.sessions import service
from edu.sessions.forms import SCOPES, TokenForm
from edu.site.devices import describe_device
from edu.site.requests import signed_in
from edu.site.signing import end_browser_session, present_session

bp = Blueprint("sessions", __name__, url_prefix="/me")


@bp.get("/devices")
def index() -> str:
    person, present = signed_in(), present_session()
    return render_template(
        "sessions/index.html",
        sessions=service.list_sessions(person),
        present_id=present.id if present else None,
        describe=describe_device,
    )


@bp.post("/devices/<int:session_id>/end")
def end(session_id: int) -> Response:
    person, present = signed_in(), present_session()
    if present and present.id == session_id:
        end_browser_session()
        return redirect(url_for("main.home"), 303)
    service.end_session(person, session_id)
    db.session.commit()
    flash(_("The device is signed out."), "success")
    return redirect(url_for("sessions.index"), 303)


@bp.post("/devices/end-others")
def end_others() -> Response:
    person, present = signed_in(), present_session()
    end_sessions(person, keep=present.id if present else None)
    db.session.commit()
    flash(_("All other devices are signed out."), "success")
    return redirect(url_for("sessions.index"), 303)


@bp.get("/tokens")
def tokens() -> str:
    return _tokens_page(signed_in(), TokenForm())


def _tokens_page(user: User, form: TokenForm, secret: str = "") -> str:
    form.offer(user)
    return render_template(
        "sessions/tokens.html",
        tokens=service.list_personal_tokens(user),
        form=form,
        scopes=SCOPES,
        secret=secret,
    )


@bp.post("/tokens")
def make_token() -> str | tuple[str, int]:
    user, form = signed_in(), TokenForm()
    form.offer(user)
    if form.validate_on_submit():
        try:
            _token, secret = service.make_personal_token(
                user, form.name.data, form.scopes.data, form.lifetime
            )
        except EduError as error:
            form.form_errors.append(str(error.message))
        else:
            db.session.commit()
            # Not behind a redirect: the secret would have to be kept somewhere in between.
            return _tokens_page(user, TokenForm(formdata=None), secret)
    return _tokens_page(user, form), 422


@bp.post("/tokens/<int:token_id>/delete")
def delete_token(token_id: int) -> Response:
    service.delete_personal_token(signed_in(), token_id)
    db.session.commit()
    flash(_("The token is deleted and works no more."), "success")
    return redirect(url_for("sessions.tokens"), 303)
