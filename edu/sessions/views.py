"""The page of devices on which a person is signed in."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from edu.accounts.service import end_sessions
from edu.extensions import db
from edu.sessions import service
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
