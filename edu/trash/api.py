"""The API of the trash: bringing a material back, deleting it for good."""

from __future__ import annotations

from flask import Response

from edu.accounts.models import User
from edu.api.blueprint import BEARER, NO_CONTENT, make_blueprint, problems
from edu.api.exchange import nothing, reads_request, reply
from edu.api.schemas import PageQuery, page_of
from edu.api.security import Scope, require_person
from edu.extensions import db
from edu.materials.api import material_details, page_url
from edu.materials.models import Material, MaterialStatus
from edu.materials.schemas import MaterialDetails, MaterialPath
from edu.trash import service
from edu.trash.schemas import Trash, TrashedMaterial
from edu.trash.service import Trashed
from jobs.materials import process_material
from jobs.search import update_index

bp = make_blueprint("trash", "Trash", "What was deleted, and can still come back.")

_WHOSE = "It is published, or a moderator has deleted it: only moderators of its subject decide."
_TAKEN = "It is not in the trash any more: somebody else was first."


def _reader() -> User:
    return require_person(Scope.READ)


def _writer() -> User:
    return require_person(Scope.WRITE)


def _require_scope(person: User, material: Material) -> None:
    if material.uploader_id != person.id:  # a token that may change what is one's own
        require_person(Scope.MODERATE)


@bp.post(
    "/materials/<int:material_id>/restore",
    operation_id="restoreMaterial",
    summary="Restore a material",
    description="Takes it out of the trash, into the state that it had, with its address, votes "
    "and views. What was being processed, or had failed, is processed anew.",
    security=BEARER,
    responses={
        200: MaterialDetails,
        **problems(401, 403, 404, 409, s403=_WHOSE, s409=_TAKEN),
    },
)
@reads_request(first=_writer)
def restore(path: MaterialPath) -> Response:
    person = _writer()
    _require_scope(person, _trashed(person, path).entry.material)
    material = service.restore_material(person, path.material_id)
    db.session.commit()
    if material.status == MaterialStatus.PROCESSING:
        process_material.enqueue(material.id)
    update_index.enqueue()
    return reply(material_details(material))


def _trashed(person: User, path: MaterialPath) -> Trashed:
    return service.get_trashed(person, path.material_id)


@bp.get(
    "/trash",
    operation_id="listTrash",
    summary="What lies in the trash",
    description="Your own materials and those of the subjects that you moderate, deleted last "
    "first.",
    security=BEARER,
    responses={200: Trash, **problems(401, 403, 422)},
)
@reads_request(first=_reader)
def index(query: PageQuery) -> Response:
    listing = service.list_trash(_reader(), query.page or 1, query.per_page)
    items = [TrashedMaterial.of(one, page_url(one.entry.material)) for one in listing.items]
    return reply(Trash(items=items, **page_of(listing)))


@bp.delete(
    "/trash/<int:material_id>",
    operation_id="purgeMaterial",
    summary="Delete a material for good",
    description="At once, without waiting for the day. Nobody can bring it back.",
    security=BEARER,
    responses={
        204: NO_CONTENT,
        **problems(
            401,
            403,
            404,
            409,
            s403=_WHOSE,
            s409="Somebody else was first, or search is still forgetting it: try again soon.",
        ),
    },
)
@reads_request(first=_writer)
def purge(path: MaterialPath) -> Response:
    person = _writer()
    _require_scope(person, _trashed(person, path).entry.material)
    service.purge_now(person, path.material_id)
    db.session.commit()
    return nothing()
