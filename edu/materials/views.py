"""Pages of materials: upload, material, its bytes, its progress."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from itsdangerous import BadData
from limits import parse
from markupsafe import Markup
from redis.exceptions import RedisError
from sqlalchemy.exc import OperationalError
from werkzeug.wrappers import Response as BaseResponse

from edu.accounts.models import User
from edu.accounts.views import safe_target
from edu.captions.forms import SentAlong
from edu.captions.service import list_captions
from edu.catalog.service import list_subjects
from edu.errors import Forbidden, InvalidInput, NotFound
from edu.extensions import db, limiter, settings, storage, utcnow
from edu.htmx import go_to, wants_fragment
from edu.library.service import find_place, record_opening
from edu.likeness.service import is_compared, list_similar
from edu.materials import service
from edu.materials.forms import UploadForm, file_from_token, file_token
from edu.materials.models import Material, MaterialStatus, StoredFile
from edu.media.hints import read_hints
from edu.media.messages import refusal_message
from edu.media.pages import CannotDraw, TooBusy, draw_page, is_drawn, is_hopeless
from edu.media.previews import read_preview
from edu.media.service import retry_material
from edu.permissions import Permission, may, moderated_roots
from edu.ratings import service as ratings
from edu.site.delivery import deliver_file, deliver_page, deliver_preview, deliver_thumbnail
from edu.site.requests import current_person, signed_in, visitor, who_asks
from edu.streams.service import show_stream
from edu.trash import service as trash
from edu.uploads.forms import finish_upload, give_up_upload, take_file
from edu.uploads.service import hold_room, measure_room
from edu.versions import service as versions
from jobs.materials import process_material
from jobs.sandbox import shared_sandbox
from jobs.search import update_index

log = logging.getLogger(__name__)
bp = Blueprint("materials", __name__)
DRAWN = parse("30 per minute")  # pages of which one person has pictures made
MOST_LOOKS = 5  # of a page for other materials with the same text, which are found just after


def _visible(material_id: int) -> Material:
    return service.get_visible(current_person(), material_id)


# Upload ---------------------------------------------------------------------------------------


@bp.get("/upload")
def upload() -> str:
    if not service.can_upload(signed_in()):
        raise Forbidden(_("Only confirmed accounts can upload."))
    form = UploadForm(category=request.args.get("category", ""))
    form.offer_categories(list_subjects())
    return _show_upload(form)


def _upload_form() -> UploadForm:
    form = UploadForm()
    form.offer_categories(list_subjects())
    return form


def _show_upload(form: UploadForm, duplicate: service.DuplicateFile | None = None) -> str:
    name = "_upload_form" if wants_fragment() else "upload"
    return render_template(
        f"materials/{name}.html",
        form=form,
        duplicate=duplicate,
        room=measure_room(signed_in()),
        publishes=may(current_person(), Permission.PUBLISH),
        everywhere=moderated_roots(signed_in()) is None,
    )


@bp.post("/upload", endpoint="upload_submit")
@limiter.limit(lambda: settings().upload_limit, key_func=who_asks)
def upload_submit() -> str | BaseResponse | tuple[str, int]:
    person = signed_in()
    form = _upload_form()
    if not form.validate_on_submit():
        return _upload_again(form)
    try:
        material = _take_upload(form, person)
    except service.DuplicateFile as duplicate:
        return _ask_about_duplicate(form, duplicate)
    except InvalidInput as error:
        db.session.rollback()
        give_up_upload(person, form.upload.data or "", error)
        form.show_error(str(error.details.get("field", "file")), str(error.message))
        return _upload_again(form)
    process_material.enqueue(material.id)
    return go_to(url_for("materials.show", material_id=material.id))


def _take_upload(form: UploadForm, person: User) -> Material:
    sent, upload_id = request.files.get("file"), form.upload.data or ""
    # A file sent along is the newer choice.
    newer = upload_id or (sent and sent.filename)
    known = None if newer else _known_file(form.token.data or "", person)
    captions = SentAlong.read(request.files.get("captions"))
    if known:
        hold_room(person, known.size)  # and nobody else finds any until all is written
    file = known or take_file(person, upload_id, sent)
    # Without a token the question has not been asked yet, whatever the form says.
    material = service.upload_material(
        person, form.data_for_service(), file, allow_duplicate=known is not None
    )
    captions.keep(person, material)
    db.session.commit()
    finish_upload(upload_id)
    if any(told := captions.message()):
        flash(*told)
    return material


def _known_file(token: str, person: User | None) -> StoredFile | None:
    try:
        return file_from_token(token, person) if token else None
    except BadData as error:
        text = _("Too much time has passed. Choose the file once more.")
        raise InvalidInput(text, field="file") from error


def _upload_again(form: UploadForm) -> tuple[str, int]:
    return _show_upload(form), 422


def _ask_about_duplicate(form: UploadForm, duplicate: service.DuplicateFile) -> tuple[str, int]:
    db.session.rollback()
    give_up_upload(signed_in(), form.upload.data or "")  # its bytes are in the storage
    form.token.data = file_token(duplicate.incoming, current_person())
    return _show_upload(form, duplicate), 422


@bp.get("/materials/tags")
def tags() -> str:
    # The field holds several tags: the one being typed comes last.
    typed = request.args.get("q") or request.args.get("tags", "")
    before, _comma, last = typed.rpartition(",")
    found = service.suggest_tags(signed_in(), last) if last.strip() else []
    return render_template("materials/_tags.html", tags=found, before=before)


@bp.get("/upload/hints")
def hints() -> str:
    signed_in()
    told = read_hints(request.args.get("text", ""), utcnow().date())
    chosen = [request.args.get(name, "") for name in ("semester", "year")]
    return render_template("materials/_time.html", form=UploadForm.of_hints(told, *chosen))


# Page -----------------------------------------------------------------------------------------


@bp.get("/materials/<int:material_id>")
def show(material_id: int) -> str:
    person, material = current_person(), _visible(material_id)
    if _count_view(material, person):
        material = _visible(material_id)
    # A DOCX is shown as its text; into the others their headings lead.
    text_view = material.file.kind == "docx" and material.status != MaterialStatus.PROCESSING
    outline = [] if text_view else service.list_headings(material)
    return render_template(
        "materials/show.html",
        place=_place(),
        stream=show_stream(person, material),
        captions=list_captions(material.file),
        resume=find_place(person, material),
        terms=service.highlight_terms(request.args.get("q", ""), request.args.get("mark", "")),
        rating=ratings.summarise_rating(material, person),
        may_rate=ratings.can_rate(person, material),
        may_review=may(person, Permission.REVIEW, material),
        versions=versions.list_shown_versions(person, material),
        sections=service.list_passages(material) if text_view else [],
        outline=outline,
        preview=_preview(material) if text_view else [],
        **_status_variables(material),
    )


def _preview(material: Material) -> list[tuple[int, Markup]]:
    if material.file.kind != "docx":
        return []
    pictures = url_for("materials.preview", material_id=material.id, name="")
    return read_preview(storage(), material.file.sha256, pictures, _("picture not shown"))


def _status_variables(material: Material) -> dict[str, Any]:
    person = current_person()
    return {
        "material": material,
        "failure": refusal_message(material.error) if material.error else "",
        "may_retry": service.can_retry(person, material),
        "may_edit": versions.can_edit(person, material),
        "may_replace": versions.can_replace(person, material),
        "may_delete": trash.can_delete(person, material),
        "trashed": trash.find_trashed(person, material),
        "similar": list_similar(person, material),
        "look": 0,
    }


def _place() -> int:
    value = request.args.get("page") or request.args.get("section") or "1"
    return int(value) if value.isdecimal() and len(value) < 7 and int(value) > 0 else 1


def _count_view(material: Material, person: User | None) -> bool:
    try:
        counted = service.count_view(material, person, visitor())
        record_opening(person, material)
        db.session.commit()
    except OperationalError:  # a full disk, a busy database: reading goes on all the same
        db.session.rollback()
        log.exception("material %s: the view was not counted", request.view_args)
        return True
    return counted


@bp.get("/materials/<int:material_id>/status")
def status(material_id: int) -> str:
    material = _visible(material_id)
    variables = _status_variables(material)
    look = request.args.get("look", 0, type=int)
    if look < MOST_LOOKS and not is_compared(material):
        variables["look"] = look + 1
    return render_template("materials/_status.html", **variables)


@bp.post("/materials/<int:material_id>/retry")
@limiter.limit(lambda: settings().upload_limit, key_func=who_asks)
def retry(material_id: int) -> BaseResponse:
    material = _visible(material_id)
    if not service.can_retry(signed_in(), material):
        raise Forbidden
    retry_material(material)
    db.session.commit()
    process_material.enqueue(material.id)
    return go_to(url_for("materials.show", material_id=material.id))


@bp.post("/materials/<int:material_id>/rate")
@limiter.limit(lambda: settings().search_limit, key_func=who_asks)
def rate(material_id: int) -> str | BaseResponse:
    person, material = signed_in(), _visible(material_id)
    rating = ratings.rate_material(person, material, request.form.get("stars", 0, type=int))
    db.session.commit()
    update_index.enqueue()
    if wants_fragment():
        name = "_rate" if "place" in request.form else "_rating"
        return render_template(
            f"materials/{name}.html",
            material=material,
            rating=rating,
            may_rate=True,
            saved=True,
            place=request.form.get("place", 0, type=int),
        )
    flash(_("Thank you! Your rating counts."), "success")
    back = request.form.get("next") or url_for("materials.show", material_id=material.id)
    return redirect(safe_target(back), 303)


# Bytes ----------------------------------------------------------------------------------------


@bp.get("/materials/<int:material_id>/file")
def file(material_id: int) -> Response:
    return deliver_file(_visible(material_id).file, attach="download" in request.args)


@bp.get("/materials/<int:material_id>/thumbnail")
def thumbnail(material_id: int) -> Response:
    return deliver_thumbnail(_visible(material_id).file)


@bp.get("/materials/<int:material_id>/preview/<name>")
def preview(material_id: int, name: str) -> Response:
    return deliver_preview(_visible(material_id).file, name)


@bp.get("/materials/<int:material_id>/pages/<int:number>/picture")
def page_picture(material_id: int, number: int) -> BaseResponse:
    file = _visible(material_id).file
    if file.kind != "pdf" or not 0 < number <= (file.pages or 0):
        raise NotFound
    try:
        if not is_drawn(storage(), file.sha256, number):
            if is_hopeless(storage(), file.sha256, number):
                raise NotFound
            _require_turn()
            draw_page(shared_sandbox(), storage(), _work(), file.sha256, number)
    except TooBusy:  # the first page stands in for it
        return redirect(url_for("materials.thumbnail", material_id=material_id))
    except (CannotDraw, FileNotFoundError) as error:
        raise NotFound from error
    return deliver_page(file, number)


def _require_turn() -> None:
    """Nobody alone keeps the machine drawing, and no stranger begins it. Raises TooBusy."""
    if current_person() is None:
        raise TooBusy
    try:
        may_draw = limiter.limiter.hit(DRAWN, "pages drawn", who_asks())
    except RedisError as error:
        log.warning("pages drawn: not counted: %s", error)
        may_draw = True  # how many are drawn at a time is bounded anyway
    if not may_draw:
        raise TooBusy


def _work() -> Path:
    return settings().data_dir / "work"
