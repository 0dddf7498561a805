"""What is kept of a search, and that a database which takes nothing spoils no search."""

from __future__ import annotations

import logging

import pytest
from flask import Flask
from sqlalchemy.exc import OperationalError

from edu.extensions import db
from edu.search import recording
from edu.search.models import RecentQuery
from tests.conftest import sign_in


@pytest.mark.parametrize("when", ["remember", "commit"])
@pytest.mark.parametrize("address", ["/search?q=ряд", "/api/materials?search=ряд"])
def test_a_search_is_answered_though_it_is_not_recorded(
    app: Flask,
    people: dict[str, int],
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    address: str,
    when: str,
) -> None:
    client = sign_in(app.test_client(), "alice")

    def fail(*_arguments: object) -> None:
        raise OperationalError("INSERT", {}, Exception("database or disk is full"))

    with monkeypatch.context() as patch, caplog.at_level(logging.ERROR):
        if when == "commit":
            patch.setattr(db.session, "commit", fail)
        else:
            patch.setattr(recording, "note_empty_search", fail)
        assert client.get(address).status_code == 200
    assert "search: not recorded" in caplog.text
    with app.app_context():
        assert db.session.query(RecentQuery).count() == 0
    assert client.get("/search?q=ряд").status_code == 200
    with app.app_context():
        assert db.session.query(RecentQuery).count() == 1
