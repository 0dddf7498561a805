"""What people find wrong with published materials: reporting, reading, taking off the list.

Deciding on a reported material is a matter of `edu.moderation`; what becomes of reports is here.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from itertools import islice
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import ColumnElement, delete, func, select, update
from sqlalchemy.orm import joinedload

from edu.accounts.models import User
from edu.errors import Conflict, Forbidden, InvalidInput, NotFound
from edu.extensions import change_rows, db, find_row, insert_if_absent, utcnow
from edu.library.service import MAX_PLACE, last_place
from edu.materials.models import Material, MaterialStatus
from edu.materials.service import details_of, paginate
from edu.notifications.models import Topic
from edu.notifications.records import add_notifications
from edu.permissions import Permission, lies_within_moderated, may, require
from edu.reports.models import Reason, Report, ReportState
from edu.site.paging import Listing, list_page

MAX_NOTE = 1000
MAX_ANSWER = 1000
REPORTED_A_DAY = 20  # new reports of one person
SHOWN = 20  # of one material's reports, the newest
TOLD_AT_ONCE = 200


@dataclass(frozen=True, slots=True)
class Reported:
    """A material with its open reports."""

    material: Material
    reports: Sequence[Report]  # the newest, at most SHOWN
    count: int
    edition: str  # a word that is another after every new or changed report


def reason_label(reason: str) -> str:
    """What a person finds wrong, in the reader's language."""
    labels = {
        Reason.SUBJECT: _("Wrong subject or type"),
        Reason.FILE: _("The file cannot be read or is broken"),
        Reason.COPYRIGHT: _("It breaks copyright"),
        Reason.CONTENT: _("Mistakes in the content"),
        Reason.ABUSE: _("Offensive, or spam"),
        Reason.OTHER: _("Something else"),
    }
    return str(labels[Reason(reason)])


# Reporting ------------------------------------------------------------------------------------


def can_report(user: User | None, material: Material) -> bool:
    """Whatever is published, except one's own."""
    if material.status != MaterialStatus.ACTIVE or user is None:
        return False
    return material.uploader_id != user.id and may(user, Permission.REPORT, material)


def require_reportable(user: User | None, material: Material) -> User:
    """Raises SignInRequired or Forbidden."""
    user = require(user, Permission.REPORT)
    if material.uploader_id == user.id:
        raise Forbidden(_("It is your own material: you need not report it."))
    if not can_report(user, material):
        raise Forbidden(_("Only published materials can be reported."))
    return user


def report_material(
    user: User | None, material: Material, reason: str, note: str = "", place: int | None = None
) -> Report:
    """The person's open report of the material, made or changed.

    `place` is a page, section or second. Raises SignInRequired, Forbidden, InvalidInput, or
    Conflict after too many in a day.
    """
    user = require_reportable(user, material)
    values = _check(material, reason, note.strip(), place)
    if not _change_open(user, material, values):
        _refuse_too_many(user)
        new = {"title": material.title, "created_at": values["changed_at"], **values}
        ids = {"user_id": user.id, "material_id": material.id}
        # Another of the person's tabs may have been quicker: then that one is changed.
        if not insert_if_absent(Report, **ids, **new):
            _change_open(user, material, values)
    made = find_open(user, material)
    if made is None:
        raise Conflict(_("Moderators have just settled your report."))
    return made


def _check(material: Material, reason: str, note: str, place: int | None) -> dict[str, Any]:
    if reason not in set(Reason):
        raise InvalidInput(_("Say what is wrong."), field="reason")
    if reason == Reason.OTHER and not note:
        raise InvalidInput(_("Describe what is wrong."), field="note")
    if len(note) > MAX_NOTE:
        raise InvalidInput(_("The note is too long."), field="note")
    if place is not None and not 0 <= place <= min(last_place(material), MAX_PLACE):
        raise InvalidInput(_("There is no such place in this material."), field="place")
    return {"reason": reason, "note": note, "place": place, "changed_at": utcnow()}


def _change_open(user: User, material: Material, values: dict[str, Any]) -> bool:
    own = update(Report).where(Report.user_id == user.id, Report.material_id == material.id)
    return change_rows(own.where(Report.state == ReportState.OPEN).values(**values)) > 0


def _refuse_too_many(user: User) -> None:
    day = Report.created_at > utcnow() - timedelta(days=1)
    query = select(func.count()).where(Report.user_id == user.id, day)
    if (db.session.scalar(query) or 0) >= REPORTED_A_DAY:
        raise Conflict(
            _("You have reported %(n)d materials today. Come back tomorrow.", n=REPORTED_A_DAY),
            code="too_many_reports",
        )


def find_open(user: User | None, material: Material) -> Report | None:
    """The person's own report that waits for moderators."""
    if user is None:
        return None
    query = select(Report).where(Report.user_id == user.id, Report.material_id == material.id)
    query = query.where(Report.state == ReportState.OPEN)
    return db.session.scalar(query.execution_options(populate_existing=True))


def withdraw_report(user: User, report_id: int) -> None:
    """Take back one's own report that waits for moderators. Raises NotFound or Conflict."""
    report = find_row(Report, report_id)
    if report is None or report.user_id != user.id:
        raise NotFound
    own = delete(Report).where(Report.id == report.id, Report.state == ReportState.OPEN)
    if not change_rows(own):
        raise Conflict(_("Moderators have just settled your report."))


def list_own_reports(user: User, page: int, per_page: int | None = None) -> Listing[Report]:
    """The person's, the newest first."""
    query = select(Report).where(Report.user_id == user.id)
    query = query.options(details_of(Report.material))
    return list_page(query.order_by(Report.created_at.desc(), Report.id.desc()), page, per_page)


