"""Changing the subject tree: what may be where, and who learns of it."""

from __future__ import annotations

import threading

import pytest
from flask import Flask
from sqlalchemy import func, select

from edu.accounts.models import ModeratedSubject, Role, User
from edu.admin.models import AuditEntry
from edu.catalog import service as catalog
from edu.catalog.models import Category
from edu.errors import Conflict, EduError, Forbidden, InvalidInput, NotFound
from edu.extensions import db
from edu.materials.models import Material, MaterialStatus
from edu.subscriptions.models import Subscription, SubscriptionKind
from edu.tree import service
from tests.conftest import make_people, make_user
from tests.samples import make_material


def add(name: str, parent: Category | None = None, *aliases: str) -> Category:
    return service.ensure_category(name, parent, aliases=aliases)


def make_admin() -> User:
    return make_user("ada", Role.ADMIN)


def names(categories: list[Category]) -> list[str]:
    return [category.name for category in categories]


def in_tree() -> list[str]:
    db.session.expire_all()
    return [category.path for category in catalog.walk(catalog.list_tree())]


def test_making_a_category_twice_makes_it_once(any_app: Flask) -> None:
    with any_app.app_context():
        for _time in range(2):
            root = add("Математический анализ", None, "Матан", "мат анализ")
            series = add("Ряды", root)
            db.session.commit()
        assert in_tree() == ["matematicheskiy-analiz", "matematicheskiy-analiz/ryady"]
        assert [alias.alias for alias in root.aliases] == ["мат анализ", "матан"]
        assert add("Ряды", root, "РЯДЫ", "ряды") is series
        assert [alias.alias for alias in series.aliases] == ["ряды"]


def test_the_same_slug_may_lie_in_two_subjects(any_app: Flask) -> None:
    with any_app.app_context():
        add("Ряды", add("Математический анализ"))
        assert add("Ряды", add("Физика")).path == "fizika/ryady"


def test_only_administrators_change_the_tree(app: Flask) -> None:
    with app.app_context():
        people = make_people(app)
        maria = db.session.get_one(User, people["maria"])
        physics = add("Physics")
        for act in (
            lambda: service.add_category(maria, "Maths"),
            lambda: service.edit_category(maria, physics, name="Maths"),
            lambda: service.place_category(maria, physics, None, 0),
            lambda: service.shift_category(maria, physics, 1),
            lambda: service.delete_category(maria, physics),
            lambda: service.merge_category(maria, physics, physics),
        ):
            with pytest.raises(Forbidden):
                act()


def test_a_subject_is_added_last_with_an_address_of_its_own(any_app: Flask) -> None:
    with any_app.app_context():
        ada = make_admin()
        service.add_category(ada, "Физика")
        maths = service.add_category(ada, " Мат  анализ ", aliases=["Матан", "матан", " "])
        part = service.add_category(ada, "Ряды", maths, slug="series")
        assert names(catalog.list_tree()) == ["Физика", "Мат анализ"]
        assert [alias.alias for alias in maths.aliases] == ["матан"]
        assert part.path == "mat-analiz/series"
        acts = db.session.scalars(select(AuditEntry.action)).all()
        assert acts == ["subject_added"] * 3


@pytest.mark.parametrize(
    ("name", "slug"), [("2024", "subject-2024"), ("Options", "options-2"), ("数学", "subject")]
)
def test_a_made_up_address_is_never_a_number_or_one_of_the_sites(
    app: Flask, name: str, slug: str
) -> None:
    with app.app_context():
        assert service.add_category(make_admin(), name).slug == slug


def test_names_without_latin_letters_get_different_addresses(app: Flask) -> None:
    with app.app_context():
        ada = make_admin()
        made = [service.add_category(ada, name).slug for name in ("数学", "物理", "化学")]
        assert made == ["subject", "subject-2", "subject-3"]


@pytest.mark.parametrize("slug", ["12", "Options", "options", "a--b", "-a", "a/b", "я", "a" * 81])
def test_an_address_that_would_lead_elsewhere_is_refused(app: Flask, slug: str) -> None:
    with app.app_context(), pytest.raises(InvalidInput):
        service.add_category(make_admin(), "Name", slug=slug)


@pytest.mark.parametrize("name", ["", "  ", "a" * 121])
def test_a_name_is_neither_empty_nor_endless(app: Flask, name: str) -> None:
    with app.app_context(), pytest.raises(InvalidInput):
        service.add_category(make_admin(), name)


def test_siblings_share_neither_name_nor_address(any_app: Flask) -> None:
    with any_app.app_context():
        ada, maths = make_admin(), add("Maths")
        add("Series", maths)
        with pytest.raises(Conflict):
            service.add_category(ada, " series ", maths)
        with pytest.raises(Conflict):
            service.add_category(ada, "Other", maths, slug="series")
        service.add_category(ada, "Series")  # elsewhere it may be called so


def test_too_many_other_names_are_refused(app: Flask) -> None:
    with app.app_context():
        ada, maths = make_admin(), add("Maths")
        for aliases in (map(str, range(41)), ["a" * 81]):
            with pytest.raises(InvalidInput):
                service.edit_category(ada, maths, aliases=aliases)


