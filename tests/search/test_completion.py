"""Completion while typing: what is offered, in which order, to whom."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, insert, select

from edu.accounts.models import User
from edu.catalog.models import Category
from edu.extensions import db
from edu.materials.models import Material, MaterialStatus
from edu.materials.service import ensure_tags
from edu.search import indexing, recent
from edu.search.completion import rebuild_completions, refresh_completions
from edu.search.keys import name_key, start_keys
from edu.search.models import Completion, RecentQuery
from edu.search.suggestions import complete
from edu.tree.service import (
    add_category,
    delete_category,
    edit_category,
    ensure_category,
    merge_category,
)
from tests.conftest import make_people, make_user
from tests.samples import make_material


def offered(text: str, user: User | None = None) -> list[tuple[str, str]]:
    return [(one.kind, one.text) for one in complete(text, user)]


def titles(text: str) -> list[str]:
    return [words for kind, words in offered(text) if kind == "material"]


@contextmanager
def filled(app: Flask) -> Iterator[dict[str, int]]:
    """Alice's published materials about series in «Математический анализ» («матан»)."""
    ids = make_people(app)
    with app.app_context():
        analysis = ensure_category("Математический анализ", aliases=["матан", "мат анализ"])
        part = ensure_category("Ряды", analysis)
        for title, views in (
            ("Ряды Фурье", 10),
            ("Ряды Тейлора и Маклорена", 500),
            ("Числовые ряды", 9000),
            ("Ёмкость конденсатора", 0),
            ("Python и C++ для математиков", 0),
        ):
            made = make_material(ids["alice"], title=title, views=views, category=part)
            ids[title] = made.id
        tags = ("ряды фурье", "экзамен")
        make_material(ids["alice"], title="Ряды: теория", tags=tags, category=part)
        hidden = MaterialStatus.PENDING, ("рядовая тайна",)
        make_material(ids["alice"], hidden[0], title="Ряды втайне", tags=hidden[1], category=part)
        rebuild_completions()
        db.session.commit()
        yield ids


@pytest.fixture
def library(app: Flask) -> Iterator[dict[str, int]]:
    with filled(app) as ids:
        yield ids


@pytest.fixture
def any_library(any_app: Flask) -> Iterator[dict[str, int]]:
    with filled(any_app) as ids:
        yield ids


def test_a_name_is_found_by_the_beginning_of_each_of_its_words() -> None:
    assert start_keys("Введение в теорию Множеств") == [
        "введение в теорию множеств",
        "теорию множеств",
        "множеств",
    ]
    assert start_keys("В поисках предела")[0] == "в поисках предела"
    assert len(start_keys(" ".join(f"слово{i}" for i in range(40)))) == 8
    assert max(map(len, start_keys("слово" * 30))) == 60
    assert start_keys("∑ ∫") == []
    assert name_key("  Ёлка,  C++ ") == "елка c++"


def test_subjects_come_before_titles_before_tags(any_library: dict[str, int]) -> None:
    assert offered("ря") == [
        ("subject", "Ряды"),
        # Names that begin so first, the better known before the others.
        ("material", "Ряды Тейлора и Маклорена"),
        ("material", "Ряды Фурье"),
        ("material", "Ряды: теория"),
        ("material", "Числовые ряды"),
        ("tag", "ряды фурье"),
    ]


COMPLETED = {
    "ряды ф": "Ряды Фурье",
    "РЯДЫ,   Ф": "Ряды Фурье",
    "фурь": "Ряды Фурье",
    "тейлора и м": "Ряды Тейлора и Маклорена",
    "емк": "Ёмкость конденсатора",
    "ёмк": "Ёмкость конденсатора",
    "c++": "Python и C++ для математиков",
    "python и c": "Python и C++ для математиков",
    # another keyboard layout
    "hzls a": "Ряды Фурье",
    "Hzls": "Ряды Тейлора и Маклорена",
    "`vrjcn": "Ёмкость конденсатора",
    "знерщт": "Python и C++ для математиков",
}


