"""The review queue: who decides, once, and what follows."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from edu.accounts.models import User
from edu.errors import Conflict, Forbidden, InvalidInput
from edu.extensions import db, search_index, utcnow
from edu.materials.models import Material, MaterialStatus
from edu.moderation import service
from edu.notifications.models import Notification
from edu.tree.service import ensure_category
from tests.conftest import make_people, sign_in
from tests.samples import confine, get_material, make_category, make_material

FRAGMENT = {"HX-Request": "true"}


@pytest.fixture
def maria(app: Flask, people: dict[str, int]) -> FlaskClient:
    return sign_in(app.test_client(), "maria")


@pytest.fixture
def pending(app: Flask, people: dict[str, int]) -> int:
    """Alice's material that waits."""
    with app.app_context():
        return make_material(people["alice"], MaterialStatus.PENDING, title="Waiting").id


def test_only_moderators_see_the_queue(
    app: Flask, client: FlaskClient, maria: FlaskClient, pending: int
) -> None:
    assert client.get("/moderation").headers["Location"] == "/login?next=/moderation"
    assert sign_in(client, "alice").get("/moderation").status_code == 403
    assert "Waiting" in maria.get("/moderation").text


def test_only_moderators_decide(app: Flask, client: FlaskClient, pending: int) -> None:
    for act in ("approve", "reject"):
        address = f"/moderation/{pending}/{act}"
        assert client.post(address, data={"reason": "no"}).status_code == 303
    sign_in(client, "alice")
    for act in ("approve", "reject"):
        address = f"/moderation/{pending}/{act}"
        assert client.post(address, data={"reason": "no"}).status_code == 403
    with app.app_context():
        assert get_material(pending).status == MaterialStatus.PENDING


def test_the_longest_waiting_comes_first(
    app: Flask, maria: FlaskClient, people: dict[str, int], pending: int
) -> None:
    with app.app_context():
        make_material(
            people["charlie"],
            MaterialStatus.PENDING,
            title="Older",
            created_at=utcnow() - timedelta(days=2),
        )
        make_material(people["charlie"], MaterialStatus.PROCESSING, title="Unready")
    page = maria.get("/moderation").text
    assert page.index("Older") < page.index("Waiting")
    assert "Unready" not in page


def test_the_queue_names_other_materials_with_the_same_file(
    app: Flask, maria: FlaskClient, people: dict[str, int], pending: int
) -> None:
    with app.app_context():
        same = get_material(pending).title
        content = f"%PDF-1.7 {same}".encode()
        published = make_material(people["charlie"], title="Twin", content=content).id
        for status in (MaterialStatus.REJECTED, MaterialStatus.FAILED, MaterialStatus.ARCHIVED):
            make_material(people["charlie"], status, title="Gone", content=content)
        make_material(people["charlie"], title="Unlike")
        moderator = db.session.get_one(User, people["maria"])
        twins = service.find_twins(moderator, [get_material(pending)])
        assert twins == {pending: [(published, "Twin")]}
    page = maria.get("/moderation").text
    assert "The same file is in another material:" in page
    assert f'<a href="/materials/{published}" target="_blank">Twin</a>' in page
    assert "Gone" not in page


def test_the_queue_names_no_twin_that_its_moderator_may_not_see(
    app: Flask, maria: FlaskClient, people: dict[str, int], pending: int
) -> None:
    with app.app_context():
        content = f"%PDF-1.7 {get_material(pending).title}".encode()
        elsewhere = ensure_category("Elsewhere")
        twin = make_material(
            people["charlie"],
            MaterialStatus.PENDING,
            title="Their secret",
            content=content,
            category=elsewhere,
        )
        twin_id = twin.id
        confine(db.session.get_one(User, people["maria"]), get_material(pending).category)
    assert "Waiting" in (page := maria.get("/moderation").text)
    assert "Their secret" not in page
    assert f"/materials/{twin_id}" not in page


def test_a_decision_is_offered_on_the_page_to_moderators_while_it_waits(
    app: Flask, client: FlaskClient, maria: FlaskClient, pending: int
) -> None:
    approve = f'action="/moderation/{pending}/approve"'
    address = f"/materials/{pending}"
    assert approve in maria.get(address).text
    assert "hx-post" not in maria.get(address).text
    assert approve not in sign_in(client, "alice").get(address).text
    assert maria.post(f"/moderation/{pending}/approve").headers["Location"] == "/moderation"
    assert approve not in maria.get(address).text


def test_the_header_counts_what_waits_for_moderators(
    client: FlaskClient, maria: FlaskClient, pending: int
) -> None:
    assert 'id="pending-count">1</span>' in maria.get("/").text
    assert "pending-count" not in sign_in(client, "alice").get("/").text


