"""The API of materials: search, upload, one material, its views, votes and edits."""

from __future__ import annotations

from typing import Any

from flask import Response, url_for
from werkzeug.datastructures import FileStorage

from edu.accounts.models import User
from edu.api.blueprint import BEARER, BEARER_OPTIONAL, NO_CONTENT, make_blueprint, problems
from edu.api.exchange import nothing, reads_request, reply
from edu.api.security import Scope, api_person, current_caller, require_person
from edu.catalog.models import Category
from edu.catalog.service import get_category
from edu.errors import InvalidInput, NotFound
from edu.extensions import db, settings
from edu.library.service import record_opening
from edu.likeness.service import list_similar
from edu.materials import service
from edu.materials.models import Material, StoredFile
from edu.materials.schemas import (
    MaterialDetails,
    MaterialForm,
    MaterialHit,
    MaterialList,
    MaterialPath,
    MaterialQuery,
    OwnRating,
    RatingForm,
)
from edu.permissions import Permission, require
from edu.ratings import service as ratings
from edu.search.forms import read_input
from edu.search.recording import as_far_as_possible, record_search
from edu.search.service import find_materials
from edu.site.requests import visitor
from edu.streams.service import show_stream
from edu.trash import service as trash
from edu.trash.schemas import DeletionQuery, TrashedMaterial
from edu.uploads import forms as uploads
from edu.versions import service as versions
from edu.versions.schemas import MaterialChange
from jobs.materials import process_material
from jobs.notifications import announce
from jobs.search import update_index

bp = make_blueprint("materials", "Materials", "Finding, uploading, editing and rating.")

_CREATED: dict[str, Any] = {
    "description": "Taken; `status` is `processing` until the file has been looked through.",
    "headers": {
        "Location": {"description": "The new material here.", "schema": {"type": "string"}}
    },
    "content": {"application/json": {"schema": {"$ref": "#/components/schemas/MaterialDetails"}}},
}


def page_url(material: Material) -> str:
    """The address of the material's page."""
    return settings().site_url + url_for("materials.show", material_id=material.id)


def material_details(material: Material) -> MaterialDetails:
    """The material in JSON, for the person who asks."""
    caller = current_caller()
    rating = ratings.summarise_rating(material, caller.user if caller else None)
    similar = list_similar(caller.user if caller else None, material)
    stream = show_stream(caller.user if caller else None, material)
    return MaterialDetails.of(material, rating, page_url(material), similar, stream)


@bp.get(
    "/materials",
    operation_id="findMaterials",
    summary="Search materials",
    description="Published materials only, as the search page finds them. The words are "
    "understood: spelling, keyboard layout, other names of a subject, filters in words («лекции 4 "
    "семестр»); `understood` tells how.",
    security=BEARER_OPTIONAL,
    responses={200: MaterialList, **problems(401, 403, 422, 503)},
)
@reads_request(first=api_person)
def find(query: MaterialQuery) -> Response:
    wanted = read_input(query.as_arguments(), strict=True, text_name="search")
    found = find_materials(wanted, counts=True)
    hits = [MaterialHit.of(hit, page_url(hit.material)) for hit in found.items]
    answer = reply(MaterialList.of(found, hits))
    if found.page == 1:
        with as_far_as_possible():
            record_search(api_person(), wanted, found)
            db.session.commit()
    return answer


def _publisher() -> User:
    return require(require_person(Scope.UPLOAD), Permission.PUBLISH)


@bp.post(
    "/materials",
    operation_id="createMaterial",
    summary="Upload a material",
    description="For moderators, into their subjects. The file is published as soon as it has been "
    "looked through.",
    security=BEARER,
    responses={
        201: _CREATED,
        **problems(
            401,
            403,
            409,
            413,
            422,
            503,
            s403="Only moderators may upload here, and only into their subjects.",
            s409="The library has these bytes already; `material_id` says where.",
            s413="The file is larger than this library accepts.",
            s422="A refused file or other input; `code` says why a file was refused.",
        ),
    },
)
@reads_request(first=_publisher)
def create(form: MaterialForm) -> Response:
    person, data = _publisher(), service.check_data(_data(form))
    require(person, Permission.PUBLISH, category=data.category)
    file = take_file(person, form.file, form.upload_id)
    material = service.upload_material(person, data, file, allow_duplicate=form.allow_duplicate)
    db.session.commit()
    uploads.finish_upload(form.upload_id)
    process_material.enqueue(material.id)
    address = url_for("api_materials.show", material_id=material.id)
    return reply(material_details(material), 201, {"Location": address})


def _data(form: MaterialForm) -> service.MaterialData:
    return service.MaterialData(
        form.title,
        form.description,
        form.tags,
        form.type.value,
        wanted_category(form.category_id),
        form.semester,
        form.year,
        form.language,
    )


