"""Who may do what: one table, asked by every service and edge.

A grant says on what a role may act: on its own (OWN), on what lies in the subjects that it
moderates (SUBJECT, own things included where a user has OWN), or on everything (ANY). What is not
granted is refused; a stranger has no grants at all, and sees what is published.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import TYPE_CHECKING

from sqlalchemy import ColumnElement, false, select, true
from sqlalchemy.orm import InstrumentedAttribute

from edu.accounts.models import ModeratedSubject, Role, User
from edu.catalog.models import Category
from edu.errors import Forbidden, SignInRequired

if TYPE_CHECKING:
    from edu.materials.models import Material


class Permission(StrEnum):
    """Everything that not everybody may do."""

    SEE_UNPUBLISHED = "see_unpublished"
    SEE_VERSIONS = "see_versions"
    UPLOAD = "upload"
    PUBLISH = "publish"  # without review, and over the API
    EDIT = "edit"  # what is not published
    EDIT_PUBLISHED = "edit_published"
    REPLACE_FILE = "replace_file"  # of what is not published
    DELETE = "delete"  # what was never published
    DELETE_PUBLISHED = "delete_published"
    RETRY = "retry"
    RATE = "rate"
    REPORT = "report"
    REVIEW = "review"
    SETTLE_REPORTS = "settle_reports"
    ANSWER_DEMAND = "answer_demand"  # settle requests for materials; also those of no subject
    SECOND_FACTOR = "second_factor"  # offered to those who could do harm
    MANAGE_PEOPLE = "manage_people"
    MANAGE_SUBJECTS = "manage_subjects"
    MANAGE_SITE = "manage_site"


class Scope(StrEnum):
    """On what a grant holds."""

    OWN = "own"
    SUBJECT = "subject"
    ANY = "any"


OWN, SUBJECT, ANY = Scope.OWN, Scope.SUBJECT, Scope.ANY
USER, MODERATOR, ADMIN = Role.USER, Role.MODERATOR, Role.ADMIN

GRANTS: Mapping[Permission, Mapping[Role, tuple[Scope, ...]]] = {
    Permission.SEE_UNPUBLISHED: {USER: (OWN,), MODERATOR: (OWN, SUBJECT), ADMIN: (ANY,)},
    Permission.SEE_VERSIONS: {MODERATOR: (SUBJECT,), ADMIN: (ANY,)},
    Permission.UPLOAD: {USER: (ANY,), MODERATOR: (ANY,), ADMIN: (ANY,)},
    Permission.PUBLISH: {MODERATOR: (SUBJECT,), ADMIN: (ANY,)},
    Permission.EDIT: {USER: (OWN,), MODERATOR: (OWN, SUBJECT), ADMIN: (ANY,)},
    Permission.EDIT_PUBLISHED: {MODERATOR: (SUBJECT,), ADMIN: (ANY,)},
    Permission.REPLACE_FILE: {USER: (OWN,), MODERATOR: (OWN, SUBJECT), ADMIN: (ANY,)},
    Permission.DELETE: {USER: (OWN,), MODERATOR: (OWN, SUBJECT), ADMIN: (ANY,)},
    Permission.DELETE_PUBLISHED: {MODERATOR: (SUBJECT,), ADMIN: (ANY,)},
    Permission.RETRY: {USER: (OWN,), MODERATOR: (OWN, SUBJECT), ADMIN: (ANY,)},
    Permission.RATE: {USER: (ANY,), MODERATOR: (ANY,), ADMIN: (ANY,)},
    Permission.REPORT: {USER: (ANY,), MODERATOR: (ANY,), ADMIN: (ANY,)},
    Permission.REVIEW: {MODERATOR: (SUBJECT,), ADMIN: (ANY,)},
    Permission.SETTLE_REPORTS: {MODERATOR: (SUBJECT,), ADMIN: (ANY,)},
    Permission.ANSWER_DEMAND: {MODERATOR: (SUBJECT,), ADMIN: (ANY,)},
    Permission.SECOND_FACTOR: {MODERATOR: (ANY,), ADMIN: (ANY,)},
    Permission.MANAGE_PEOPLE: {ADMIN: (ANY,)},
    Permission.MANAGE_SUBJECTS: {ADMIN: (ANY,)},
    Permission.MANAGE_SITE: {ADMIN: (ANY,)},
}
# These need an e-mail address that is shown to be the person's.
CONFIRMED_ONLY = {Permission.UPLOAD}


def may(
    user: User | None,
    permission: Permission,
    material: Material | None = None,
    *,
    category: Category | None = None,
) -> bool:
    """Whether the person may do this, to this material or in this subject.

    Without material and category the answer is whether there is anything to which it may be done.
    """
    if user is None or not user.is_active:
        return False
    if permission in CONFIRMED_ONLY and not user.is_confirmed:
        return False
    scopes = GRANTS[permission].get(Role(user.role), ())
    if material is None and category is None:
        return bool(scopes)
    return any(_holds(scope, user, material, category) for scope in scopes)


def _holds(scope: Scope, user: User, material: Material | None, category: Category | None) -> bool:
    if scope is OWN:
        return material is not None and material.uploader_id == user.id
    if scope is SUBJECT:
        place = category or (material.category if material else None)
        return place is not None and moderates(user, place)
    return True


def moderates(user: User, category: Category) -> bool:
    """Whether the subject, or one above it, is among those that the person reviews."""
    if not user.is_moderator:
        return False
    if user.is_admin or user.moderates_all:
        return True
    own = {subject.category_id for subject in user.moderated}
    return any(step.id in own for step in category.trail)


def moderated_roots(user: User) -> list[Category] | None:
    """The subjects to which a moderator is confined, None for the whole tree."""
    if user.is_admin or user.moderates_all:
        return None
    return [subject.category for subject in user.moderated]


def lies_within_moderated(
    user: User, category_id: InstrumentedAttribute[int]
) -> ColumnElement[bool]:
    """`moderates` as a condition on a column, for lists."""
    if not user.is_moderator or user.is_admin or user.moderates_all:
        return true() if user.is_moderator else false()
    own = select(ModeratedSubject.category_id).where(ModeratedSubject.user_id == user.id)
    tree = select(Category.id).where(Category.id.in_(own)).cte("moderated", recursive=True)
    below = select(Category.id).join(tree, Category.parent_id == tree.c.id)
    return category_id.in_(select(tree.union(below).c.id))


def require(
    user: User | None,
    permission: Permission,
    material: Material | None = None,
    *,
    category: Category | None = None,
) -> User:
    """The person, if `may` says so. Raises SignInRequired or Forbidden."""
    if user is None:
        raise SignInRequired
    if not may(user, permission, material, category=category):
        raise Forbidden
    return user
