"""Files on their way from one storage to another, and the product meanwhile."""

from __future__ import annotations

import hashlib
import os
import signal
import subprocess
import sys
import threading
import traceback
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from edu.config import ROOT, SettingsError, load_settings
from edu.extensions import settings, storage
from edu.storage.base import Storage, StorageUnavailable, original_key, thumbnail_key
from edu.storage.local import LocalStorage
from edu.storage.moving import MovingStorage
from edu.storage.s3 import S3Storage
from tests.conftest import MakeApp, make_people
from tests.product import wait_until
from tests.samples import make_material
from tests.storage.conftest import put
from tests.storage.standin import StandIn, run_standin

COUNT = 6
MOVE = ("storage", "move", "--to")


def content_of(number: int) -> bytes:
    """The bytes of a file."""
    return f"%PDF-1.7 {number} ".encode() * 9000


def fill(app: Flask) -> list[str]:
    """Published materials; the addresses of their files."""
    alice = make_people(app)["alice"]
    with app.app_context():
        made = [make_material(alice, title=f"T{n}", content=content_of(n)) for n in range(COUNT)]
        return [f"/materials/{material.id}/file" for material in made]


class Reader(threading.Thread):
    """Somebody who reads all the time; `wrong` is what they were told instead of the bytes."""

    def __init__(self, client: FlaskClient, addresses: list[str]) -> None:
        super().__init__()
        self.client, self.addresses = client, addresses
        self.done, self.read, self.wrong = threading.Event(), 0, list[str]()

    def run(self) -> None:
        while not self.done.is_set():
            for number, address in enumerate(self.addresses):
                try:
                    answer = self.client.get(address)
                except Exception:  # whatever it is, the test has to tell it
                    self.wrong.append(traceback.format_exc())
                    return
                self.read += 1
                if answer.data != content_of(number):
                    self.wrong.append(f"{address}: {answer.status}")


@pytest.fixture
def reading() -> Iterator[list[Reader]]:
    """Readers, stopped with the test."""
    readers: list[Reader] = []
    yield readers
    for reader in readers:
        reader.done.set()
        reader.join()


def holds(one: Storage) -> dict[str, int]:
    """Keys and sizes."""
    return {found.key: found.size for found in one.list_keys()}


@pytest.mark.parametrize("goal", ["s3", "local"])
def test_files_move_while_they_are_read(
    make_app: MakeApp, standin: StandIn, reading: list[Reader], goal: str
) -> None:
    before = {"s3": "local", "local": "s3"}[goal]
    addresses = fill(make_app(**standin.env(STORAGE=before)))
    app = make_app(**standin.env(STORAGE=goal, STORAGE_PREVIOUS=before))
    standin.page = 3
    standin.delay_s = 0.02
    reader = Reader(app.test_client(), addresses)
    reading.append(reader)
    reader.start()
    wait_until(lambda: reader.read > COUNT, 10, "the reader has begun")
    answer = app.test_cli_runner().invoke(args=[*MOVE, goal, "--delete"])
    assert answer.exit_code == 0, answer.output
    assert f"copied: {COUNT * 2} " in answer.output
    assert f"deleted: {COUNT * 2}," in answer.output
    already = reader.read
    wait_until(lambda: reader.wrong or reader.read > already + COUNT, 20, "the reader goes on")
    reader.done.set()
    reader.join()
    assert reader.wrong == []
    with app.app_context():
        both = storage()
        assert isinstance(both, MovingStorage)
        assert holds(both.source) == {}
        assert len(holds(both.target)) == COUNT * 2
        assert not list((settings().data_dir / "work").glob("move-*"))
    alone = make_app(**standin.env(STORAGE=goal)).test_client()
    assert [alone.get(address).data for address in addresses] == [
        content_of(number) for number in range(COUNT)
    ]


def test_a_second_move_passes_over_what_is_there(make_app: MakeApp, standin: StandIn) -> None:
    fill(make_app(**standin.env()))
    app = make_app(**standin.env(STORAGE="s3", STORAGE_PREVIOUS="local"))
    runner = app.test_cli_runner()
    assert f"copied: {COUNT * 2} " in runner.invoke(args=[*MOVE, "s3"]).output
    standin.counts.clear()
    again = runner.invoke(args=[*MOVE, "s3"])
    assert f"copied: 0 (0 bytes), were there: {COUNT * 2}, deleted: 0" in again.output
    assert standin.counts["put_object"] == 1  # the probe
    assert standin.counts["get_object"] == 0
    with app.app_context():
        assert holds(LocalStorage(settings().data_dir / "storage"))


