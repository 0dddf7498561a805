"""Who asks, by which name, how often; and what stays behind in caches and on the disk."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from edu.accounts.service import find_user
from edu.extensions import client_address, settings
from edu.site.cli import upgrade_database
from tests.conftest import MakeApp, make_people, sign_in
from tests.samples import make_category, make_material, material_id_of, send_file

SECRET = "k2Vb81xq-7rT_9ymZpLw0sDf3hGjN5aQe4cXu6iO"
PUBLIC = "https://library.example"


# Addresses ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("address", "counted"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::", "2001:db8:1:2::/64"),
        ("2001:db8:1:3::1", "2001:db8:1:3::/64"),
        ("::ffff:192.0.2.7", "192.0.2.7"),  # IPv4 to a server that listens on [::]
        ("fe80::1%eth0", "fe80::/64"),
        ("", "unknown"),
        ("a socket", "a socket"),
    ],
)
def test_a_household_counts_as_one(app: Flask, address: str, counted: str) -> None:
    with app.test_request_context(environ_base={"REMOTE_ADDR": address}):
        assert client_address() == counted


def codes_from(app: Flask, addresses: list[str]) -> list[int]:
    """The answers to one search from each address."""
    client = app.test_client()
    return [
        client.get("/search", environ_overrides={"REMOTE_ADDR": address}).status_code
        for address in addresses
    ]


def test_limits_follow_households(make_app: MakeApp) -> None:
    app = make_app(SEARCH_LIMIT="2 per minute")
    inside = [f"2001:db8:1:2::{n}" for n in range(3)]
    assert codes_from(app, inside) == [200, 200, 429]
    assert codes_from(app, ["2001:db8:1:3::1"]) == [200]
    assert codes_from(app, [f"192.0.2.{n}" for n in range(4)]) == [200] * 4
    assert codes_from(app, [f"::ffff:192.0.2.{n}" for n in range(4)]) == [200] * 4


# Limits ---------------------------------------------------------------------------------------


@pytest.fixture
def limited(make_app: MakeApp) -> Flask:
    """Two uploads an hour, two searches a minute."""
    app = make_app(UPLOAD_LIMIT="2 per hour", SEARCH_LIMIT="2 per minute")
    app.config["WTF_CSRF_ENABLED"] = False
    make_people(app)
    return app


def test_searching_is_limited_by_person(limited: Flask) -> None:
    alice = sign_in(limited.test_client(), "alice")
    assert [alice.get("/search?q=x").status_code for _ in range(3)] == [200, 200, 429]
    response = alice.get("/search?q=x")
    assert 0 < int(response.headers["Retry-After"]) <= 60
    assert "You are doing this too often." in response.text
    # Others at the same address are counted for themselves.
    assert sign_in(limited.test_client(), "charlie").get("/search").status_code == 200
    assert limited.test_client().get("/search").status_code == 200


def test_rating_is_limited_by_person(limited: Flask) -> None:
    with limited.app_context():
        uploader = find_user("alice@example.org")
        assert uploader
        address = f"/materials/{make_material(uploader.id).id}/rate"
    charlie = sign_in(limited.test_client(), "charlie")
    answers = [charlie.post(address, data={"stars": 4}) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [303, 303, 429]
    assert 0 < int(answers[-1].headers["Retry-After"]) <= 60


def test_uploading_is_limited_by_person(limited: Flask, pdf_file: Path) -> None:
    with limited.app_context():
        subject = make_category().id
    alice = sign_in(limited.test_client(), "alice")
    answers = [send_file(alice, subject, pdf_file, type="nonsense") for _ in range(3)]
    assert [answer.status_code for answer in answers] == [422, 422, 429]
    assert 60 < int(answers[-1].headers["Retry-After"]) <= 3600
    assert "You are doing this too often." in answers[-1].text
    assert alice.get("/upload").status_code == 200
    charlie = sign_in(limited.test_client(), "charlie")
    assert send_file(charlie, subject, pdf_file).status_code == 303


# Host names -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("library.example", 200),
        ("library.example:443", 200),
        ("127.0.0.1", 200),
        ("evil.example", 400),
        ("library.example.evil.example", 400),
        ("sub.library.example", 400),
    ],
)
@pytest.mark.parametrize("path", ["/", "/login", "/api/nothing", "/healthz"])
def test_a_public_site_answers_to_its_own_name(
    make_app: MakeApp, host: str, status: int, path: str
) -> None:
    app = make_app(SITE_URL=PUBLIC, SECRET_KEY=SECRET)
    response = app.test_client().get(path, base_url=PUBLIC, headers={"Host": host})
    expected = 404 if status == 200 and path == "/api/nothing" else status
    assert response.status_code == expected
    assert "evil" not in response.text


def test_a_private_site_answers_to_every_name(client: FlaskClient) -> None:
    assert client.get("/", headers={"Host": "my-laptop.local:8000"}).status_code == 200


# Caches ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["/", "/search", "/subjects", "/nothing"])
def test_no_cache_keeps_what_a_signed_in_person_saw(
    client: FlaskClient, people: dict[str, int], path: str
) -> None:
    assert "Cache-Control" not in client.get(path).headers
    sign_in(client, "alice")
    assert client.get(path).headers["Cache-Control"] == "private, no-store"
    assert "no-store" not in client.get("/healthz").headers.get("Cache-Control", "")
    client.post("/logout")
    assert "Cache-Control" not in client.get(path).headers


# Files on the disk ----------------------------------------------------------------------------


def test_what_is_written_is_for_the_own_account_alone(
    make_app: MakeApp, tmp_path: Path, pdf_file: Path
) -> None:
    before = os.umask(0o022)  # what most systems give to a process
    try:
        app = make_app(DATABASE_URL=f"sqlite:///{tmp_path / 'data' / 'edu.db'}")
        app.config["WTF_CSRF_ENABLED"] = False
        with app.app_context():
            upgrade_database()
            data = settings().data_dir
            subject = make_category().id
        make_people(app)
        material_id_of(send_file(sign_in(app.test_client(), "maria"), subject, pdf_file))
    finally:
        os.umask(before)
    written = [path for path in data.rglob("*") if path != data]
    names = {str(path.relative_to(data)).split("/")[0] for path in written}
    assert names >= {"edu.db", "queue.db", "storage", "index"}
    assert [path for path in written if path.stat().st_mode & 0o077] == []
