"""The site as a whole: health, errors, language, headers, static files."""

from __future__ import annotations

import json
import re
import shutil
import socket

import pytest
from flask import Flask, abort
from flask.testing import FlaskClient
from sqlalchemy import text

from edu.assets import DIST, MANIFEST, asset
from edu.config import load_settings
from edu.errors import Conflict, InvalidInput, Unavailable
from edu.extensions import db, settings
from edu.site.startup import StartRefused, check_start
from tests.conftest import MakeApp, make_people, make_user, sign_in
from tests.samples import make_material
from tests.services import free_port

HTMX = {"HX-Request": "true"}
SECRET = "k2Vb81xq-7rT_9ymZpLw0sDf3hGjN5aQe4cXu6iO"
needs_assets = pytest.mark.skipif(not MANIFEST.is_file(), reason="no front end: run `make assets`")


# Health ---------------------------------------------------------------------------------------


def test_a_process_that_is_up_says_so(client: FlaskClient) -> None:
    response = client.get("/healthz")
    assert (response.status_code, response.json) == (200, {"status": "ok"})


def test_everything_is_ready(any_app: Flask) -> None:
    response = any_app.test_client().get("/readyz")
    assert response.status_code == 200
    assert response.json == {
        "status": "ok",
        "database": "ok",
        "index": "ok",
        "queue": "ok",
        "storage": "ok",
    }


def broken_parts(app: Flask) -> set[str]:
    response = app.test_client().get("/readyz")
    assert response.status_code == 503
    assert response.json
    return {name for name, word in response.json.items() if word == "failed"} - {"status"}


def test_a_broken_index_is_named(app: Flask) -> None:
    with app.app_context():
        shutil.rmtree(settings().data_dir / "index")
    assert broken_parts(app) == {"index"}


def test_a_queue_that_does_not_answer_is_named(make_app: MakeApp) -> None:
    app = make_app(REDIS_URL=f"redis://127.0.0.1:{free_port()}/0")
    assert broken_parts(app) == {"queue"}


def test_a_database_without_tables_is_named(app: Flask) -> None:
    with app.app_context():
        db.session.execute(text("ALTER TABLE users RENAME TO gone"))
        db.session.commit()
    assert broken_parts(app) == {"database"}


def test_a_storage_that_cannot_be_written_is_named(app: Flask) -> None:
    with app.app_context():
        (settings().data_dir / "storage").write_text("in the way")
    assert broken_parts(app) == {"storage"}


def test_signing_in_works_without_redis(make_app: MakeApp) -> None:
    app = make_app(REDIS_URL=f"redis://127.0.0.1:{free_port()}/0", LOGIN_LIMIT="2 per minute")
    app.config["WTF_CSRF_ENABLED"] = False
    make_people(app)
    sign_in(app.test_client(), "alice")
    # The limits are kept meanwhile by each process for itself.
    guess = {"email": "charlie@example.org", "password": "guess"}
    client = app.test_client()
    assert [client.post("/login", data=guess).status_code for _ in range(3)] == [422, 422, 429]


# Errors ---------------------------------------------------------------------------------------


@pytest.fixture
def failing(make_app: MakeApp) -> FlaskClient:
    """An app whose pages fail as asked, on the site and below /api."""
    app = make_app()
    app.config.update(TESTING=False, PROPAGATE_EXCEPTIONS=False)
    refusals = {"conflict": Conflict("Changed."), "invalid": InvalidInput("No.", field="title")}
    refusals["unavailable"] = Unavailable()

    def fail(how: str) -> str:
        if how in refusals:
            raise refusals[how]
        if how == "crash":
            raise RuntimeError("a secret detail")
        abort(int(how))

    for prefix in ("", "/api"):
        app.add_url_rule(f"{prefix}/fail/<how>", f"fail{prefix}", fail)
    return app.test_client()


CASES = [
    ("404", 404, "There is nothing at this address."),
    ("403", 403, "You are not allowed to do this."),
    ("418", 418, "The request failed."),
    ("conflict", 409, "Changed."),
    ("invalid", 422, "No."),
    ("unavailable", 503, "This does not work just now."),
    ("crash", 500, "The error has been written to the log."),
]


