"""Notifications over the API."""

from __future__ import annotations

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from edu.api.security import issue_token
from edu.extensions import db
from edu.notifications.models import Notification
from edu.notifications.telling import notify_answer
from tests.notifications.followers import answered, follow, person, publish
from tests.samples import make_category

URL = "/api/users/me/notifications"
CHOICES = "/api/users/me/notification-choices"


@pytest.fixture
def alice(app: Flask, client: FlaskClient, people: dict[str, int]) -> FlaskClient:
    """Alice's program, after Maria has published twice what she follows."""
    with app.app_context():
        follow(people["alice"], category=make_category())
        for title in ("Ряды", "Пределы"):
            publish(people["maria"], title=title)
        token = issue_token(person(people["alice"]))
    client.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {token}"
    return client


def test_they_are_listed_newest_first(alice: FlaskClient) -> None:
    answer = alice.get(URL, query_string={"per_page": 1}).get_json()
    assert (answer["total"], answer["pages"], answer["unread"]) == (2, 2, 2)
    (item,) = answer["items"]
    assert (item["topic"], item["kind"], item["note"], item["read"]) == (
        "materials",
        "new",
        "",
        False,
    )
    assert item["material"]["title"] == "Пределы"
    assert item["material"]["url"].startswith("http://localhost/materials/")


def test_an_answer_has_a_question_and_no_material(
    app: Flask, alice: FlaskClient, people: dict[str, int]
) -> None:
    with app.app_context():
        question = answered(people["alice"])
        notify_answer(question.id)
        db.session.commit()
        place = f"/assistant/{question.conversation_id}#question-{question.id}"
    item = alice.get(URL).get_json()["items"][0]
    assert (item["topic"], item["kind"], item["material"]) == ("answers", "answered", None)
    assert item["question"]["title"] == "Что такое ряд?"
    assert item["question"]["url"] == f"http://localhost{place}"
    assert alice.post(f"{URL}/{item['id']}/read").get_json()["read"] is True


def test_one_is_read_then_all(alice: FlaskClient) -> None:
    first = alice.get(URL).get_json()["items"][0]["id"]
    for _twice in range(2):
        assert alice.post(f"{URL}/{first}/read").get_json()["read"] is True
    answer = alice.get(URL, query_string={"unread": "true"}).get_json()
    assert (answer["total"], answer["unread"]) == (1, 1)
    assert alice.post(f"{URL}/read-all").status_code == 204
    assert alice.get(URL).get_json()["unread"] == 0


def test_those_of_others_are_not_there(
    app: Flask, alice: FlaskClient, people: dict[str, int]
) -> None:
    with app.app_context():
        number = db.session.scalars(select(Notification.id)).first()
        token = issue_token(person(people["charlie"]))
    headers = {"Authorization": f"Bearer {token}"}
    assert alice.post(f"{URL}/{number}/read", headers=headers).status_code == 404
    assert alice.post(f"{URL}/{2**40}/read").status_code == 404


def test_choices_are_read_and_set(alice: FlaskClient) -> None:
    items = alice.get(CHOICES).get_json()["items"]
    paces = {(item["topic"], item["channel"]): item["pace"] for item in items}
    assert paces == {
        ("materials", "email"): "daily",
        ("decisions", "email"): "instant",
        ("requests", "email"): "instant",
        ("reports", "email"): "instant",
        ("answers", "email"): "off",
    }
    wanted = {"items": [{"topic": "materials", "channel": "email", "pace": "off"}]}
    answer = alice.put(CHOICES, json=wanted)
    assert [item["pace"] for item in answer.get_json()["items"]] == ["off", *["instant"] * 3, "off"]


@pytest.mark.parametrize(
    ("item", "status"),
    [
        ({"topic": "weather", "channel": "email", "pace": "off"}, 422),
        ({"topic": "materials", "channel": "email", "pace": "hourly"}, 422),
        ({"topic": "materials", "channel": "pigeon", "pace": "off"}, 404),
        ({"topic": "materials", "channel": "\0", "pace": "off"}, 422),
    ],
)
def test_choices_that_make_no_sense(alice: FlaskClient, item: dict[str, str], status: int) -> None:
    assert alice.put(CHOICES, json={"items": [item]}).status_code == status


def test_a_stranger_gets_nothing(client: FlaskClient) -> None:
    assert client.get(URL).status_code == client.put(CHOICES, json={}).status_code == 401
