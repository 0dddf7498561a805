"""Subtitles and transcripts: tracks of the player, the text beside it, and how to change them."""

from __future__ import annotations

import hashlib

from flask import Blueprint, Response, flash, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response as BaseResponse

from edu.captions import service
from edu.captions.forms import CaptionsForm, no_times, read_part
from edu.captions.models import Caption
from edu.errors import EduError, InvalidInput, NotFound, Unavailable
from edu.extensions import db, limiter, settings
from edu.htmx import go_to, wants_fragment
from edu.materials.models import Material
from edu.materials.service import get_visible, highlight_terms
from edu.media.spoken import one_line
from edu.site.delivery import UNTRUSTED
from edu.site.requests import current_person, signed_in, who_asks
from edu.versions.service import require_editable
from jobs.search import update_index

bp = Blueprint("captions", __name__, url_prefix="/materials/<int:material_id>")
AT_ONCE = 1000  # lines of a transcript that a page shows; the others follow


# Reading --------------------------------------------------------------------------------------


@bp.get("/captions/<language>.vtt")
def track(material_id: int, language: str) -> Response:
    material = get_visible(current_person(), material_id)
    return deliver_caption(service.find_caption(material, language))


def deliver_caption(caption: Caption) -> Response:
    """The WebVTT; who may have it is the caller's to ask, as for the file."""
    response = Response(caption.text, content_type="text/vtt; charset=utf-8")
    response.set_etag(hashlib.sha256(caption.text.encode()).hexdigest()[:32])
    response.headers["Content-Disposition"] = _disposition(caption)
    response.headers["Content-Security-Policy"] = UNTRUSTED
    response.cache_control.private = True
    response.cache_control.no_cache = True
    response.make_conditional(request)
    return response


def _disposition(caption: Caption) -> str:
    # A name of our own: that of the video may be anything.
    kind = "attachment" if "download" in request.args else "inline"
    return f'{kind}; filename="captions-{caption.file_id}.{caption.language}.vtt"'


@bp.get("/transcript")
def transcript(material_id: int) -> str:
    material = get_visible(current_person(), material_id)
    captions = service.list_captions(material.file)
    languages = [facts.language for facts in captions]
    if not languages:
        raise NotFound(_("There are no subtitles in this language."))
    language = request.args.get("language") or languages[0]
    cues = service.list_cues(service.find_caption(material, language))
    start = min(request.args.get("start", 0, type=int), len(cues))
    query, mark = request.args.get("q", ""), request.args.get("mark", "")
    # The address is made once: there are thousands of lines.
    address = url_for("materials.show", material_id=material_id, q=query or None, mark=mark or None)
    shown = cues[max(start, 0) :][:AT_ONCE]
    name = "transcript" if not wants_fragment() else "_lines" if start else "_transcript"
    return render_template(
        f"captions/{name}.html",
        material=material,
        captions=captions,
        language=language,
        lines=[(cue.begin // 1000, one_line(cue)) for cue in shown],
        following=start + AT_ONCE if start + AT_ONCE < len(cues) else 0,
        address=address + ("&" if "?" in address else "?"),
        terms=highlight_terms(query, mark),
    )


# Changing -------------------------------------------------------------------------------------


def _editable(material_id: int) -> Material:
    material = get_visible(signed_in(), material_id)
    require_editable(signed_in(), material)
    if material.file.kind != "video":
        raise NotFound(_("Only videos have subtitles or a transcript."))
    return material


@bp.get("/captions")
def index(material_id: int) -> str:
    return _show(CaptionsForm(formdata=None), _editable(material_id))


def _show(form: CaptionsForm, material: Material) -> str:
    return render_template(
        "captions/index.html",
        form=form,
        material=material,
        captions=service.list_captions(material.file),
        most=service.MOST_LANGUAGES,
    )


@bp.post("/captions", endpoint="save")
@limiter.limit(lambda: settings().upload_limit, key_func=who_asks)
def save(material_id: int) -> str | BaseResponse | tuple[str, int]:
    material, form = _editable(material_id), CaptionsForm()
    if not form.validate_on_submit():
        return _show(form, material), 422
    try:
        told = read_part(request.files.get("file"))
        language = form.language.data or ""
        caption = service.set_captions(signed_in(), material, told.cues, language)
        name = service.language_name(caption.language)
    except (InvalidInput, Unavailable) as error:
        return _again(form, material, error)
    db.session.commit()
    update_index.enqueue()
    flash(_("Saved: %(language)s.", language=name), "success")
    if not told.timed:
        flash(no_times(), "info")
    return go_to(url_for("captions.index", material_id=material_id))


def _again(form: CaptionsForm, material: Material, error: EduError) -> tuple[str, int]:
    db.session.rollback()
    form.show_error(str(error.details.get("field", "file")), str(error.message))
    return _show(form, material), error.status


@bp.post("/captions/<language>/remove")
@limiter.limit(lambda: settings().upload_limit, key_func=who_asks)
def remove(material_id: int, language: str) -> BaseResponse:
    material = _editable(material_id)
    service.remove_captions(signed_in(), material, language)
    db.session.commit()
    update_index.enqueue()
    flash(_("Removed: %(language)s.", language=service.language_name(language)), "success")
    return go_to(url_for("captions.index", material_id=material_id))
