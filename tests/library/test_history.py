"""What a person has opened, and where they have stopped."""

from __future__ import annotations

import pytest
from flask import Flask
from flask.testing import FlaskClient

from edu.accounts.models import ModeratedSubject, Role, User
from edu.errors import InvalidInput, NotFound
from edu.extensions import db, utcnow
from edu.library import service
from edu.library.models import HistoryEntry
from edu.materials.models import Material, MaterialStatus, Passage
from edu.materials.service import can_see, visible_to
from edu.tree.service import ensure_category
from tests.conftest import make_people, make_user, sign_in
from tests.samples import get_material, make_material

People = dict[str, int]


def person(people: People, name: str) -> User:
    return db.session.get_one(User, people[name])


def add_long(people: People, pages: int = 30, **changes: object) -> Material:
    """A published document of many pages."""
    material = make_material(people["maria"], **changes)  # type: ignore[arg-type]  # passed on
    material.file.pages = pages
    db.session.commit()
    return material


def test_opening_twice_keeps_one_entry_and_the_place(any_app: Flask) -> None:
    people = make_people(any_app)
    with any_app.app_context():
        alice, first = person(people, "alice"), add_long(people, title="First")
        second = add_long(people, title="Second")
        service.record_opening(alice, first)
        service.save_place(alice, first, 12)
        service.record_opening(alice, second)
        db.session.commit()
        assert [e.material_id for e in service.list_history(alice, 1).items] == [
            second.id,
            first.id,
        ]
        service.record_opening(alice, first)
        db.session.commit()
        listed = service.list_history(alice, 1)
        assert [(e.material_id, e.place) for e in listed.items] == [(first.id, 12), (second.id, 0)]
        assert (listed.total, listed.pages) == (2, 1)
        assert service.find_place(alice, first) == 12
        assert service.find_place(alice, second) == 0
        assert service.find_place(person(people, "charlie"), first) == 0


def test_a_place_needs_no_opening_before(any_app: Flask) -> None:
    people = make_people(any_app)
    with any_app.app_context():
        alice, material = person(people, "alice"), add_long(people)
        service.save_place(alice, material, 7)
        db.session.commit()
        assert service.get_entry(alice, material.id).place == 7
        with pytest.raises(NotFound):
            service.get_entry(person(people, "charlie"), material.id)


def test_of_strangers_nothing_is_kept(app: Flask, people: People) -> None:
    with app.app_context():
        service.record_opening(None, add_long(people))
        assert db.session.query(HistoryEntry).count() == 0
        assert service.list_reading(None) == []


@pytest.mark.parametrize(
    ("kind", "good", "bad"),
    [("pdf", (0, 1, 30), (-1, 31)), ("docx", (0, 3), (4,)), ("video", (0, 61), (62, -1))],
)
def test_places_lie_within_the_material(
    app: Flask, people: People, kind: str, good: tuple[int, ...], bad: tuple[int, ...]
) -> None:
    with app.app_context():
        sections = [Passage(number=n, text="Text") for n in (1, 2, 3)]
        material = make_material(people["maria"], kind=kind, passages=sections)
        material.file.pages = 30 if kind == "pdf" else None
        material.file.duration = 60.4 if kind == "video" else None
        db.session.commit()
        alice = person(people, "alice")
        for place in good:
            service.save_place(alice, material, place)
        for place in bad:
            with pytest.raises(InvalidInput):
                service.save_place(alice, material, place)


def test_the_history_hides_what_became_invisible(any_app: Flask) -> None:
    people = make_people(any_app)
    with any_app.app_context():
        material = add_long(people)
        for name in people:
            service.save_place(person(people, name), material, 5)
        db.session.commit()
        material.status = MaterialStatus.ARCHIVED.value
        db.session.commit()
        seen = {name: service.list_history(person(people, name), 1).total for name in people}
        assert seen == {"alice": 0, "charlie": 0, "maria": 1}
        assert service.list_reading(person(people, "alice")) == []
        material.status = MaterialStatus.ACTIVE.value
        db.session.commit()
        assert service.list_history(person(people, "alice"), 1).total == 1


def test_lists_and_pages_agree_on_what_may_be_seen(any_app: Flask) -> None:
    people = make_people(any_app)
    with any_app.app_context():
        matan, physics = ensure_category("M", slug="m"), ensure_category("F", slug="f")
        part = ensure_category("Ряды", matan, slug="ryady")
        confined = make_user("olga", Role.MODERATOR)
        confined.moderates_all = False
        confined.moderated = [ModeratedSubject(category=matan)]
        idle = make_user("nobody", Role.MODERATOR)
        idle.moderates_all = False
        blocked = make_user("blocked", Role.MODERATOR)
        blocked.blocked_at = utcnow()
        admin = make_user("admin", Role.ADMIN)
        materials = [
            make_material(owner, status, title=f"{place.slug} {status} {owner}", category=place)
            for place in (matan, part, physics)
            for status in MaterialStatus
            for owner in (people["alice"], confined.id)
        ]
        users = [None, confined, idle, blocked, admin, *(person(people, n) for n in people)]
        for user in users:
            listed = set(db.session.scalars(db.select(Material.id).where(visible_to(user))))
            assert listed == {one.id for one in materials if can_see(user, one)}