def test_what_is_typed_completes_a_title(any_library: dict[str, int]) -> None:
    assert {typed: titles(typed)[0] for typed in COMPLETED} == COMPLETED
    assert titles("фурье ряды") == titles("рядыф") == titles("урье") == []


def test_other_names_lead_to_their_subject(library: dict[str, int]) -> None:
    (found,) = complete("матан", None)
    assert (found.kind, found.text, found.note) == ("alias", "матан", "Математический анализ")
    assert found.endpoint == "catalog.browse"
    assert found.values == {"path": "matematicheskiy-analiz"}
    # The name itself comes once, not again by its other names.
    assert [one.kind for one in complete("мат", None) if one.kind != "material"] == ["subject"]


def test_only_the_published_is_told(library: dict[str, int]) -> None:
    assert offered("рядовая") == []
    assert "Ряды втайне" not in titles("ряды в")
    shown = db.session.get_one(Material, library["Ряды Фурье"])
    shown.status = MaterialStatus.ARCHIVED.value
    db.session.commit()  # the table of beginnings has not followed yet
    assert titles("фурь") == []


def test_the_index_job_keeps_completions(any_library: dict[str, int]) -> None:
    indexing.rebuild_index()
    db.session.commit()
    one, gone = (
        db.session.get_one(Material, any_library[title])
        for title in ("Ряды Фурье", "Числовые ряды")
    )
    one.title, one.tags = "Интеграл Фурье", ensure_tags(["преобразования"])
    gone.status = MaterialStatus.ARCHIVED.value
    one.touch()
    gone.touch()
    db.session.commit()
    while indexing.has_pending():
        assert indexing.index_pending()
        db.session.commit()
    assert titles("интеграл") == ["Интеграл Фурье"]
    assert titles("ряды ф") == []
    assert ("tag", "преобразования") in offered("преоб")
    assert "Числовые ряды" not in titles("чис")
    keys = db.session.query(Completion).filter_by(source_id=gone.id, kind="material")
    assert keys.count() == 0


def test_a_rebuild_fills_an_empty_table(library: dict[str, int]) -> None:
    db.session.query(Completion).delete()
    db.session.commit()
    assert offered("ря") == []
    indexing.rebuild_index()
    db.session.commit()
    assert ("material", "Ряды Фурье") in offered("ря")
    assert ("subject", "Ряды") in offered("ря")


def test_refreshing_twice_changes_nothing(library: dict[str, int]) -> None:
    def rows() -> list[Any]:
        columns = (Completion.kind, Completion.key, Completion.source_id, Completion.weight)
        return sorted(db.session.query(*columns).all())

    before = rows()
    materials = db.session.query(Material).filter_by(status="active").all()
    for _ in range(2):
        refresh_completions(materials, [])
    assert rows() == before


def test_tags_learn_how_often_they_are_used(library: dict[str, int]) -> None:
    def weight() -> float | None:
        query = select(func.max(Completion.weight)).where(Completion.text == "экзамен")
        return db.session.scalar(query.where(Completion.kind == "tag"))

    (used,) = db.session.query(Material).filter_by(title="Ряды: теория")
    other = db.session.get_one(Material, library["Ряды Фурье"])
    once = weight()
    other.tags = ensure_tags(["экзамен"])
    db.session.flush()
    refresh_completions([other], [])
    twice = weight()
    assert once is not None
    assert twice is not None
    assert twice > once
    used.status = MaterialStatus.ARCHIVED.value
    db.session.flush()
    refresh_completions([], [used.id])
    assert weight() == once
    other.status = MaterialStatus.ARCHIVED.value
    db.session.flush()
    refresh_completions([], [other.id])
    assert weight() is None


