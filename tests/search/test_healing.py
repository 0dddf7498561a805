"""The index heals itself: what it has lost, or has too much, comes from the database again."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager

import pytest
from flask import Flask
from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from edu.extensions import db, search_index
from edu.materials.models import Material, MaterialStatus
from edu.search import indexing
from edu.search.base import IndexDocument, Rebuild
from edu.search.completion import rebuild_completions
from edu.search.models import Completion
from edu.search.service import SearchInput, find_materials
from jobs.search import heal_index, update_index
from tests.conftest import MakeApp, make_people
from tests.samples import get_material, make_material
from tests.search.rebuilds import count_rebuilds, make_indexed


@pytest.fixture
def people(any_app: Flask) -> dict[str, int]:
    """Alice, Maria and Charlie on each database."""
    return make_people(any_app)


@pytest.fixture
def rebuilds(any_app: Flask, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """One entry for each time that the index is built anew."""
    return count_rebuilds(any_app, monkeypatch)


def archive(material_id: int) -> None:
    """What a moderator does in another process."""
    with Session(db.engine) as other:
        other.get_one(Material, material_id).status = MaterialStatus.ARCHIVED.value
        other.commit()


# Loss -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("few", [True, False])
def test_an_index_that_was_emptied_is_filled_again(
    any_app: Flask,
    people: dict[str, int],
    rebuilds: list[int],
    few: bool,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with any_app.app_context():
        ids = make_indexed(people)
        search_index().update([], ids)
        if not few:
            monkeypatch.setattr(indexing, "REPAIRED", 1)
        heal_index()
        assert search_index().ids() == ids
        assert not indexing.has_pending()
        assert len(rebuilds) == (not few)


def test_a_database_that_was_put_back_takes_its_surplus_along(
    any_app: Flask, people: dict[str, int]
) -> None:
    with any_app.app_context():
        ids = make_indexed(people)
        gone = min(ids)
        db.session.delete(get_material(gone))
        db.session.commit()
        heal_index()
        assert search_index().ids() == ids - {gone}


def test_an_index_that_was_put_back_is_brought_up_to_the_database(
    any_app: Flask, people: dict[str, int]
) -> None:
    with any_app.app_context():
        ids = make_indexed(people)
        changed = get_material(min(ids))
        old = indexing.to_document(changed)
        changed.title = "Пределы"
        changed.touch()
        db.session.commit()
        update_index()
        search_index().update([old], [])
        assert indexing.compare_index() == indexing.IndexDifference([], [], [changed.id])
        heal_index()
        assert indexing.compare_index().count == 0
        assert len(find_materials(SearchInput(text="пределы")).items) == 1


def offered() -> set[tuple[int, str]]:
    """The titles that are completed."""
    rows = db.session.execute(
        select(Completion.source_id, Completion.text).where(Completion.kind == "material")
    )
    return {(row.source_id, row.text) for row in rows}


def test_completions_follow_where_the_note_of_an_update_was_lost(
    any_app: Flask, people: dict[str, int]
) -> None:
    with any_app.app_context():
        first, second = sorted(make_indexed(people))
        rebuild_completions()
        gone = make_material(people["alice"], title="Суммы")
        new = make_material(people["alice"], title="Пределы").id
        update_index()
        changed, left = get_material(first), get_material(second)
        changed.title = "Интегралы"
        changed.touch()
        left.status = MaterialStatus.ARCHIVED
        db.session.delete(gone)
        get_material(new).indexed_revision = 0
        db.session.execute(delete(Completion).where(Completion.source_id == new))
        db.session.commit()
        # A worker was killed when the index had all this and the database did not know it yet.
        search_index().update([indexing.to_document(changed)], [second])
        heal_index()
        assert not indexing.has_pending()
        assert offered() == {(first, "Интегралы"), (new, "Пределы")}


# Health ---------------------------------------------------------------------------------------


def test_a_healthy_index_is_left_alone(
    any_app: Flask, people: dict[str, int], rebuilds: list[int]
) -> None:
    with any_app.app_context():
        heal_index()  # an empty library
        ids = make_indexed(people)
        heal_index()
        make_material(people["alice"], title="Not indexed yet")
        heal_index()
        archive(min(ids))  # not taken out yet
        heal_index()
        update_index()
        heal_index()
        assert rebuilds == []


def test_healing_waits_for_the_first_migration(bare_postgres_url: str, make_app: MakeApp) -> None:
    with make_app(DATABASE_URL=bare_postgres_url).app_context():
        heal_index()


# Notes ----------------------------------------------------------------------------------------


def test_what_leaves_between_reading_and_noting_is_taken_out_next_time(
    any_app: Flask, people: dict[str, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    with any_app.app_context():
        ids = make_indexed(people)
        leaving = min(ids)
        get_material(leaving).touch()
        db.session.commit()
        original = search_index().update

        def update_and_archive(upserts: Iterable[IndexDocument], deletes: Iterable[int]) -> None:
            original(upserts, deletes)
            archive(leaving)

        with monkeypatch.context() as patch:
            patch.setattr(search_index(), "update", update_and_archive)
            assert indexing.index_pending()
            db.session.commit()
        assert indexing.has_pending()
        assert search_index().ids() == ids
        update_index()
        assert search_index().ids() == ids - {leaving}
        assert not indexing.has_pending()


def test_what_leaves_while_all_is_rebuilt_is_taken_out_next_time(
    any_app: Flask, people: dict[str, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    with any_app.app_context():
        ids = make_indexed(people)
        leaving = min(ids)
        original = indexing._find_differing

        def archive_and_find() -> dict[int, int | None]:
            archive(leaving)
            return original()

        with monkeypatch.context() as patch:
            patch.setattr(indexing, "_find_differing", archive_and_find)
            indexing.rebuild_index()
            db.session.commit()
        assert indexing.has_pending()
        update_index()
        assert search_index().ids() == ids - {leaving}


# Rebuilding -----------------------------------------------------------------------------------


def change_during_rebuild(monkeypatch: pytest.MonkeyPatch, change: Callable[[], None]) -> list[int]:
    """Do something when the first batch has been put in; tells the sizes of the batches."""
    original, sizes = search_index().rebuilding, list[int]()

    @contextmanager
    def watched() -> Iterator[Rebuild]:
        with original() as rebuild:
            add = rebuild.add

            def watched_add(given: Iterable[IndexDocument], deletes: Iterable[int] = ()) -> None:
                batch = list(given)
                sizes.append(len(batch))
                add(batch, deletes)
                if len(sizes) == 1:
                    change()

            monkeypatch.setattr(rebuild, "add", watched_add)
            yield rebuild

    monkeypatch.setattr(search_index(), "rebuilding", watched)
    return sizes


def publish_elsewhere(people: dict[str, int]) -> None:
    """What a moderator publishes while the index is built anew, and the worker indexes."""
    make_material(people["alice"], title="Пределы")
    update_index()
    assert len(find_materials(SearchInput(text="пределы")).items) == 1


def test_what_is_published_during_a_rebuild_is_found_at_once_and_stays(
    any_app: Flask, people: dict[str, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    with any_app.app_context():
        make_indexed(people)
        with monkeypatch.context() as patch:
            change_during_rebuild(patch, lambda: publish_elsewhere(people))
            assert indexing.rebuild_index() == 3
            db.session.commit()
        assert not indexing.has_pending()
        assert len(find_materials(SearchInput(text="пределы")).items) == 1
        assert indexing.compare_index().count == 0


def test_a_stopped_rebuild_goes_on_where_it_was(
    any_app: Flask, people: dict[str, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(indexing, "REBUILD_BATCH", 2)

    def stop() -> None:
        raise KeyboardInterrupt

    with any_app.app_context():
        ids = make_indexed(people) | {
            make_material(people["alice"], title=f"Пределы {n}").id for n in range(3)
        }
        with monkeypatch.context() as patch:
            change_during_rebuild(patch, stop)
            with pytest.raises(KeyboardInterrupt):
                indexing.rebuild_index()
        get_material(min(ids)).touch()
        archive(sorted(ids)[1])
        db.session.commit()
        with monkeypatch.context() as patch:
            sizes = change_during_rebuild(patch, lambda: None)
            assert indexing.rebuild_index() == 4
            db.session.commit()
        assert sizes == [2, 2]  # the changed one, and the three that were not there yet
        assert search_index().ids() == ids - {sorted(ids)[1]}
        assert indexing.compare_index().count == 0
