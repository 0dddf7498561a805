"""Pages that change a material, and the files that it has had."""

from __future__ import annotations

from flask import Blueprint, Response, render_template, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from edu.errors import Conflict, EduError, Forbidden, InvalidInput
from edu.extensions import db, limiter, settings
from edu.htmx import go_to, wants_fragment
from edu.materials.models import Material
from edu.materials.service import DuplicateFile, get_visible
from edu.site.delivery import deliver_file
from edu.site.requests import current_person, signed_in, who_asks
from edu.uploads.forms import finish_upload, give_up_upload, take_file
from edu.versions import service
from edu.versions.forms import EditForm, ReplaceForm
from jobs.materials import process_material
from jobs.search import update_index

bp = Blueprint("versions", __name__, url_prefix="/materials/<int:material_id>")


# Edit -----------------------------------------------------------------------------------------


@bp.get("/edit")
def edit(material_id: int) -> str:
    material = _editable(material_id)
    return _show_edit(EditForm.of(material), material)


def _editable(material_id: int) -> Material:
    material = get_visible(signed_in(), material_id)
    service.require_editable(signed_in(), material)
    return material


def _show_edit(form: EditForm, material: Material, newer: bool = False) -> str:
    name = "_edit_form" if wants_fragment() else "edit"
    return render_template(f"versions/{name}.html", form=form, material=material, newer=newer)


@bp.post("/edit", endpoint="edit_submit")
@limiter.limit(lambda: settings().upload_limit, key_func=who_asks)
def edit_submit(material_id: int) -> str | BaseResponse | tuple[str, int]:
    material, form = _editable(material_id), EditForm.of()
    if not form.validate_on_submit():
        return _show_edit(form, material), 422
    data, edition = form.data_for_service(), form.edition.data or ""
    try:
        service.edit_material(signed_in(), material, data, edition=edition)
    except (InvalidInput, Forbidden, Conflict) as error:
        return _edit_again(form, material, error)
    db.session.commit()
    update_index.enqueue()
    return go_to(url_for("materials.show", material_id=material_id))


def _edit_again(form: EditForm, material: Material, error: EduError) -> tuple[str, int]:
    db.session.rollback()
    field = "category" if isinstance(error, Forbidden) else error.details.get("field", "")
    newer = isinstance(error, Conflict)
    if newer:  # who has read what is new and sends the form again means it
        form.edition.data = material.edition
    form.show_error(str(field), str(error.message))
    return _show_edit(form, material, newer), 422 if wants_fragment() else error.status


# File -----------------------------------------------------------------------------------------


@bp.get("/replace")
def replace(material_id: int) -> str:
    return _show_replace(ReplaceForm(formdata=None), _replaceable(material_id))


def _replaceable(material_id: int) -> Material:
    material = get_visible(signed_in(), material_id)
    service.require_replaceable(signed_in(), material)
    return material


def _show_replace(
    form: ReplaceForm, material: Material, duplicate: DuplicateFile | None = None
) -> str:
    name = "_replace_form" if wants_fragment() else "replace"
    return render_template(
        f"versions/{name}.html",
        form=form,
        material=material,
        duplicate=duplicate,
        versions=service.list_shown_versions(current_person(), material),
    )


@bp.post("/replace", endpoint="replace_submit")
@limiter.limit(lambda: settings().upload_limit, key_func=who_asks)
def replace_submit(material_id: int) -> str | BaseResponse | tuple[str, int]:
    material, form = _replaceable(material_id), ReplaceForm()
    if not form.validate_on_submit():
        return _show_replace(form, material), 422
    upload_id = form.upload.data or ""
    try:
        file = take_file(signed_in(), upload_id, request.files.get("file"))
        service.replace_file(signed_in(), material, file)
    except DuplicateFile as duplicate:
        db.session.rollback()
        give_up_upload(signed_in(), upload_id)
        return _show_replace(form, material, duplicate), 422
    except InvalidInput as error:
        db.session.rollback()
        give_up_upload(signed_in(), upload_id, error)
        form.show_error("file", str(error.message))
        return _show_replace(form, material), 422
    db.session.commit()
    finish_upload(upload_id)
    process_material.enqueue(material_id)
    update_index.enqueue()  # what was published is not, until the file has been looked through
    return go_to(url_for("materials.show", material_id=material_id))


@bp.get("/versions/<int:number>/file")
def file(material_id: int, number: int) -> Response:
    material = get_visible(current_person(), material_id)
    stored = service.get_version(current_person(), material, number).file
    return deliver_file(stored, attach="download" in request.args)
