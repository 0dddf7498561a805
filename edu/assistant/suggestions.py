"""Questions to begin with, about what the library really holds."""

from __future__ import annotations

from flask_babel import gettext as _
from sqlalchemy import ColumnElement, and_, func, select

from edu.catalog.models import Category, MaterialType
from edu.catalog.service import descendant_ids, list_subjects
from edu.extensions import db
from edu.materials.models import Material, MaterialStatus
from edu.materials.service import count_by_category

MOST_SUBJECTS = 4


def suggest_questions(limit: int = 4) -> list[str]:
    """Up to `limit` questions that are answered with materials; none of an empty library."""
    counts = count_by_category()
    filled = [subject for subject in list_subjects() if counts.get(subject.id)]
    filled.sort(key=lambda subject: -counts[subject.id])
    questions = [_question(at, subject) for at, subject in enumerate(filled[:MOST_SUBJECTS])]
    return questions[:limit]


def _question(at: int, subject: Category) -> str:
    """One kind of question for each, as far as there are materials for it."""
    name = subject.name
    types = _types_of(subject)
    if at == 1:
        return str(_("Make a study plan on the subject «%(name)s» for two weeks", name=name))
    if at == 2 and MaterialType.PROBLEMS in types:
        return str(_("Find problems on the subject «%(name)s»", name=name))
    if at == 3:
        return str(_("Where to begin with the subject «%(name)s»?", name=name))
    semester = _semester_of(subject)
    if MaterialType.LECTURE in types and semester:
        said = _(
            "Recommend lectures on the subject «%(name)s» for semester %(number)d",
            name=name,
            number=semester,
        )
        return str(said)
    return str(_("Recommend materials on the subject «%(name)s»", name=name))


def _types_of(subject: Category) -> set[str]:
    return set(db.session.scalars(select(Material.type).where(_lies_in(subject)).distinct()))


def _semester_of(subject: Category) -> int | None:
    """The semester with most of its lectures."""
    lectures = select(Material.semester).where(
        _lies_in(subject),
        Material.semester.is_not(None),
        Material.type == MaterialType.LECTURE.value,
    )
    fullest = lectures.group_by(Material.semester).order_by(func.count().desc(), Material.semester)
    return db.session.scalar(fullest.limit(1))


def _lies_in(subject: Category) -> ColumnElement[bool]:
    """Published, in the subject or below it."""
    active = Material.status == MaterialStatus.ACTIVE
    return and_(active, Material.category_id.in_(descendant_ids(subject)))
