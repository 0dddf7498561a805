"""The API of the subject tree and of the kinds of materials."""

from __future__ import annotations

from typing import Any

from flask import Response, url_for

from edu.accounts.models import User
from edu.api.blueprint import BEARER, BEARER_OPTIONAL, make_blueprint, problems
from edu.api.exchange import nothing, reads_request, reply
from edu.api.security import Scope, api_person, require_person
from edu.catalog import service
from edu.catalog.models import Category, MaterialType
from edu.catalog.schemas import (
    CategoryChange,
    CategoryNode,
    CategoryPath,
    CategoryTree,
    NewCategory,
    TypeLabel,
    TypeList,
)
from edu.errors import InvalidInput, NotFound
from edu.extensions import db
from edu.materials.service import count_by_category
from edu.permissions import Permission, require
from edu.tree.service import add_category, delete_category, edit_category, place_category
from jobs.search import update_index

bp = make_blueprint("catalog", "Catalogue", "Subjects, their parts, and kinds of materials.")

_CREATED: dict[str, Any] = {
    "description": "Added.",
    "headers": {
        "Location": {"description": "The new category here.", "schema": {"type": "string"}}
    },
    "content": {"application/json": {"schema": {"$ref": "#/components/schemas/CategoryNode"}}},
}
_TAKEN = "A sibling has this name or address already."
_ONLY_ADMINS = "Only administrators change the tree."


def _manager() -> User:
    return require(require_person(Scope.WRITE), Permission.MANAGE_SUBJECTS)


def _node(category: Category) -> CategoryNode:
    tree = service.list_tree()  # loads what lies below in one go
    found = next(one for one in service.walk(tree) if one.id == category.id)
    return CategoryNode.of(found, count_by_category())


def _parent(parent_id: int | None) -> Category | None:
    try:
        return service.get_category(parent_id) if parent_id is not None else None
    except NotFound as error:
        raise InvalidInput(error.message, field="parent_id") from error


@bp.get(
    "/categories",
    operation_id="listCategories",
    summary="The subject tree",
    description="Subjects and their parts in order, with numbers of published materials.",
    security=BEARER_OPTIONAL,
    responses={200: CategoryTree, **problems(401, 403)},
)
@reads_request(first=api_person)
def index() -> Response:
    counts = count_by_category()
    tree = service.list_tree()
    return reply(CategoryTree(items=[CategoryNode.of(subject, counts) for subject in tree]))


@bp.get(
    "/categories/<int:category_id>",
    operation_id="getCategory",
    summary="One subject or part",
    description="With all that lies below it.",
    security=BEARER_OPTIONAL,
    responses={200: CategoryNode, **problems(401, 403, 404)},
)
@reads_request(first=api_person)
def show(path: CategoryPath) -> Response:
    return reply(_node(service.get_category(path.category_id)))


@bp.post(
    "/categories",
    operation_id="createCategory",
    summary="Add a subject or part",
    description="It comes after its siblings. For administrators.",
    security=BEARER,
    responses={201: _CREATED, **problems(401, 403, 409, 413, 422, s403=_ONLY_ADMINS, s409=_TAKEN)},
)
@reads_request(first=_manager)
def create(body: NewCategory) -> Response:
    category = add_category(
        _manager(), body.name, _parent(body.parent_id), slug=body.slug or "", aliases=body.aliases
    )
    db.session.commit()
    address = url_for("api_catalog.show", category_id=category.id)
    return reply(_node(category), 201, {"Location": address})


@bp.patch(
    "/categories/<int:category_id>",
    operation_id="changeCategory",
    summary="Change a subject or part",
    description="Renames it, moves it, or gives it other words. For administrators.",
    security=BEARER,
    responses={
        200: CategoryNode,
        **problems(401, 403, 404, 409, 413, 422, s403=_ONLY_ADMINS, s409=_TAKEN),
    },
)
@reads_request(first=_manager)
def change(path: CategoryPath, body: CategoryChange) -> Response:
    category = service.get_category(path.category_id)
    _change(category, body)
    db.session.commit()
    update_index.enqueue()
    return reply(_node(category))


def _change(category: Category, body: CategoryChange) -> None:
    given = body.model_fields_set
    moves = "parent_id" in given
    parent = _parent(body.parent_id) if moves else category.parent
    if moves or body.position is not None:
        place_category(_manager(), category, parent, body.position)
    edit_category(_manager(), category, name=body.name, slug=body.slug, aliases=body.aliases)


@bp.delete(
    "/categories/<int:category_id>",
    operation_id="deleteCategory",
    summary="Delete an empty subject or part",
    description="Nothing may be in it any more. For administrators.",
    security=BEARER,
    responses={
        204: {"description": "Deleted."},
        **problems(
            401, 403, 404, 409, s403=_ONLY_ADMINS, s409="It has parts or materials, of any state."
        ),
    },
)
@reads_request(first=_manager)
def delete(path: CategoryPath) -> Response:
    delete_category(_manager(), service.get_category(path.category_id))
    db.session.commit()
    return nothing()


@bp.get(
    "/material-types",
    operation_id="listMaterialTypes",
    summary="Kinds of materials",
    description="The words that `type` may be, with their names.",
    security=BEARER_OPTIONAL,
    responses={200: TypeList, **problems(401, 403)},
)
@reads_request(first=api_person)
def material_types() -> Response:
    labels = [TypeLabel(type=kind, label=service.type_label(kind)) for kind in MaterialType]
    return reply(TypeList(items=labels))
