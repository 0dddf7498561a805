"""The API of reports."""

from __future__ import annotations

from flask import Response

from edu.accounts.models import User
from edu.api.blueprint import BEARER, NO_CONTENT, make_blueprint, problems
from edu.api.exchange import nothing, reads_request, reply
from edu.api.schemas import PageQuery, page_of
from edu.api.security import Scope, person_key, require_person
from edu.errors import NotFound
from edu.extensions import db, limiter, settings
from edu.materials.api import page_url
from edu.materials.schemas import MaterialPath
from edu.materials.service import get_visible
from edu.moderation.service import settle_reports
from edu.reports import service
from edu.reports.models import Report
from edu.reports.schemas import (
    NewReport,
    OwnReport,
    OwnReports,
    ReportedMaterial,
    ReportedMaterials,
    Settled,
    Settlement,
)
from jobs.notifications import deliver
from jobs.search import update_index

bp = make_blueprint("reports", "Reports", "What is wrong with a material, and settling it.")

_ELSEWHERE = "Only moderators see and settle reports, and only in their subjects."


def _reader() -> User:
    return require_person(Scope.READ)


def _writer() -> User:
    return require_person(Scope.WRITE)


def _moderator() -> User:
    return service.require_settler(require_person(Scope.MODERATE))


def _own(report: Report) -> OwnReport:
    return OwnReport.of(report, page_url(report.material) if service.can_open(report) else None)


@bp.post(
    "/materials/<int:material_id>/report",
    operation_id="reportMaterial",
    summary="Report a material",
    description="Moderators of its subject see it; its uploader never learns who has reported. "
    "While your report is open another one changes it. At most "
    f"{service.REPORTED_A_DAY} new reports a day.",
    security=BEARER,
    responses={
        200: OwnReport,
        **problems(
            401,
            403,
            404,
            409,
            413,
            422,
            s403="It is your own material, or not published.",
            s409="You have reported too many materials today.",
        ),
    },
)
@limiter.limit(lambda: settings().upload_limit, key_func=person_key, override_defaults=False)
@reads_request(first=_writer)
def report(path: MaterialPath, body: NewReport) -> Response:
    material = get_visible(_writer(), path.material_id)
    made = service.report_material(_writer(), material, body.reason, body.note, body.place)
    db.session.commit()
    return reply(_own(made))


@bp.delete(
    "/materials/<int:material_id>/report",
    operation_id="withdrawReport",
    summary="Withdraw a report",
    description="Your own of this material, while moderators have not settled it.",
    security=BEARER,
    responses={
        204: NO_CONTENT,
        **problems(401, 403, 404, 409, s409="Moderators have just settled it."),
    },
)
@reads_request(first=_writer)
def withdraw(path: MaterialPath) -> Response:
    mine = service.find_open(_writer(), get_visible(_writer(), path.material_id))
    if mine is None:
        raise NotFound
    service.withdraw_report(_writer(), mine.id)
    db.session.commit()
    return nothing()


@bp.get(
    "/users/me/reports",
    operation_id="listOwnReports",
    summary="What you have reported",
    description="And what became of it, the newest first.",
    security=BEARER,
    responses={200: OwnReports, **problems(401, 403, 422)},
)
@reads_request(first=_reader)
def own(query: PageQuery) -> Response:
    listing = service.list_own_reports(_reader(), query.page or 1, query.per_page)
    items = [_own(report) for report in listing.items]
    return reply(OwnReports(items=items, **page_of(listing)))


@bp.get(
    "/reports",
    operation_id="listReports",
    summary="What is reported",
    description="Published materials of the subjects that you moderate, by most people first.",
    security=BEARER,
    responses={200: ReportedMaterials, **problems(401, 403, 422, s403=_ELSEWHERE)},
)
@reads_request(first=_moderator)
def index(query: PageQuery) -> Response:
    listing = service.list_reported(_moderator(), query.page or 1, query.per_page)
    items = [ReportedMaterial.of(one, page_url(one.material)) for one in listing.items]
    return reply(ReportedMaterials(items=items, **page_of(listing)))


@bp.post(
    "/reports/<int:material_id>/settle",
    operation_id="settleReports",
    summary="Settle all reports of a material",
    description="Keep the material, take it back into review or delete it. Those who have reported "
    "it are told what was done, with the answer.",
    security=BEARER,
    responses={
        200: Settled,
        **problems(
            401,
            403,
            404,
            409,
            413,
            422,
            s403=_ELSEWHERE,
            s409="Nothing is open any more, or there are other reports than of that `edition`.",
        ),
    },
)
@reads_request(first=_moderator)
def settle(path: MaterialPath, body: Settlement) -> Response:
    material = get_visible(_moderator(), path.material_id)
    count = settle_reports(
        _moderator(),
        material,
        body.outcome,
        body.answer,
        reason=body.reason,
        edition=body.edition,
    )
    db.session.commit()
    update_index.enqueue()
    deliver.enqueue()  # to the reporters, and the uploader
    return reply(Settled(material_id=path.material_id, outcome=body.outcome, reports=count))
