"""How long a sign-in takes tells nothing of the address."""

from __future__ import annotations

import statistics
import time

import bcrypt
import pytest
from flask import Flask

from edu.accounts import service
from edu.accounts.models import User
from edu.extensions import db, utcnow
from tests.conftest import MakeApp, make_user

KINDS = ("known", "unknown", "blocked", "social")
ROUNDS = 9  # some 25 ms: long against everything else that an attempt does, and its noise
TRIES = 25


@pytest.fixture
def app(make_app: MakeApp, monkeypatch: pytest.MonkeyPatch) -> Flask:
    """One account of each kind, and no limit that would shorten an attempt."""
    monkeypatch.setattr(service, "BCRYPT_ROUNDS", ROUNDS)
    many = "100000 per minute"
    monkeypatch.setattr("edu.lockout.service.PAIR_FAILURES", 10**6)
    monkeypatch.setattr("edu.lockout.service.ACCOUNT_FAILURES", 10**6)
    made = make_app(LOGIN_LIMIT=many, LOGIN_LIMIT_ADDRESS=many)
    made.config["WTF_CSRF_ENABLED"] = False
    with made.app_context():
        make_user("known")
        make_user("blocked").blocked_at = utcnow()
        service.create_user("social@example.org", None, "Social")
        db.session.commit()
    return made


def attempt(app: Flask, kind: str) -> float:
    form = {"email": f"{kind}@example.org", "password": "not the password"}
    client, start = app.test_client(), time.process_time()
    assert client.post("/login", data=form).status_code == 422
    return time.process_time() - start


def test_every_kind_of_address_takes_the_same_time(app: Flask) -> None:
    for kind in KINDS:
        attempt(app, kind)
    times: dict[str, list[float]] = {kind: [] for kind in KINDS}
    for _try in range(TRIES):
        for kind in KINDS:
            times[kind].append(attempt(app, kind))
    medians = {kind: statistics.median(taken) for kind, taken in times.items()}
    # Without the same work an unknown address would take about a tenth.
    assert max(medians.values()) / min(medians.values()) < 1.25, medians


def test_every_kind_of_address_costs_one_hash_of_the_same_strength(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[bytes] = []
    real = bcrypt.checkpw

    def watch(password: bytes, password_hash: bytes) -> bool:
        asked.append(password_hash)
        return real(password, password_hash)

    monkeypatch.setattr(bcrypt, "checkpw", watch)
    monkeypatch.setattr(bcrypt, "hashpw", None)
    for kind in KINDS:
        attempt(app, kind)
    assert len(asked) == len(KINDS)
    assert {one[:7] for one in asked} == {b"$2b$09$"}


def test_a_right_password_of_a_blocked_person_is_compared_too(app: Flask) -> None:
    with app.app_context():
        blocked = db.session.query(User).filter_by(email="blocked@example.org").one()
        assert not blocked.is_active
        with pytest.raises(service.WrongCredentials):
            service.sign_in(blocked.email, "correct horse battery")
