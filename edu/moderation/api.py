"""The API of the review queue."""

from __future__ import annotations

from flask import Response
from flask_babel import gettext as _

from edu.accounts.models import User
from edu.api.blueprint import BEARER, make_blueprint, problems
from edu.api.exchange import reads_request, reply
from edu.api.security import Scope, require_person
from edu.catalog.models import Category
from edu.catalog.service import find_category
from edu.errors import InvalidInput
from edu.extensions import db
from edu.likeness.service import find_similar
from edu.materials.api import material_details, page_url
from edu.materials.models import Material
from edu.materials.schemas import MaterialDetails, MaterialPath
from edu.materials.service import get_visible
from edu.moderation import service
from edu.moderation.schemas import DecisionQuery, Queue, QueueItem, QueueQuery, Rejection
from jobs.notifications import announce
from jobs.search import update_index

bp = make_blueprint("moderation", "Moderation", "Deciding on what people have uploaded.")

_ELSEWHERE = "Only moderators decide, and only in their subjects."
_DECIDED = "It does not wait for a decision any more, or has been changed since that `edition`."


def _moderator() -> User:
    return service.require_moderator(require_person(Scope.MODERATE))


@bp.get(
    "/moderation/queue",
    operation_id="listQueue",
    summary="What waits for a decision",
    description="In the subjects that you moderate, longest waiting first.",
    security=BEARER,
    responses={200: Queue, **problems(401, 403, 422, s403=_ELSEWHERE)},
)
@reads_request(first=_moderator)
def queue(query: QueueQuery) -> Response:
    page = service.list_pending(
        _moderator(), query.page or 1, category=_category(query), per_page=query.per_page
    )
    twins = service.find_twins(_moderator(), page.items)
    similar = find_similar(_moderator(), page.items)
    items = [
        QueueItem.of(
            material,
            page_url(material),
            [number for number, _title in twins[material.id]],
            similar[material.id],
        )
        for material in page.items
    ]
    return reply(Queue.of(page, items))


def _category(query: QueueQuery) -> Category | None:
    category = find_category(query.category) if query.category else None
    if query.category and category is None:
        raise InvalidInput(_("There is no such subject."), field="category")
    return category


@bp.post(
    "/moderation/<int:material_id>/approve",
    operation_id="approveMaterial",
    summary="Publish a material",
    description="Everybody sees it from now on, and its uploader is told.",
    security=BEARER,
    responses={
        200: MaterialDetails,
        **problems(401, 403, 404, 409, 422, s403=_ELSEWHERE, s409=_DECIDED),
    },
)
@reads_request(first=_moderator)
def approve(path: MaterialPath, query: DecisionQuery) -> Response:
    material = get_visible(_moderator(), path.material_id)
    service.approve_material(_moderator(), material, edition=query.edition or "")
    return _decided(material)


def _decided(material: Material) -> Response:
    db.session.commit()
    update_index.enqueue()
    announce.enqueue()
    return reply(material_details(material))


@bp.post(
    "/moderation/<int:material_id>/reject",
    operation_id="rejectMaterial",
    summary="Send a material back",
    description="Its uploader reads the reason, and may send it again.",
    security=BEARER,
    responses={
        200: MaterialDetails,
        **problems(401, 403, 404, 409, 413, 422, s403=_ELSEWHERE, s409=_DECIDED),
    },
)
@reads_request(first=_moderator)
def reject(path: MaterialPath, query: DecisionQuery, body: Rejection) -> Response:
    material = get_visible(_moderator(), path.material_id)
    service.reject_material(_moderator(), material, body.reason, edition=query.edition or "")
    return _decided(material)
