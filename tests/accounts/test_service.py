"""Accounts: how people are kept, found and told apart."""

from __future__ import annotations

from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy.orm import Session

from edu.accounts import service
from edu.accounts.models import LetterToken, Role, User
from edu.errors import Conflict, InvalidInput
from edu.extensions import db, utcnow
from edu.tree.service import ensure_category
from tests.conftest import PASSWORD, make_user


def test_an_address_is_kept_in_one_spelling(any_app: Flask) -> None:
    with any_app.app_context():
        user = service.create_user("  Alice@Example.ORG ", PASSWORD, "  Алиса   С. ")
        assert user.email == "alice@example.org"
        assert user.name == "Алиса С."
        assert service.find_user("ALICE@example.org ") is user


def test_an_address_has_one_account(any_app: Flask) -> None:
    with any_app.app_context():
        make_user("alice")
        with pytest.raises(Conflict):
            service.create_user("Alice@example.org", PASSWORD, "Another")


def test_two_who_register_at_the_same_moment_get_one_account(
    any_app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    with any_app.app_context():
        make_user("alice")
        monkeypatch.setattr(service, "find_user", lambda email: None)
        with pytest.raises(Conflict):
            service.create_user("alice@example.org", PASSWORD, "Another")
        # The session can go on after the clash.
        assert db.session.query(User).count() == 1


@pytest.mark.parametrize(
    "email", ["", "alice", "alice@", "@example.org", "a b@example.org", "a@b\0.c"]
)
def test_what_is_no_address_is_refused(app: Flask, email: str) -> None:
    with app.app_context(), pytest.raises(InvalidInput) as caught:
        service.create_user(email, PASSWORD, "Alice")
    assert caught.value.details == {"field": "email"}


@pytest.mark.parametrize("password", ["", "1234567", "x" * 201])
def test_a_password_has_bounds(app: Flask, password: str) -> None:
    with app.app_context(), pytest.raises(InvalidInput) as caught:
        service.create_user("alice@example.org", password, "Alice")
    assert caught.value.details == {"field": "password"}


def test_every_letter_of_a_long_passphrase_counts() -> None:
    # bcrypt alone would stop reading after 72 bytes, or at a NUL.
    long = "длинная парольная фраза " * 8
    kept = service.hash_password(long + "a")
    assert service.password_fits(long + "a", kept)
    assert not service.password_fits(long + "b", kept)
    assert not service.password_fits(
        "before\0after", service.hash_password("before\0something else")
    )


def test_a_password_is_kept_as_bcrypt(app: Flask) -> None:
    with app.app_context():
        assert make_user("alice").password_hash.startswith("$2b$")


def test_roles_include_one_another() -> None:
    rights = {role: (User(role=role).is_moderator, User(role=role).is_admin) for role in Role}
    assert rights == {
        Role.USER: (False, False),
        Role.MODERATOR: (True, False),
        Role.ADMIN: (True, True),
    }


def test_blocked_people_are_not_found_as_active(app: Flask) -> None:
    with app.app_context():
        user = make_user("alice")
        assert service.get_active_user(user.id) is user
        user.blocked_at = utcnow()
        assert service.get_active_user(user.id) is None


def test_services_leave_the_commit_to_others(any_app: Flask) -> None:
    with any_app.app_context():
        service.create_user("alice@example.org", PASSWORD, "Alice")
        with Session(db.engine) as other:
            assert other.query(User).count() == 0


# Links in letters -----------------------------------------------------------------------------

HOUR = timedelta(hours=1)


def test_a_token_is_kept_as_a_hash(any_app: Flask) -> None:
    with any_app.app_context():
        secret = service.make_letter_token("recover", "Alice@example.org", lifetime=HOUR)
        token = service.find_letter_token("recover", secret)
        assert token.email == "alice@example.org"
        assert secret not in (token.token_hash, *map(str, token.payload.values()))
        assert len(secret) >= 40


def test_a_token_is_used_once_and_for_its_purpose(any_app: Flask) -> None:
    with any_app.app_context():
        secret = service.make_letter_token("identity", "alice@example.org", lifetime=HOUR)
        for wrong in (("recover", secret), ("identity", secret[:-1]), ("identity", "")):
            with pytest.raises(service.LinkExpired) as caught:
                service.use_letter_token(*wrong)
            assert caught.value.code == "link_expired"
        assert service.use_letter_token("identity", secret).used_at is not None
        with pytest.raises(service.LinkExpired):
            service.use_letter_token("identity", secret)


def test_tokens_of_one_person_can_be_ended(any_app: Flask) -> None:
    with any_app.app_context():
        alice, charlie = make_user("alice"), make_user("charlie")
        secrets = {
            (user, purpose): service.make_letter_token(
                purpose, user.email, user=user, lifetime=HOUR
            )
            for user in (alice, charlie)
            for purpose in ("recover", "change_email")
        }
        service.end_letter_tokens(alice, "recover")
        with pytest.raises(service.LinkExpired):
            service.find_letter_token("recover", secrets.pop((alice, "recover")))
        for (_user, purpose), secret in secrets.items():
            assert service.find_letter_token(purpose, secret)


def test_dead_tokens_are_dropped_in_time(any_app: Flask) -> None:
    with any_app.app_context():
        for lifetime in (timedelta(days=-2), timedelta(hours=-1), HOUR):
            service.make_letter_token("recover", "alice@example.org", lifetime=lifetime)
        assert db.session.query(LetterToken).count() == 2


# Roles ----------------------------------------------------------------------------------------


def test_a_moderator_may_be_one_of_some_subjects(any_app: Flask) -> None:
    with any_app.app_context():
        user, physics = make_user("maria"), ensure_category("Физика", slug="fizika")
        algebra = ensure_category("Алгебра", slug="algebra")
        service.set_role(user, Role.MODERATOR, [physics])
        service.set_role(user, Role.MODERATOR, [algebra, physics, algebra])
        assert not user.moderates_all
        assert {own.category_id for own in user.moderated} == {physics.id, algebra.id}
        service.set_role(user, Role.MODERATOR)
        assert (user.moderates_all, user.moderated) == (True, [])
        service.set_role(user, Role.MODERATOR, [physics])
        service.set_role(user, Role.USER, [physics])
        assert (user.role, user.moderated) == ("user", [])