@pytest.mark.parametrize(("how", "status", "sentence"), CASES)
def test_an_error_is_a_page(failing: FlaskClient, how: str, status: int, sentence: str) -> None:
    response = failing.get(f"/fail/{how}")
    assert response.status_code == status
    assert "<html" in response.text
    assert sentence in response.text
    assert f'<span class="error-code">{status}</span>' in response.text
    assert "a secret detail" not in response.text


@pytest.mark.parametrize(("how", "status", "sentence"), CASES)
def test_an_error_is_a_toast_for_htmx(
    failing: FlaskClient, how: str, status: int, sentence: str
) -> None:
    response = failing.get(f"/fail/{how}", headers=HTMX)
    assert response.status_code == status
    assert "<html" not in response.text
    assert sentence in response.text
    assert response.headers["HX-Retarget"] == "#toasts"


@pytest.mark.parametrize(("how", "status", "sentence"), CASES)
def test_an_error_is_a_problem_document_for_programs(
    failing: FlaskClient, how: str, status: int, sentence: str
) -> None:
    response = failing.get(f"/api/fail/{how}")
    assert response.status_code == status
    assert response.content_type == "application/problem+json"
    problem = json.loads(response.text)
    assert problem["status"] == status
    assert problem["detail"].startswith(sentence)
    assert problem.keys() >= {"type", "title", "code"}
    assert "a secret detail" not in response.text


def test_a_wrong_method_says_which_are_right(client: FlaskClient) -> None:
    response = client.get("/logout")
    assert response.status_code == 405
    assert "POST" in response.headers["Allow"]


@pytest.mark.parametrize(
    ("headers", "target"),
    [
        ({}, "/login?next=/me/uploads?page%3D2"),
        ({"HX-Request": "true", "HX-Boosted": "true"}, "/login?next=/me/uploads?page%3D2"),
    ],
)
def test_a_page_for_people_leads_to_the_sign_in(
    client: FlaskClient, headers: dict[str, str], target: str
) -> None:
    response = client.get("/me/uploads?page=2", headers=headers)
    assert (response.status_code, response.headers["Location"]) == (303, target)


@pytest.mark.parametrize(
    ("referrer", "target"),
    [
        ("http://localhost/materials/7?page=2", "/login?next=/materials/7?page%3D2"),
        ("http://evil.example/materials/7", "/login?next=/"),
        ("http://[evil", "/login?next=/"),
        ("", "/login?next=/"),
    ],
)
def test_a_fragment_leads_to_the_sign_in_by_a_header(
    app: Flask, client: FlaskClient, people: dict[str, int], referrer: str, target: str
) -> None:
    with app.app_context():
        material_id = make_material(people["alice"]).id
    headers = {**HTMX, "Referer": referrer}
    response = client.post(f"/materials/{material_id}/rate", data={"stars": 5}, headers=headers)
    assert (response.status_code, response.headers["HX-Redirect"]) == (204, target)


# Pages and fragments --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("headers", "whole"),
    [
        ({}, True),
        (HTMX, False),
        ({**HTMX, "HX-Boosted": "true"}, True),
        ({**HTMX, "HX-History-Restore-Request": "true"}, True),
    ],
)
def test_htmx_gets_the_part_that_it_swaps(
    client: FlaskClient, headers: dict[str, str], whole: bool
) -> None:
    response = client.get("/search", headers=headers)
    assert ("<html" in response.text) == whole
    assert "HX-Request" in response.headers["Vary"]


def test_the_home_page_shows_what_there_is(
    app: Flask, client: FlaskClient, people: dict[str, int]
) -> None:
    assert "The library is empty" in client.get("/").text
    with app.app_context():
        make_material(people["alice"], title="Best", rating_mean=4.9, rating_votes=3)
        make_material(people["alice"], title="Newest")
    page = client.get("/").text
    top, newest = page.index('id="top-title"'), page.index('id="new-title"')
    assert top < page.index("Best") < newest < page.rindex("Newest")
    assert "Математический анализ" in page


# Language -------------------------------------------------------------------------------------


def language_of(client: FlaskClient) -> str:
    found = re.search(r'<html lang="(\w+)"', client.get("/").text)
    assert found
    return found[1]