def wanted_category(category_id: int) -> Category:
    """The category that a request names. Raises InvalidInput."""
    try:
        return get_category(category_id)
    except NotFound as error:
        raise InvalidInput(error.message, field="category_id") from error


def take_file(person: User, part: FileStorage | None, upload_id: str = "") -> StoredFile:
    """The file that a request brings or names, judged and stored. Raises InvalidInput."""
    try:
        return uploads.take_file(person, upload_id, part)
    except InvalidInput as refused:
        if refused.code == "too_large":
            refused.status = 413
        raise


@bp.get(
    "/materials/<int:material_id>",
    operation_id="getMaterial",
    summary="One material",
    description="What is not published is shown to its uploader and to moderators only.",
    security=BEARER_OPTIONAL,
    responses={200: MaterialDetails, **problems(401, 403, 404)},
)
@reads_request(first=api_person)
def show(path: MaterialPath) -> Response:
    return reply(material_details(service.get_visible(api_person(), path.material_id)))


def _viewer() -> User | None:
    return require_person(Scope.WRITE) if current_caller() else None


@bp.post(
    "/materials/<int:material_id>/view",
    operation_id="viewMaterial",
    summary="Count a view",
    description="Somebody has opened the material: counted once a day for each person, and kept in "
    "the person's history.",
    security=BEARER_OPTIONAL,
    responses={204: NO_CONTENT, **problems(401, 403, 404)},
)
@reads_request(first=_viewer)
def view(path: MaterialPath) -> Response:
    person = _viewer()
    material = service.get_visible(person, path.material_id)
    service.count_view(material, person, visitor())
    record_opening(person, material)
    db.session.commit()
    return nothing()


def _writer() -> User:
    return require_person(Scope.WRITE)


@bp.post(
    "/materials/<int:material_id>/rate",
    operation_id="rateMaterial",
    summary="Rate a material",
    description="Gives stars to a published material, or changes those given before.",
    security=BEARER,
    responses={
        200: OwnRating,
        **problems(
            401, 403, 404, 413, 422, s403="It is the person's own material, or not published."
        ),
    },
)
@reads_request(first=_writer)
def rate(path: MaterialPath, body: RatingForm) -> Response:
    person = _writer()
    material = service.get_visible(person, path.material_id)
    rating = ratings.rate_material(person, material, body.rating)
    db.session.commit()
    update_index.enqueue()
    return reply(OwnRating.of(rating))


@bp.patch(
    "/materials/<int:material_id>",
    operation_id="editMaterial",
    summary="Edit a material",
    description="Its uploader may, until it is published; its moderators always. What a moderator "
    "has sent back waits for review again.",
    security=BEARER,
    responses={
        200: MaterialDetails,
        **problems(
            401,
            403,
            404,
            409,
            413,
            422,
            s403="It is published, or goes into a subject that you do not moderate.",
            s409="Somebody has changed it since the `edition` that was sent.",
        ),
    },
)
@reads_request(first=_writer)
def edit(path: MaterialPath, body: MaterialChange) -> Response:
    person = _writer()
    material = service.get_visible(person, path.material_id)
    if material.uploader_id != person.id:  # a token that may change what is one's own
        require_person(Scope.MODERATE)
    versions.edit_material(person, material, _changed(material, body), edition=body.edition or "")
    db.session.commit()
    update_index.enqueue()
    return reply(material_details(material))


@bp.delete(
    "/materials/<int:material_id>",
    operation_id="deleteMaterial",
    summary="Delete a material",
    description="Puts it into the trash, from which it can be restored for some time. Its uploader "
    "may, until it is published; its moderators always.",
    security=BEARER,
    responses={
        200: TrashedMaterial,
        **problems(
            401,
            403,
            404,
            409,
            422,
            s403="It is published: only moderators of its subject may.",
            s409="It is in the trash already.",
        ),
    },
)
@reads_request(first=_writer)
def delete(path: MaterialPath, query: DeletionQuery) -> Response:
    person = _writer()
    material = service.get_visible(person, path.material_id)
    if material.uploader_id != person.id:
        require_person(Scope.MODERATE)
    trashed = trash.delete_material(person, material, query.reason or "")
    db.session.commit()
    update_index.enqueue()
    announce.enqueue()  # to the uploader
    return reply(TrashedMaterial.of(trashed, page_url(material)))


def _changed(material: Material, body: MaterialChange) -> service.MaterialData:
    given = body.model_dump(mode="json", exclude_none=True)
    category_id = given.get("category_id", material.category_id)
    return service.MaterialData(
        given.get("title", material.title),
        given.get("description", material.description),
        given.get("tags", [tag.name for tag in material.tags]),
        given.get("type", material.type),
        wanted_category(category_id),
        given.get("semester", material.semester) or None,
        given.get("year", material.year) or None,
        given.get("language", material.language),
    )
