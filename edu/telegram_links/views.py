"""The page of the chats that act for a person."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from edu.extensions import db
from edu.permissions import Permission, may
from edu.site.requests import signed_in
from edu.site.telegram import bot_address, bot_name
from edu.telegram_links import service

bp = Blueprint("telegram_links", __name__, url_prefix="/me/telegram")


@bp.get("")
def index() -> str:
    person = signed_in()
    return render_template(
        "telegram_links/index.html",
        links=service.list_links(person),
        bot=bot_name(),
        address=bot_address(),
        may_set_up=may(person, Permission.MANAGE_SITE),
    )


@bp.post("/<int:link_id>/unlink")
def unlink(link_id: int) -> Response:
    service.unlink(signed_in(), link_id)
    db.session.commit()
    flash(_("Unlinked."), "success")
    return redirect(url_for("telegram_links.index"), 303)
