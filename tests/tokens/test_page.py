"""The page of personal tokens."""

from __future__ import annotations

import re

import pytest
from flask import Flask
from flask.testing import FlaskClient

from edu.extensions import db, utcnow
from edu.tokens import service
from edu.tokens.models import PersonalToken, Scope
from tests.conftest import sign_in

FORM = {"name": "backup", "scopes": ["read"], "days": "90"}


@pytest.fixture
def alice(client: FlaskClient, people: dict[str, int]) -> FlaskClient:
    return sign_in(client, "alice")


def tokens(app: Flask) -> list[PersonalToken]:
    with app.app_context():
        return list(db.session.query(PersonalToken).order_by(PersonalToken.id))


def shown_secret(page: str) -> str:
    found = re.search(r'value="(konspekt_[\w-]+)"', page)
    return found[1] if found else ""


def test_a_stranger_is_asked_to_sign_in(client: FlaskClient) -> None:
    assert "/login" in client.get("/me/tokens").headers["Location"]
    assert "/login" in client.post("/me/tokens", data=FORM).headers["Location"]


def test_a_token_is_shown_once_and_opens_the_api(app: Flask, alice: FlaskClient) -> None:
    made = alice.post("/me/tokens", data=FORM)
    assert made.status_code == 200
    assert made.headers["Cache-Control"] == "private, no-store"
    secret = shown_secret(made.text)
    head = {"Authorization": f"Bearer {secret}"}
    assert app.test_client().get("/api/users/me", headers=head).status_code == 200
    later = alice.get("/me/tokens").text
    assert not shown_secret(later)
    assert secret not in later
    assert "backup" in later
    assert secret[-4:] in later
    (token,) = tokens(app)
    assert token.scopes == ["read"]
    assert token.expires_at is not None
    assert 89 <= (token.expires_at - utcnow()).days <= 90


def test_a_token_may_be_unlimited(app: Flask, alice: FlaskClient) -> None:
    assert shown_secret(alice.post("/me/tokens", data={**FORM, "days": "0"}).text)
    assert tokens(app)[0].expires_at is None


@pytest.mark.parametrize(
    "change",
    [
        {"name": ""},
        {"name": " "},
        {"name": "x" * 81},
        {"scopes": []},
        {"scopes": ["everything"]},
        {"scopes": ["moderate"]},  # Alice is no moderator
        {"days": "31"},
        {"days": "x"},
    ],
    ids=str,
)
def test_a_form_with_errors_makes_nothing(
    app: Flask, alice: FlaskClient, change: dict[str, object]
) -> None:
    answer = alice.post("/me/tokens", data=FORM | change)
    assert answer.status_code == 422
    assert "errors" in answer.text
    assert tokens(app) == []


def test_who_reviews_is_offered_more(app: Flask, client: FlaskClient, alice: FlaskClient) -> None:
    assert 'value="moderate"' not in alice.get("/me/tokens").text
    maria = sign_in(app.test_client(), "maria")
    assert 'value="moderate"' in maria.get("/me/tokens").text
    made = maria.post("/me/tokens", data={**FORM, "scopes": [scope.value for scope in Scope]})
    assert shown_secret(made.text)
    assert tokens(app)[0].scopes == [scope.value for scope in Scope]


def test_there_is_an_end_to_tokens(app: Flask, alice: FlaskClient) -> None:
    for _n in range(service.MAX_PERSONAL_TOKENS):
        assert shown_secret(alice.post("/me/tokens", data=FORM).text)
    answer = alice.post("/me/tokens", data=FORM)
    assert answer.status_code == 422
    assert "Delete one first" in answer.text


def test_own_tokens_can_be_deleted_and_others_not(app: Flask, alice: FlaskClient) -> None:
    alice.post("/me/tokens", data=FORM)
    (token,) = tokens(app)
    charlie = sign_in(app.test_client(), "charlie")
    assert charlie.post(f"/me/tokens/{token.id}/delete").status_code == 404
    assert len(tokens(app)) == 1
    assert alice.post(f"/me/tokens/{token.id}/delete").status_code == 303
    assert tokens(app) == []
    assert alice.post(f"/me/tokens/{token.id}/delete").status_code == 404
    assert alice.post(f"/me/tokens/{10**20}/delete").status_code == 404


def test_names_are_text_and_not_markup(alice: FlaskClient) -> None:
    page = alice.post("/me/tokens", data={**FORM, "name": "<b>x</b>"}).text
    assert "<b>x</b>" not in page
    assert "&lt;b&gt;x&lt;/b&gt;" in page
