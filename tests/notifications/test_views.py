"""The bell, the list, the choices, and the link of a letter."""

from __future__ import annotations

from urllib.parse import urlsplit

import pytest
from flask import Flask, render_template
from flask.testing import FlaskClient
from flask_login import login_user
from sqlalchemy import select

from edu.extensions import db
from edu.notifications.choices import list_choices
from edu.notifications.models import Notification, Pace, Topic
from edu.notifications.service import count_unread, notify_decision
from edu.notifications.telling import notify_answer
from edu.notifications.unsubscribing import unsubscribe_url
from tests.conftest import MakeApp, make_people, sign_in
from tests.notifications.followers import answered, choose, follow, person, publish
from tests.samples import make_category

HTMX = {"HX-Request": "true"}


@pytest.fixture
def alice(client: FlaskClient, people: dict[str, int]) -> FlaskClient:
    return sign_in(client, "alice")


@pytest.fixture
def news(app: Flask, people: dict[str, int]) -> list[int]:
    """Ids of two notifications of Alice's, the older first; the younger is a rejection."""
    with app.app_context():
        follow(people["alice"], category=make_category())
        publish(people["maria"], title="Ряды <Фурье>")
        own = publish(people["alice"], title="Моя лекция")
        notify_decision(own, "rejected", "Нет второй\nстраницы")
        db.session.commit()
        return list(db.session.scalars(select(Notification.id).order_by(Notification.id)))


def unread(app: Flask, user_id: int) -> int:
    with app.app_context():
        return count_unread(person(user_id))


def test_the_list_tells_what_happened(alice: FlaskClient, news: list[int]) -> None:
    page = alice.get("/me/notifications").text
    assert "Ряды &lt;Фурье&gt;" in page
    assert "Your material was sent back" in page
    assert "Нет второй" in page
    assert page.index("Моя лекция") < page.index("Фурье")


def test_opening_one_reads_it_and_leads_to_the_material(
    app: Flask, alice: FlaskClient, people: dict[str, int], news: list[int]
) -> None:
    answer = alice.get(f"/me/notifications/{news[0]}")
    assert answer.status_code == 303
    assert alice.get(answer.headers["Location"]).status_code == 200
    assert unread(app, people["alice"]) == 1
    assert "Фурье" not in alice.get("/me/notifications?unread=1").text


def test_an_answer_leads_to_its_conversation(
    app: Flask, alice: FlaskClient, people: dict[str, int]
) -> None:
    with app.app_context():
        question = answered(people["alice"], "Что <такое> ряд?")
        notify_answer(question.id)
        db.session.commit()
        number = db.session.scalars(select(Notification.id)).one()
        place = f"/assistant/{question.conversation_id}#question-{question.id}"
    page = alice.get("/me/notifications").text
    assert "The answer is ready" in page
    assert "Что &lt;такое&gt; ряд?" in page
    answer = alice.get(f"/me/notifications/{number}")
    assert (answer.status_code, answer.headers["Location"]) == (303, place)


def test_only_moderators_choose_when_to_hear_of_the_queue(
    app: Flask, alice: FlaskClient, people: dict[str, int]
) -> None:
    assert "Materials that wait for review" not in alice.get("/me/notification-settings").text
    maria = sign_in(app.test_client(), "maria")
    assert "Materials that wait for review" in maria.get("/me/notification-settings").text


def test_one_or_all_are_marked_as_read(
    app: Flask, alice: FlaskClient, people: dict[str, int], news: list[int]
) -> None:
    fragment = alice.post(f"/me/notifications/{news[0]}/read", headers=HTMX)
    assert f'id="notification-{news[0]}"' in fragment.text
    assert "notification-new" not in fragment.text
    assert 'id="bell"' in fragment.text
    assert unread(app, people["alice"]) == 1
    assert alice.post(f"/me/notifications/{news[1]}/read").status_code == 303
    assert unread(app, people["alice"]) == 0
    assert alice.post("/me/notifications/read").status_code == 303
    assert "Everything is read" in alice.get("/me/notifications?unread=1").text


def test_the_notifications_of_others_are_out_of_reach(
    app: Flask, people: dict[str, int], news: list[int]
) -> None:
    charlie = sign_in(app.test_client(), "charlie")
    assert charlie.get(f"/me/notifications/{news[0]}").status_code == 404
    assert charlie.post(f"/me/notifications/{news[0]}/read").status_code == 404
    charlie.post("/me/notifications/read")
    assert unread(app, people["alice"]) == 2


