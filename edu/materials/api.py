"""The API of materials: search, upload, one material, its rating."""

from __future__ import annotations

from typing import Any

from flask import Response, url_for

from edu.api.blueprint import BEARER, BEARER_OPTIONAL, make_blueprint, problems
from edu.api.exchange import reads_request, reply
from edu.api.security import api_person, require_moderator, require_person
from edu.catalog.service import get_category
from edu.errors import InvalidInput, NotFound
from edu.extensions import db, settings
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
from edu.ratings import service as ratings
from edu.search.forms import read_input
from edu.search.service import find_materials
from edu.storage.incoming import from_form
from jobs.materials import process_material
from jobs.search import update_index

bp = make_blueprint("materials", "Materials", "Finding, reading, uploading and rating.")

_CREATED: dict[str, Any] = {
    "description": "Taken; `status` is `processing` until the file has been looked through.",
    "headers": {
        "Location": {"description": "The new material here.", "schema": {"type": "string"}}
    },
    "content": {"application/json": {"schema": {"$ref": "#/components/schemas/MaterialDetails"}}},
}


def _page_url(material: Material) -> str:
    return settings().site_url + url_for("materials.show", material_id=material.id)


def _details(material: Material) -> MaterialDetails:
    rating = ratings.summarise_rating(material, api_person())
    return MaterialDetails.of(material, rating, _page_url(material))


@bp.get(
    "/materials",
    operation_id="findMaterials",
    summary="Search materials",
    description="Published materials only, as the search page finds them.",
    security=BEARER_OPTIONAL,
    responses={200: MaterialList, **problems(401, 422, 503)},
)
@reads_request(first=api_person)
def find(query: MaterialQuery) -> Response:
    wanted = read_input(query.as_arguments(), strict=True, text_name="search")
    found = find_materials(wanted)
    hits = [MaterialHit.of(hit, _page_url(hit.material)) for hit in found.items]
    return reply(MaterialList.of(found, hits))


@bp.post(
    "/materials",
    operation_id="createMaterial",
    summary="Upload a material",
    description="For moderators. The file is published as soon as it has been looked through.",
    security=BEARER,
    responses={
        201: _CREATED,
        **problems(
            401,
            403,
            409,
            413,
            422,
            s403="Only moderators may upload here.",
            s409="The library has these bytes already; `material_id` says where.",
            s413="The file is larger than this library accepts.",
            s422="A refused file or other input; `code` says why a file was refused.",
        ),
    },
)
@reads_request(first=require_moderator)
def create(form: MaterialForm) -> Response:
    data = service.check_data(_data(form))
    material = service.upload_material(
        require_moderator(), data, _take_file(form), allow_duplicate=form.allow_duplicate
    )
    db.session.commit()
    process_material.enqueue(material.id)
    address = url_for("api_materials.show", material_id=material.id)
    return reply(_details(material), 201, {"Location": address})


def _data(form: MaterialForm) -> service.MaterialData:
    try:
        category = get_category(form.category_id)
    except NotFound as error:
        raise InvalidInput(error.message, field="category_id") from error
    return service.MaterialData(form.title, form.description, form.tags, form.type.value, category)


def _take_file(form: MaterialForm) -> StoredFile:
    try:
        return service.accept_file(from_form(form.file))
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
    responses={200: MaterialDetails, **problems(401, 404)},
)
@reads_request()
def show(path: MaterialPath) -> Response:
    return reply(_details(service.get_visible(api_person(), path.material_id)))


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
@reads_request(first=require_person)
def rate(path: MaterialPath, body: RatingForm) -> Response:
    person = require_person()
    material = service.get_visible(person, path.material_id)
    rating = ratings.rate_material(person, material, body.rating)
    db.session.commit()
    update_index.enqueue()
    return reply(OwnRating.of(rating))
