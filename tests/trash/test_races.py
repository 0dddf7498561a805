"""The same bytes come back at the very moment at which they are to go."""

from __future__ import annotations

import hashlib
import threading
from datetime import timedelta
from pathlib import Path

import pytest

from edu.catalog.service import find_category
from edu.errors import Conflict, InvalidInput
from edu.extensions import db, settings, storage, utcnow
from edu.materials.models import Material, MaterialStatus, StoredFile
from edu.materials.service import MaterialData, accept_file, upload_material
from edu.media.service import retry_material
from edu.storage import unused as bytes_of
from edu.storage.base import hash_of, original_key
from edu.storage.incoming import copy_in
from edu.trash import service
from edu.trash.models import UnusedFile
from edu.versions.service import replace_file
from jobs.trash import remove_unused_files
from tests.samples import get_material
from tests.trash.conftest import World, fall_due, keys, unused


@pytest.fixture
def gone(any_world: World, pdf_file: Path) -> str:
    """The hash of bytes that no row has any more, and whose time has come."""
    with any_world.app.app_context():
        number = send(any_world, pdf_file).id
        service.delete_material(any_world.person("alice"), get_material(number))
        db.session.commit()
        service.purge_now(any_world.person("alice"), number)
        db.session.commit()
        fall_due()
        return hashlib.sha256(pdf_file.read_bytes()).hexdigest()


def take(pdf_file: Path) -> StoredFile:
    return accept_file(copy_in(pdf_file, settings().data_dir / "incoming"))


def send(world: World, pdf_file: Path, file: StoredFile | None = None) -> Material:
    category = find_category("matan")
    assert category
    data = MaterialData("Ряды", "", [], "lecture", category)
    material = upload_material(world.person("alice"), data, file or take(pdf_file))
    db.session.commit()
    return material


def has(sha256: str) -> bool:
    return original_key(sha256) in keys()


def begin(sha256: str) -> object:
    """What another process does first."""
    until = bytes_of.begin_removal(sha256)
    db.session.commit()
    return until


def test_an_upload_before_the_removal_keeps_the_bytes(
    any_world: World, gone: str, pdf_file: Path
) -> None:
    with any_world.app.app_context():
        material = send(any_world, pdf_file)
        assert unused() == {}
        remove_unused_files()
        assert has(material.file.sha256)
        assert material.file.sha256 == gone


def test_a_new_file_of_a_material_keeps_them_too(
    any_world: World, gone: str, pdf_file: Path
) -> None:
    with any_world.app.app_context():
        material = get_material(any_world.own["pending"])
        replace_file(any_world.person("alice"), material, take(pdf_file))
        db.session.commit()
        assert unused() == {}
        remove_unused_files()
        assert has(gone)


def test_a_removal_waits_for_an_upload_that_is_not_committed_yet(
    any_world: World, gone: str, pdf_file: Path
) -> None:
    told: list[object] = []

    def remove() -> None:
        with any_world.app.app_context():
            told.append(begin(gone))

    with any_world.app.app_context():
        file = take(pdf_file)
        bytes_of.keep_bytes(gone)
        db.session.add(file)
        db.session.flush()
        remover = threading.Thread(target=remove)
        remover.start()
        remover.join(0.3)
        assert told == []
        db.session.commit()
        remover.join(30)
        assert told == [None]
        assert unused() == {}
        assert has(gone)


def test_what_has_a_row_never_goes(any_world: World, gone: str) -> None:
    with any_world.app.app_context():
        kind = "application/pdf"  # written past `keep_bytes`
        db.session.add(StoredFile(sha256=gone, size=1, name="x.pdf", media_type=kind))
        db.session.commit()
        remove_unused_files()
        assert unused() == {}
        assert has(gone)


def test_during_the_removal_an_upload_is_asked_to_wait(
    any_world: World, gone: str, pdf_file: Path
) -> None:
    with any_world.app.app_context():
        assert begin(gone)
        for act in (
            lambda: send(any_world, pdf_file),
            lambda: replace_file(
                any_world.person("alice"),
                get_material(any_world.own["pending"]),
                take(pdf_file),
            ),
        ):
            with pytest.raises(Conflict) as refused:
                act()
            assert "Send it again" in str(refused.value.message)
            db.session.rollback()
        fall_due()
        remove_unused_files()
        assert not has(gone)
        assert has(send(any_world, pdf_file).file.sha256)


def test_after_the_removal_bytes_that_came_before_it_are_asked_for_again(
    any_world: World, gone: str, pdf_file: Path
) -> None:
    with any_world.app.app_context():
        file = take(pdf_file)  # finds the bytes there, and keeps those
        remove_unused_files()
        assert not has(gone)
        with pytest.raises(InvalidInput) as refused:
            send(any_world, pdf_file, file)
        assert refused.value.code == "gone"
        db.session.rollback()
        assert has(send(any_world, pdf_file).file.sha256)


def test_who_is_late_with_a_removal_touches_nothing(
    any_world: World, gone: str, pdf_file: Path
) -> None:
    with any_world.app.app_context():
        late = bytes_of.begin_removal(gone)
        db.session.commit()
        assert late
        fall_due()
        remove_unused_files()  # another, to the end
        send(any_world, pdf_file)
        # Nor does who has so little time left that a slow deletion would come late.
        for left in (timedelta(seconds=-1), timedelta(minutes=1)):
            assert not bytes_of.remove_bytes(gone, utcnow() + left)
        bytes_of.end_removal(gone, late)
        assert has(gone)


def test_the_end_of_one_removal_is_not_that_of_another(any_world: World, gone: str) -> None:
    with any_world.app.app_context():
        first = bytes_of.begin_removal(gone)
        db.session.commit()
        assert first
        fall_due()
        second = bytes_of.begin_removal(gone)
        db.session.commit()
        assert second
        bytes_of.end_removal(gone, first)
        db.session.commit()
        assert unused() == {gone: True}
        assert bytes_of.begin_removal(gone) is None  # in hand
        bytes_of.end_removal(gone, second)
        assert unused() == {}


def test_what_is_noted_again_waits_anew(any_world: World, gone: str) -> None:
    with any_world.app.app_context():
        bytes_of.note_unused({gone: 1})
        db.session.commit()
        assert bytes_of.list_due(10) == []
        fall_due()
        assert begin(gone)
        held = db.session.get_one(UnusedFile, gone).due_at
        bytes_of.note_unused({gone: 1})
        db.session.commit()
        assert db.session.get_one(UnusedFile, gone).due_at == held
        assert unused() == {gone: True}


def test_bytes_are_gone_before_the_same_can_come(
    any_world: World, gone: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    # What uploads look at stays until the last of what was made of the file has gone.
    seen: list[bool] = []
    with any_world.app.app_context():
        delete = storage().delete

        def watch(key: str) -> None:
            seen.append(unused().get(hash_of(key) or "", False))
            delete(key)

        monkeypatch.setattr(storage(), "delete", watch)
        remove_unused_files()
        assert seen
        assert all(seen)


def test_a_retry_that_comes_second_leaves_it_in_the_trash(any_world: World) -> None:
    def delete() -> None:
        with any_world.app.app_context():
            any_world.delete("failed")

    with any_world.app.app_context():
        seen = get_material(any_world.own["failed"])
        assert seen.status == MaterialStatus.FAILED  # as the page showed it
        other = threading.Thread(target=delete)
        other.start()
        other.join(30)
        with pytest.raises(Conflict):
            retry_material(seen)
        db.session.rollback()
        assert get_material(any_world.own["failed"]).status == MaterialStatus.ARCHIVED
