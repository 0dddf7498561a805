"""Pages of the trash: deleting a material, bringing it back, deleting it for good."""

from __future__ import annotations

from flask import Blueprint, flash, render_template, request, url_for
from flask_babel import gettext as _
from markupsafe import Markup
from werkzeug.wrappers import Response

from edu.extensions import db, settings
from edu.htmx import go_to
from edu.materials.models import Material, MaterialStatus
from edu.materials.service import get_visible
from edu.site.context import format_day
from edu.site.requests import signed_in
from edu.trash import service
from edu.uploads.service import measure_room
from jobs.materials import process_material
from jobs.notifications import announce
from jobs.search import update_index

bp = Blueprint("trash", __name__)


@bp.app_template_global()
def trash_count() -> int:
    """How much of what the person who reads the page has to do with lies in the trash."""
    return service.count_trash(signed_in())


@bp.get("/trash")
def index() -> str:
    person = signed_in()
    return render_template(
        "trash/index.html",
        page=service.list_trash(person, request.args.get("page", 1, type=int)),
        days=settings().trash_days,
        room=measure_room(person),
    )


# In -------------------------------------------------------------------------------------------


@bp.get("/materials/<int:material_id>/delete")
def delete(material_id: int) -> str:
    person = signed_in()
    material = get_visible(person, material_id)
    service.require_deletable(person, material)
    return render_template(
        "trash/delete.html",
        material=material,
        days=settings().trash_days,
        is_own=material.uploader_id == person.id,
    )


@bp.post("/materials/<int:material_id>/delete", endpoint="delete_submit")
def delete_submit(material_id: int) -> Response:
    person = signed_in()
    material = get_visible(person, material_id)
    trashed = service.delete_material(person, material, request.form.get("reason", ""))
    db.session.commit()
    update_index.enqueue()
    announce.enqueue()  # to the uploader
    flash(_undo(material, format_day(trashed.until)), "success")
    if material.uploader_id == person.id:
        return go_to(url_for("library.uploads"))
    return go_to(url_for("catalog.browse", path=material.category.path))


def _undo(material: Material, day: str) -> Markup:
    text = _("“%(title)s” is in the trash until %(day)s.", title=material.title, day=day)
    page = url_for("materials.show", material_id=material.id)
    return Markup('{} <a href="{}">{}</a>').format(text, page, _("Undo"))


# Out ------------------------------------------------------------------------------------------


@bp.post("/materials/<int:material_id>/restore")
def restore(material_id: int) -> Response:
    material = service.restore_material(signed_in(), material_id)
    db.session.commit()
    if material.status == MaterialStatus.PROCESSING:
        process_material.enqueue(material_id)
    update_index.enqueue()
    flash(_("The material is back."), "success")
    return go_to(url_for("materials.show", material_id=material_id))


@bp.post("/trash/<int:material_id>/purge")
def purge(material_id: int) -> Response:
    service.purge_now(signed_in(), material_id)
    db.session.commit()
    flash(_("The material is gone for good."), "success")
    return go_to(url_for(".index"))