@pytest.mark.parametrize(
    ("count", "shown"), [(0, "hidden"), (7, ">7<"), (99, ">99<"), (100, "99+")]
)
def test_the_bell_counts_up_to_a_hundred(
    app: Flask, people: dict[str, int], count: int, shown: str
) -> None:
    with app.test_request_context():
        assert "bell" not in render_template("notifications/_bell.html", unread_count=count)
        login_user(person(people["alice"]))
        assert shown in render_template("notifications/_bell.html", unread_count=count)


def test_choices_are_kept(app: Flask, alice: FlaskClient, people: dict[str, int]) -> None:
    page = alice.get("/me/notification-settings").text
    assert '<option value="daily" selected>' in page
    form = {"materials:email": "instant", "decisions:email": "off", "materials:pigeon": "off"}
    assert alice.post("/me/notification-settings", data=form).status_code == 303
    with app.app_context():
        assert list_choices(person(people["alice"])) == {
            (Topic.MATERIALS, "email"): Pace.INSTANT,
            (Topic.DECISIONS, "email"): Pace.OFF,
            (Topic.REQUESTS, "email"): Pace.INSTANT,
            (Topic.REPORTS, "email"): Pace.INSTANT,
            (Topic.ANSWERS, "email"): Pace.OFF,
        }
    bad = {"materials:email": "sometimes"}
    assert alice.post("/me/notification-settings", data=bad).status_code == 422


def test_without_a_confirmed_address_there_is_the_site_only(
    app: Flask, alice: FlaskClient, people: dict[str, int]
) -> None:
    with app.app_context():
        person(people["alice"]).confirmed_at = None
        db.session.commit()
    page = alice.get("/me/notification-settings").text
    assert "confirmed e-mail address" in page
    assert '<select name="materials' not in page


def test_a_strangers_browser_is_sent_to_sign_in(client: FlaskClient) -> None:
    for address in ("/me/notifications", "/me/notification-settings", "/me/notifications/1"):
        assert "/login" in client.get(address).headers["Location"]


# The link of a letter -------------------------------------------------------------------------


def link_of(app: Flask, user_id: int, topic: Topic | None) -> str:
    with app.app_context():
        return urlsplit(unsubscribe_url(person(user_id), "email", topic)).path


def test_the_link_asks_first_and_then_turns_one_topic_off(
    app: Flask, client: FlaskClient, people: dict[str, int]
) -> None:
    link = link_of(app, people["alice"], Topic.MATERIALS)
    assert "No more letters?" in client.get(link).text
    with app.app_context():
        assert list_choices(person(people["alice"]))[Topic.MATERIALS, "email"] == Pace.DAILY
    assert "No such letters any more" in client.post(link).text
    with app.app_context():
        chosen = list_choices(person(people["alice"]))
        assert chosen[Topic.MATERIALS, "email"] == Pace.OFF
        assert chosen[Topic.DECISIONS, "email"] == Pace.INSTANT


def test_the_link_for_everything_names_what_the_person_knows(
    app: Flask, client: FlaskClient, people: dict[str, int]
) -> None:
    waiting = "Materials that wait for review"
    assert waiting not in client.get(link_of(app, people["alice"], None)).text
    assert waiting in client.get(link_of(app, people["maria"], None)).text


def test_a_mail_program_posts_without_a_page_of_ours(make_app: MakeApp) -> None:
    app = make_app()  # with the CSRF check
    ids = make_people(app)
    link = link_of(app, ids["alice"], None)
    answer = app.test_client().post(link, data={"List-Unsubscribe": "One-Click"})
    assert answer.status_code == 200
    with app.app_context():
        assert set(list_choices(person(ids["alice"])).values()) == {Pace.OFF}


def test_a_bad_link_does_nothing(app: Flask, client: FlaskClient, people: dict[str, int]) -> None:
    link = link_of(app, people["alice"], None)
    for bad in (f"{link}x", "/unsubscribe/x"):
        assert client.get(bad).status_code == 404
        assert client.post(bad).status_code == 404


def test_the_link_works_when_letters_do_not_reach_the_person(
    app: Flask, client: FlaskClient, people: dict[str, int]
) -> None:
    with app.app_context():
        choose(people["alice"], "instant")
        person(people["alice"]).confirmed_at = None
        db.session.commit()
    assert client.post(link_of(app, people["alice"], Topic.MATERIALS)).status_code == 200