def test_approval_publishes_and_makes_findable(any_app: Flask) -> None:
    people = make_people(any_app)
    with any_app.app_context():
        material_id = make_material(
            people["alice"], MaterialStatus.PENDING, reject_reason="earlier"
        ).id
    maria = sign_in(any_app.test_client(), "maria")
    response = maria.post(f"/moderation/{material_id}/approve")
    assert (response.status_code, response.headers["Location"]) == (303, "/moderation")
    with any_app.app_context():
        material = get_material(material_id)
        assert material.status == MaterialStatus.ACTIVE
        assert material.moderator_id == people["maria"]
        assert material.moderated_at is not None
        assert material.published_at is not None
        assert material.reject_reason == ""
        assert search_index().ids() == {material_id}
    assert any_app.test_client().get(f"/materials/{material_id}").status_code == 200


def test_rejection_tells_the_uploader_why(
    app: Flask, client: FlaskClient, maria: FlaskClient, pending: int
) -> None:
    response = maria.post(f"/moderation/{pending}/reject", data={"reason": "  Скан нечёткий "})
    assert response.status_code == 303
    with app.app_context():
        material = get_material(pending)
        assert material.status == MaterialStatus.REJECTED
        assert material.reject_reason == "Скан нечёткий"
        assert material.published_at is None
        assert search_index().ids() == set()
    assert "Скан нечёткий" in sign_in(client, "alice").get(f"/materials/{pending}").text


@pytest.mark.parametrize("reason", ["", "   ", "x" * 1001])
def test_a_rejection_needs_a_reason(
    app: Flask, maria: FlaskClient, pending: int, reason: str
) -> None:
    response = maria.post(f"/moderation/{pending}/reject", data={"reason": reason})
    assert response.status_code == 422
    with app.app_context():
        assert get_material(pending).status == MaterialStatus.PENDING


@pytest.mark.parametrize("status", [s for s in MaterialStatus if s != MaterialStatus.PENDING])
def test_only_what_waits_is_decided_on(
    app: Flask, maria: FlaskClient, people: dict[str, int], status: MaterialStatus
) -> None:
    with app.app_context():
        material_id = make_material(people["alice"], status).id
    for act in ("approve", "reject"):
        response = maria.post(f"/moderation/{material_id}/{act}", data={"reason": "no"})
        assert response.status_code == 409
    with app.app_context():
        assert get_material(material_id).status == status


def test_what_is_missing_is_not_found(maria: FlaskClient) -> None:
    assert maria.post("/moderation/99/approve").status_code == 404


def test_htmx_gets_a_toast_and_the_new_count(maria: FlaskClient, pending: int) -> None:
    answer = maria.post(f"/moderation/{pending}/approve", headers=FRAGMENT).text
    assert "Published." in answer
    assert 'id="pending-count" hx-swap-oob="true" hidden>0</span>' in answer
    assert "<html" not in answer


def test_htmx_gets_a_refusal_as_a_toast(maria: FlaskClient, pending: int) -> None:
    response = maria.post(f"/moderation/{pending}/reject", headers=FRAGMENT)
    assert response.status_code == 422
    assert response.headers["HX-Retarget"] == "#toasts"
    assert "Tell the uploader why." in response.text


def test_an_empty_queue_says_so(maria: FlaskClient) -> None:
    assert "The queue is empty" in maria.get("/moderation").text


def test_the_service_checks_the_person_itself(app: Flask, people: dict[str, int]) -> None:
    with app.app_context():
        material = make_material(people["alice"], MaterialStatus.PENDING)
        alice = db.session.get_one(User, people["alice"])
        for nobody in (alice, None):
            with pytest.raises(Forbidden):
                service.approve_material(nobody, material)
            with pytest.raises(Forbidden):
                service.list_pending(nobody, 1)
        with pytest.raises(InvalidInput):
            service.reject_material(alice, material, "")
        assert get_material(material.id).status == MaterialStatus.PENDING
        assert [service.count_pending(nobody) for nobody in (alice, None)] == [0, 0]


def test_a_decision_is_about_what_was_seen(app: Flask, maria: FlaskClient, pending: int) -> None:
    with app.app_context():
        seen = get_material(pending).edition
    assert f'name="edition" value="{seen}"' in maria.get("/moderation").text
    with app.app_context():
        get_material(pending).title = "Something else"
        db.session.commit()
    for act in ("approve", "reject"):
        form = {"edition": seen, "reason": "no"}
        assert maria.post(f"/moderation/{pending}/{act}", data=form).status_code == 409
    with app.app_context():
        material = get_material(pending)
        assert (material.status, material.moderator_id) == (MaterialStatus.PENDING, None)
        now = material.edition
    assert maria.post(f"/moderation/{pending}/approve", data={"edition": now}).status_code == 303


