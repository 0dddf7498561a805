"""For good: what goes with a material, which bytes are freed, and which never are."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import func, select

from edu.admin.models import AuditEntry
from edu.demand.models import MaterialRequest
from edu.errors import Conflict, EduError
from edu.extensions import Model, db, search_index, storage
from edu.library.service import record_opening
from edu.materials.models import Material, MaterialStatus, MaterialVersion, StoredFile
from edu.materials.service import count_view
from edu.media.service import claim_material
from edu.privacy.service import delete_account
from edu.ratings.service import rate_material
from edu.storage import unused as bytes_of
from edu.storage.base import StorageUnavailable, hash_of, original_key, preview_key, stream_key
from edu.streams.models import Stream
from edu.trash import service
from edu.trash.models import PurgedMaterial, TrashEntry, UnusedFile
from edu.uploads.service import measure_room
from jobs.search import update_index
from jobs.trash import empty_trash, remove_unused_files
from tests.conftest import MakeApp
from tests.samples import get_material, make_material, put_bytes
from tests.trash.conftest import World, _fill, fall_due, grow_old, keys, unused


def sha_of(material_id: int) -> str:
    return get_material(material_id).file.sha256


def add_version(material_id: int, content: bytes) -> str:
    """A second file of the material, with its bytes; their hash."""
    sha256 = hashlib.sha256(content).hexdigest()
    put_bytes(content, original_key(sha256))
    material = get_material(material_id)
    file = StoredFile(sha256=sha256, size=len(content), name="2.pdf", media_type="application/pdf")
    db.session.add(file)
    db.session.flush()
    material.file = file
    version = {"material_id": material_id, "number": 2, "file": file, "author": material.uploader}
    db.session.add(MaterialVersion(**version))
    db.session.commit()
    return sha256


def rows_that_name(material_id: int) -> dict[str, int]:
    """How many rows of each table point to the material."""
    counts = {}
    for table in Model.metadata.tables.values():
        for column in table.columns:
            if any(key.target_fullname == "materials.id" for key in column.foreign_keys):
                query = select(func.count()).select_from(table).where(column == material_id)
                counts[table.name] = db.session.scalar(query) or 0
    return {name: count for name, count in counts.items() if count}


# Rows -----------------------------------------------------------------------------------------


def test_what_is_overdue_goes_with_all_that_hangs_on_it(any_world: World) -> None:
    with any_world.app.app_context():
        number, charlie = any_world.own["active"], any_world.person("charlie")
        rate_material(charlie, get_material(number), 5)
        count_view(get_material(number), charlie, "")
        record_opening(charlie, get_material(number))
        asked = {"user_id": charlie.id, "key": "k", "text": "k", "state": "met"}
        db.session.add(MaterialRequest(**asked, material_id=number))
        db.session.add(Stream(file_id=get_material(number).file_id, status="ready"))
        add_version(number, b"%PDF-1.7 another")
        any_world.delete("active", by="maria")
        other = any_world.delete("pending")
        assert len(rows_that_name(number)) > 6
        grow_old(29)
        empty_trash()
        assert get_material(number).status == MaterialStatus.ARCHIVED
        grow_old(31)
        empty_trash()
        assert rows_that_name(number) == {}
        left = set(db.session.scalars(select(Material.id)))
        assert left == set(any_world.own.values()) - {number, other}
        assert db.session.query(MaterialRequest.material_id).one() == (None,)
        assert db.session.query(Stream).count() == 0
        assert db.session.query(StoredFile).count() == len(left)
        empty_trash()  # once more: nothing to do
        assert db.session.query(UnusedFile).count() == 3


def test_search_has_forgotten_it_first(any_world: World) -> None:
    with any_world.app.app_context():
        number = any_world.own["active"]
        maria = any_world.person("maria")
        service.delete_material(maria, get_material(number))
        db.session.commit()
        grow_old()
        empty_trash()
        with pytest.raises(Conflict):
            service.purge_now(any_world.person("maria"), number)
        db.session.rollback()
        assert db.session.get(TrashEntry, number)
        assert number in search_index().revisions()
        update_index()
        empty_trash()
        assert db.session.get(Material, number) is None
        assert number not in search_index().revisions()


def test_no_other_material_gets_the_address(any_world: World) -> None:
    with any_world.app.app_context():
        last = make_material(any_world.people["alice"], MaterialStatus.PENDING, title="Last").id
        service.delete_material(any_world.person("alice"), get_material(last))
        db.session.commit()
        service.purge_now(any_world.person("alice"), last)
        db.session.commit()
        assert db.session.query(PurgedMaterial.material_id).all() == [(last,)]
        again = [make_material(any_world.people["alice"], title=f"New {n}").id for n in range(2)]
        assert again == [last + 1, last + 2]


def test_by_hand_of_another_it_is_written_down(world: World) -> None:
    with world.app.app_context():
        service.purge_now(world.person("alice"), world.delete("pending"))
        assert db.session.query(AuditEntry).count() == 0
        number = world.delete("active", by="maria")
        service.purge_now(world.person("maria"), number)
        entry = db.session.query(AuditEntry).one()
        assert (entry.action, entry.subject) == ("material_purged", f"material:{number}")
        assert entry.details == "It is active"


def test_what_was_restored_in_time_stays(world: World) -> None:
    with world.app.app_context():
        number = world.delete("pending")
        grow_old()
        (overdue,) = service.list_overdue(10)
        service.restore_material(world.person("alice"), number)
        db.session.commit()
        with pytest.raises(Conflict):
            service.purge_overdue(overdue)
        assert get_material(number).status == MaterialStatus.PENDING


def test_an_account_that_goes_leaves_its_trash_to_the_clock(world: World) -> None:
    with world.app.app_context():
        number = world.delete("pending")
        delete_account(world.person("alice"))
        db.session.commit()
        (seen,) = service.list_trash(world.person("maria"), 1).items
        assert seen.may_restore
        grow_old()
        empty_trash()
        assert db.session.get(Material, number) is None


def test_the_trash_counts_for_the_quota_until_it_is_emptied(make_app: MakeApp) -> None:
    world = _fill(make_app(UPLOAD_QUOTA_MB="10"))
    with world.app.app_context():

        def used() -> int:
            room = measure_room(world.person("alice"))
            assert room
            return room.used

        size, before = get_material(world.own["pending"]).file.size, used()
        number = world.delete("pending")
        assert used() == before
        service.purge_now(world.person("alice"), number)
        assert used() == before - size


def test_sending_and_deleting_in_a_circle_has_an_end(make_app: MakeApp) -> None:
    # Small numbers: each file is a third of a share of one megabyte.
    world = _fill(make_app(UPLOAD_QUOTA_MB="1"))
    with world.app.app_context():
        alice, third, left = world.person("alice"), 1024 * 1024 // 3, []
        for number in range(6):
            file = make_material(alice.id, MaterialStatus.PENDING, title=f"{number}").file
            file.size = third
            material = db.session.query(Material).filter_by(file_id=file.id).one()
            service.delete_material(alice, material)
            service.purge_now(alice, material.id)
            db.session.commit()
            room = measure_room(alice)
            assert room
            left.append(room.left)
        assert len(set(left[:3])) == 1
        assert left[3] > left[4] > left[5] == 0
        fall_due()
        remove_unused_files()
        room = measure_room(alice)
        assert room
        assert room.left == left[0]


# Bytes ----------------------------------------------------------------------------------------


def test_bytes_go_an_hour_later_with_all_that_was_made_of_them(any_world: World) -> None:
    with any_world.app.app_context():
        number, before = any_world.own["active"], keys()
        sha256 = sha_of(number)
        for key in (stream_key(sha256, "360/0.m4s"), preview_key(sha256, "1.webp")):
            put_bytes(b"made", key)
        second = add_version(number, b"%PDF-1.7 another")
        service.purge_now(any_world.person("maria"), any_world.delete("active", by="maria"))
        db.session.commit()
        remove_unused_files()
        assert {hash_of(key) for key in keys()} >= {sha256, second}
        assert unused() == {sha256: False, second: False}
        fall_due()
        remove_unused_files()
        assert keys() == {key for key in before if hash_of(key) != sha256}
        assert unused() == {}


@pytest.mark.parametrize("where", ["material", "older version"])
def test_bytes_that_another_has_stay(any_world: World, where: str) -> None:
    with any_world.app.app_context():
        same = b"%PDF-1.7 It is active"
        other = make_material(any_world.people["charlie"], title="Twin", content=same).id
        if where == "older version":
            add_version(other, b"%PDF-1.7 newer")
        update_index()
        sha256 = sha_of(any_world.own["active"])
        before = keys()
        service.purge_now(any_world.person("maria"), any_world.delete("active", by="maria"))
        db.session.commit()
        fall_due()
        remove_unused_files()
        assert keys() == before
        assert unused() == {}
        # The last one takes them along.
        service.delete_material(any_world.person("maria"), get_material(other))
        db.session.commit()
        update_index()
        service.purge_now(any_world.person("maria"), other)
        db.session.commit()
        fall_due()
        remove_unused_files()
        assert not [key for key in keys() if hash_of(key) == sha256]


STEPS: list[Callable[[pytest.MonkeyPatch], Any]] = [
    lambda patch: patch.setattr(bytes_of, "begin_removal", _die),
    lambda patch: patch.setattr(bytes_of, "remove_bytes", _die),
    lambda patch: patch.setattr(storage(), "delete", _die_after(storage().delete)),
    lambda patch: patch.setattr(bytes_of, "end_removal", _die),
]


class Killed(BaseException):
    """The process ends here: no handler of errors runs."""


def _die(*_arguments: Any) -> Any:
    raise Killed


def _die_after(act: Callable[[str], None]) -> Callable[[str], None]:
    def once(key: str) -> None:
        act(key)
        raise Killed

    return once


@pytest.mark.parametrize("step", range(len(STEPS)))
def test_a_run_that_dies_is_followed_by_another(
    any_world: World, monkeypatch: pytest.MonkeyPatch, step: int
) -> None:
    with any_world.app.app_context():
        sha256 = sha_of(any_world.own["pending"])
        service.purge_now(any_world.person("alice"), any_world.delete("pending"))
        db.session.commit()
        fall_due()
        with monkeypatch.context() as patch:
            STEPS[step](patch)
            with pytest.raises(Killed):
                remove_unused_files()
        db.session.rollback()
        begun = step > 0
        assert unused() == {sha256: begun}
        if begun:  # whoever died may still be at it, for all that others know
            remove_unused_files()
            assert unused() == {sha256: True}
        fall_due()
        remove_unused_files()
        assert unused() == {}
        assert not [key for key in keys() if hash_of(key) == sha256]


def test_a_purge_that_dies_leaves_everything(
    any_world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    with any_world.app.app_context():
        number, before = any_world.delete("pending"), keys()
        grow_old()
        monkeypatch.setattr(service, "note_unused", _die)
        with pytest.raises(Killed):
            empty_trash()
        db.session.rollback()
        monkeypatch.undo()
        assert db.session.get(TrashEntry, number)
        assert (keys(), unused()) == (before, {})
        empty_trash()
        assert len(unused()) == 1


def test_a_silent_storage_is_asked_again(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    def silent(*_arguments: Any) -> Any:
        raise StorageUnavailable

    with world.app.app_context():
        service.purge_now(world.person("alice"), world.delete("pending"))
        db.session.commit()
        fall_due()
        with monkeypatch.context() as patch:
            patch.setattr(storage(), "delete", silent)
            remove_unused_files()
        assert list(unused().values()) == [True]
        fall_due()
        remove_unused_files()
        assert unused() == {}


def test_what_is_being_processed_gives_way(world: World) -> None:
    with world.app.app_context():
        number = world.own["processing"]
        assert claim_material(number)
        db.session.commit()
        service.purge_now(world.person("alice"), world.delete("processing"))
        db.session.commit()
        with pytest.raises(EduError):
            service.restore_material(world.person("alice"), number)
        assert claim_material(number) is None
