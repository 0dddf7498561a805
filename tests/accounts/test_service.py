"""Accounts: how people are kept, found and told apart."""

from __future__ import annotations

import pytest
from flask import Flask
from sqlalchemy.orm import Session

from edu.accounts import service
from edu.accounts.models import Role, User
from edu.errors import Conflict, InvalidInput
from edu.extensions import db, utcnow
from tests.conftest import PASSWORD, make_user


def test_an_address_is_kept_in_one_spelling(any_app: Flask) -> None:
    with any_app.app_context():
        user = service.register_user("  Alice@Example.ORG ", PASSWORD, "  Алиса   С. ")
        assert user.email == "alice@example.org"
        assert user.name == "Алиса С."
        assert service.find_user("ALICE@example.org ") is user


def test_an_address_has_one_account(any_app: Flask) -> None:
    with any_app.app_context():
        make_user("alice")
        with pytest.raises(Conflict):
            service.register_user("Alice@example.org", PASSWORD, "Another")


def test_two_who_register_at_the_same_moment_get_one_account(
    any_app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    with any_app.app_context():
        make_user("alice")
        monkeypatch.setattr(service, "find_user", lambda email: None)
        with pytest.raises(Conflict):
            service.register_user("alice@example.org", PASSWORD, "Another")
        # The session can go on after the clash.
        assert db.session.query(User).count() == 1


@pytest.mark.parametrize(
    "email", ["", "alice", "alice@", "@example.org", "a b@example.org", "a@b\0.c"]
)
def test_what_is_no_address_is_refused(app: Flask, email: str) -> None:
    with app.app_context(), pytest.raises(InvalidInput) as caught:
        service.register_user(email, PASSWORD, "Alice")
    assert caught.value.details == {"field": "email"}


@pytest.mark.parametrize("password", ["", "1234567", "x" * 201])
def test_a_password_has_bounds(app: Flask, password: str) -> None:
    with app.app_context(), pytest.raises(InvalidInput) as caught:
        service.register_user("alice@example.org", password, "Alice")
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


def test_an_unknown_address_costs_the_same_work(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    compared: list[str] = []
    original = service.password_fits

    def watch(password: str, password_hash: str) -> bool:
        compared.append(password_hash)
        return original(password, password_hash)

    monkeypatch.setattr(service, "password_fits", watch)
    with app.app_context(), pytest.raises(service.WrongCredentials):
        service.sign_in("nobody@example.org", PASSWORD)
    assert len(compared) == 1
    assert compared[0].startswith("$2b$")


@pytest.mark.parametrize(
    "session_id", ["", ":", "1", "1:", "x:y", "99:abc", "1:wrong", "²:x", "9" * 30 + ":x", "1:é"]
)
def test_a_made_up_session_belongs_to_nobody(any_app: Flask, session_id: str) -> None:
    with any_app.app_context():
        make_user("alice")
        assert service.load_session_user(session_id) is None


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
        assert service.load_session_user(user.get_id()) is None


def test_services_leave_the_commit_to_others(any_app: Flask) -> None:
    with any_app.app_context():
        service.register_user("alice@example.org", PASSWORD, "Alice")
        with Session(db.engine) as other:
            assert other.query(User).count() == 0
