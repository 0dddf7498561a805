"""Requests for materials, searches in vain, and the board of both."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select, update

from edu.accounts.models import Role, User
from edu.catalog.models import Category
from edu.demand import service
from edu.demand.models import EmptySearch, MaterialRequest, RequestState
from edu.errors import Conflict, Forbidden, InvalidInput, NotFound
from edu.extensions import change_rows, db, utcnow
from edu.mail.models import Letter
from edu.materials.models import Material, MaterialStatus
from edu.notifications.models import Notification
from edu.tree.service import ensure_category, merge_category
from jobs.demand import forget_searches
from jobs.notifications import deliver
from tests.conftest import make_people, make_user
from tests.samples import confine, make_material


def person(name: str) -> User:
    return db.session.scalars(select(User).where(User.email == f"{name}@example.org")).one()


def subject(name: str) -> Category:
    return db.session.scalars(select(Category).where(Category.name == name)).one()


@contextmanager
def settled(app: Flask) -> Iterator[Flask]:
    """Alice, Charlie, and moderators: Maria of «Математика», Boris of «Физика», Anna of all."""
    make_people(app)
    with app.app_context():
        maths = ensure_category("Математика", aliases=["матеша"])
        ensure_category("Топология", maths)
        confine(person("maria"), maths)
        confine(make_user("boris", Role.MODERATOR), ensure_category("Физика", aliases=["физон"]))
        make_user("anna", Role.ADMIN)
        yield app


@pytest.fixture
def site(app: Flask) -> Iterator[Flask]:
    with settled(app):
        yield app


@pytest.fixture
def any_site(any_app: Flask) -> Iterator[Flask]:
    with settled(any_app):
        yield any_app


def board(moderator: str = "anna") -> list[tuple[str, str, int, int]]:
    return [
        (one.subject.name if one.subject else "", one.text, one.people, one.searches)
        for one in service.list_demand(person(moderator))
    ]


# Asking -----------------------------------------------------------------------------------------


def test_a_person_asks_for_the_same_once(any_site: Flask) -> None:
    alice = person("alice")
    first = service.ask_for_material(alice, " Лекции  по топологии ", note="к экзамену")
    again = service.ask_for_material(alice, "лекция по топологии")
    assert first.id == again.id
    assert (again.text, again.note) == ("Лекции по топологии", "к экзамену")
    assert service.list_requests(alice, 1).total == 1
    service.ask_for_material(person("charlie"), "лекции по топологии")
    assert service.count_demand(person("anna")) == 1
    assert board() == [("Математика", board()[0][1], 2, 0)]


def test_what_cannot_be_asked_for_is_refused(site: Flask) -> None:
    alice = person("alice")
    for text in ("", " ", "и", "?!", "∑"):
        with pytest.raises(InvalidInput):
            service.ask_for_material(alice, text)
    with pytest.raises(InvalidInput):
        service.ask_for_material(alice, "топология", note="я" * 1001)
    for number in range(service.ASKED_A_DAY):
        service.ask_for_material(alice, f"задача{number}")
    with pytest.raises(Conflict):
        service.ask_for_material(alice, "топология")
    service.ask_for_material(alice, "задача0")  # is there already
    change_rows(update(MaterialRequest).values(created_at=utcnow() - timedelta(days=2)))
    service.ask_for_material(alice, "топология")


def test_a_request_is_ones_own_to_withdraw(site: Flask) -> None:
    alice, charlie = person("alice"), person("charlie")
    made = service.ask_for_material(alice, "топология")
    for number in (made.id, 2**40):
        with pytest.raises(NotFound):
            service.withdraw_request(charlie, number)
    service.withdraw_request(alice, made.id)
    assert service.find_request(alice, "топология") is None


# Searches in vain -------------------------------------------------------------------------------


def test_searches_in_vain_are_counted_by_the_day(any_site: Flask) -> None:
    maths = subject("Математика")
    for text in ("теория узлов", "Теории узлов!", "теорию узлов"):
        service.note_empty_search(text, maths)
    (row,) = db.session.scalars(select(EmptySearch))
    db.session.refresh(row)
    assert (row.text, row.times, row.category_id) == ("теория узлов", 3, maths.id)
    assert row.day == utcnow().date()


HOSTILE = (
    *("", "я", "x y", "∑", "и в на", "12345", "1 2 3"),
    *("alice@example.org", "позвони +7 (999) 123-45-67", "карта 4276 1234 5678 9012"),
    *("<script>alert(1)</script>", "http://spam.example", "www.spam.example", "a\\b{c}"),
    *("казино " * 40, "топология\x07"),
)


def test_hostile_and_private_texts_are_not_kept(site: Flask) -> None:
    for text in HOSTILE:
        service.note_empty_search(text)
    assert list(db.session.scalars(select(EmptySearch.text))) == []


def test_a_day_has_only_so_many_different_searches(
    any_site: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service, "SEARCHES_A_DAY", 3)
    for text in ("узлы", "косы", "узлы", "графы", "деревья", "группы"):
        service.note_empty_search(text)
    kept = {row.text: row.times for row in db.session.scalars(select(EmptySearch))}
    assert kept == {"узлы": 2, "деревья": 1, "группы": 1}  # the least wanted have gone


def test_searches_in_vain_do_not_stay_for_ever(site: Flask) -> None:
    today = utcnow().date()
    for days in (0, 29, 31, 180, 181):
        row = EmptySearch(key="узл", text="узлы", day=today - timedelta(days=days), times=1)
        db.session.add(row)
    db.session.commit()
    assert board() == [("", "узлы", 0, 2)]  # of the last thirty days
    forget_searches()
    assert db.session.query(EmptySearch).count() == 4


# The board --------------------------------------------------------------------------------------


def test_the_board_gathers_by_subject_and_by_stems(any_site: Flask) -> None:
    alice, charlie = person("alice"), person("charlie")
    service.ask_for_material(alice, "задачи", subject("Физика"))
    service.ask_for_material(charlie, "задача", subject("Топология"))
    service.note_empty_search("узлы")
    service.note_empty_search("узлы")
    service.note_empty_search("физон колебания")  # an alias tells the subject
    assert board() == [
        ("Математика", "задача", 1, 0),
        ("Физика", "задачи", 1, 0),
        ("", "узлы", 0, 2),
        ("Физика", "физон колебания", 0, 1),
    ]


def test_moderators_see_their_subjects_and_what_has_none(site: Flask) -> None:
    service.ask_for_material(person("alice"), "билеты", subject("Физика"))
    service.ask_for_material(person("alice"), "сборник", subject("Топология"))
    service.ask_for_material(person("alice"), "узлы")
    assert {text for _, text, _, _ in board("maria")} == {"сборник", "узлы"}
    assert {text for _, text, _, _ in board("boris")} == {"билеты", "узлы"}
    assert service.count_demand(person("maria")) == 2
    with pytest.raises(Forbidden):
        board("alice")
    with pytest.raises(NotFound):
        service.get_demand(person("maria"), "бил", subject("Физика").id)


def test_what_others_answer_takes_no_room_on_the_board(
    any_site: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service, "MOST", 1)
    for name in ("alice", "charlie"):
        service.ask_for_material(person(name), "билеты", subject("Физика"))
        service.ask_for_material(person(name), "физон колебания")  # an alias tells the subject
    for _ in range(2):
        service.note_empty_search("оптика", subject("Физика"))
    service.note_empty_search("косы", subject("Топология"))
    service.ask_for_material(person("alice"), "узлы", subject("Топология"))
    assert {text for _, text, _, _ in board("maria")} == {"узлы", "косы"}
    assert service.count_demand(person("maria")) == 1
    maths = subject("Математика").id
    service.ask_for_material(person("alice"), "сборник", subject("Топология"))  # beyond the board
    assert len(board("maria")) == 2
    asked = service.demand_key("узлы"), service.demand_key("сборник")
    assert [service.get_demand(person("maria"), key, maths).people for key in asked] == [1, 1]


def test_a_merged_subject_takes_its_demand_along(site: Flask) -> None:
    service.ask_for_material(person("alice"), "билеты", subject("Физика"))
    merge_category(person("anna"), subject("Физика"), subject("Математика"))
    assert board() == [("Математика", "билеты", 1, 0)]


# Settling ---------------------------------------------------------------------------------------


def ask_both() -> service.Demand:
    for name in ("alice", "charlie"):
        service.ask_for_material(person(name), "лекции по топологии", note=f"от {name}")
    service.note_empty_search("лекции по топологии")
    db.session.commit()
    (demand,) = service.list_demand(person("maria"))
    return demand


def test_a_material_meets_a_demand_and_each_is_told_once(
    any_site: Flask, caplog: pytest.LogCaptureFixture
) -> None:
    demand = ask_both()
    assert sorted(service.list_notes(person("maria"), demand)) == ["от alice", "от charlie"]
    material = make_material(person("maria").id, title="Топология", category=subject("Топология"))
    assert service.meet_demand(person("maria"), demand, material) == 2
    db.session.commit()
    with pytest.raises(Conflict):
        service.meet_demand(person("anna"), demand, material)
    db.session.rollback()
    with caplog.at_level("INFO"):
        for _ in range(2):
            deliver()
    assert caplog.text.count(f"http://localhost/materials/{material.id}") == 2
    assert "You asked for “лекции по топологии”" in caplog.text
    assert board() == []
    made = service.find_request(person("alice"), "лекции по топологии")
    assert made
    assert (made.state, service.shown_material(made)) == (RequestState.MET, material)
    told = db.session.scalars(select(Notification)).all()
    assert {(one.user.name, one.kind, one.note) for one in told} == {
        ("Alice", "found", "лекции по топологии"),
        ("Charlie", "found", "лекции по топологии"),
    }
    letters = db.session.scalars(select(Letter)).all()
    assert sorted(one.address for one in letters) == ["alice@example.org", "charlie@example.org"]
    assert letters[0].subject == "Found: Топология"


def test_only_what_everybody_sees_answers(site: Flask) -> None:
    demand = ask_both()
    hidden = make_material(person("alice").id, MaterialStatus.PENDING, title="Скрытая топология")
    with pytest.raises(InvalidInput):
        service.meet_demand(person("maria"), demand, hidden)
    assert service.find_answer(str(hidden.id)) is None
    shown = make_material(person("alice").id, title="Топология")
    for reference in (f" {shown.id} ", f"https://x.example/materials/{shown.id}?page=3#a"):
        assert service.find_answer(reference) == shown
    for reference in ("", "топология", "99999", "9" * 30, f"{shown.id} томов"):
        assert service.find_answer(reference) is None
    service.meet_demand(person("maria"), demand, shown)
    db.session.get_one(Material, shown.id).status = MaterialStatus.ARCHIVED.value
    made = service.find_request(person("alice"), "лекции по топологии")
    assert made
    assert service.shown_material(made) is None


def test_what_nobody_waits_for_is_closed_without_a_reason(site: Flask) -> None:
    service.note_empty_search("топология поверхностей")
    demand = next(each for each in service.list_demand(person("maria")) if not each.people)
    service.close_demand(person("maria"), demand, "")
    assert demand.key not in [each.key for each in service.list_demand(person("maria"))]


def test_a_closed_demand_tells_why_and_may_be_asked_again(site: Flask) -> None:
    demand, alice = ask_both(), person("alice")
    with pytest.raises(InvalidInput):
        service.close_demand(person("maria"), demand, " ")
    service.close_demand(person("maria"), demand, "Такого курса нет.")
    made = service.find_request(alice, "лекции по топологии")
    assert made
    assert (made.state, made.reason) == (RequestState.CLOSED, "Такого курса нет.")
    assert board() == []
    again = service.ask_for_material(alice, "лекции по топологии")
    assert (again.id, again.state, again.reason) == (made.id, RequestState.OPEN, "")
    assert [row[2] for row in board()] == [1]
