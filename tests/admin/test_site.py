"""The settings of the site, and where they are read."""

from __future__ import annotations

from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from edu.admin.models import AuditEntry, SiteSetting
from edu.config import load_settings
from edu.extensions import db
from edu.mail.models import Letter
from edu.site.settings import SiteSettings, site_settings
from tests.conftest import MakeApp

FORM = {
    "name": "Матмех",
    "default_locale": "ru",
    "announcement": " Exams  begin <soon> ",
    "registration_open": "y",
    "domains": "@Example.org, uni.example.org",
}


def test_without_a_row_the_installations_own_values_hold(make_app: MakeApp) -> None:
    app = make_app(SITE_NAME="Own", DEFAULT_LOCALE="en")
    with app.app_context():
        assert site_settings() == SiteSettings("Own", True, (), "en", "")


def test_settings_can_be_asked_for_before_the_first_migration(tmp_path: Path) -> None:
    from edu import create_app

    app = create_app(load_settings({"EDU_DATA": str(tmp_path), "SITE_NAME": "Fresh"}))
    with app.app_context():
        assert site_settings().name == "Fresh"
        db.engine.dispose()


def test_settings_can_be_asked_for_without_a_database(
    bare_postgres_url: str, make_app: MakeApp
) -> None:
    app = make_app(DATABASE_URL=bare_postgres_url, SITE_NAME="Fresh")
    with app.app_context():
        assert site_settings().name == "Fresh"
        db.session.execute(select(1))  # the transaction goes on
    lost = bare_postgres_url.rsplit("/", 1)[0] + "/nowhere"
    app = make_app(DATABASE_URL=lost, SITE_NAME="Lost")
    with app.app_context():
        assert site_settings().name == "Lost"


def test_changes_are_seen_everywhere_at_once(
    admin: FlaskClient, app: Flask, people: dict[str, int]
) -> None:
    assert admin.post("/admin/site", data=FORM).status_code == 303
    with app.app_context():
        assert site_settings() == SiteSettings(
            "Матмех", True, ("example.org", "uni.example.org"), "ru", "Exams begin <soon>"
        )
    stranger = app.test_client()
    page = stranger.get("/").text
    assert "Exams begin &lt;soon&gt;" in page
    assert "Матмех</title>" in page
    assert '<html lang="ru"' in page
    document = stranger.get("/api/openapi.json").json
    assert document is not None
    assert document["info"]["title"] == "Матмех"
    with app.app_context():
        changed = db.session.scalars(select(AuditEntry.subject)).all()
        assert sorted(changed) == [
            *("setting:announcement", "setting:default_locale"),
            *("setting:email_domains", "setting:name"),
        ]


def test_registration_follows_the_settings(
    admin: FlaskClient, app: Flask, people: dict[str, int]
) -> None:
    closed = {name: value for name, value in FORM.items() if name != "registration_open"}
    admin.post("/admin/site", data=closed)
    with app.app_context():
        assert not site_settings().registration_open
    form = {"email": "new@example.org", "password": "a long phrase", "name": "New"}
    app.test_client().post("/register", data=form)
    with app.app_context():
        assert db.session.scalars(select(Letter)).all() == []
    admin.post("/admin/site", data=FORM)
    app.test_client().post("/register", data=form | {"email": "new@elsewhere.org"})
    app.test_client().post("/register", data=form)
    with app.app_context():
        assert db.session.scalars(select(Letter.address)).all() == ["new@example.org"]


def test_what_equals_the_installations_own_value_has_no_row(
    admin: FlaskClient, app: Flask, people: dict[str, int]
) -> None:
    admin.post("/admin/site", data=FORM)
    with app.app_context():
        own = app.extensions["edu.settings"]
    back = {"name": own.site_name, "default_locale": "en", "registration_open": "y"}
    admin.post("/admin/site", data=back)
    with app.app_context():
        assert db.session.scalars(select(SiteSetting)).all() == []


@pytest.mark.parametrize(
    "change",
    [
        {"name": ""},
        {"name": " "},
        {"name": "x" * 61},
        {"announcement": "x" * 301},
        {"default_locale": "de"},
        {"domains": "example"},
        {"domains": "a b.org"},
        {"domains": ", ".join(f"d{n}.org" for n in range(51))},
    ],
)
def test_nonsense_is_refused(
    admin: FlaskClient, app: Flask, people: dict[str, int], change: dict[str, str]
) -> None:
    assert admin.post("/admin/site", data=FORM | change).status_code == 422
    with app.app_context():
        assert db.session.scalars(select(SiteSetting)).all() == []


def test_a_request_reads_the_settings_once(app: Flask, client: FlaskClient) -> None:
    from sqlalchemy import event

    queries: list[str] = []
    with app.app_context():
        engine = db.engine

    def note(_connection: object, _cursor: object, statement: str, *_more: object) -> None:
        queries.append(statement)

    event.listen(engine, "before_cursor_execute", note)
    client.get("/")  # the first of a process looks for the table
    queries.clear()
    client.get("/")
    assert len([text for text in queries if "site_settings" in text]) == 1
