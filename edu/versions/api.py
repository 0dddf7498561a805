"""The API of files: the present one of a material, those it has had, and another."""

from __future__ import annotations

from typing import Any

from flask import Response, request, url_for

from edu.accounts.models import User
from edu.api.blueprint import BEARER, BEARER_OPTIONAL, make_blueprint, problems
from edu.api.exchange import reads_request, reply
from edu.api.security import Scope, api_person, require_person
from edu.extensions import db
from edu.materials.api import material_details, take_file
from edu.materials.models import KINDS, Material, MaterialVersion
from edu.materials.schemas import FileQuery, MaterialPath
from edu.materials.service import get_visible
from edu.site.delivery import deliver_file
from edu.uploads.forms import finish_upload
from edu.versions import service
from edu.versions.schemas import NewVersion, Version, VersionList, VersionPath
from jobs.materials import process_material
from jobs.search import update_index

bp = make_blueprint("versions", "Files", "The files of materials, present and past.")

_TAKEN: dict[str, Any] = {
    "description": "Taken; `status` is `processing` until the file has been looked through.",
    "headers": {"Location": {"description": "The material here.", "schema": {"type": "string"}}},
    "content": {"application/json": {"schema": {"$ref": "#/components/schemas/MaterialDetails"}}},
}


_FILE_SENT: dict[str | int, Any] = {
    200: {
        "description": "The whole file.",
        "headers": {
            "ETag": {"description": "Names these bytes.", "schema": {"type": "string"}},
            "Accept-Ranges": {"description": "Always `bytes`.", "schema": {"type": "string"}},
        },
        "content": {kind: {} for kind in KINDS},
    },
    206: {
        "description": "The range that the header `Range` asks for.",
        "headers": {
            "Content-Range": {"description": "Which bytes.", "schema": {"type": "string"}},
        },
        "content": {kind: {} for kind in KINDS},
    },
    304: {"description": "The bytes are those that `If-None-Match` names."},
}


def _reader() -> User:
    return require_person(Scope.READ)


@bp.get(
    "/materials/<int:material_id>/file",
    operation_id="getMaterialFile",
    summary="The file of a material",
    description="Its bytes, whole or by ranges, with an ETag. It does not count as a view.",
    security=BEARER_OPTIONAL,
    responses={**_FILE_SENT, **problems(401, 403, 404, 416, 422)},
)
@reads_request(first=api_person)
def present_file(path: MaterialPath, query: FileQuery) -> Response:
    stored = get_visible(api_person(), path.material_id).file
    return deliver_file(stored, attach=bool(query.download))


@bp.get(
    "/materials/<int:material_id>/versions",
    operation_id="listVersions",
    summary="The files that a material has had",
    description="For its moderators.",
    security=BEARER,
    responses={200: VersionList, **problems(401, 403, 404)},
)
@reads_request(first=_reader)
def index(path: MaterialPath) -> Response:
    material = get_visible(_reader(), path.material_id)
    versions = service.list_versions(_reader(), material)
    return reply(VersionList(items=[Version.of(one, _file_url(one)) for one in versions]))


def _file_url(version: MaterialVersion) -> str:
    return url_for("api_versions.file", material_id=version.material_id, number=version.number)


def _replaceable() -> Material:
    # Asked before the body is read, so the address is all there is.
    person = require_person(Scope.UPLOAD)
    material = get_visible(person, (request.view_args or {})["material_id"])
    service.require_replaceable(person, material)
    return material


@bp.post(
    "/materials/<int:material_id>/versions",
    operation_id="createVersion",
    summary="Replace the file of a material",
    description="Its uploader may, until it is published; its moderators always. The address, the "
    "votes and the views stay.",
    security=BEARER,
    responses={
        201: _TAKEN,
        **problems(
            401,
            403,
            404,
            409,
            413,
            422,
            503,
            s409="The library has these bytes already; `material_id` says where.",
            s413="The file is larger than this library accepts.",
            s422="A refused file; `code` says why.",
        ),
    },
)
@reads_request(first=_replaceable)
def create(path: MaterialPath, form: NewVersion) -> Response:
    material = _replaceable()
    person = require_person(Scope.UPLOAD)
    service.replace_file(person, material, take_file(person, form.file, form.upload_id))
    db.session.commit()
    finish_upload(form.upload_id)
    process_material.enqueue(material.id)
    update_index.enqueue()
    address = url_for("api_materials.show", material_id=material.id)
    return reply(material_details(material), 201, {"Location": address})


@bp.get(
    "/materials/<int:material_id>/versions/<int:number>/file",
    operation_id="getVersionFile",
    summary="A file that a material has had",
    description="For its moderators; whole or by ranges, with an ETag.",
    security=BEARER,
    responses={**_FILE_SENT, **problems(401, 403, 404, 416, 422)},
)
@reads_request(first=_reader)
def file(path: VersionPath, query: FileQuery) -> Response:
    material = get_visible(_reader(), path.material_id)
    stored = service.get_version(_reader(), material, path.number).file
    return deliver_file(stored, attach=bool(query.download))
