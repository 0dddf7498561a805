"""Subscriptions over the API."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from edu.api.security import issue_token
from tests.notifications.followers import person, publish
from tests.samples import make_category

URL = "/api/users/me/subscriptions"


@pytest.fixture
def alice(app: Flask, client: FlaskClient, people: dict[str, int]) -> FlaskClient:
    with app.app_context():
        make_category()
        token = issue_token(person(people["alice"]))
    client.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {token}"
    return client


@pytest.fixture
def matan(app: Flask) -> int:
    with app.app_context():
        return make_category().id


def test_all_three_kinds_are_followed_listed_and_left(
    alice: FlaskClient, people: dict[str, int], matan: int
) -> None:
    more = {"tag": ["б", "а"], "semester": 4, "year": 2025, "exact": True, "literal": ["ряды"]}
    search = {"search": "ряды & суммы", "category": "matan", "rating_gte": 4, **more}
    for body in (
        {"kind": "subject", "category_id": matan},
        {"kind": "author", "author_id": people["maria"]},
        {"kind": "search", "search": search, "name": "К экзамену"},
    ):
        answer = alice.post(URL, json=body)
        assert answer.status_code == 201, answer.text
        assert alice.get(answer.headers["Location"]).get_json() == answer.get_json()
        assert alice.post(URL, json=body).get_json() == answer.get_json()
    subject, found, author = alice.get(URL).get_json()["items"]
    assert (subject["category"]["id"], subject["url"]) == (matan, "http://localhost/subjects/matan")
    assert author["author"] == {"id": people["maria"], "name": "Maria"}
    assert found["name"] == "К экзамену"
    assert {key: value for key, value in found["search"].items() if value is not None} == {
        "search": "ряды & суммы",
        "category": str(matan),
        "rating_gte": 4.0,
        **more,
        "tag": ["а", "б"],
    }
    page = alice.get(found["url"].removeprefix("http://localhost"))
    assert "ряды &amp; суммы" in page.text
    assert alice.delete(f"{URL}/{author['id']}").status_code == 204
    assert alice.delete(f"{URL}/{author['id']}").status_code == 404
    assert len(alice.get(URL).get_json()["items"]) == 2


def test_a_search_is_renamed(alice: FlaskClient, matan: int) -> None:
    body: dict[str, Any] = {"kind": "search", "search": {"search": "ряды"}}
    own = alice.post(URL, json=body).get_json()
    renamed = alice.patch(f"{URL}/{own['id']}", json={"name": "Новое"})
    assert renamed.get_json()["name"] == "Новое"
    assert alice.patch(f"{URL}/{own['id']}", json={"name": ""}).get_json()["name"] == "ряды"
    subject = alice.post(URL, json={"kind": "subject", "category_id": matan}).get_json()
    assert alice.patch(f"{URL}/{subject['id']}", json={"name": "Матан"}).status_code == 422


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"kind": "subject", "category_id": 99999}, "category_id"),
        ({"kind": "author", "author_id": 99999}, "author_id"),
        ({"kind": "search", "search": {}}, "search"),
        ({"kind": "search", "search": {"category": "no/such"}}, "category"),
        ({"kind": "search", "search": {"search": "\ud800"}}, "search.search.search"),
    ],
)
def test_what_cannot_be_followed_is_named(
    alice: FlaskClient, body: dict[str, Any], field: str
) -> None:
    answer = alice.post(URL, json=body)
    assert answer.status_code == 422, answer.text
    assert [error["field"] for error in answer.get_json()["errors"]] == [field]


@pytest.mark.parametrize("body", [{}, {"kind": "weather"}, {"kind": "subject"}])
def test_half_a_wish_is_refused(alice: FlaskClient, body: dict[str, Any]) -> None:
    assert alice.post(URL, json=body).status_code == 422


def test_the_feed_is_paged(
    app: Flask, alice: FlaskClient, people: dict[str, int], matan: int
) -> None:
    alice.post(URL, json={"kind": "author", "author_id": people["maria"]})
    with app.app_context():
        for title in ("Ряды", "Пределы"):
            publish(people["maria"], title=title)
    answer = alice.get("/api/users/me/feed", query_string={"per_page": 1}).get_json()
    assert (answer["total"], answer["pages"]) == (2, 2)
    assert [item["title"] for item in answer["items"]] == ["Пределы"]


def test_subscriptions_are_ones_own(
    app: Flask, alice: FlaskClient, people: dict[str, int], matan: int
) -> None:
    own = alice.post(URL, json={"kind": "subject", "category_id": matan}).get_json()["id"]
    with app.app_context():
        headers = {"Authorization": f"Bearer {issue_token(person(people['charlie']))}"}
    assert alice.delete(f"{URL}/{own}", headers=headers).status_code == 404
    assert alice.patch(f"{URL}/{own}", json={"name": ""}, headers=headers).status_code == 404
    assert alice.get(f"{URL}/{own}").status_code == 200


def test_a_stranger_follows_nothing(client: FlaskClient) -> None:
    for method in (client.get, client.post):
        assert method(URL).status_code == 401
    assert client.get("/api/users/me/feed").status_code == 401
