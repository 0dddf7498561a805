"""A client of the tus protocol, as a browser speaks it."""

from __future__ import annotations

from base64 import b64encode
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from edu.extensions import db, settings
from edu.uploads.models import Upload
from tests.conftest import MakeApp, make_people, sign_in
from tests.samples import make_category

PIECE_TYPE = "application/offset+octet-stream"


@dataclass
class Sender:
    """Somebody who sends files; `headers` go with every request."""

    client: FlaskClient
    headers: dict[str, str] = field(default_factory=lambda: {"Tus-Resumable": "1.0.0"})

    def create(self, size: object, name: str = "notes.pdf", **headers: str) -> TestResponse:
        told = f"filename {b64encode(name.encode()).decode()}"
        sent = {"Upload-Length": str(size), "Upload-Metadata": told, **_dashed(headers)}
        return self.client.post("/files/", headers={**self.headers, **sent})

    def made(self, size: int, name: str = "notes.pdf") -> str:
        """The id of a new upload."""
        answer = self.create(size, name)
        assert answer.status_code == 201, answer.text
        return answer.headers["Location"].rpartition("/")[2]

    def send(self, upload_id: str, offset: int, data: bytes, **headers: str) -> TestResponse:
        sent = {"Upload-Offset": str(offset), "Content-Type": PIECE_TYPE, **_dashed(headers)}
        return self.client.patch(f"/files/{upload_id}", data=data, headers={**self.headers, **sent})

    def look(self, upload_id: str) -> TestResponse:
        return self.client.head(f"/files/{upload_id}", headers=self.headers)

    def remove(self, upload_id: str) -> TestResponse:
        return self.client.delete(f"/files/{upload_id}", headers=self.headers)

    def sent(self, data: bytes, name: str = "notes.pdf") -> str:
        """The id of an upload that has arrived whole."""
        upload_id = self.made(len(data), name)
        assert self.send(upload_id, 0, data).status_code == 204
        return upload_id


def _dashed(headers: dict[str, str]) -> dict[str, str]:
    return {name.replace("_", "-"): value for name, value in headers.items()}


def path_of(app: Flask, upload_id: str) -> Path:
    """Where the bytes of an upload lie."""
    with app.app_context():
        return settings().data_dir / "uploads" / upload_id


def files_of(app: Flask) -> list[str]:
    """All that lies in the folder of uploads."""
    folder = path_of(app, "x").parent
    return sorted(path.name for path in folder.iterdir()) if folder.is_dir() else []


def change_row(app: Flask, upload_id: str, **values: Any) -> None:
    with app.app_context():
        upload = db.session.get_one(Upload, upload_id)
        for name, value in values.items():
            setattr(upload, name, value)
        db.session.commit()


def count_rows(app: Flask) -> int:
    with app.app_context():
        return db.session.query(Upload).count()


@pytest.fixture
def alice(client: FlaskClient, people: dict[str, int]) -> Sender:
    return Sender(sign_in(client, "alice"))


@pytest.fixture
def charlie(app: Flask, people: dict[str, int]) -> Sender:
    return Sender(sign_in(app.test_client(), "charlie"))


@pytest.fixture
def subject(app: Flask) -> int:
    """The id of a subject."""
    with app.app_context():
        return make_category().id


def sender_in(make_app: MakeApp, name: str = "alice", **env: Any) -> tuple[Flask, Sender]:
    """An application with other settings, and somebody who sends files to it."""
    app = make_app(**env)
    app.config["WTF_CSRF_ENABLED"] = False
    make_people(app)
    return app, Sender(sign_in(app.test_client(), name))
