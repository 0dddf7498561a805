"""Asking from the page that found nothing, own requests, and the moderators' board."""

from __future__ import annotations

import pytest
from flask import Flask
from flask.testing import FlaskClient
from limits import parse
from sqlalchemy import select

from edu.accounts.models import User
from edu.demand.models import EmptySearch, MaterialRequest
from edu.extensions import db, utcnow
from edu.library.service import list_history
from edu.search import indexing, recording
from edu.search.models import RecentQuery
from tests.conftest import sign_in
from tests.samples import make_category, make_material

HTMX = {"HX-Request": "true"}
NOTHING = "/search?q=теория+узлов"


def rows(app: Flask, model: type[MaterialRequest] | type[EmptySearch] | type[RecentQuery]) -> int:
    with app.app_context():
        return db.session.query(model).count()


def test_a_search_in_vain_offers_to_ask(app: Flask, people: dict[str, int]) -> None:
    stranger, alice = app.test_client(), sign_in(app.test_client(), "alice")
    assert "Sign in to ask for it" in stranger.get(NOTHING).text
    assert 'action="/demand"' not in stranger.get(NOTHING).text
    assert 'action="/demand"' in alice.get(NOTHING).text
    form = {"text": "теория узлов", "note": "к экзамену"}
    answer = alice.post("/demand", data=form, headers=HTMX)
    assert answer.status_code == 200
    assert 'id="ask"' in answer.text
    assert "You asked for this on" in answer.text
    assert "You asked for this on" in alice.get(NOTHING).text
    assert alice.post("/demand", data=form).location == "/me/requests"
    page = alice.get("/me/requests").text
    assert "теория узлов" in page
    assert "к экзамену" in page
    assert rows(app, MaterialRequest) == 1


def test_submitted_searches_are_kept_and_typing_is_not(app: Flask, people: dict[str, int]) -> None:
    alice = sign_in(app.test_client(), "alice")
    alice.get(NOTHING, headers={**HTMX, "HX-Trigger": "q"})
    assert rows(app, EmptySearch) == rows(app, RecentQuery) == 0
    alice.get(NOTHING, headers={**HTMX, "HX-Trigger": "search"})
    alice.get(NOTHING)
    app.test_client().get(NOTHING)
    alice.get("/search?q=теория+групп&type=lecture")  # the filter may be what empties it
    alice.get("/search?q=")
    with app.app_context():
        (kept,) = db.session.scalars(select(EmptySearch))
        assert (kept.text, kept.times) == ("теория узлов", 3)
        own = db.session.scalars(select(RecentQuery.text).order_by(RecentQuery.id))
        assert list(own) == ["теория узлов", "теория групп"]


def test_other_sites_make_nobody_search(app: Flask, people: dict[str, int]) -> None:
    alice = sign_in(app.test_client(), "alice")
    for site, dest in (
        *(("cross-site", "image"), ("cross-site", "document"), ("cross-site", "empty")),
        *(("same-origin", "image"), ("same-site", "iframe")),
    ):
        sent = {"Sec-Fetch-Site": site, "Sec-Fetch-Dest": dest}
        alice.get(NOTHING, headers=sent)
        alice.get("/api/materials?search=теория+узлов", headers=sent)
    assert rows(app, EmptySearch) == rows(app, RecentQuery) == 0
    for site, dest in (("none", "document"), ("same-origin", "empty")):
        alice.get(NOTHING, headers={"Sec-Fetch-Site": site, "Sec-Fetch-Dest": dest})
    assert rows(app, EmptySearch) == rows(app, RecentQuery) == 1


