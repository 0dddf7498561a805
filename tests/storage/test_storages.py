"""What every storage promises, asked of each."""

from __future__ import annotations

import io
import random
from pathlib import Path

import pytest

from edu.storage.base import (
    Storage,
    delete_keys_of,
    hash_of,
    list_keys_of,
    original_key,
    page_picture_key,
    preview_key,
    stream_key,
    thumbnail_key,
    undrawn_key,
)
from tests.storage.conftest import put

SHA = "ab" * 32
KEY = original_key(SHA)
CONTENT = random.Random(7).randbytes(1_500_000)


@pytest.fixture
def kept(storage: Storage, tmp_path: Path) -> Storage:
    """A storage with one large file."""
    put(storage, KEY, CONTENT, tmp_path)
    return storage


def test_what_was_saved_is_there(kept: Storage) -> None:
    assert kept.exists(KEY)
    assert kept.size(KEY) == len(CONTENT)
    with kept.open(KEY) as stream:
        assert stream.read() == CONTENT


def test_a_second_save_keeps_the_first(kept: Storage, tmp_path: Path) -> None:
    put(kept, KEY, bytes(len(CONTENT)), tmp_path)
    with kept.open(KEY) as stream:
        assert stream.read(1000) == CONTENT[:1000]


def test_a_stream_is_read_from_anywhere(kept: Storage) -> None:
    chance = random.Random(3)
    with kept.open(KEY) as stream:
        assert stream.seek(0, io.SEEK_END) == len(CONTENT)
        assert stream.read(10) == b""
        for _n in range(12):
            start, length = chance.randrange(len(CONTENT)), chance.randrange(300_000)
            assert stream.seek(start) == start
            assert stream.read(length) == CONTENT[start : start + length]
        stream.seek(-5, io.SEEK_END)
        assert stream.read() == CONTENT[-5:]
        stream.seek(0)
        assert b"".join(iter(lambda: stream.read(70_000), b"")) == CONTENT


def test_the_bytes_are_a_file_for_as_long_as_they_are_needed(kept: Storage) -> None:
    with kept.local_path(KEY) as path:
        assert path.read_bytes() == CONTENT
    assert kept.exists(KEY)


def test_what_is_not_there_is_not_found(storage: Storage) -> None:
    assert not storage.exists(KEY)
    storage.delete(KEY)
    with pytest.raises(FileNotFoundError):
        storage.size(KEY)
    with pytest.raises(FileNotFoundError):
        storage.open(KEY)
    assert storage.file_of(KEY) is None
    assert list(storage.list_keys()) == []


def test_deleted_bytes_are_gone(kept: Storage) -> None:
    kept.delete(KEY)
    assert not kept.exists(KEY)
    assert list(kept.list_keys()) == []


def test_keys_are_listed_in_order(storage: Storage, tmp_path: Path) -> None:
    keys = [
        original_key("00" * 32),
        original_key(SHA),
        stream_key(SHA, "720/00001.m4s"),
        stream_key(SHA, "720/index.m3u8"),
        stream_key(SHA, "master.m3u8"),
        stream_key(SHA, "master.m3u8.gz"),
        thumbnail_key(SHA),
    ]
    for number, key in enumerate(reversed(keys)):
        put(storage, key, bytes(number), tmp_path)
    assert [found.key for found in storage.list_keys()] == sorted(keys)
    streams = list(storage.list_keys(f"streams/ab/ab/{SHA}/m"))
    assert [found.key for found in streams] == keys[4:6]
    assert [found.size for found in streams] == [2, 1]
    assert all(found.modified > 1.7e9 for found in streams)


def test_a_file_goes_with_all_that_was_made_of_it(storage: Storage, tmp_path: Path) -> None:
    other = "ab" * 31 + "cd"
    mine = [
        original_key(SHA),
        preview_key(SHA, "sections.json"),
        stream_key(SHA, "a.m3u8"),
        thumbnail_key(SHA),
        page_picture_key(SHA, 3),
        undrawn_key(SHA, 4),
    ]
    for key in [*mine, original_key(other), thumbnail_key(other)]:
        put(storage, key, b"x", tmp_path)
    assert sorted(list_keys_of(storage, SHA)) == mine
    assert {hash_of(key) for key in mine} == {SHA}
    assert delete_keys_of(storage, SHA) == 6
    assert [f.key for f in storage.list_keys()] == [original_key(other), thumbnail_key(other)]


@pytest.mark.parametrize("key", ["", "check/probe", "files/aa/bb/" + SHA, "files/ab/ab/abab"])
def test_a_key_of_another_make_belongs_to_no_file(key: str) -> None:
    assert hash_of(key) is None


def test_a_storage_that_works_says_nothing(storage: Storage) -> None:
    storage.check()
    assert list(storage.list_keys()) == []