def test_removing_and_clearing(any_app: Flask) -> None:
    people = make_people(any_app)
    with any_app.app_context():
        alice, charlie = person(people, "alice"), person(people, "charlie")
        first, second = add_long(people, title="First"), add_long(people, title="Second")
        for user in (alice, charlie):
            service.record_opening(user, first)
            service.record_opening(user, second)
        service.remove_entry(alice, first.id)
        service.remove_entry(alice, 2**40)
        db.session.commit()
        assert [e.material_id for e in service.list_history(alice, 1).items] == [second.id]
        service.clear_history(alice)
        db.session.commit()
        assert service.list_history(alice, 1).total == 0
        assert service.list_history(charlie, 1).total == 2


# Pages ----------------------------------------------------------------------------------------


def test_the_pages_need_a_person(client: FlaskClient) -> None:
    for address in ("/me/history", "/me/collections", "/me/uploads"):
        assert client.get(address).headers["Location"] == f"/login?next={address}"
    assert client.post("/materials/1/place", data={"place": "1"}).status_code == 303


def test_a_place_is_saved_offered_and_listed(
    app: Flask, client: FlaskClient, people: People
) -> None:
    with app.app_context():
        material_id = add_long(people, title="Long one").id
    address = f"/materials/{material_id}"
    assert "data-place-url" not in client.get(address).text
    sign_in(client, "alice")
    page = client.get(address).text
    assert f'data-place-url="{address}/place"' in page
    assert "Continue from" not in page
    assert client.post(f"{address}/place", data={"place": "12"}).status_code == 204
    assert f'href="{address}?page=12"' in client.get(address).text
    assert "Continue from" not in client.get(f"{address}?page=3").text
    assert f'href="{address}?page=12"' in client.get("/me/history").text
    home = client.get("/").text
    assert "Continue reading" in home
    assert f'href="{address}?page=12"' in home
    assert "Continue from" not in sign_in(app.test_client(), "charlie").get(address).text


def test_the_first_page_is_nothing_to_continue(
    app: Flask, client: FlaskClient, people: People
) -> None:
    with app.app_context():
        material_id = add_long(people).id
    sign_in(client, "alice").post(f"/materials/{material_id}/place", data={"place": "1"})
    assert "Continue" not in client.get("/").text
    assert "Continue" not in client.get(f"/materials/{material_id}").text


def test_bad_places_and_hidden_materials_are_refused(
    app: Flask, client: FlaskClient, people: People
) -> None:
    with app.app_context():
        shown = add_long(people).id
        hidden = make_material(people["maria"], MaterialStatus.PENDING, title="Hidden").id
    sign_in(client, "alice")
    for sent in ("31", "-1", "x", "", "9" * 30):
        assert client.post(f"/materials/{shown}/place", data={"place": sent}).status_code == 422
    assert client.post(f"/materials/{hidden}/place", data={"place": "1"}).status_code == 404
    assert client.post(f"/materials/{2**70}/place", data={"place": "1"}).status_code == 404


def test_a_video_begins_where_the_address_says(
    app: Flask, client: FlaskClient, people: People
) -> None:
    with app.app_context():
        material = make_material(people["maria"], kind="video")
        material.file.duration = 100.0
        db.session.commit()
        material_id = material.id
    address = f"/materials/{material_id}"
    assert f'src="{address}/file#t=75"' in client.get(f"{address}?t=75").text
    for odd in ("", "?t=x", "?t=-3", "?t=99999999999", "?t=inf", f"?t={'9' * 5000}"):
        assert f'src="{address}/file"' in client.get(address + odd).text
    sign_in(client, "alice").post(f"{address}/place", data={"place": "75"})
    assert f'href="{address}?t=75"' in client.get("/me/history").text
    assert "Continue from 1:15" in client.get(address).text


def test_entries_leave_the_page_of_history(app: Flask, client: FlaskClient, people: People) -> None:
    with app.app_context():
        ids = [add_long(people, title=f"Number {n}").id for n in range(3)]
    sign_in(client, "alice")
    for one in ids:
        client.get(f"/materials/{one}")
    gone = client.post(f"/me/history/{ids[0]}/remove", headers={"HX-Request": "true"})
    assert (gone.status_code, gone.text) == (200, "")
    assert client.post(f"/me/history/{ids[1]}/remove").status_code == 303
    page = client.get("/me/history").text
    assert "Number 2" in page
    assert "Number 0" not in page
    assert "Number 1" not in page
    assert client.post("/me/history/clear").headers["Location"] == "/me/history"
    assert "You have opened nothing yet" in client.get("/me/history").text


def test_an_opening_is_recorded_by_the_page(
    app: Flask, client: FlaskClient, people: People
) -> None:
    with app.app_context():
        material_id = add_long(people).id
    client.get(f"/materials/{material_id}")
    sign_in(client, "alice").get(f"/materials/{material_id}")
    with app.app_context():
        entry = db.session.query(HistoryEntry).one()
        assert (entry.user_id, entry.material_id) == (people["alice"], material_id)
        assert get_material(material_id).views == 2
