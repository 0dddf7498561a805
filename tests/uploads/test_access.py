"""Whose uploads they are, how much of them there may be, and when they go."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask

from edu.accounts.models import User
from edu.api.security import issue_token
from edu.extensions import db, settings, utcnow
from edu.privacy.service import delete_account
from edu.tokens.models import Scope
from edu.tokens.service import make_personal_token
from jobs.uploads import sweep_uploads
from tests.conftest import MakeApp, make_people, sign_in
from tests.samples import make_material
from tests.uploads.conftest import Sender, change_row, count_rows, files_of, path_of, sender_in

MB = 1024 * 1024


def test_an_upload_is_its_owners_alone(app: Flask, alice: Sender, charlie: Sender) -> None:
    upload_id = alice.made(9)
    for answer in (
        charlie.look(upload_id),
        charlie.send(upload_id, 0, b"123"),
        charlie.remove(upload_id),
    ):
        assert answer.status_code == 404
    assert path_of(app, upload_id).read_bytes() == b""
    assert alice.look(upload_id).status_code == 200


def test_a_stranger_is_told_to_sign_in(app: Flask, alice: Sender) -> None:
    upload_id = alice.made(9)
    stranger = Sender(app.test_client())
    for answer in (stranger.create(9), stranger.look(upload_id), stranger.send(upload_id, 0, b"1")):
        assert answer.status_code == 401


def test_an_unconfirmed_person_may_not_upload(app: Flask, alice: Sender) -> None:
    with app.app_context():
        db.session.query(User).update({"confirmed_at": None})
        db.session.commit()
    assert alice.create(9).status_code == 403


@pytest.fixture
def guarded(make_app: MakeApp) -> Flask:
    """An application that checks the CSRF token."""
    app = make_app(MIN_FREE_MB="0")
    make_people(app)
    return app


def _signed_in(app: Flask) -> tuple[Sender, str]:
    app.config["WTF_CSRF_ENABLED"] = False
    client = sign_in(app.test_client(), "alice")
    app.config["WTF_CSRF_ENABLED"] = True
    found = re.search(r'name="csrf-token" content="([^"]+)"', client.get("/upload").text)
    assert found
    return Sender(client), found[1]


def test_a_browser_proves_that_its_own_page_asks(guarded: Flask) -> None:
    alice, token = _signed_in(guarded)
    assert alice.create(9).status_code == 400
    alice.headers["X-CSRFToken"] = token
    upload_id = alice.made(9)
    assert alice.send(upload_id, 0, b"123").status_code == 204
    del alice.headers["X-CSRFToken"]
    assert alice.send(upload_id, 3, b"456").status_code == 400
    assert alice.remove(upload_id).status_code == 400
    assert alice.look(upload_id).headers["Upload-Offset"] == "3"


def _with_token(app: Flask, scopes: list[Scope]) -> Sender:
    with app.app_context():
        alice = db.session.query(User).filter_by(email="alice@example.org").one()
        _token, secret = make_personal_token(alice, "script", scopes)
        db.session.commit()
    sender = Sender(app.test_client())
    sender.headers["Authorization"] = f"Bearer {secret}"
    return sender


def test_a_script_sends_a_token_that_may_upload(guarded: Flask) -> None:
    script = _with_token(guarded, [Scope.UPLOAD])
    upload_id = script.sent(b"123")
    assert script.remove(upload_id).status_code == 204
    reader = _with_token(guarded, [Scope.READ, Scope.WRITE])
    assert reader.create(9).status_code == 403
    reader.headers["Authorization"] = "Bearer made-up"
    assert reader.create(9).status_code == 401


def test_a_sign_ins_token_may_upload(guarded: Flask) -> None:
    with guarded.app_context():
        token = issue_token(db.session.query(User).filter_by(email="alice@example.org").one())
    script = Sender(guarded.test_client())
    script.headers["Authorization"] = f"Bearer {token}"
    assert script.create(9).status_code == 201


def test_a_token_does_not_borrow_the_cookie(guarded: Flask) -> None:
    alice, csrf = _signed_in(guarded)
    alice.headers |= {"X-CSRFToken": csrf, "Authorization": "Bearer made-up"}
    assert alice.create(9).status_code == 401


def test_new_uploads_are_limited(make_app: MakeApp) -> None:
    _app, alice = sender_in(make_app, UPLOAD_LIMIT="2 per hour")
    upload_id = alice.made(9)
    assert [alice.create(9).status_code for _ in range(2)] == [201, 429]
    for offset in range(5):  # pieces are not
        assert alice.send(upload_id, offset, b"1").status_code == 204


# Quota ----------------------------------------------------------------------------------------


def test_unfinished_uploads_count_at_their_full_size(make_app: MakeApp) -> None:
    app, alice = sender_in(make_app, UPLOAD_QUOTA_MB="2")
    upload_id = alice.made(MB)
    refused: Any = alice.create(MB + 1)
    assert refused.status_code == 413
    assert refused.json["code"] == "over_quota"
    assert "1\N{NO-BREAK SPACE}MB more of 2\N{NO-BREAK SPACE}MB" in refused.json["detail"]
    assert alice.create(MB).status_code == 201
    assert alice.create(1).status_code == 413
    assert alice.remove(upload_id).status_code == 204
    assert alice.create(MB).status_code == 201
    assert Sender(sign_in(app.test_client(), "charlie")).create(2 * MB).status_code == 201


def test_files_of_materials_count(make_app: MakeApp) -> None:
    app, alice = sender_in(make_app, UPLOAD_QUOTA_MB="1")
    with app.app_context():
        person = db.session.query(User).filter_by(email="alice@example.org").one()
        make_material(person.id, content=b"%PDF" + b"x" * (MB - 104))
    assert alice.create(101).status_code == 413
    assert alice.create(100).status_code == 201


def test_the_page_tells_what_there_is_room_for(make_app: MakeApp) -> None:
    _app, alice = sender_in(make_app, UPLOAD_QUOTA_MB="3")
    alice.made(MB)
    page = alice.client.get("/upload").text
    assert "You have room for 2\N{NO-BREAK SPACE}MB more of 3\N{NO-BREAK SPACE}MB." in page
    assert f'data-room="{2 * MB}"' in page


def test_without_a_quota_the_page_tells_of_none(alice: Sender) -> None:
    assert "You have room" not in alice.client.get("/upload").text


def test_many_at_once_find_the_same_room_once(make_app: MakeApp) -> None:
    app, _alice = sender_in(make_app, UPLOAD_QUOTA_MB="2")
    tabs = [Sender(sign_in(app.test_client(), "alice")) for _ in range(4)]
    with ThreadPoolExecutor(len(tabs)) as pool:
        statuses = list(pool.map(lambda tab: tab.create(MB).status_code, tabs))
    assert sorted(statuses) == [201, 201, 413, 413]


def test_what_others_still_send_is_not_promised_again(
    app: Flask, alice: Sender, charlie: Sender, monkeypatch: pytest.MonkeyPatch
) -> None:
    with app.app_context():
        free = settings().min_free_bytes + 3 * MB
    left = type("Usage", (), {"free": free})
    monkeypatch.setattr("edu.uploads.service.shutil.disk_usage", lambda _path: left)
    assert alice.create(2 * MB).status_code == 201
    assert charlie.create(2 * MB).status_code == 413
    assert charlie.create(MB).status_code == 201


def test_one_person_has_so_many_on_the_way(
    alice: Sender, charlie: Sender, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("edu.uploads.service.MOST_OPEN", 2)
    answers: list[Any] = [alice.create(9) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [201, 201, 409]
    assert answers[2].json["code"] == "too_many_uploads"
    assert charlie.create(9).status_code == 201


# Time -----------------------------------------------------------------------------------------


def test_a_byte_a_day_keeps_nothing_for_ever(app: Flask, alice: Sender) -> None:
    upload_id = alice.made(9)
    change_row(app, upload_id, created_at=utcnow() - timedelta(days=8))
    assert alice.send(upload_id, 0, b"1").status_code == 410
    with app.app_context():
        sweep_uploads()
    assert files_of(app) == []


def test_what_nobody_goes_on_with_is_removed_after_a_day(app: Flask, alice: Sender) -> None:
    old, new = alice.made(9), alice.made(9)
    alice.send(old, 0, b"123")
    change_row(app, old, touched_at=utcnow() - timedelta(hours=25))
    change_row(app, new, touched_at=utcnow() - timedelta(hours=23))
    with app.app_context():
        sweep_uploads()
    assert files_of(app) == [new]
    assert alice.look(old).status_code == 404
    assert alice.look(new).status_code == 200


def test_bytes_without_a_row_are_removed(app: Flask, alice: Sender) -> None:
    upload_id = alice.made(9)
    for name in ("f" * 32, "f" * 32 + ".0a1b2c3d", upload_id + ".0a1b2c3d"):
        path_of(app, name).write_bytes(b"lost")
    with app.app_context():
        sweep_uploads()
    assert files_of(app) == [upload_id, upload_id + ".0a1b2c3d"]


def test_a_deleted_account_leaves_no_uploads(app: Flask, alice: Sender, charlie: Sender) -> None:
    alice.sent(b"123")
    kept = charlie.made(9)
    with app.app_context():
        delete_account(db.session.query(User).filter_by(email="alice@example.org").one())
        db.session.commit()
        sweep_uploads()
    assert (count_rows(app), files_of(app)) == (1, [kept])