def test_changes_of_the_tree_are_followed_at_once(library: dict[str, int]) -> None:
    admin = make_user("anna")
    admin.role = "admin"
    physics = add_category(admin, "Физика", aliases=["физон"])
    assert offered("физ") == [("subject", "Физика")]
    assert offered("физон") == [("alias", "физон")]
    edit_category(admin, physics, name="Общая физика", aliases=[])
    assert offered("общая") == [("subject", "Общая физика")]
    assert offered("физон") == []
    other = add_category(admin, "Механика")
    merge_category(admin, other, db.session.get_one(Category, physics.id))
    assert offered("механ") == [("alias", "механика")]
    delete_category(admin, db.session.get_one(Category, physics.id))
    assert offered("общая") == offered("механ") == []
    assert db.session.query(Completion).filter_by(source_id=physics.id, kind="alias").count() == 0


def test_many_names_are_cut_off_and_the_best_stay(library: dict[str, int]) -> None:
    rows = [
        {"kind": "material", "key": f"ряды {i:05}", "text": "", "source_id": 10**6 + i, "weight": 0}
        for i in range(300)
    ]
    db.session.execute(insert(Completion), rows)
    assert len(complete("ряды", None)) <= 10
    assert titles("ряды")[0] == "Ряды Тейлора и Маклорена"


STRANGE = ["", " ", "%", "_", "'", '"', "\\", "%фурь_", "-", "\u0301", "ﬁ" * 500, "𝕬", "я" * 99]


def test_no_text_breaks_it(library: dict[str, int]) -> None:
    assert {typed: titles(typed) for typed in STRANGE} == {typed: [] for typed in STRANGE} | {
        "%фурь_": ["Ряды Фурье"]  # of signs nothing is left
    }


# Own searches -----------------------------------------------------------------------------------


def person(name: str = "alice") -> User:
    return db.session.query(User).filter_by(email=f"{name}@example.org").one()


def test_own_searches_come_first_and_are_nobody_elses(library: dict[str, int]) -> None:
    alice, charlie = person(), person("charlie")
    recent.remember_query(alice, "признак сходимости рядов")
    recent.remember_query(alice, "  Ряды   Лорана ")
    assert offered("ряд", alice)[:2] == [
        ("query", "Ряды Лорана"),
        ("query", "признак сходимости рядов"),
    ]
    assert offered("сход", alice) == [("query", "признак сходимости рядов")]
    assert offered("", alice) == [("query", "Ряды Лорана"), ("query", "признак сходимости рядов")]
    assert offered("", charlie) == offered("", None) == []
    assert "query" not in dict(offered("ряды", charlie))


def test_a_wording_is_kept_once_and_the_newest_stay(any_library: dict[str, int]) -> None:
    alice = person()
    for text in ("ёлка", "дуб", "ЕЛКА!", "", "∑"):
        recent.remember_query(alice, text)
    assert [one.text for one in recent.list_recent(alice)] == ["ЕЛКА!", "дуб"]
    for number in range(40):
        recent.remember_query(alice, f"предел {number}")
    assert db.session.query(RecentQuery).count() == 30
    assert recent.list_recent(alice)[0].text == "предел 39"
    recent.remember_query(None, "чужое")
    assert db.session.query(RecentQuery).count() == 30


def test_own_searches_are_forgotten_one_by_one_or_all(library: dict[str, int]) -> None:
    alice, charlie = person(), person("charlie")
    for user in (alice, charlie):
        recent.remember_query(user, "дуб")
        recent.remember_query(user, "липа")
    theirs = recent.list_recent(charlie)[0]
    recent.forget_query(alice, theirs.id)
    recent.forget_query(alice, 2**40)
    assert len(recent.list_recent(charlie)) == len(recent.list_recent(alice)) == 2
    recent.forget_query(alice, recent.list_recent(alice)[0].id)
    assert [one.text for one in recent.list_recent(alice)] == ["дуб"]
    recent.clear_queries(alice)
    assert recent.list_recent(alice) == []
    assert len(recent.list_recent(charlie)) == 2
