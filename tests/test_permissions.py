"""The table of permissions: what each role may do, to its own things, in its subjects, anywhere."""

from __future__ import annotations

import itertools

import pytest
from flask import Flask
from sqlalchemy import select

from edu.accounts.models import Role, User
from edu.catalog.models import Category
from edu.errors import Forbidden, SignInRequired
from edu.extensions import db, utcnow
from edu.materials.models import Material, MaterialStatus
from edu.permissions import (
    GRANTS,
    Permission,
    Scope,
    lies_within_moderated,
    may,
    moderates,
    require,
)
from edu.tree.service import ensure_category
from tests.conftest import make_people, make_user
from tests.samples import confine, make_material

EVERYBODY = {Permission.UPLOAD, Permission.RATE, Permission.REPORT}
OWNERS = {
    Permission.SEE_UNPUBLISHED,
    Permission.EDIT,
    Permission.REPLACE_FILE,
    Permission.RETRY,
    Permission.DELETE,
}
MODERATORS = OWNERS | {
    Permission.SEE_VERSIONS,
    Permission.PUBLISH,
    Permission.EDIT_PUBLISHED,
    Permission.DELETE_PUBLISHED,
    Permission.REVIEW,
    Permission.SETTLE_REPORTS,
    Permission.ANSWER_DEMAND,
}
SECURED = {Permission.SECOND_FACTOR}
MANAGING = {Permission.MANAGE_PEOPLE, Permission.MANAGE_SUBJECTS, Permission.MANAGE_SITE}


def person(name: str) -> User:
    return db.session.scalars(select(User).where(User.email == f"{name}@example.org")).one()


@pytest.fixture
def waiting(app: Flask, people: dict[str, int]) -> int:
    """Alice's material in «ряды», a part of «матан», that waits for review."""
    with app.app_context():
        make_user("anna", Role.ADMIN)
        make_user("boris", Role.MODERATOR)
        subject = ensure_category("Математический анализ", slug="matan")
        part = ensure_category("Ряды", subject, slug="ryady")
        confine(person("maria"), subject)
        confine(person("boris"), ensure_category("Физика", slug="fizika"))
        return make_material(people["alice"], MaterialStatus.PENDING, category=part).id


def test_every_permission_is_granted_to_somebody() -> None:
    assert set(GRANTS) == set(Permission)
    assert set(Permission) == EVERYBODY | MODERATORS | SECURED | MANAGING


def test_a_role_may_whatever_the_role_before_it_may() -> None:
    # OWN is not within SUBJECT: a moderator keeps what a user has.
    reach = [Scope.OWN, Scope.SUBJECT, Scope.ANY]
    for grants in GRANTS.values():
        for lower, higher in itertools.pairwise((Role.USER, Role.MODERATOR, Role.ADMIN)):
            before, after = grants.get(lower, ()), grants.get(higher, ())
            assert Scope.ANY in after or set(before) <= set(after)
            widest = [max(map(reach.index, scopes), default=-1) for scopes in (before, after)]
            assert widest == sorted(widest)


@pytest.mark.parametrize(
    ("name", "allowed"),
    [
        ("alice", EVERYBODY | OWNERS),
        ("charlie", EVERYBODY),
        ("maria", EVERYBODY | MODERATORS | SECURED),
        ("boris", EVERYBODY | SECURED),
        ("anna", EVERYBODY | MODERATORS | SECURED | MANAGING),
    ],
)
def test_what_each_may_do_to_a_material(
    app: Flask, waiting: int, name: str, allowed: set[Permission]
) -> None:
    with app.app_context():
        material = db.session.get_one(Material, waiting)
        assert {p for p in Permission if may(person(name), p, material)} == allowed


def test_strangers_and_the_blocked_may_nothing(app: Flask, waiting: int) -> None:
    with app.app_context():
        material = db.session.get_one(Material, waiting)
        anna = person("anna")
        anna.blocked_at = utcnow()
        for nobody in (None, anna):
            for permission in Permission:
                assert not may(nobody, permission)
                assert not may(nobody, permission, material)


def test_an_unconfirmed_address_uploads_nothing(app: Flask, waiting: int) -> None:
    with app.app_context():
        alice = person("alice")
        alice.confirmed_at = None
        assert not may(alice, Permission.UPLOAD)
        assert may(alice, Permission.EDIT, db.session.get_one(Material, waiting))


def test_without_a_place_the_question_is_whether_there_is_one(app: Flask, waiting: int) -> None:
    with app.app_context():
        assert may(person("boris"), Permission.REVIEW)
        assert not may(person("alice"), Permission.REVIEW)


def test_a_moderator_publishes_below_the_own_subject_only(app: Flask, waiting: int) -> None:
    with app.app_context():
        part = db.session.get_one(Material, waiting).category
        physics = ensure_category("Физика", slug="fizika")
        for name, places in {"maria": [part], "boris": [physics], "anna": [part, physics]}.items():
            found = [
                c for c in (part, physics) if may(person(name), Permission.PUBLISH, category=c)
            ]
            assert found == places, name


def test_a_part_gives_nothing_of_the_whole(app: Flask, waiting: int) -> None:
    with app.app_context():
        part = db.session.get_one(Material, waiting).category
        maria = confine(person("maria"), part)
        assert moderates(maria, part)
        assert part.parent
        assert not moderates(maria, part.parent)


def test_subjects_of_a_former_moderator_count_for_nothing(app: Flask, waiting: int) -> None:
    with app.app_context():
        maria, material = person("maria"), db.session.get_one(Material, waiting)
        maria.role = Role.USER.value
        assert not moderates(maria, material.category)
        assert not may(maria, Permission.SEE_UNPUBLISHED, material)


def test_require_tells_strangers_from_the_others(app: Flask, waiting: int) -> None:
    with app.app_context():
        with pytest.raises(SignInRequired):
            require(None, Permission.REVIEW)
        with pytest.raises(Forbidden):
            require(person("alice"), Permission.REVIEW)
        assert require(person("maria"), Permission.REVIEW).name == "Maria"


def test_lists_and_single_questions_agree(any_app: Flask) -> None:
    people = make_people(any_app)
    with any_app.app_context():
        for name, role in (("anna", Role.ADMIN), ("boris", Role.MODERATOR)):
            make_user(name, role)
        matan = ensure_category("Математический анализ", slug="matan")
        ryady = ensure_category("Ряды", matan, slug="ryady")
        fourier = ensure_category("Ряды Фурье", ryady, slug="fourier")
        physics = ensure_category("Физика", slug="fizika")
        for category in (matan, ryady, fourier, physics):
            make_material(people["charlie"], title=category.name, category=category)
        confine(person("maria"), ryady)
        confine(person("boris"))
        for name in ("alice", "maria", "boris", "anna"):
            user = person(name)
            query = select(Material).where(lies_within_moderated(user, Material.category_id))
            listed = {m.category_id for m in db.session.scalars(query)}
            every = db.session.scalars(select(Category))
            assert listed == {c.id for c in every if moderates(user, c)}, name
