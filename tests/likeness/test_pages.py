"""What the uploader and the moderator read of other materials with almost the same text."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from edu.extensions import db
from edu.materials.models import MaterialStatus
from tests.api.conftest import sign_in_program
from tests.conftest import sign_in
from tests.likeness.conftest import add_text, compare_all
from tests.likeness.words import change_words, make_text
from tests.samples import get_material

TEXT = make_text(600)
SENTENCE = "The library already has almost the same text:"
FRAGMENT = {"HX-Request": "true"}


@pytest.fixture
def ids(app: Flask, people: dict[str, int]) -> dict[str, int]:
    """Charlie's published material, and Alice's of almost the same text that waits."""
    with app.app_context():
        made = {
            "old": add_text(people["charlie"], TEXT, "Old <b>"),
            "new": add_text(people["alice"], change_words(TEXT, 0.02), "New", "pending"),
        }
        compare_all()
    return made


@pytest.fixture
def alice(app: Flask, people: dict[str, int]) -> FlaskClient:
    return sign_in(app.test_client(), "alice")


@pytest.fixture
def maria(app: Flask, people: dict[str, int]) -> FlaskClient:
    return sign_in(app.test_client(), "maria")


def test_the_uploader_is_told_as_soon_as_it_is_known(
    alice: FlaskClient, ids: dict[str, int]
) -> None:
    for address in (f"/materials/{ids['new']}", f"/materials/{ids['new']}/status"):
        page = alice.get(address, headers=FRAGMENT if "status" in address else {}).text
        assert page.count(SENTENCE) == 1
        assert f'<a href="/materials/{ids["old"]}" target="_blank">Old &lt;b&gt;</a> (9' in page
        assert "% word for word)" in page
        assert "look=" not in page


def test_the_status_is_asked_for_again_until_the_texts_are_compared_or_it_takes_too_long(
    app: Flask, alice: FlaskClient, people: dict[str, int]
) -> None:
    with app.app_context():
        fresh = add_text(people["alice"], TEXT, "Fresh", "pending")
    asked, look = 0, 0
    while True:
        address = f"/materials/{fresh}/status?look={look}"
        page = alice.get(address, headers=FRAGMENT).text
        if f"look={look + 1}" not in page:
            break
        asked, look = asked + 1, look + 1
    assert asked == 5
    with app.app_context():
        compare_all()
    assert "look=" not in alice.get(f"/materials/{fresh}/status", headers=FRAGMENT).text


def test_a_published_material_tells_only_who_may_judge_it(
    app: Flask, client: FlaskClient, maria: FlaskClient, alice: FlaskClient, ids: dict[str, int]
) -> None:
    old, new = f"/materials/{ids['old']}", f"/materials/{ids['new']}"
    assert maria.get(old).text.count(SENTENCE) == 1
    assert new in maria.get(old).text
    assert SENTENCE not in alice.get(old).text
    assert SENTENCE not in client.get(old).text
    # Charlie's own, but the other one is Alice's and not published.
    charlie = sign_in(app.test_client(), "charlie")
    assert SENTENCE not in charlie.get(old).text


def test_the_moderator_reads_it_in_the_queue_and_beside_the_decision(
    maria: FlaskClient, ids: dict[str, int]
) -> None:
    for address in ("/moderation", f"/materials/{ids['new']}"):
        page = maria.get(address).text
        assert page.count(SENTENCE) == 1
        assert f'<a href="/materials/{ids["old"]}" target="_blank">' in page


def test_programs_are_told_too(app: Flask, ids: dict[str, int]) -> None:
    (item,) = _json(app, "maria", "/moderation/queue")["items"]
    (other,) = item["similar"]
    assert (other["id"], other["title"], other["percent"] > 85) == (ids["old"], "Old <b>", True)
    details = f"/materials/{ids['new']}"
    assert _json(app, "alice", details)["similar"] == item["similar"]
    assert _json(app, "alice", f"/materials/{ids['old']}")["similar"] == []


def _json(app: Flask, name: str, address: str) -> Any:
    answer = sign_in_program(app, name).get(address)
    assert answer.status_code == 200, answer.text
    return answer.json


def test_what_is_archived_is_not_in_the_library(
    app: Flask, alice: FlaskClient, ids: dict[str, int]
) -> None:
    with app.app_context():
        get_material(ids["old"]).status = MaterialStatus.ARCHIVED.value
        db.session.commit()
    assert SENTENCE not in alice.get(f"/materials/{ids['new']}").text