def test_the_site_speaks_its_language_until_asked(make_app: MakeApp) -> None:
    app = make_app(DEFAULT_LOCALE="ru")
    app.config["WTF_CSRF_ENABLED"] = False
    client = app.test_client()
    assert client.get("/", headers={"Accept-Language": "en"}).text.count('lang="ru"') >= 1
    assert language_of(client) == "ru"
    response = client.post("/language", data={"lang": "en", "next": "/subjects?page=2"})
    assert (response.status_code, response.headers["Location"]) == (303, "/subjects?page=2")
    assert language_of(client) == "en"
    client.post("/language", data={"lang": "ru"})
    assert language_of(client) == "ru"


@pytest.mark.parametrize("lang", ["", "de", "../../etc", "x" * 4000])
def test_an_unknown_language_changes_nothing(client: FlaskClient, lang: str) -> None:
    response = client.post("/language", data={"lang": lang, "next": "//evil.example"})
    assert response.headers["Location"] == "/"
    assert "Set-Cookie" not in response.headers
    client.set_cookie("lang", "de")
    assert language_of(client) == "en"


@pytest.mark.parametrize(("theme", "shown"), [("dark", True), ("light", True), ('"><x', False)])
def test_the_theme_comes_from_a_cookie(client: FlaskClient, theme: str, shown: bool) -> None:
    client.set_cookie("theme", theme)
    page = client.get("/").text
    assert (f'data-theme="{theme}"' in page) == shown
    assert "<x" not in page


# Headers --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "path", ["/", "/healthz", "/nothing", "/me/uploads", "/api/nothing", "/static/nothing.js"]
)
def test_every_answer_carries_the_security_headers(client: FlaskClient, path: str) -> None:
    headers = client.get(path).headers
    policy = headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "script-src 'self'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["X-Frame-Options"] == "DENY"
    assert headers["Referrer-Policy"] == "same-origin"
    assert "Strict-Transport-Security" not in headers


def test_a_crash_carries_the_security_headers_too(failing: FlaskClient) -> None:
    assert "Content-Security-Policy" in failing.get("/fail/crash").headers


def test_a_public_site_insists_on_https(make_app: MakeApp) -> None:
    app = make_app(SITE_URL="https://library.example", SECRET_KEY=SECRET)
    headers = app.test_client().get("/", base_url="https://library.example").headers
    assert "max-age=31536000" in headers["Strict-Transport-Security"]


# Static files ---------------------------------------------------------------------------------


@needs_assets
def test_built_files_may_be_kept_for_ever(app: Flask, client: FlaskClient) -> None:
    with app.test_request_context():
        address = asset("app.css")
    assert re.fullmatch(r"/static/app-\w+\.css", address)
    response = client.get(address)
    assert response.status_code == 200
    assert response.cache_control.immutable
    assert response.cache_control.public
    assert response.cache_control.max_age == 365 * 24 * 3600


@needs_assets
@pytest.mark.parametrize("path", ["../build.mjs", "../../edu/config.py", "%2e%2e/build.mjs", ""])
def test_only_built_files_are_given_away(client: FlaskClient, path: str) -> None:
    assert DIST.is_dir()
    assert client.get(f"/static/{path}").status_code == 404


def test_the_component_sheet_is_for_developers(make_app: MakeApp) -> None:
    assert make_app().test_client().get("/styleguide").status_code == 404
    assert make_app(EDU_DEV="1").test_client().get("/styleguide").status_code == 200


# Starting -------------------------------------------------------------------------------------


def test_a_public_site_does_not_start_with_demo_accounts(make_app: MakeApp) -> None:
    public = make_app(SITE_URL="https://library.example", SECRET_KEY=SECRET)
    with public.app_context():
        check_start()
        make_user("alice").is_demo = True
        db.session.commit()
        with pytest.raises(StartRefused, match="demo accounts"):
            check_start()
    with make_app().app_context():
        check_start()


def test_a_port_in_use_is_told_before_anything_is_written(make_app: MakeApp) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        app = make_app(PORT=port)
        with app.app_context():
            result = app.test_cli_runner().invoke(args=["start"])
    assert result.exit_code == 1
    assert f"127.0.0.1:{port} cannot be used" in result.output
    assert f"PORT={port + 1}" in result.output


def test_settings_reach_the_app(make_app: MakeApp) -> None:
    app = make_app(SITE_NAME="Библиотека")
    assert "Библиотека" in app.test_client().get("/").text
    assert load_settings({"SITE_NAME": " "}, secret_key=SECRET).site_name == "Конспект"