def can_open(report: Report) -> bool:
    """Whether its reporter may still open the material; else `report.title` is all they read."""
    return report.material.status == MaterialStatus.ACTIVE


# Moderators -----------------------------------------------------------------------------------


def require_settler(user: User | None) -> User:
    """Raises SignInRequired or Forbidden."""
    return require(user, Permission.SETTLE_REPORTS)


def _is_reported_to(moderator: User) -> ColumnElement[bool]:
    """What is hidden already waits for no decision; its reports wait for its return."""
    waits = Material.id.in_(select(Report.material_id).where(Report.state == ReportState.OPEN))
    mine = lies_within_moderated(moderator, Material.category_id)
    return waits & mine & (Material.status == MaterialStatus.ACTIVE)


def count_reported(moderator: User | None) -> int:
    """How many materials wait for this person's decision because of reports."""
    if moderator is None or not may(moderator, Permission.SETTLE_REPORTS):
        return 0
    return db.session.scalar(select(func.count()).where(_is_reported_to(moderator))) or 0


def list_reported(
    moderator: User | None, page: int, per_page: int | None = None
) -> Listing[Reported]:
    """What is reported in the person's subjects, by most people first. Raises Forbidden."""
    moderator = require_settler(moderator)
    of_it = Report.material_id == Material.id, Report.state == ReportState.OPEN
    number = select(func.count()).where(*of_it).correlate(Material).scalar_subquery()
    first = select(func.min(Report.id)).where(*of_it).correlate(Material).scalar_subquery()
    query = select(Material).where(_is_reported_to(moderator)).order_by(number.desc(), first)
    found = paginate(query, page, per_page)
    reported = _gather(found.items)
    return Listing(reported, found.total, found.page, found.per_page)


def get_reported(moderator: User | None, material: Material) -> Reported:
    """A material with the reports that are open. Raises SignInRequired or Forbidden."""
    if not may(require_settler(moderator), Permission.SETTLE_REPORTS, material):
        raise Forbidden(_("You do not moderate this subject."))
    return _gather([material])[0]


def _gather(materials: Sequence[Material]) -> list[Reported]:
    opened = Report.state == ReportState.OPEN
    ids = [material.id for material in materials]
    query = select(Report.material_id, Report.id, Report.changed_at)
    rows = db.session.execute(query.where(Report.material_id.in_(ids), opened)).all()
    by_material: dict[int, list[tuple[int, Any]]] = {number: [] for number in ids}
    for row in rows:
        by_material[row.material_id].append((row.id, row.changed_at))
    shown = _load([each for found in by_material.values() for each, _at in _newest(found)])
    return [
        Reported(
            material,
            [report for report in shown if report.material_id == material.id],
            len(by_material[material.id]),
            _edition(by_material[material.id]),
        )
        for material in materials
    ]


def _newest(rows: list[tuple[int, Any]]) -> list[tuple[int, Any]]:
    return sorted(rows, reverse=True)[:SHOWN]


def _load(ids: list[int]) -> list[Report]:
    query = select(Report).where(Report.id.in_(ids)).options(joinedload(Report.user))
    return list(db.session.scalars(query.order_by(Report.id.desc())))


def _edition(rows: Iterable[tuple[int, Any]]) -> str:
    said = [(number, at.isoformat()) for number, at in sorted(rows)]
    return hashlib.sha256(repr(said).encode()).hexdigest()[:16]


def list_returned(materials: Sequence[Material]) -> dict[int, list[Report]]:
    """For which reports each of these materials went back to the queue last, by its id."""
    ids = [material.id for material in materials]
    query = select(Report).where(Report.material_id.in_(ids))
    query = query.where(Report.state == ReportState.RETURNED).order_by(Report.id.desc())
    found: dict[int, list[Report]] = {number: [] for number in ids}
    for report in db.session.scalars(query):
        of_it = found[report.material_id]
        if len(of_it) < SHOWN and (not of_it or of_it[0].settled_at == report.settled_at):
            of_it.append(report)
    return found


# Settling -------------------------------------------------------------------------------------


def close_reports(
    moderator: User,
    material: Material,
    state: ReportState,
    answer: str = "",
    *,
    edition: str = "",
) -> int:
    """No report of the material is open any more, and each reporter is told once; counts them.

    `edition` is that of the reports which the moderator has seen. Raises InvalidInput, or Conflict
    when there are others by now.
    """
    answer = answer.strip()
    if len(answer) > MAX_ANSWER:
        raise InvalidInput(_("The answer is too long."), field="answer")
    now = utcnow()
    taken = update(Report).where(Report.material_id == material.id)
    taken = taken.where(Report.state == ReportState.OPEN).values(
        state=state.value, answer=answer, settled_by_id=moderator.id, settled_at=now
    )
    options = {"synchronize_session": False}
    query = taken.returning(Report.id, Report.user_id, Report.changed_at)
    rows = db.session.execute(query, execution_options=options).all()
    if edition and rows and edition != _edition((row.id, row.changed_at) for row in rows):
        raise Conflict(_("There are new reports of this material. Look at it again."))
    people = {row.user_id: answer for row in rows if row.user_id != moderator.id}
    kind = f"report_{state}"
    occasion = f"{kind}:{material.id}:{now.timestamp():.6f}"
    names = {"kind": kind, "occasion": occasion, "material_id": material.id}
    waiting = iter(people.items())
    while some := dict(islice(waiting, TOLD_AT_ONCE)):
        add_notifications(some, Topic.REPORTS, **names)
    return len(rows)
