"""The API of requests for materials."""

from __future__ import annotations

from flask import Response
from flask_babel import gettext as _

from edu.accounts.models import User
from edu.api.blueprint import BEARER, make_blueprint, problems
from edu.api.exchange import reads_request, reply
from edu.api.schemas import PageQuery, page_of
from edu.api.security import Scope, require_person
from edu.catalog.models import Category
from edu.demand import service
from edu.demand.models import MaterialRequest
from edu.demand.schemas import NewRequest, RequestItem, RequestList
from edu.errors import InvalidInput
from edu.extensions import absolute_url, db

bp = make_blueprint("demand", "Requests", "Asking for materials that the library lacks.")


def _reader() -> User:
    return require_person(Scope.READ)


def _writer() -> User:
    return require_person(Scope.WRITE)


def _item(request: MaterialRequest) -> RequestItem:
    material = service.shown_material(request)
    url = absolute_url("materials.show", material_id=material.id) if material else None
    return RequestItem.of(request, url)


@bp.get(
    "/demand",
    operation_id="listRequests",
    summary="What you have asked for",
    description="Your requests for materials and what became of them, the newest first.",
    security=BEARER,
    responses={200: RequestList, **problems(401, 403, 422)},
)
@reads_request(first=_reader)
def index(query: PageQuery) -> Response:
    listing = service.list_requests(_reader(), query.page or 1, query.per_page)
    items = [_item(request) for request in listing.items]
    return reply(RequestList(items=items, **page_of(listing)))


@bp.post(
    "/demand",
    operation_id="askForMaterial",
    summary="Ask for a material",
    description="Moderators see what is asked for, and by how many. Asking for the same again "
    f"changes nothing while it is open. At most {service.ASKED_A_DAY} new requests a day.",
    security=BEARER,
    responses={
        200: RequestItem,
        **problems(401, 403, 409, 413, 422, s409="You have asked for too many things today."),
    },
)
@reads_request(first=_writer)
def ask(body: NewRequest) -> Response:
    category = _category(body.category_id)
    made = service.ask_for_material(_writer(), body.text, category, body.note)
    db.session.commit()
    return reply(_item(made))


def _category(category_id: int | None) -> Category | None:
    category = db.session.get(Category, category_id) if category_id else None
    if category_id and category is None:
        raise InvalidInput(_("There is no such subject."), field="category_id")
    return category
