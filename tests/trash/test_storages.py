"""Bytes that go while files move, and those that never had a row."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest
from flask import Flask

from edu.extensions import db, settings, storage
from edu.storage import unused as bytes_of
from edu.storage.base import Storage, hash_of, original_key, preview_key
from edu.storage.local import LocalStorage
from edu.storage.move import Move
from edu.storage.moving import MovingStorage
from edu.trash import service
from jobs.trash import remove_unused_files
from tests.samples import get_material, put_bytes
from tests.trash.conftest import World, fall_due, keys, unused

STRAY = "ab" * 32


def of(one: Storage, sha256: str) -> set[str]:
    return {found.key for found in one.list_keys() if hash_of(found.key) == sha256}


def purge(world: World, state: str) -> None:
    service.purge_now(world.person("maria"), world.delete(state, by="maria"))
    db.session.commit()
    fall_due()


@pytest.fixture
def moving(world: World, tmp_path: Path) -> MovingStorage:
    """The product writes to the one and reads from both."""
    with world.app.app_context():
        source = storage()
        target = LocalStorage(tmp_path / "target")
        both = MovingStorage(target, source, tmp_path / "held")
    world.app.extensions["edu.storage"] = both
    return both


def move(both: MovingStorage, tmp_path: Path) -> Move:
    return Move(both.source, both.target, tmp_path / "work", delete=True, live=True)


def test_what_lies_in_both_goes_from_both(
    world: World, moving: MovingStorage, tmp_path: Path
) -> None:
    with world.app.app_context():
        sha256 = get_material(world.own["pending"]).file.sha256
        Move(moving.source, moving.target, tmp_path / "work").run(lambda _done: None)
        assert of(moving.source, sha256) == of(moving.target, sha256) != set()
        purge(world, "pending")
        remove_unused_files()
        assert of(moving.source, sha256) == of(moving.target, sha256) == set()


@pytest.mark.parametrize("moment", ["before it is read", "before it is looked at again"])
def test_a_move_does_not_stumble_over_a_removal(
    world: World,
    moving: MovingStorage,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    moment: str,
) -> None:
    with world.app.app_context():
        sha256 = get_material(world.own["pending"]).file.sha256
        others = {key for key in keys() if hash_of(key) != sha256}
        purge(world, "pending")
        step = "_copy" if moment == "before it is read" else "_is_whole"
        act = getattr(Move, step)

        def interrupted(self: Move, found: object) -> bool:
            if original_key(sha256) in (found, getattr(found, "key", "")):
                remove_unused_files()
            return bool(act(self, found))

        monkeypatch.setattr(Move, step, interrupted)
        done = move(moving, tmp_path).run(lambda _done: None)
        assert done.damaged == []
        assert unused() == {}
        assert of(moving, sha256) == set()
        assert {found.key for found in moving.target.list_keys()} == others


def test_bytes_without_a_row_are_freed_on_demand(world: World) -> None:
    def check(*more: str) -> str:
        return world.app.test_cli_runner().invoke(args=["storage", "check", *more]).output

    with world.app.app_context():
        before = keys()
        for key in (original_key(STRAY), preview_key(STRAY, "1.webp"), "thumbnails/strange"):
            put_bytes(b"stray", key)
            _age(world.app, key)
    assert "orphans: 3" in check()
    with world.app.app_context():
        assert unused() == {}
    check("--free-orphans")
    with world.app.app_context():
        assert unused() == {STRAY: False}
        assert bytes_of.list_due(10) == []
        fall_due()
        remove_unused_files()
        assert keys() == before | {"thumbnails/strange"}


def _age(app: Flask, key: str) -> None:
    path = app.extensions["edu.settings"].data_dir / "storage" / key
    assert path.is_file(), settings().data_dir
    os.utime(path, (time.time() - 2 * 86400,) * 2)
