"""The API of collections."""

from __future__ import annotations

from typing import Any

from flask import Response, url_for

from edu.accounts.models import User
from edu.api.blueprint import BEARER, BEARER_OPTIONAL, NO_CONTENT, make_blueprint, problems
from edu.api.exchange import nothing, reads_request, reply
from edu.api.schemas import PageQuery, page_of
from edu.api.security import Scope, api_person, limit_key, require_person
from edu.collections import service
from edu.collections.models import Collection
from edu.collections.schemas import (
    CollectedMaterial,
    CollectionCard,
    CollectionChange,
    CollectionDetails,
    CollectionItemPath,
    CollectionList,
    CollectionPath,
    ItemForm,
    NewCollection,
    OrderForm,
    OwnCollections,
)
from edu.errors import NotFound
from edu.extensions import absolute_url, db, limiter, settings
from edu.materials.models import Material
from edu.materials.schemas import MaterialCard, card_of
from edu.materials.service import get_visible
from edu.site.downloads import send_archive

bp = make_blueprint("collections", "Collections", "Materials that people put together, in order.")

_NOT_YOURS = "It is not your collection; or the personal token was made for other things."
_ARCHIVE: dict[str, Any] = {
    "description": "Files named by their order and title, in one ZIP.",
    "headers": {
        "Content-Disposition": {
            "description": "The name of the archive.",
            "schema": {"type": "string"},
        }
    },
    "content": {"application/zip": {"schema": {"type": "string", "format": "binary"}}},
}
_CREATED: dict[str, Any] = {
    "description": "Made.",
    "headers": {
        "Location": {"description": "The new collection here.", "schema": {"type": "string"}}
    },
    "content": {"application/json": {"schema": {"$ref": "#/components/schemas/CollectionDetails"}}},
}


def _reader() -> User:
    return require_person(Scope.READ)


def _writer() -> User:
    return require_person(Scope.WRITE)


def _card(material: Material) -> MaterialCard:
    return card_of(material, absolute_url("materials.show", material_id=material.id))


def _url(collection: Collection) -> str:
    return absolute_url("collections.show", key=collection.key)


def _cards(collections: list[Collection]) -> list[CollectionCard]:
    counts = service.count_items(api_person(), collections)
    return [CollectionCard.of(one, counts[one.id], _url(one)) for one in collections]


def _details(viewer: User | None, collection: Collection, query: PageQuery) -> CollectionDetails:
    per_page = query.per_page or service.ITEMS_PER_PAGE
    listing = service.list_items(viewer, collection, query.page or 1, per_page)
    own = viewer is not None and viewer.id == collection.user_id
    return CollectionDetails.of(
        collection,
        listing.total,
        _url(collection),
        items=[CollectedMaterial.of(item, _card(item.material)) for item in listing.items],
        hidden=service.count_hidden(viewer, collection) if own else 0,
        **page_of(listing),
    )


@bp.get(
    "/users/me/collections",
    operation_id="getOwnCollections",
    summary="Your collections",
    description="All of them, the one changed last first.",
    security=BEARER,
    responses={200: OwnCollections, **problems(401, 403)},
)
@reads_request(first=_reader)
def own_collections() -> Response:
    return reply(OwnCollections(items=_cards(service.list_own_collections(_reader()))))


@bp.get(
    "/collections",
    operation_id="listCollections",
    summary="Public collections",
    description="Those with something published in them, the one changed last first.",
    security=BEARER_OPTIONAL,
    responses={200: CollectionList, **problems(401, 403, 422)},
)
@reads_request(first=api_person)
def index(query: PageQuery) -> Response:
    listing = service.list_public_collections(query.page or 1, query.per_page)
    return reply(CollectionList(items=_cards(listing.items), **page_of(listing)))


@bp.post(
    "/collections",
    operation_id="createCollection",
    summary="Make a collection",
    description="An empty one; it is private unless you say otherwise.",
    security=BEARER,
    responses={
        201: _CREATED,
        **problems(401, 403, 409, 413, 422, s409="You have as many as are possible."),
    },
)
@reads_request(first=_writer)
def create(body: NewCollection) -> Response:
    person = _writer()
    collection = service.create_collection(person, body.title, body.description, body.visibility)
    db.session.commit()
    address = url_for("api_collections.show", key=collection.key)
    return reply(_details(person, collection, PageQuery()), 201, {"Location": address})


