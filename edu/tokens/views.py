"""The page of personal tokens."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from edu.accounts.models import User
from edu.errors import EduError
from edu.extensions import db
from edu.site.requests import signed_in
from edu.tokens import service
from edu.tokens.forms import SCOPES, TokenForm

bp = Blueprint("tokens", __name__, url_prefix="/me/tokens")


@bp.get("")
def index() -> str:
    return _page(signed_in(), TokenForm())


def _page(user: User, form: TokenForm, secret: str = "") -> str:
    form.offer(user)
    return render_template(
        "tokens/index.html",
        tokens=service.list_personal_tokens(user),
        form=form,
        scopes=SCOPES,
        secret=secret,
    )


@bp.post("")
def create() -> str | tuple[str, int]:
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
            return _page(user, TokenForm(formdata=None), secret)
    return _page(user, form), 422


@bp.post("/<int:token_id>/delete")
def delete(token_id: int) -> Response:
    service.delete_personal_token(signed_in(), token_id)
    db.session.commit()
    flash(_("The token is deleted and works no more."), "success")
    return redirect(url_for("tokens.index"), 303)