def test_damaged_bytes_stay_where_they_are(make_app: MakeApp, standin: StandIn) -> None:
    app = make_app(**standin.env(STORAGE="s3", STORAGE_PREVIOUS="local"))
    local = LocalStorage(Path(app.extensions["edu.settings"].data_dir) / "storage")
    tmp = local.root.parent
    good, bad, arrived_bad = b"good", b"bad", b"arrived"
    keys = [original_key(hashlib.sha256(b).hexdigest()) for b in (good, bad, arrived_bad)]
    put(local, keys[0], good, tmp)
    put(local, keys[1], b"rot", tmp)
    put(local, keys[2], arrived_bad, tmp)
    with app.app_context():
        put(storage(), keys[2], b"ARRIVED", tmp)
    answer = app.test_cli_runner().invoke(args=[*MOVE, "s3", "--delete"])
    assert answer.exit_code == 1
    for key in keys[1:]:
        assert f"damaged, left where it was: {key}" in answer.output
    assert set(holds(local)) == set(keys[1:])
    assert standin.path(keys[0]).read_bytes() == good
    assert not standin.path(keys[1]).exists()


def test_nothing_is_deleted_that_the_product_would_not_find(
    make_app: MakeApp, standin: StandIn
) -> None:
    app = make_app(**standin.env())
    fill(app)
    runner = app.test_cli_runner()
    refused = runner.invoke(args=[*MOVE, "s3", "--delete"])
    assert refused.exit_code == 1
    assert "STORAGE=s3 and STORAGE_PREVIOUS=local" in refused.output
    assert standin.list_names() == []
    early = runner.invoke(args=[*MOVE, "s3"])
    assert early.exit_code == 0
    assert "call this once more" in early.output.replace("\n", " ")


def test_a_move_needs_both_storages(make_app: MakeApp) -> None:
    answer = make_app().test_cli_runner().invoke(args=[*MOVE, "s3"])
    assert answer.exit_code == 1
    assert "S3_BUCKET" in answer.output


def test_a_move_stops_with_a_sentence_when_the_bucket_falls_silent(
    make_app: MakeApp, standin: StandIn
) -> None:
    app = make_app(**standin.env(STORAGE="s3", STORAGE_PREVIOUS="local"))
    fill(app)
    standin.failing = 10**6
    answer = app.test_cli_runner().invoke(args=[*MOVE, "s3"])
    assert answer.exit_code == 1
    assert "call this again to go on" in answer.output


@pytest.mark.processes
def test_a_killed_move_goes_on(make_app: MakeApp, tmp_path: Path) -> None:
    with run_standin(tmp_path / "s3") as server:
        app = make_app(**server.env())
        fill(app)
        server.delay_s = 0.1
        env = {k: os.environ[k] for k in ("PATH", "HOME", "LANG", "TMPDIR") if k in os.environ}
        env |= {"EDU_DATA": str(app.extensions["edu.settings"].data_dir), "FLASK_APP": "wsgi"}
        env |= server.env(STORAGE="s3", STORAGE_PREVIOUS="local")
        command = [str(Path(sys.executable).parent / "flask"), *MOVE, "s3", "--delete"]
        process = subprocess.Popen(command, cwd=ROOT, env=env, stdout=subprocess.DEVNULL)
        try:
            wait_until(lambda: len(server.list_names()) >= 4, 30, "four have arrived")
        finally:
            process.send_signal(signal.SIGKILL)
            process.wait(10)
        server.delay_s = 0
        local = LocalStorage(Path(env["EDU_DATA"]) / "storage")
        left = len(holds(local))
        assert 0 < left < COUNT * 2
        moved = make_app(**server.env(STORAGE="s3", STORAGE_PREVIOUS="local"))
        answer = moved.test_cli_runner().invoke(args=[*MOVE, "s3", "--delete"])
        assert answer.exit_code == 0, answer.output
        assert f"deleted: {left}," in answer.output
        assert holds(local) == {}
        for number in range(COUNT):
            content = content_of(number)
            key = original_key(hashlib.sha256(content).hexdigest())
            assert server.path(key).read_bytes() == content


