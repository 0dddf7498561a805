"""The bucket: signatures, large files, troubles, signed addresses."""

from __future__ import annotations

import random
import time
import urllib.error
import urllib.request
from pathlib import Path

import pytest

from edu.storage import s3
from edu.storage.base import StorageUnavailable, original_key
from edu.storage.s3 import S3Storage, StorageRefused
from tests.storage.conftest import bucket_of, put
from tests.storage.standin import StandIn

KEY = original_key("ab" * 32)
CONTENT = random.Random(1).randbytes(900_000)


def fetch(url: str, **headers: str) -> tuple[int, bytes, dict[str, str]]:
    """The answer to a stranger."""
    request = urllib.request.Request(url, headers=headers)
    try:
        with urllib.request.urlopen(request, timeout=5) as response:
            return response.status, response.read(), dict(response.headers)
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read(), dict(error.headers)


def test_keys_lie_below_the_prefix(bucket: S3Storage, standin: StandIn, tmp_path: Path) -> None:
    put(bucket, KEY, b"x", tmp_path)
    assert standin.list_names() == [f"edu/{KEY}"]


def test_a_large_file_goes_in_parts(
    bucket: S3Storage, standin: StandIn, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(s3, "PART", 5 * s3.MB)
    large = random.Random(2).randbytes(12 * s3.MB)
    put(bucket, KEY, large, tmp_path)
    assert standin.counts["put_part"] == 3
    assert standin.counts["put_object"] == 0
    assert standin.path(f"edu/{KEY}").read_bytes() == large
    with bucket.open(KEY) as stream:
        stream.seek(11 * s3.MB)
        assert stream.read(100) == large[11 * s3.MB :][:100]


def test_parts_of_an_upload_that_failed_are_taken_back(
    bucket: S3Storage, standin: StandIn, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(s3, "PART", 5 * s3.MB)
    source = tmp_path / "large"
    source.write_bytes(bytes(12 * s3.MB))
    monkeypatch.setattr(
        "tests.storage.standin.Handler._put_part",
        lambda handler, _key: handler._send(400, b"<Error><Code>Broken</Code></Error>"),
    )
    with pytest.raises(StorageUnavailable):
        bucket.save(source, KEY)
    assert source.exists()
    assert not list((standin.folder / "parts").iterdir())
    assert standin.list_names() == []


def test_reading_a_part_fetches_a_part(bucket: S3Storage, standin: StandIn, tmp_path: Path) -> None:
    put(bucket, KEY, bytes(3_000_000), tmp_path)
    standin.counts.clear()
    with bucket.open(KEY) as stream:
        assert standin.counts == {"head_object": 1}
        stream.seek(2_000_000)
        stream.read(1000)
        stream.read(1000)
    assert standin.counts == {"head_object": 1, "get_object": 1}


def test_a_busy_server_is_asked_again(bucket: S3Storage, standin: StandIn, tmp_path: Path) -> None:
    standin.failing = 2
    put(bucket, KEY, CONTENT, tmp_path)
    standin.failing = 2
    assert bucket.size(KEY) == len(CONTENT)


def test_an_answer_that_breaks_off_is_continued(
    bucket: S3Storage, standin: StandIn, tmp_path: Path
) -> None:
    put(bucket, KEY, CONTENT, tmp_path)
    standin.cut = 100_000
    with bucket.open(KEY) as stream:
        assert stream.read() == CONTENT


def test_a_server_that_stays_busy_is_unavailable(
    bucket: S3Storage, standin: StandIn, tmp_path: Path
) -> None:
    source = tmp_path / "file"
    source.write_bytes(b"x")
    standin.failing = 99
    with pytest.raises(StorageUnavailable) as caught:
        bucket.save(source, KEY)
    assert caught.value.status == 503
    assert "does not answer just now" in str(caught.value.message)
    assert source.exists()
    with pytest.raises(StorageUnavailable):
        bucket.check()


def test_a_silent_server_does_not_hold_anybody(
    standin: StandIn, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(s3, "READ_S", 0.2)
    standin.silent = 99
    began = time.monotonic()
    with pytest.raises(StorageUnavailable):
        S3Storage(bucket_of(standin), tmp_path).size(KEY)
    # Far below what the client would wait by itself; other tests run beside this one.
    assert time.monotonic() - began < 15


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"secret_access_key": "another"}, "SignatureDoesNotMatch"),
        ({"access_key_id": "NOBODY"}, "InvalidAccessKeyId"),
        ({"region": "us-east-1"}, "AuthorizationHeaderMalformed"),
        ({"name": "nobodys"}, ""),
    ],
)
def test_wrong_settings_are_refused_and_told(
    standin: StandIn, tmp_path: Path, change: dict[str, str], code: str
) -> None:
    with pytest.raises(StorageRefused) as caught:
        S3Storage(bucket_of(standin, **change), tmp_path).check()
    assert code in str(caught.value.__cause__)
    assert "another" not in str(caught.value.__cause__)
    assert set(standin.refused) == {code or "NoSuchBucket"}


def test_without_an_age_there_are_no_addresses(bucket: S3Storage) -> None:
    assert bucket.presign(KEY, media_type="video/mp4", disposition="inline") is None
    assert bucket.origin() == ""


def test_an_address_gives_the_bytes_to_anybody_for_a_while(
    standin: StandIn, tmp_path: Path
) -> None:
    bucket = S3Storage(bucket_of(standin), tmp_path / "work", presign_s=60)
    put(bucket, KEY, CONTENT, tmp_path)
    named = "inline; filename*=UTF-8''%D0%A0.mp4"
    address = bucket.presign(KEY, media_type="video/mp4", disposition=named)
    assert address
    assert address.startswith(bucket.origin() + "/")
    status, content, headers = fetch(address, Range="bytes=10-19")
    assert (status, content) == (206, CONTENT[10:20])
    assert headers["Content-Type"] == "video/mp4"
    assert headers["Content-Disposition"] == named
    assert fetch(address.replace("video%2Fmp4", "text%2Fhtml"))[0] == 403
    assert fetch(address.replace("abab", "abac"))[0] == 403
    assert fetch(address.replace("Expires=60", "Expires=600"))[0] == 403
    assert fetch(address.partition("?")[0])[0] == 403


def test_an_address_ends(standin: StandIn, tmp_path: Path) -> None:
    bucket = S3Storage(bucket_of(standin), tmp_path / "work", presign_s=1)
    put(bucket, KEY, b"x", tmp_path)
    address = bucket.presign(KEY, media_type="video/mp4", disposition="inline")
    assert address
    assert fetch(address)[0] == 200
    time.sleep(2.1)
    assert fetch(address)[0] == 403


def test_a_copy_for_work_is_gone_afterwards(bucket: S3Storage, tmp_path: Path) -> None:
    put(bucket, KEY, CONTENT, tmp_path)
    beats: list[int] = []
    with bucket.local_path(KEY, lambda: beats.append(1)) as path:
        assert path.is_relative_to(tmp_path / "work")
    assert beats
    assert not list((tmp_path / "work").iterdir())

    def stop() -> None:
        raise RuntimeError("the claim is lost")

    with pytest.raises(RuntimeError), bucket.local_path(KEY, stop):
        pass
    assert not list((tmp_path / "work").iterdir())