def test_one_address_does_not_fill_the_board(
    app: Flask, people: dict[str, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recording, "_NOTED", parse("2 per day"))
    stranger, alice = app.test_client(), sign_in(app.test_client(), "alice")
    for text in ("теория+узлов", "теория+кос", "теория+графов"):
        assert stranger.get(f"/search?q={text}").status_code == 200
    assert rows(app, EmptySearch) == 2
    alice.get("/search?q=теория+графов")
    assert rows(app, EmptySearch) == 3


def test_only_people_who_are_let_in_ask(app: Flask, people: dict[str, int]) -> None:
    """Accounts are made when an address is confirmed, never before; a blocked one asks no more."""
    alice, stranger = sign_in(app.test_client(), "alice"), app.test_client()
    with app.app_context():
        db.session.get_one(User, people["alice"]).blocked_at = utcnow()
        db.session.commit()
    for client in (alice, stranger):
        assert "/login" in client.post("/demand", data={"text": "топология"}).location
    assert rows(app, MaterialRequest) == 0


def test_own_searches_stand_in_the_history(app: Flask, people: dict[str, int]) -> None:
    alice, charlie = (sign_in(app.test_client(), name) for name in ("alice", "charlie"))
    alice.get(NOTHING)
    assert "теория узлов" in alice.get("/me/history").text
    assert "теория узлов" in alice.get("/search/complete?q=узл").text
    assert "теория узлов" not in charlie.get("/search/complete?q=узл").text
    assert "теория узлов" not in charlie.get("/me/history").text
    with app.app_context():
        number = db.session.scalars(select(RecentQuery.id)).one()
        assert list_history(db.session.get_one(User, people["alice"]), 1).total == 0
    charlie.post(f"/me/searches/{number}/forget")
    assert rows(app, RecentQuery) == 1
    assert alice.post(f"/me/searches/{number}/forget", headers=HTMX).text == ""
    assert rows(app, RecentQuery) == 0
    alice.get(NOTHING)
    assert alice.post("/me/searches/clear").location == "/me/history"
    assert rows(app, RecentQuery) == 0


def test_options_are_a_listbox_of_links(
    app: Flask, client: FlaskClient, people: dict[str, int]
) -> None:
    with app.app_context():
        made = make_material(people["alice"], title="<b>Ряды</b> Фурье", tags=("ряды",))
        indexing.rebuild_index()
        db.session.commit()
        number = made.id
    text = client.get("/search/complete?q=ряд").text
    assert text.count('role="option"') == 2
    assert f'href="/materials/{number}"' in text
    assert "&lt;b&gt;Ряды&lt;/b&gt; Фурье" in text
    assert "tag=%D1%80%D1%8F%D0%B4%D1%8B" in text
    assert 'role="option"' not in client.get("/search/complete").text
    answer = client.get("/api/search/completions?q=ряд").json
    assert answer
    assert answer["items"][0] == {
        "text": "<b>Ряды</b> Фурье",
        "kind": "material",
        "note": "",
        "url": f"http://localhost/materials/{number}",
    }


def test_a_moderator_answers_from_the_board(app: Flask, people: dict[str, int]) -> None:
    with app.app_context():
        number = make_category().id
        shown = make_material(people["alice"], title="Топология поверхностей").id
        indexing.rebuild_index()
        db.session.commit()
    charlie, maria = (sign_in(app.test_client(), name) for name in ("charlie", "maria"))
    charlie.post("/demand", data={"text": "топология", "category": number, "note": "срочно"})
    board = maria.get("/review/demand").text
    assert "топология" in board
    assert "1 person asks" in board
    assert f'href="/upload?category={number}"' in board
    assert 'href="/review/demand"' in maria.get("/moderation").text
    named = {"key": "тополог", "subject": str(number)}
    page = maria.get("/review/demand/answer", query_string=named).text
    assert "Топология поверхностей" in page
    assert "срочно" in page
    assert maria.post("/review/demand/meet", data={**named, "material": "x"}).status_code == 422
    done = maria.post("/review/demand/meet", data={**named, "material": str(shown)})
    assert done.location == "/review/demand"
    assert "Nobody asks for anything" in maria.get("/review/demand").text
    assert "Топология поверхностей" in charlie.get("/me/requests").text
    told = charlie.get("/me/notifications").text
    assert "Here is what you asked for: “топология”" in told
    again = maria.post("/review/demand/close", data={**named, "reason": "no"})
    assert again.status_code == 404
    assert "selected" in maria.get(f"/upload?category={number}").text


def test_programs_ask_too(app: Flask, people: dict[str, int]) -> None:
    browser = app.test_client()
    form = {"email": "alice@example.org", "password": "correct horse battery"}
    token = browser.post("/api/auth/login", json=form).json["access_token"]  # type: ignore[index]  # a sign-in's answer
    headers = {"Authorization": f"Bearer {token}"}
    for _ in range(2):
        answer = browser.post("/api/demand", json={"text": "топология"}, headers=headers)
        assert answer.status_code == 200
    listed = browser.get("/api/demand", headers=headers).json
    assert listed
    assert listed["total"] == 1
    assert listed["items"][0]["state"] == "open"
    wrong = browser.post("/api/demand", json={"text": "x", "category_id": 99}, headers=headers)
    assert wrong.status_code == 422
    assert browser.post("/api/demand", json={"text": "x"}).status_code == 401
