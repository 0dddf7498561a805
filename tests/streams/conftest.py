"""A video in the library, and its stream by hand."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask import Flask

from edu.extensions import db
from edu.materials.models import MaterialStatus
from edu.streams.models import Stream
from edu.streams.service import request_stream
from tests.conftest import make_people
from tests.media.samples import write_lecture
from tests.samples import make_material

AddVideo = Callable[..., int]


@pytest.fixture(scope="session")
def clip(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """Eight seconds that browsers play as they are."""
    folder = tmp_path_factory.mktemp("clip")
    return write_lecture(folder / "clip.mp4", 8, "160x90", "-g", "20").read_bytes()


@pytest.fixture
def add_video(any_app: Flask, clip: bytes) -> AddVideo:
    """A video of Alice's that waits for its stream, in the present context; the file's id."""
    alice = make_people(any_app)["alice"]

    def add(
        content: bytes = clip,
        status: MaterialStatus = MaterialStatus.ACTIVE,
        *,
        asked: bool = True,
        kind: str = "video",
    ) -> int:
        material = make_material(alice, status, content=content, kind=kind)
        if asked:
            request_stream(material.file)
        db.session.commit()
        return material.file_id

    return add


def get_stream(file_id: int) -> Stream:
    """The row as the database has it now."""
    return db.session.get_one(Stream, file_id, populate_existing=True)


def state_of(file_id: int) -> tuple[str, int, str]:
    """Status, attempts, error."""
    stream = get_stream(file_id)
    return stream.status, stream.attempts, stream.error
