"""Following, the spelling of searches, and the feed."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from flask import Flask
from werkzeug.datastructures import MultiDict

from edu.accounts.models import User
from edu.errors import Conflict, InvalidInput, NotFound
from edu.extensions import db, utcnow
from edu.materials.models import MaterialStatus
from edu.search.forms import read_input
from edu.search.service import SearchInput
from edu.subscriptions import service
from edu.tree.service import ensure_category
from tests.conftest import make_people
from tests.notifications.followers import follow, person, publish
from tests.samples import make_category, make_material


def test_following_twice_is_following_once(any_app: Flask) -> None:
    ids = make_people(any_app)
    with any_app.app_context():
        alice, matan = person(ids["alice"]), make_category()
        first = service.follow_subject(alice, matan)
        assert service.follow_subject(alice, matan).id == first.id
        service.follow_author(alice, ids["maria"])
        service.follow_search(alice, SearchInput(text="  ряды   Фурье "), "К экзамену")
        again = service.follow_search(alice, SearchInput(text="ряды Фурье", sort="date", page=3))
        db.session.commit()
        assert again.name == "К экзамену"
        kinds = [one.kind for one in service.list_subscriptions(alice)]
        assert kinds == ["subject", "search", "author"]
        service.unfollow(first)
        assert service.find_subscription(alice, "subject", str(matan.id)) is None


def test_what_cannot_be_followed(
    app: Flask, people: dict[str, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service, "MAX_SUBSCRIPTIONS", 1)
    with app.app_context():
        alice = person(people["alice"])
        with pytest.raises(InvalidInput):
            service.follow_author(alice, alice.id)
        with pytest.raises(NotFound):
            service.follow_author(alice, 2**40)
        person(people["charlie"]).deleted_at = utcnow()
        with pytest.raises(NotFound):
            service.follow_author(alice, people["charlie"])
        for wanted in (SearchInput(), SearchInput(sort="date"), SearchInput(text="%" * 290)):
            with pytest.raises(InvalidInput):
                service.follow_search(alice, wanted)
        with pytest.raises(InvalidInput):
            service.follow_search(alice, SearchInput(text="ряды"), "я" * 121)
        service.follow_subject(alice, make_category())
        service.follow_subject(alice, make_category())
        with pytest.raises(Conflict):
            service.follow_author(alice, people["maria"])


SEARCHES = [
    SearchInput(text="ряды"),
    SearchInput(text="a+b & c=d #1 100% «ё»; x"),
    SearchInput(text="я" * 300, type="lecture", rating_gte=4.5),
    SearchInput(uploaded_after=date(2026, 1, 31), uploaded_before=date(2026, 2, 28)),
    SearchInput(kind="docx", language="ru", semester=4, year=2025, tags=("1 курс", "c#")),
    SearchInput(text="vfnfy c++", exact=True, literal=("c++", "vfnfy")),
]


@pytest.mark.parametrize("wanted", SEARCHES)
def test_a_search_is_spelt_so_that_it_can_be_read(app: Flask, wanted: SearchInput) -> None:
    with app.test_request_context():
        target = service.write_search(wanted)
        assert service.read_search(target) == wanted
        arguments: MultiDict[str, str] = MultiDict(service.search_arguments(target))
        assert read_input(arguments, strict=True) == wanted


def test_a_search_goes_with_its_subject(app: Flask, people: dict[str, int]) -> None:
    with app.app_context():
        alice = person(people["alice"])
        topic = ensure_category("Ряды", make_category(), slug="ryady")
        own = service.follow_search(alice, SearchInput(text="Фурье", category=topic))
        db.session.commit()
        assert service.read_search(own.target) == SearchInput(text="Фурье", category=topic)
        assert service.describe_search(own) == "Фурье, Ряды"
        db.session.delete(topic)
        db.session.commit()
        assert service.list_subscriptions(alice) == []
        assert service.read_search("q=x&category=99999") is None


def test_a_search_is_called_by_its_name_or_by_what_it_asks(
    app: Flask, people: dict[str, int]
) -> None:
    with app.test_request_context():
        alice = person(people["alice"])
        wanted = SearchInput(text="ряды", type="lecture", rating_gte=4.0)
        own = service.follow_search(alice, wanted)
        assert service.describe_search(own) == "ряды, Lecture, rated 4.0 and more"
        service.rename_search(own, " К  экзамену ")
        assert service.describe_search(own) == "К экзамену"
        subject = service.follow_subject(alice, make_category())
        with pytest.raises(InvalidInput):
            service.rename_search(subject, "Матан")


def test_a_search_says_all_that_it_asks(app: Flask, people: dict[str, int]) -> None:
    with app.test_request_context():
        filters: dict[str, Any] = {"kind": "video", "language": "ru", "semester": 4, "year": 2025}
        words: dict[str, Any] = {"text": "c++", "exact": True, "literal": ("c++",)}
        wanted = SearchInput(**words, **filters, tags=("б", "а"), within="week")
        own = service.follow_search(person(people["alice"]), wanted)
        assert service.describe_search(own) == (
            "c++, Video, Russian, Semester 4, 2025/26, #а, #б, exactly so"
        )
        assert "within" not in own.target
        nothing = SearchInput(exact=True, literal=("c++",), within="week")
        with pytest.raises(InvalidInput):
            service.follow_search(person(people["alice"]), nothing)


def test_subscriptions_are_ones_own(app: Flask, people: dict[str, int]) -> None:
    with app.app_context():
        own = service.follow_subject(person(people["alice"]), make_category())
        assert service.get_subscription(person(people["alice"]), own.id) is own
        for user_id, number in (("charlie", own.id), ("alice", own.id + 1), ("alice", 2**40)):
            with pytest.raises(NotFound):
                service.get_subscription(person(people[user_id]), number)


def feed_of(user: User) -> list[str]:
    return [material.title for material in service.list_feed(user, 1).items]


def test_the_feed_shows_what_one_follows_newest_first(any_app: Flask) -> None:
    ids = make_people(any_app)
    with any_app.app_context():
        alice, matan = person(ids["alice"]), make_category()
        ryady = ensure_category("Ряды", matan, slug="ryady")
        physics = ensure_category("Физика", slug="fizika")
        assert feed_of(alice) == []
        follow(alice.id, category=matan)
        follow(alice.id, search="Ньютон")
        days = [utcnow() - timedelta(days=age) for age in range(9)]
        publish(ids["maria"], title="Старые ряды", category=ryady, published_at=days[5])
        publish(ids["maria"], title="Законы Ньютона", category=physics, published_at=days[3])
        publish(ids["maria"], title="Оптика", category=physics, published_at=days[2])
        publish(ids["alice"], title="Своё", category=matan, published_at=days[1])
        make_material(ids["maria"], MaterialStatus.PENDING, title="Не проверено", category=matan)
        assert feed_of(alice) == ["Законы Ньютона", "Старые ряды"]
        follow(alice.id, author=ids["maria"])
        assert feed_of(alice) == ["Оптика", "Законы Ньютона", "Старые ряды"]
        for subscription in service.list_subscriptions(alice):
            if subscription.kind != "search":
                service.unfollow(subscription)
        assert feed_of(alice) == ["Законы Ньютона"]


def test_the_secret_of_a_feed_is_ones_own_and_can_be_changed(
    app: Flask, people: dict[str, int]
) -> None:
    with app.app_context():
        alice = person(people["alice"])
        assert service.find_feed_token(alice) is None
        first = service.renew_feed_token(alice)
        assert service.find_feed_owner(first) is alice
        second = service.renew_feed_token(alice)
        assert service.find_feed_token(alice) == second
        with pytest.raises(NotFound):
            service.find_feed_owner(first)
        alice.blocked_at = utcnow()
        db.session.commit()
        with pytest.raises(NotFound):
            service.find_feed_owner(second)