def test_the_tree_has_at_most_five_levels(app: Flask) -> None:
    with app.app_context():
        ada, deepest = make_admin(), None
        for number in range(5):
            deepest = service.add_category(ada, f"Level {number}", deepest)
        with pytest.raises(InvalidInput):
            service.add_category(ada, "Level 5", deepest)
        pair = add("Pair")
        add("Below", pair)
        assert deepest is not None
        with pytest.raises(InvalidInput):
            service.place_category(ada, pair, deepest.parent)


def test_the_tree_has_an_end(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(service, "MAX_CATEGORIES", 1)
    with app.app_context():
        add("Maths")
        with pytest.raises(Conflict):
            service.add_category(make_admin(), "Physics")


def test_renaming_keeps_the_address_and_tells_search(any_app: Flask) -> None:
    people = make_people(any_app)
    with any_app.app_context():
        ada, maths = make_admin(), add("Maths")
        part, other = add("Series", maths), add("Physics")
        below = make_material(people["alice"], category=part)
        waiting = make_material(people["alice"], MaterialStatus.PENDING, category=part)
        elsewhere = make_material(people["alice"], category=other)
        before = {m.id: m.revision for m in (below, waiting, elsewhere)}
        service.edit_category(ada, maths, name="Calculus")
        db.session.commit()
        assert maths.slug == "maths"
        grown = {m.id: m.revision - before[m.id] for m in (below, waiting, elsewhere)}
        assert grown == {below.id: 1, waiting.id: 0, elsewhere.id: 0}


@pytest.mark.parametrize("change", [{"aliases": ["calc"]}, {"name": "Calculus"}])
def test_new_words_touch_the_index_and_the_same_ones_do_not(
    app: Flask, people: dict[str, int], change: dict[str, object]
) -> None:
    with app.app_context():
        ada, maths = make_admin(), add("Maths")
        material = make_material(people["alice"], category=maths)
        for _ in range(2):
            service.edit_category(ada, maths, **change)  # type: ignore[arg-type]  # one of its own
            db.session.commit()
        assert material.revision == 2


def test_a_move_touches_the_index_and_a_new_order_does_not(
    app: Flask, people: dict[str, int]
) -> None:
    with app.app_context():
        ada, maths, physics = make_admin(), add("Maths"), add("Physics")
        part = add("Series", maths)
        material = make_material(people["alice"], category=part)
        service.place_category(ada, part, maths, 0)
        db.session.commit()
        assert material.revision == 1
        service.place_category(ada, part, physics)
        db.session.commit()
        assert material.revision == 2
        assert part.path == "physics/series"


def test_a_subject_goes_to_any_place(any_app: Flask) -> None:
    with any_app.app_context():
        ada, maths = make_admin(), add("Maths")
        one, two, three = (add(name, maths) for name in ("One", "Two", "Three"))
        service.place_category(ada, three, maths, 0)
        assert in_tree() == ["maths", "maths/three", "maths/one", "maths/two"]
        service.shift_category(ada, one, 1)
        assert in_tree() == ["maths", "maths/three", "maths/two", "maths/one"]
        service.shift_category(ada, one, 1)  # it is the last already
        service.place_category(ada, two, None, 0)
        assert in_tree() == ["two", "maths", "maths/three", "maths/one"]
        service.place_category(ada, three, maths, 99)
        assert in_tree() == ["two", "maths", "maths/one", "maths/three"]


def test_a_subject_cannot_lie_inside_itself(any_app: Flask) -> None:
    with any_app.app_context():
        ada, maths = make_admin(), add("Maths")
        part = add("Series", maths)
        for parent in (maths, part):
            with pytest.raises(InvalidInput):
                service.place_category(ada, maths, parent)


def test_a_move_is_refused_where_a_namesake_stands(any_app: Flask) -> None:
    with any_app.app_context():
        ada, maths, physics = make_admin(), add("Maths"), add("Physics")
        add("Series", maths)
        with pytest.raises(Conflict):
            service.place_category(ada, add("Series", physics), maths)


def test_two_moves_at_once_never_make_a_ring(any_app: Flask) -> None:
    with any_app.app_context():
        ada = make_admin().id
        ids = (add("Maths").id, add("Physics").id)
        db.session.commit()
    outcomes, ready = [], threading.Barrier(2)

    def move(which: int) -> None:
        with any_app.app_context():
            actor = db.session.get_one(User, ada)
            moved, parent = (catalog.get_category(ids[which - n]) for n in (0, 1))
            ready.wait()
            try:
                service.place_category(actor, moved, parent)
                db.session.commit()
                outcomes.append("moved")
            except EduError:
                db.session.rollback()
                outcomes.append("refused")

    threads = [threading.Thread(target=move, args=(which,)) for which in (0, 1)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["moved", "refused"]
    with any_app.app_context():
        assert len(in_tree()) == 2


@pytest.mark.parametrize("status", [MaterialStatus.ACTIVE, MaterialStatus.REJECTED])
def test_only_what_is_empty_is_deleted(
    app: Flask, people: dict[str, int], status: MaterialStatus
) -> None:
    with app.app_context():
        ada, maths = make_admin(), add("Maths")
        part = add("Series", maths)
        material = make_material(people["alice"], status, category=part)
        with pytest.raises(Conflict) as refused:
            service.delete_category(ada, part)
        assert "1 material" in str(refused.value.message)
        with pytest.raises(Conflict) as refused:
            service.delete_category(ada, maths)
        assert "1 part" in str(refused.value.message)
        db.session.delete(material)
        db.session.commit()
        service.delete_category(ada, part)
        service.delete_category(ada, maths)
        assert in_tree() == []


def test_what_has_just_gone_is_not_found(any_app: Flask) -> None:
    with any_app.app_context():
        ada, maths = make_admin(), add("Maths")
        db.session.commit()
        physics = add("Physics")
        db.session.commit()
        with any_app.app_context():  # somebody else
            service.delete_category(db.session.get_one(User, ada.id), catalog.get_category(1))
            db.session.commit()
        with pytest.raises(NotFound):
            service.edit_category(ada, maths, name="Calculus")
        with pytest.raises(NotFound):
            service.add_category(ada, "Series", maths)
        with pytest.raises(NotFound):
            service.merge_category(ada, physics, maths)


def follow(user_id: int, category: Category) -> None:
    target = str(category.id)
    kind = SubscriptionKind.SUBJECT.value
    row = Subscription(user_id=user_id, kind=kind, target=target, category_id=category.id)
    db.session.add(row)


def save_search(user_id: int, target: str) -> None:
    kind = SubscriptionKind.SEARCH.value
    db.session.add(Subscription(user_id=user_id, kind=kind, target=target))


def followed(user_id: int) -> list[str]:
    query = select(Subscription.target).where(Subscription.user_id == user_id)
    return sorted(db.session.scalars(query))


def test_a_merge_takes_everything_along(any_app: Flask) -> None:
    people = make_people(any_app)
    alice, maria, charlie = (people[name] for name in ("alice", "maria", "charlie"))
    with any_app.app_context():
        ada, old, new = make_admin(), add("Calculus", None, "calc"), add("Analysis", None, "an")
        twin, kept = add("Series", old, "sums"), add("Limits", old)
        there = add("Series", new)
        moved = [make_material(alice, category=c, title=c.name) for c in (old, twin, kept)]
        for user_id, category in ((alice, old), (charlie, old), (charlie, new)):
            follow(user_id, category)
        save_search(alice, f"q=x&category={old.id}")
        save_search(alice, f"q=x&category={old.id}1")
        save_search(maria, f"category={old.id}&type=exam")
        save_search(maria, f"category={new.id}&type=exam")
        for user_id, category in ((maria, old), (maria, new), (charlie, old)):
            db.session.add(ModeratedSubject(user_id=user_id, category_id=category.id))
        db.session.commit()
        old_id, new_id = old.id, new.id
        service.merge_category(ada, old, new)
        db.session.commit()
        assert in_tree() == ["analysis", "analysis/series", "analysis/limits"]
        assert [m.category_id for m in moved] == [new_id, there.id, kept.id]
        assert all(m.revision > 1 for m in moved)
        assert [a.alias for a in new.aliases] == ["an", "calc", "calculus"]
        assert [a.alias for a in there.aliases] == ["sums"]
        assert followed(alice) == sorted(
            [str(new_id), f"q=x&category={new_id}", f"q=x&category={old_id}1"]
        )
        assert followed(charlie) == [str(new_id)]
        assert followed(maria) == [f"category={new_id}&type=exam"]
        confined = db.session.execute(
            select(ModeratedSubject.user_id, ModeratedSubject.category_id)
        )
        assert sorted(tuple(row) for row in confined) == sorted(
            [(maria, new_id), (charlie, new_id)]
        )
        lost = select(func.count()).where(Material.category_id.not_in(select(Category.id)))
        assert db.session.scalar(lost) == 0


def test_a_part_of_the_same_address_may_rise_into_its_subject(any_app: Flask) -> None:
    with any_app.app_context():
        ada, root = make_admin(), add("Root")
        middle = add("Same", root)
        add("Same", middle)
        db.session.commit()
        service.merge_category(ada, middle, root)
        db.session.commit()
        assert in_tree() == ["root", "root/same"]


def test_nothing_is_merged_into_itself(any_app: Flask) -> None:
    with any_app.app_context():
        ada, maths = make_admin(), add("Maths")
        part = add("Series", maths)
        for target in (maths, part):
            with pytest.raises(InvalidInput):
                service.merge_category(ada, maths, target)


def test_a_merge_keeps_to_the_depth(app: Flask) -> None:
    with app.app_context():
        ada, deepest = make_admin(), None
        for number in range(5):
            deepest = add(f"Level {number}", deepest)
        source = add("Source")
        add("Below", source)
        assert deepest is not None
        with pytest.raises(InvalidInput):
            service.merge_category(ada, source, deepest)
