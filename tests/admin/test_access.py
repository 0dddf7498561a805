"""Who gets to the pages of administrators."""

from __future__ import annotations

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests.conftest import sign_in


def addresses(app: Flask) -> list[tuple[str, str]]:
    """Method and path of every page under /admin, with 1 for each id."""
    return [
        (method, rule.rule.replace("<int:", "<").split("<")[0] + _rest(rule.rule))
        for rule in app.url_map.iter_rules()
        if rule.endpoint.startswith("admin.")
        for method in sorted(rule.methods & {"GET", "POST"})  # type: ignore[operator]  # has some
    ]


def _rest(rule: str) -> str:
    _before, sep, after = rule.partition(">")
    return f"1{after}" if sep else ""


def test_strangers_are_asked_to_sign_in(
    app: Flask, client: FlaskClient, people: dict[str, int]
) -> None:
    pages = addresses(app)
    assert len(pages) > 25
    for method, path in pages:
        answer = client.open(path, method=method)
        assert answer.status_code == 303, (method, path)
        assert answer.headers["Location"].startswith("/login"), (method, path)


@pytest.mark.parametrize("name", ["alice", "maria"])
def test_others_are_refused(
    app: Flask, client: FlaskClient, people: dict[str, int], name: str
) -> None:
    sign_in(client, name)
    for method, path in addresses(app):
        assert client.open(path, method=method).status_code == 403, (method, path)


def test_an_administrator_sees_every_page_and_the_way_there(
    admin: FlaskClient, app: Flask, people: dict[str, int]
) -> None:
    assert 'href="/admin"' in admin.get("/").text
    paths = [
        path for method, path in addresses(app) if method == "GET" and "subjects/1" not in path
    ]
    for path in paths:
        assert admin.get(path).status_code == 200, path


def test_what_is_not_there_is_not_found(admin: FlaskClient) -> None:
    big = 10**20
    for path in ("people/999", f"people/{big}", "subjects/999", f"subjects/{big}"):
        assert admin.get(f"/admin/{path}").status_code == 404
    for path in (
        *("people/999/role", f"people/{big}/block", "subjects/999/delete"),
        *("jobs/materials/999/retry", f"jobs/letters/{big}/retry", "subjects/place"),
    ):
        assert admin.post(f"/admin/{path}").status_code == 404, path
