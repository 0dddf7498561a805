"""Buttons and pages."""

from __future__ import annotations

import re
from html import unescape

import pytest
from flask import Flask
from flask.testing import FlaskClient

from edu.extensions import db
from edu.search.service import SearchInput
from edu.subscriptions import service
from edu.subscriptions.models import Subscription
from tests.conftest import sign_in
from tests.notifications.followers import follow, person, publish
from tests.samples import make_category

HTMX = {"HX-Request": "true"}


@pytest.fixture
def alice(client: FlaskClient, people: dict[str, int]) -> FlaskClient:
    return sign_in(client, "alice")


@pytest.fixture
def matan(app: Flask) -> int:
    with app.app_context():
        return make_category().id


def targets(app: Flask, user_id: int) -> list[tuple[str, str]]:
    with app.app_context():
        found = service.list_subscriptions(person(user_id))
        return [(one.kind, one.target) for one in found]


def test_a_subject_is_followed_and_left_by_a_button(
    app: Flask, alice: FlaskClient, people: dict[str, int], matan: int
) -> None:
    address = f"/me/subscriptions/subjects/{matan}"
    assert f'action="{address}"' in alice.get("/subjects/matan").text
    answer = alice.post(address, data={"next": "/subjects/matan"})
    assert (answer.status_code, answer.headers["Location"]) == (303, "/subjects/matan")
    assert targets(app, people["alice"]) == [("subject", str(matan))]
    page = alice.get("/subjects/matan").text
    found = re.search(r'action="(/me/subscriptions/\d+/unfollow)"', page)
    assert found
    fragment = alice.post(found[1], data={"next": "/subjects/matan"}, headers=HTMX)
    assert fragment.status_code == 200
    assert f'action="{address}"' in fragment.text
    assert 'value="/subjects/matan"' in fragment.text
    assert targets(app, people["alice"]) == []


def test_a_material_offers_its_subject_and_its_author(
    app: Flask, alice: FlaskClient, people: dict[str, int]
) -> None:
    with app.app_context():
        material = publish(people["maria"]).id
        own = publish(people["alice"], title="Своё").id
    page = alice.get(f"/materials/{material}").text
    assert f"/me/subscriptions/authors/{people['maria']}" in page
    assert "Follow the subject" in page
    assert "/me/subscriptions/authors/" not in alice.get(f"/materials/{own}").text
    assert alice.post(f"/me/subscriptions/authors/{people['maria']}").status_code == 303
    assert "You follow the author" in alice.get(f"/materials/{material}").text
    assert alice.post(f"/me/subscriptions/authors/{people['alice']}").status_code == 422
    assert alice.post("/me/subscriptions/authors/99999").status_code == 404
    assert alice.post("/me/subscriptions/subjects/99999").status_code == 404


def test_the_search_that_is_shown_can_be_followed(
    app: Flask, alice: FlaskClient, people: dict[str, int], matan: int
) -> None:
    assert "Follow this search" not in alice.get("/search").text
    page = alice.get("/search?q=ряды+%26+суммы&category=matan&sort=date").text
    fields = re.findall(r'form="follow-search" name="(\w+)" value="([^"]*)"', page)
    form = {name: unescape(value) for name, value in fields}
    assert form.pop("next").startswith("/search?")
    assert form == {"q": "ряды & суммы", "category": str(matan)}
    answer = alice.post("/me/subscriptions/searches", data=form)
    assert (answer.status_code, answer.headers["Location"]) == (303, "/me/subscriptions")
    assert targets(app, people["alice"]) == [("search", f"q=ряды+%26+суммы&category={matan}")]
    assert "You follow this search" in alice.get("/search?q=ряды+%26+суммы&category=matan").text
    assert alice.post("/me/subscriptions/searches", data={"q": " "}).status_code == 422


def test_no_button_leads_to_another_site(alice: FlaskClient, matan: int) -> None:
    answer = alice.post(f"/me/subscriptions/subjects/{matan}", data={"next": "//evil.example"})
    assert answer.headers["Location"] == "/"


def test_the_page_lists_renames_and_drops(
    app: Flask, alice: FlaskClient, people: dict[str, int]
) -> None:
    assert "You follow nothing yet" in alice.get("/me/subscriptions").text
    with app.app_context():
        follow(people["alice"], category=make_category())
        follow(people["alice"], author=people["maria"])
        own = service.follow_search(person(people["alice"]), SearchInput(text="<ряды>"))
        db.session.commit()
        number = own.id
    page = alice.get("/me/subscriptions").text
    assert "Математический анализ" in page
    assert "Maria" in page
    assert "&lt;ряды&gt;" in page
    rename = f"/me/subscriptions/{number}/rename"
    assert alice.post(rename, data={"name": "К экзамену"}).status_code == 303
    assert "К экзамену" in alice.get("/me/subscriptions").text
    assert alice.post(rename, data={"name": "я" * 121}).status_code == 422
    assert alice.post(f"/me/subscriptions/{number}/unfollow").status_code == 303
    assert "К экзамену" not in alice.get("/me/subscriptions").text


def test_what_others_follow_is_out_of_reach(app: Flask, people: dict[str, int]) -> None:
    with app.app_context():
        follow(people["alice"], category=make_category())
        number = db.session.query(Subscription.id).scalar()
    charlie = sign_in(app.test_client(), "charlie")
    for act in ("unfollow", "rename"):
        assert charlie.post(f"/me/subscriptions/{number}/{act}").status_code == 404
    assert len(targets(app, people["alice"])) == 1


def test_a_stranger_is_asked_to_sign_in(client: FlaskClient, matan: int) -> None:
    assert "Follow the subject" in client.get("/subjects/matan").text
    for address in ("/me/subscriptions", "/me/feed"):
        assert "/login" in client.get(address).headers["Location"]
    answer = client.post(f"/me/subscriptions/subjects/{matan}")
    assert "/login" in answer.headers["Location"]


def test_the_feed_page_is_paged(app: Flask, alice: FlaskClient, people: dict[str, int]) -> None:
    assert "You follow nothing yet" in alice.get("/me/feed").text
    with app.app_context():
        follow(people["alice"], category=make_category())
    assert "Nothing new yet" in alice.get("/me/feed").text
    with app.app_context():
        publish(people["maria"], title="Ряды Фурье")
    assert "Ряды Фурье" in alice.get("/me/feed").text
    assert alice.get("/me/feed?page=99999999999999999999").status_code == 200