# Both as one -----------------------------------------------------------------------------------


@pytest.fixture
def both(bucket: S3Storage, tmp_path: Path) -> MovingStorage:
    """On the way from the folder to the bucket."""
    return MovingStorage(bucket, LocalStorage(tmp_path / "storage"), tmp_path / "work")


KEY, OTHER = original_key("ab" * 32), thumbnail_key("ab" * 32)


def test_new_files_go_to_the_new_storage(both: MovingStorage, tmp_path: Path) -> None:
    put(both, KEY, b"new", tmp_path)
    assert both.target.exists(KEY)
    assert not both.source.exists(KEY)


def test_old_files_are_found_where_they_are(both: MovingStorage, tmp_path: Path) -> None:
    put(both.source, KEY, b"old", tmp_path)
    put(both.target, OTHER, b"new", tmp_path)
    assert both.exists(KEY)
    assert both.size(KEY) == 3
    with both.open(KEY) as stream:
        assert stream.read() == b"old"
    assert [found.key for found in both.list_keys()] == [KEY, OTHER]
    assert not both.exists(original_key("cd" * 32))


def test_a_file_in_work_stays_although_it_moves(both: MovingStorage, tmp_path: Path) -> None:
    put(both.source, KEY, b"old", tmp_path)
    with both.local_path(KEY) as path:
        both.source.delete(KEY)
        assert path.read_bytes() == b"old"
    assert not list((tmp_path / "work").iterdir())
    with pytest.raises(FileNotFoundError), both.local_path(KEY):
        pass


def test_a_stream_follows_its_file(bucket: S3Storage, tmp_path: Path) -> None:
    back = MovingStorage(LocalStorage(tmp_path / "storage"), bucket, tmp_path / "work")
    content = os.urandom(700_000)
    put(back.source, KEY, content, tmp_path)
    with back.open(KEY) as stream:
        first = stream.read(300_000)
        put(back.target, KEY, content, tmp_path)
        back.source.delete(KEY)
        assert first + stream.read() == content
        assert stream.seek(0) == 0
        assert stream.read(10) == content[:10]


def test_a_deleted_file_is_in_neither(both: MovingStorage, tmp_path: Path) -> None:
    for one in (both.source, both.target):
        put(one, KEY, b"x", tmp_path)
    assert len(list(both.list_keys())) == 1
    both.delete(KEY)
    assert not both.source.exists(KEY)
    assert not both.target.exists(KEY)


def test_old_files_are_read_while_the_new_storage_is_silent(
    both: MovingStorage, standin: StandIn, tmp_path: Path
) -> None:
    put(both.source, KEY, b"old", tmp_path)
    standin.failing = 10**6
    with both.open(KEY) as stream:
        assert stream.read() == b"old"
    with pytest.raises(StorageUnavailable):
        both.size(OTHER)


@pytest.mark.parametrize(
    ("env", "problem"),
    [
        ({"STORAGE": "s3"}, "S3_BUCKET"),
        ({"STORAGE_PREVIOUS": "local"}, "STORAGE_PREVIOUS"),
        ({"STORAGE": "ftp"}, "STORAGE"),
        ({"S3_ACCESS_KEY_ID": "x"}, "both or neither"),
        ({"S3_PREFIX": "a b"}, "S3_PREFIX"),
        ({"SENDFILE_HEADER": "yes"}, "SENDFILE_HEADER"),
        ({"SENDFILE_PREFIX": "inner"}, "SENDFILE_PREFIX"),
    ],
)
def test_settings_that_make_no_sense_are_named(env: dict[str, str], problem: str) -> None:
    with pytest.raises(SettingsError, match=problem):
        load_settings({"EDU_DATA": "/nonexistent", **env}, secret_key="k" * 40)


def test_the_secret_is_shown_to_nobody(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("very-secret\n")
    made = load_settings(
        {
            "EDU_DATA": str(tmp_path),
            "S3_ACCESS_KEY_ID": "id",
            "S3_SECRET_ACCESS_KEY_FILE": str(tmp_path / "secret"),
        },
        secret_key="k" * 40,
    )
    assert made.s3_secret_access_key == "very-secret"
    assert "very-secret" not in repr(made)
