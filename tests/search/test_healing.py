"""The index heals itself: what was lost or damaged on disk is built again from the database."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterable
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy.orm import Session

from edu.extensions import db, search_index, settings
from edu.materials.models import Material, MaterialStatus
from edu.search import indexing
from edu.search.base import IndexBusy, IndexDocument
from edu.search.service import SearchInput, find_materials
from edu.search.store import IndexStore
from edu.search.whoosh_index import WhooshIndex
from jobs.search import heal_index, update_index
from tests.conftest import MakeApp, make_people
from tests.samples import get_material, make_material


@pytest.fixture
def people(any_app: Flask) -> dict[str, int]:
    """Alice, Maria and Charlie on each database."""
    return make_people(any_app)


@pytest.fixture
def rebuilds(any_app: Flask, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """One entry for each time that the index is built anew."""
    index, made = any_app.extensions["edu.index"], list[int]()
    original = index.rebuild

    def counted(documents: Iterable[IndexDocument]) -> None:
        made.append(1)
        original(documents)

    monkeypatch.setattr(index, "rebuild", counted)
    return made


def make_indexed(people: dict[str, int]) -> set[int]:
    """Two published materials that the index has."""
    ids = {make_material(people["alice"], title=f"Ряды {n}").id for n in range(2)}
    update_index()
    assert search_index().ids() == ids
    return ids


def index_root() -> Path:
    return settings().data_dir / "index"


def live_folder() -> Path:
    return IndexStore(index_root()).live()[1]


def archive(material_id: int) -> None:
    """What a moderator does in another process."""
    with Session(db.engine) as other:
        other.get_one(Material, material_id).status = MaterialStatus.ARCHIVED.value
        other.commit()


# Damage ---------------------------------------------------------------------------------------


def delete_everything() -> None:
    shutil.rmtree(index_root())


def delete_live_folder() -> None:
    shutil.rmtree(live_folder())


def write_junk() -> None:
    (index_root() / "current").write_bytes(b"\xff junk \n")


def lose_pointer() -> None:
    (index_root() / "current").unlink()


@pytest.mark.parametrize(
    "damage", [delete_everything, delete_live_folder, write_junk, lose_pointer]
)
def test_what_was_lost_on_disk_comes_back_by_itself(
    any_app: Flask, people: dict[str, int], rebuilds: list[int], damage: Callable[[], None]
) -> None:
    with any_app.app_context():
        ids = make_indexed(people)
        damage()
        assert not indexing.has_pending()  # the database knows nothing of it
        heal_index()
        assert search_index().ids() == ids
        assert not indexing.has_pending()
        assert len(find_materials(SearchInput(text="ряды")).items) == 2
        heal_index()
        assert len(rebuilds) == 1


# Whoosh leaves the file open that it fails to read.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.parametrize("reading", [True, False])
def test_a_lost_segment_is_noticed_though_a_change_waits(
    any_app: Flask, people: dict[str, int], rebuilds: list[int], reading: bool
) -> None:
    with any_app.app_context():
        ids = make_indexed(people)
        if not reading:
            search_index().close()
        third = make_material(people["alice"], title="Пределы").id
        for path in live_folder().glob("*.trm"):
            path.unlink()
        heal_index()
        update_index()
        assert search_index().ids() == ids | {third}
        assert not indexing.has_pending()
        assert len(rebuilds) == 1


def test_an_index_that_was_emptied_is_filled_again(
    any_app: Flask, people: dict[str, int], rebuilds: list[int]
) -> None:
    with any_app.app_context():
        ids = make_indexed(people)
        delete_everything()
        WhooshIndex.open_or_create(index_root()).close()  # what a restart makes of it
        heal_index()
        assert search_index().ids() == ids
        assert len(rebuilds) == 1


def test_a_database_that_was_put_back_takes_its_surplus_along(
    any_app: Flask, people: dict[str, int], rebuilds: list[int]
) -> None:
    with any_app.app_context():
        ids = make_indexed(people)
        gone = min(ids)
        db.session.delete(get_material(gone))
        db.session.commit()
        heal_index()
        assert search_index().ids() == ids - {gone}
        assert len(rebuilds) == 1


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


def test_another_writer_is_not_disturbed(
    any_app: Flask, people: dict[str, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    def busy(_documents: Iterable[IndexDocument]) -> None:
        raise IndexBusy("another writes")

    with any_app.app_context():
        ids = make_indexed(people)
        write_junk()
        with monkeypatch.context() as patch:
            patch.setattr(search_index(), "rebuild", busy)
            assert indexing.heal_index() is False
        heal_index()
        assert search_index().ids() == ids


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
        original = indexing._note_revisions

        def archive_and_note(revisions: dict[int, int]) -> None:
            # Here still in the transaction of the rebuild, so that SQLite has one writer.
            get_material(leaving).status = MaterialStatus.ARCHIVED.value
            db.session.flush()
            original(revisions)

        with monkeypatch.context() as patch:
            patch.setattr(indexing, "_note_revisions", archive_and_note)
            indexing.rebuild_index()
            db.session.commit()
        assert indexing.has_pending()
        update_index()
        assert search_index().ids() == ids - {leaving}
