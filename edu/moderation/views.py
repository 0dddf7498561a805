"""The review queue."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from edu.extensions import db
from edu.htmx import wants_fragment
from edu.likeness.service import find_similar
from edu.materials.service import get_visible
from edu.moderation import service
from edu.reports.service import count_reported, list_returned
from edu.site.requests import signed_in
from jobs.notifications import announce
from jobs.search import update_index

bp = Blueprint("moderation", __name__, url_prefix="/moderation")


@bp.get("")
def queue() -> str:
    page = service.list_pending(signed_in(), request.args.get("page", 1, type=int))
    twins = service.find_twins(signed_in(), page.items)
    similar = find_similar(signed_in(), page.items)
    return render_template(
        "moderation/queue.html",
        page=page,
        twins=twins,
        similar=similar,
        returned=list_returned(page.items),
    )


def _decided(message: str) -> str | Response:
    db.session.commit()
    update_index.enqueue()
    announce.enqueue()
    if wants_fragment():
        return render_template(
            "moderation/_decided.html",
            message=message,
            pending_count=service.count_pending(signed_in()),
            report_count=count_reported(signed_in()),
        )
    flash(message, "success")
    return redirect(url_for("moderation.queue"), 303)


@bp.post("/<int:material_id>/approve")
def approve(material_id: int) -> str | Response:
    moderator = service.require_moderator(signed_in())
    material = get_visible(moderator, material_id)
    service.approve_material(moderator, material, edition=request.form.get("edition", ""))
    return _decided(_("Published."))


@bp.post("/<int:material_id>/reject")
def reject(material_id: int) -> str | Response:
    moderator = service.require_moderator(signed_in())
    material = get_visible(moderator, material_id)
    reason, edition = request.form.get("reason", ""), request.form.get("edition", "")
    service.reject_material(moderator, material, reason, edition=edition)
    return _decided(_("Rejected; the uploader sees the reason."))
