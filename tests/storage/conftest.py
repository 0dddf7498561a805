"""Both storages, and the product on each."""

from __future__ import annotations

import json
import os
import re
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.retries.standard import ExponentialBackoff
from flask import Flask

from edu.config import ROOT
from edu.storage import s3
from edu.storage.base import Storage
from edu.storage.local import LocalStorage
from edu.storage.s3 import Bucket, S3Storage
from tests.conftest import MakeApp
from tests.storage.standin import ACCESS_KEY, BUCKET, REGION, SECRET_KEY, StandIn, run_standin


@pytest.fixture
def standin(tmp_path: Path) -> Iterator[StandIn]:
    """An empty bucket."""
    with run_standin(tmp_path / "s3") as server:
        yield server


@pytest.fixture(scope="session")
def _session() -> Any:
    return boto3.session.Session()


@pytest.fixture(autouse=True)
def _one_session(monkeypatch: pytest.MonkeyPatch, _session: Any) -> None:
    # Each reads anew what S3 can do, which takes longer than most tests.
    monkeypatch.setattr(boto3.session, "Session", lambda: _session)


@pytest.fixture(autouse=True)
def _short_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(s3, "READ_S", 1)
    # Between tries botocore sleeps up to seconds.
    monkeypatch.setattr(ExponentialBackoff, "delay_amount", lambda _self, _context: 0.01)


def bucket_of(standin: StandIn, **changes: str) -> Bucket:
    """How to reach the stand-in."""
    return Bucket(
        **{
            "name": BUCKET,
            "endpoint_url": standin.url,
            "region": REGION,
            "access_key_id": ACCESS_KEY,
            "secret_access_key": SECRET_KEY,
            "prefix": "edu",
            **changes,
        }
    )


@pytest.fixture
def bucket(standin: StandIn, tmp_path: Path) -> S3Storage:
    """The bucket as a storage."""
    return S3Storage(bucket_of(standin), tmp_path / "work")


@pytest.fixture(params=["local", "s3"])
def storage(request: pytest.FixtureRequest, tmp_path: Path) -> Storage:
    """Each storage in turn."""
    if request.param == "local":
        return LocalStorage(tmp_path / "storage")
    made: S3Storage = request.getfixturevalue("bucket")
    return made


def put(storage: Storage, key: str, content: bytes, folder: Path) -> None:
    """Bytes under a key."""
    path = folder / "incoming-file"
    path.write_bytes(content)
    storage.save(path, key)
    assert not path.exists()


@pytest.fixture(params=["local", "s3"])
def product(request: pytest.FixtureRequest, make_app: MakeApp) -> Flask:
    """The application on each storage in turn."""
    env: dict[str, str] = {}
    if request.param == "s3":
        standin: StandIn = request.getfixturevalue("standin")
        env = standin.env(STORAGE="s3", S3_PREFIX="edu")
    app = make_app(**env)
    app.config["WTF_CSRF_ENABLED"] = False
    return app


def age(path: Path) -> None:
    """Make a file two days old."""
    os.utime(path, (time.time() - 2 * 86400,) * 2)


def documented_cors(origin: str) -> list[dict[str, Any]]:
    """The rules that the guide tells to set, for a site at this address."""
    text = (ROOT / "docs/storage.md").read_text("utf-8")
    found = re.search(r'^```json\n(\{"CORSRules": .*?)^```', text, re.MULTILINE | re.DOTALL)
    assert found
    rules = json.loads(found[1])["CORSRules"]
    return [rule | {"AllowedOrigins": [origin]} for rule in rules]
