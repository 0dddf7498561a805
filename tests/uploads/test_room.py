"""The person's share of the disk is not given out twice to forms, as it is not to pieces."""

from __future__ import annotations

import io
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select
from werkzeug.datastructures import FileStorage
from werkzeug.test import encode_multipart

from edu.accounts.models import User
from edu.extensions import db
from edu.materials.models import StoredFile
from edu.uploads import service
from edu.uploads.service import Room
from tests.conftest import MakeApp, make_people, sign_in
from tests.samples import make_category, upload_form

MB = 1024 * 1024
SIZE = 700_000  # of which one fits, and two do not


@pytest.fixture(params=["sqlite", "postgres"])
def narrow(request: pytest.FixtureRequest, make_app: MakeApp) -> Flask:
    """A site with a quota of one megabyte, on each database."""
    changes = {"UPLOAD_QUOTA_MB": "1"}
    if request.param == "postgres":
        changes["DATABASE_URL"] = request.getfixturevalue("postgres_url")
    app = make_app(**changes, queue_immediate=False)
    app.config["WTF_CSRF_ENABLED"] = False
    make_people(app)
    return app


@pytest.fixture
def _slow(monkeypatch: pytest.MonkeyPatch) -> None:
    """Who has measured the room takes a while to use it."""
    measure = service.measure_room

    def measure_slowly(user: User) -> Room | None:
        room = measure(user)
        time.sleep(0.2)
        return room

    monkeypatch.setattr(service, "measure_room", measure_slowly)


def post(client: FlaskClient, address: str, form: dict[str, Any]) -> int:
    # Encoded here: the client would leave the file open in which it keeps so long a body.
    boundary, body = encode_multipart(form)
    kind = f"multipart/form-data; boundary={boundary}"
    return client.post(address, data=body, content_type=kind).status_code


def document(mark: bytes) -> FileStorage:
    return FileStorage(io.BytesIO(b"%PDF-1.7 " + mark * SIZE), "a.pdf")


def at_once(*requests: Any) -> list[int]:
    with ThreadPoolExecutor(len(requests)) as pool:
        return sorted(pool.map(lambda request: request(), requests))


def stored(app: Flask) -> int:
    with app.app_context():
        return int(db.session.scalar(select(func.sum(StoredFile.size))) or 0)


@pytest.mark.usefixtures("_slow")
def test_of_two_forms_at_once_one_finds_room(narrow: Flask) -> None:
    with narrow.app_context():
        subject = make_category().id
    one, two = (sign_in(narrow.test_client(), "alice") for _ in range(2))
    statuses = at_once(
        lambda: post(one, "/upload", upload_form(subject, file=document(b"x"))),
        lambda: post(two, "/upload", upload_form(subject, file=document(b"y"))),
    )
    assert statuses == [303, 422]
    assert stored(narrow) < MB
