"""The API of history and own uploads."""

from __future__ import annotations

from flask import Response

from edu.accounts.models import User
from edu.api.blueprint import BEARER, NO_CONTENT, make_blueprint, problems
from edu.api.exchange import nothing, reads_request, reply
from edu.api.schemas import PageQuery, page_of
from edu.api.security import Scope, require_person
from edu.extensions import absolute_url, db
from edu.library import service
from edu.library.models import HistoryEntry
from edu.library.schemas import (
    HistoryItem,
    HistoryList,
    PlaceForm,
    UploadedMaterial,
    UploadList,
    UploadQuery,
)
from edu.materials.models import Material, MaterialStatus
from edu.materials.schemas import MaterialCard, MaterialPath, card_of
from edu.materials.service import get_visible
from edu.media.messages import refusal_message

bp = make_blueprint("library", "Library", "What a person keeps: history and own uploads.")


def _reader() -> User:
    return require_person(Scope.READ)


def _writer() -> User:
    return require_person(Scope.WRITE)


def _card(material: Material) -> MaterialCard:
    return card_of(material, absolute_url("materials.show", material_id=material.id))


# History --------------------------------------------------------------------------------------


def _entry(entry: HistoryEntry) -> HistoryItem:
    place, where = entry.place, {"pdf": "page", "docx": "section", "video": "t"}
    values = {where[entry.material.file.kind]: place} if place > 1 else {}
    url = absolute_url("materials.show", material_id=entry.material_id, **values)
    return HistoryItem.of(entry, _card(entry.material), url)


@bp.get(
    "/users/me/history",
    operation_id="getHistory",
    summary="What you have opened",
    description="The latest first, with the place where you stopped; without what you may not see "
    "any more.",
    security=BEARER,
    responses={200: HistoryList, **problems(401, 403, 422)},
)
@reads_request(first=_reader)
def history(query: PageQuery) -> Response:
    listing = service.list_history(_reader(), query.page or 1, query.per_page)
    items = [_entry(entry) for entry in listing.items]
    return reply(HistoryList(items=items, **page_of(listing)))


@bp.delete(
    "/users/me/history",
    operation_id="clearHistory",
    summary="Forget the history",
    description="All of it, with the places where you stopped.",
    security=BEARER,
    responses={204: NO_CONTENT, **problems(401, 403)},
)
@reads_request(first=_writer)
def clear_history() -> Response:
    service.clear_history(_writer())
    db.session.commit()
    return nothing()


@bp.put(
    "/users/me/history/<int:material_id>",
    operation_id="savePlace",
    summary="Save a place",
    description="Remembers how far you have read, as the site does; the material counts as opened "
    "just now.",
    security=BEARER,
    responses={
        200: HistoryItem,
        **problems(401, 403, 404, 413, 422, s422="The material has no such place."),
    },
)
@reads_request(first=_writer)
def save_place(path: MaterialPath, body: PlaceForm) -> Response:
    person = _writer()
    service.save_place(person, get_visible(person, path.material_id), body.place)
    db.session.commit()
    return reply(_entry(service.get_entry(person, path.material_id)))


@bp.delete(
    "/users/me/history/<int:material_id>",
    operation_id="forgetMaterial",
    summary="Forget one material",
    description="Takes it out of the history; it is no error if it is not there.",
    security=BEARER,
    responses={204: NO_CONTENT, **problems(401, 403)},
)
@reads_request(first=_writer)
def remove_entry(path: MaterialPath) -> Response:
    service.remove_entry(_writer(), path.material_id)
    db.session.commit()
    return nothing()


# Uploads --------------------------------------------------------------------------------------


def _uploaded(material: Material) -> UploadedMaterial:
    reason = ""
    if material.status == MaterialStatus.REJECTED:
        reason = material.reject_reason
    elif material.status == MaterialStatus.FAILED and material.error:
        reason = refusal_message(material.error)
    return UploadedMaterial.model_validate(_card(material).model_dump() | {"reason": reason})


@bp.get(
    "/users/me/uploads",
    operation_id="getUploads",
    summary="Your uploads",
    description="Everything that you have uploaded, newest first; what lies in the trash only if "
    "you ask for this state.",
    security=BEARER,
    responses={200: UploadList, **problems(401, 403, 422)},
)
@reads_request(first=_reader)
def uploads(query: UploadQuery) -> Response:
    person = _reader()
    page = service.list_uploads(person, query.page or 1, query.status, query.per_page)
    return reply(
        UploadList(
            items=[_uploaded(material) for material in page.items],
            counts=service.count_uploads(person),
            total=page.total,
            page=page.page,
            pages=page.pages,
            per_page=page.per_page,
        )
    )