@bp.get(
    "/collections/<key>",
    operation_id="getCollection",
    summary="One collection",
    description="With its materials in order, without those that you may not see. A private one "
    "is its owner's only.",
    security=BEARER_OPTIONAL,
    responses={200: CollectionDetails, **problems(401, 403, 404, 422)},
)
@reads_request(first=api_person)
def show(path: CollectionPath, query: PageQuery) -> Response:
    person = api_person()
    return reply(_details(person, service.get_collection(person, path.key), query))


@bp.patch(
    "/collections/<key>",
    operation_id="changeCollection",
    summary="Change a collection",
    description="Its title, its description, or who may open it. For its owner.",
    security=BEARER,
    responses={200: CollectionDetails, **problems(401, 403, 404, 413, 422, s403=_NOT_YOURS)},
)
@reads_request(first=_writer)
def change(path: CollectionPath, body: CollectionChange) -> Response:
    person = _writer()
    collection = service.get_own_collection(person, path.key)
    service.change_collection(
        person,
        collection,
        title=body.title,
        description=body.description,
        visibility=body.visibility,
    )
    db.session.commit()
    return reply(_details(person, collection, PageQuery()))


@bp.delete(
    "/collections/<key>",
    operation_id="deleteCollection",
    summary="Delete a collection",
    description="Its materials stay in the library. For its owner.",
    security=BEARER,
    responses={204: NO_CONTENT, **problems(401, 403, 404, s403=_NOT_YOURS)},
)
@reads_request(first=_writer)
def delete(path: CollectionPath) -> Response:
    person = _writer()
    service.delete_collection(person, service.get_own_collection(person, path.key))
    db.session.commit()
    return nothing()


@bp.put(
    "/collections/<key>/items/<int:material_id>",
    operation_id="putCollectionItem",
    summary="Put a material into a collection",
    description="Adds it, or changes its note or position if it is there already. For the owner.",
    security=BEARER,
    responses={
        200: CollectedMaterial,
        **problems(401, 403, 404, 409, 413, 422, s403=_NOT_YOURS, s409="The collection is full."),
    },
)
@reads_request(first=_writer)
def put_item(path: CollectionItemPath, body: ItemForm) -> Response:
    person = _writer()
    collection = service.get_own_collection(person, path.key)
    material = get_visible(person, path.material_id)
    service.add_item(person, collection, material)
    if body.note is not None:
        service.write_note(person, collection, material.id, body.note)
    if body.position is not None:
        service.place_item(person, collection, material.id, body.position)
    db.session.commit()
    item = service.get_item(person, collection, material.id)
    return reply(CollectedMaterial.of(item, _card(item.material)))


@bp.delete(
    "/collections/<key>/items/<int:material_id>",
    operation_id="removeCollectionItem",
    summary="Take a material out of a collection",
    description="For the owner.",
    security=BEARER,
    responses={204: NO_CONTENT, **problems(401, 403, 404, s403=_NOT_YOURS)},
)
@reads_request(first=_writer)
def remove_item(path: CollectionItemPath) -> Response:
    person = _writer()
    collection = service.get_own_collection(person, path.key)
    if not service.remove_item(person, collection, path.material_id):
        raise NotFound
    db.session.commit()
    return nothing()


@bp.put(
    "/collections/<key>/order",
    operation_id="orderCollection",
    summary="Reorder a collection",
    description="Brings the named materials into this order, in the places that they hold "
    "together. For the owner.",
    security=BEARER,
    responses={200: CollectionDetails, **problems(401, 403, 404, 413, 422, s403=_NOT_YOURS)},
)
@reads_request(first=_writer)
def reorder(path: CollectionPath, body: OrderForm) -> Response:
    person = _writer()
    collection = service.get_own_collection(person, path.key)
    service.reorder_items(person, collection, body.material_ids)
    db.session.commit()
    return reply(_details(person, collection, PageQuery()))


@bp.get(
    "/collections/<key>/zip",
    operation_id="downloadCollection",
    summary="Download a collection",
    description="The files that you may see, in order. At most 200 files and 2 GB.",
    security=BEARER_OPTIONAL,
    responses={
        200: _ARCHIVE,
        **problems(
            401,
            403,
            404,
            409,
            s409="Too many or too large files (`archive_too_large`), or none (`empty`).",
        ),
    },
)
@limiter.limit(lambda: settings().upload_limit, key_func=limit_key)
@reads_request(first=api_person)
def download(path: CollectionPath) -> Response:
    collection = service.get_collection(api_person(), path.key)
    return send_archive(collection.title, service.list_archive(api_person(), collection))
