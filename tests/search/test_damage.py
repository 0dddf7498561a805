"""An index folder that was lost or damaged is built again from the database."""

from __future__ import annotations

import logging
import shutil
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

import pytest
from flask import Flask

from edu.errors import Unavailable
from edu.extensions import search_index, settings
from edu.search import indexing
from edu.search.base import IndexBusy, IndexUnavailable, Rebuild
from edu.search.service import SearchInput, find_materials
from edu.search.whoosh.index import WhooshIndex
from edu.search.whoosh.store import IndexStore
from jobs.search import heal_index, update_index
from tests.samples import make_material
from tests.search.rebuilds import count_rebuilds, make_indexed, rebuild
from tests.search.samples import ask, document, found


@pytest.fixture
def rebuilds(app: Flask, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """One entry for each time that the index is built anew."""
    return count_rebuilds(app, monkeypatch)


def index_root() -> Path:
    return settings().data_dir / "index"


def live_folder() -> Path:
    return IndexStore(index_root()).live()[1]


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
    app: Flask, people: dict[str, int], rebuilds: list[int], damage: Callable[[], None]
) -> None:
    with app.app_context():
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
    app: Flask, people: dict[str, int], rebuilds: list[int], reading: bool
) -> None:
    with app.app_context():
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


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.parametrize(("files", "said"), [("*.col", "no lengths"), ("*.toc", "does not exist")])
def test_damage_is_told_in_one_line(
    app: Flask, people: dict[str, int], caplog: pytest.LogCaptureFixture, files: str, said: str
) -> None:
    with app.app_context(), caplog.at_level(logging.INFO, "edu.search"):
        make_indexed(people)
        search_index().close()
        for path in live_folder().glob(files):
            path.unlink()
        caplog.clear()
        with pytest.raises(Unavailable):
            find_materials(SearchInput(text="ряды"))
        heal_index()
        refused, healed = caplog.records
        assert (refused.levelname, healed.levelname) == ("ERROR", "WARNING")
        assert "does not answer" in refused.message
        assert "is built anew" in healed.message
        for line in (refused, healed):
            assert said in line.message
            assert not line.exc_info


def test_another_writer_is_not_disturbed(
    app: Flask, people: dict[str, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    def busy() -> AbstractContextManager[Rebuild]:
        raise IndexBusy("another writes")

    with app.app_context():
        ids = make_indexed(people)
        write_junk()
        with monkeypatch.context() as patch:
            patch.setattr(search_index(), "rebuilding", busy)
            assert indexing.heal_index() is False
        heal_index()
        assert search_index().ids() == ids


# Whoosh leaves the file open that it fails to read.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_an_index_that_is_missing_or_damaged_says_so(tmp_path: Path) -> None:
    missing = WhooshIndex(tmp_path / "none")
    with pytest.raises(IndexUnavailable):
        missing.check()
    index = WhooshIndex.open_or_create(tmp_path / "index")
    index.update([document(1, "ряд")], [])
    index.check()
    (folder,) = (path for path in (tmp_path / "index").iterdir() if path.is_dir())
    for path in folder.iterdir():
        path.write_bytes(b"")
    with pytest.raises(IndexUnavailable):
        WhooshIndex(tmp_path / "index").check()
    rebuild(index, [document(1, "ряд")])
    assert found(index, "ряд") == [1]


def test_an_index_of_another_version_asks_for_a_rebuild(tmp_path: Path) -> None:
    index = WhooshIndex.open_or_create(tmp_path)
    (tmp_path / "current").write_text("000001-f0")
    with pytest.raises(IndexUnavailable):
        index.check()
    rebuild(index, [document(1, "ряд")])
    assert found(index, "ряд") == [1]


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_an_unfinished_rebuild_that_cannot_be_read_is_begun_anew(tmp_path: Path) -> None:
    index = WhooshIndex.open_or_create(tmp_path)
    with index.rebuilding() as making:
        making.add([document(1, "ряд"), document(2, "ряд")])
    for path in IndexStore(tmp_path).unfinished.glob("*.col"):
        path.unlink()
    with index.rebuilding() as making:
        assert making.revisions() == {}
        making.add([document(3, "ряд")])
        making.finish()
    assert found(index, "ряд") == [3]


def test_segments_that_lose_all_their_documents_leave_no_trace(tmp_path: Path) -> None:
    index = WhooshIndex.open_or_create(tmp_path)
    for number in range(12):
        index.update([document(number, "ряд")], [])
    for number in range(12):
        index.update([], [number])
        assert ask(index, "ряд").total == 11 - number
    index.optimize()
    assert (index.ids(), found(index)) == (set(), [])
    index.update([document(1, "ряд")], [])
    assert found(index, "ряд") == [1]
