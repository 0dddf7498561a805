"""The API of subtitles and transcripts."""

from __future__ import annotations

from typing import Any

from flask import Response, request, url_for

from edu.accounts.models import User
from edu.api.blueprint import BEARER, BEARER_OPTIONAL, NO_CONTENT, make_blueprint, problems
from edu.api.exchange import nothing, reads_request, reply
from edu.api.security import Scope, api_person, person_key, require_person
from edu.captions import service
from edu.captions.forms import read_part
from edu.captions.schemas import (
    CaptionPath,
    Captions,
    CaptionsList,
    NewCaptions,
    SavedCaptions,
)
from edu.captions.views import deliver_caption
from edu.errors import InvalidInput
from edu.extensions import db, limiter, settings
from edu.materials.models import Material
from edu.materials.schemas import MaterialPath
from edu.materials.service import get_visible
from edu.versions.service import require_editable
from jobs.search import update_index

bp = make_blueprint("captions", "Captions", "Subtitles and transcripts of videos.")

_TRACK: dict[str | int, Any] = {
    200: {
        "description": "The lines with their times.",
        "headers": {"ETag": {"description": "Names this text.", "schema": {"type": "string"}}},
        "content": {"text/vtt": {}},
    },
    304: {"description": "The text is the one that `If-None-Match` names."},
}


@bp.get(
    "/materials/<int:material_id>/captions",
    operation_id="listCaptions",
    summary="Subtitles and transcripts of a video",
    description="Which languages there are; none for what is no video.",
    security=BEARER_OPTIONAL,
    responses={200: CaptionsList, **problems(401, 403, 404)},
)
@reads_request(first=api_person)
def index(path: MaterialPath) -> Response:
    material = get_visible(api_person(), path.material_id)
    found = service.list_captions(material.file)
    return reply(CaptionsList(items=[Captions.of(one, _url(material, one)) for one in found]))


def _url(material: Material, facts: service.CaptionFacts) -> str:
    return url_for("api_captions.show", material_id=material.id, language=facts.language)


@bp.get(
    "/materials/<int:material_id>/captions/<language>",
    operation_id="getCaptions",
    summary="What is said in a video",
    description="As WebVTT, with an ETag, whatever it was made of.",
    security=BEARER_OPTIONAL,
    responses={**_TRACK, **problems(401, 403, 404, 422)},
)
@reads_request(first=api_person)
def show(path: CaptionPath) -> Response:
    material = get_visible(api_person(), path.material_id)
    return deliver_caption(service.find_caption(material, path.language))


def _writer() -> User:
    return require_person(Scope.WRITE)


def _editable() -> Material:
    # Asked before the body is read, so the address is all there is.
    person = _writer()
    material = get_visible(person, (request.view_args or {})["material_id"])
    if material.uploader_id != person.id:  # a token that may change what is one's own
        require_person(Scope.MODERATE)
    require_editable(person, material)
    return material


@bp.put(
    "/materials/<int:material_id>/captions/<language>",
    operation_id="putCaptions",
    summary="Give a video subtitles or a transcript",
    description="In place of what there was in this language. Who may edit the material may.",
    security=BEARER,
    responses={
        200: SavedCaptions,
        **problems(
            401,
            403,
            404,
            413,
            422,
            503,
            s413="The file is larger than is accepted here.",
            s422="No video, or a refused file; `code` says why.",
        ),
    },
)
# Each file costs seconds at worst; what holds for any request holds beside it.
@limiter.limit(lambda: settings().upload_limit, key_func=person_key, override_defaults=False)
@reads_request(first=_editable)
def save(path: CaptionPath, form: NewCaptions) -> Response:
    material = _editable()
    told = _read(form)
    service.set_captions(_writer(), material, told.cues, path.language)
    db.session.commit()
    update_index.enqueue()
    found = service.list_captions(material.file)
    facts = next(one for one in found if one.language == path.language)
    return reply(SavedCaptions.of(facts, _url(material, facts), timed=told.timed))


def _read(form: NewCaptions) -> Any:
    try:
        return read_part(form.file)
    except InvalidInput as refused:
        if refused.code == "too_large":
            refused.status = 413
        raise


@bp.delete(
    "/materials/<int:material_id>/captions/<language>",
    operation_id="deleteCaptions",
    summary="Remove subtitles or a transcript",
    description="Search forgets what was said in them.",
    security=BEARER,
    responses={204: NO_CONTENT, **problems(401, 403, 404, 422)},
)
@reads_request(first=_editable)
def remove(path: CaptionPath) -> Response:
    material = _editable()
    service.remove_captions(_writer(), material, path.language)
    db.session.commit()
    update_index.enqueue()
    return nothing()
