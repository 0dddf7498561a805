"""Many ratings at once: how much the database is asked, and what search learns of it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import delete, event, update

from edu.accounts.models import User
from edu.extensions import db
from edu.materials.models import Material
from edu.ratings import service
from edu.ratings.models import Rating
from edu.tree.service import ensure_category
from tests.conftest import make_people, make_user
from tests.samples import get_material, make_material


@contextmanager
def counting() -> Iterator[list[str]]:
    """The SQL statements sent within the block; one for many rows is one."""
    sent: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        sent.append(statement)

    event.listen(db.engine, "before_cursor_execute", note)
    try:
        yield sent
    finally:
        event.remove(db.engine, "before_cursor_execute", note)


def make_rated(uploader_id: int, voter_id: int, count: int, start: int = 0) -> list[int]:
    """Materials with one vote each that the shown mean does not follow yet."""
    ids = []
    for n in range(start, start + count):
        stale: dict[str, Any] = {"rating_mean": 1.0, "rating_votes": 1}
        category = ensure_category(f"Тема {n}", ensure_category(f"Предмет {n}"))
        tags = (f"тег {n}", "общий")
        material = make_material(uploader_id, title=f"M{n}", category=category, tags=tags, **stale)
        db.session.add(
            Rating(material_id=material.id, user_id=voter_id, stars=3 + n % 3, weight=1.0)
        )
        ids.append(material.id)
    db.session.commit()
    return ids


def refresh_in(expected: int) -> int:
    """How many statements a refresh takes that changes so many materials."""
    with counting() as sent:
        assert service.refresh_all_ratings() == expected
        db.session.commit()
    return len(sent)


def test_a_refresh_asks_no_more_of_a_large_library(any_app: Flask) -> None:
    people = make_people(any_app)
    with any_app.app_context():
        make_rated(people["alice"], people["charlie"], 2)
        few = refresh_in(2)
        ids = make_rated(people["alice"], people["charlie"], 30, start=2)
        db.session.execute(update(Material).values(rating_mean=1.0))
        db.session.commit()
        assert refresh_in(32) == few
        for material_id in ids:
            assert get_material(material_id).rating_mean > 3
        assert refresh_in(0) < few


def set_mean(material_id: int, difference: float) -> tuple[float, int]:
    """Let the shown mean be off by so much from the right one; the right one, and the revision."""
    service.refresh_all_ratings()
    material = get_material(material_id)
    right = material.rating_mean
    material.rating_mean = right + difference
    db.session.commit()
    return right, material.revision


@pytest.mark.parametrize(
    ("difference", "followed", "steps"), [(0.02, True, 0), (0.1, True, 1), (0.001, False, 0)]
)
def test_search_learns_of_a_shown_decimal_only(
    any_app: Flask, difference: float, followed: bool, steps: int
) -> None:
    people = make_people(any_app)
    with any_app.app_context():
        # One vote and no other: the mean is the stars, 3.0, and 3.02 is shown the same.
        (material_id,) = make_rated(people["alice"], people["charlie"], 1)
        right, revision = set_mean(material_id, difference)
        assert right == pytest.approx(3.0)
        assert service.refresh_all_ratings() == int(followed)
        material = get_material(material_id)
        assert material.revision == revision + steps
        assert (material.rating_mean == pytest.approx(3.0)) == followed


def test_a_vote_that_moves_no_decimal_but_the_count_is_indexed(any_app: Flask) -> None:
    people = make_people(any_app)
    with any_app.app_context():
        vera = make_user("vera")
        material = make_material(people["alice"])
        service.rate_material(db.session.get_one(User, people["charlie"]), material, 4)
        revision = material.revision
        service.rate_material(vera, material, 4)
        assert (material.rating_votes, material.revision) == (2, revision + 1)


@pytest.mark.parametrize("left", [0, 1])
def test_votes_that_were_taken_away_are_forgotten(any_app: Flask, left: int) -> None:
    people = make_people(any_app)
    with any_app.app_context():
        material = make_material(people["alice"])
        for name, stars in [("charlie", 5), ("maria", 2)][: left + 1]:
            service.rate_material(db.session.get_one(User, people[name]), material, stars)
        db.session.commit()
        revision = material.revision
        db.session.execute(delete(Rating).where(Rating.user_id == people["charlie"]))
        assert service.refresh_all_ratings() == 1
        db.session.commit()
        material = get_material(material.id)
        assert (material.rating_mean, material.rating_votes) == (2.0 if left else 0.0, left)
        assert material.revision == revision + 1
        assert service.refresh_all_ratings() == 0


def test_the_top_asks_no_more_for_ten_than_for_two(any_app: Flask) -> None:
    people = make_people(any_app)
    asked = []
    with any_app.app_context():
        for start, count in ((0, 2), (2, 12)):
            make_rated(people["alice"], people["charlie"], count, start)
            service.refresh_all_ratings()
            db.session.commit()
            db.session.expunge_all()
            with counting() as sent:
                top = service.list_top_materials()
                for material in top:
                    seen = (material.file.kind, material.category.name, material.uploader.name)
                    assert all(seen)
                    assert len(material.tags) == 2
            assert len(top) == min(10, start + count)
            asked.append(len(sent))
    assert asked[0] == asked[1] <= 3


def test_the_home_page_asks_no_more_for_ten_than_for_two(any_app: Flask) -> None:
    people = make_people(any_app)
    any_app.test_client().get("/")  # the first request of all looks whether there are tables
    asked = []
    for start, count in ((0, 2), (2, 8)):
        with any_app.app_context():
            make_rated(people["alice"], people["charlie"], count, start)
        with any_app.app_context(), counting() as sent:
            assert any_app.test_client().get("/").status_code == 200
        asked.append(len(sent))
    assert asked[0] == asked[1]