def test_the_uploader_is_told_of_each_decision_once(
    app: Flask, maria: FlaskClient, people: dict[str, int], pending: int
) -> None:
    with app.app_context():
        other = make_material(people["alice"], MaterialStatus.PENDING, title="Other").id
    maria.post(f"/moderation/{pending}/approve")
    maria.post(f"/moderation/{other}/reject", data={"reason": "Скан нечёткий"})
    maria.post(f"/moderation/{other}/reject", data={"reason": "Ещё раз"})
    with app.app_context():
        told = {
            (n.user_id, n.kind, n.material_id, n.note)
            for n in db.session.query(Notification).where(Notification.topic == "decisions")
        }
        alice = people["alice"]
        assert told == {
            (alice, "approved", pending, ""),
            (alice, "rejected", other, "Скан нечёткий"),
        }


# Moderators of some subjects ------------------------------------------------------------------


@pytest.fixture
def subjects(app: Flask, people: dict[str, int]) -> dict[str, int]:
    """Maria reviews «матан» only; materials of Alice that wait, by subject."""
    with app.app_context():
        matan = make_category()
        part = ensure_category("Ряды", matan, slug="ryady")
        physics = ensure_category("Физика", slug="fizika")
        confine(db.session.get_one(User, people["maria"]), matan)
        places = {"matan": matan, "part": part, "physics": physics}
        return {
            name: make_material(
                people["alice"], MaterialStatus.PENDING, title=f"About {name}", category=place
            ).id
            for name, place in places.items()
        }


def test_the_queue_and_its_count_hold_the_own_subjects_only(
    maria: FlaskClient, subjects: dict[str, int]
) -> None:
    page = maria.get("/moderation").text
    assert "About matan" in page
    assert "About part" in page
    assert "About physics" not in page
    assert 'id="pending-count">2</span>' in page


def test_elsewhere_a_moderator_is_an_outsider(
    app: Flask, maria: FlaskClient, people: dict[str, int], subjects: dict[str, int]
) -> None:
    hidden = subjects["physics"]
    for part in ("", "/file", "/thumbnail", "/status"):
        assert maria.get(f"/materials/{hidden}{part}").status_code == 404
    with app.app_context():
        physics = get_material(hidden).category
        shown = make_material(people["alice"], title="Published", category=physics).id
    for act in ("approve", "reject"):
        form = {"reason": "no"}
        assert maria.post(f"/moderation/{hidden}/{act}", data=form).status_code == 404
        assert maria.post(f"/moderation/{shown}/{act}", data=form).status_code == 403
        assert maria.post(f"/moderation/{subjects['part']}/{act}", data=form).status_code in (
            303,
            409,
        )
    with app.app_context():
        assert get_material(hidden).status == MaterialStatus.PENDING
        assert get_material(subjects["part"]).status == MaterialStatus.ACTIVE


def test_an_own_upload_elsewhere_is_seen_but_not_decided_on(
    app: Flask, maria: FlaskClient, people: dict[str, int], subjects: dict[str, int]
) -> None:
    with app.app_context():
        physics = get_material(subjects["physics"]).category
        own = make_material(people["maria"], MaterialStatus.PENDING, category=physics).id
    page = maria.get(f"/materials/{own}")
    assert page.status_code == 200
    assert "/approve" not in page.text
    assert maria.post(f"/moderation/{own}/approve").status_code == 403


def test_of_two_decisions_the_first_stands(any_app: Flask) -> None:
    people = make_people(any_app)
    with any_app.app_context():
        material = make_material(people["alice"], MaterialStatus.PENDING)
        maria = db.session.get_one(User, people["maria"])
        assert material.status == MaterialStatus.PENDING  # Maria has the page open
        with Session(db.engine) as other:
            other.get_one(Material, material.id).status = MaterialStatus.REJECTED.value
            other.commit()
        with pytest.raises(Conflict):
            service.approve_material(maria, material)


def test_of_two_decisions_at_the_same_moment_one_stands(any_app: Flask) -> None:
    people = make_people(any_app)
    with any_app.app_context():
        ids = [
            make_material(people["alice"], MaterialStatus.PENDING, title=f"M{n}").id
            for n in range(8)
        ]
    results: list[str] = []
    start = threading.Barrier(2)

    def decide(act: str) -> None:
        client = sign_in(any_app.test_client(), "maria")
        for material_id in ids:
            start.wait(20)
            address = f"/moderation/{material_id}/{act}"
            results.append(f"{client.post(address, data={'reason': 'no'}).status_code}")

    threads = [threading.Thread(target=decide, args=(act,)) for act in ("approve", "reject")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert sorted(results) == ["303"] * 8 + ["409"] * 8
