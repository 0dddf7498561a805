"""A video in the library, and its stream by hand."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from flask import Flask

from edu.extensions import db
from edu.materials.models import Material, MaterialStatus
from edu.media.limits import Limits
from edu.media.sandbox import Sandbox
from edu.media.streaming import StreamFiles, cut_video
from edu.streams.models import Stream
from edu.streams.service import claim_stream, finish_stream, request_stream, save_stream
from tests.conftest import make_people
from tests.media.samples import write_lecture
from tests.samples import make_material

AddVideo = Callable[..., int]


@pytest.fixture(scope="session")
def clip(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """Eight seconds that browsers play as they are."""
    folder = tmp_path_factory.mktemp("clip")
    return write_lecture(folder / "clip.mp4", 8, "160x90", "-g", "20").read_bytes()


@pytest.fixture(scope="session")
def cut_clip(clip: bytes, tmp_path_factory: pytest.TempPathFactory) -> StreamFiles:
    """What the sandbox makes of the clip: cut once, for all who need but a stream that plays."""
    folder = tmp_path_factory.mktemp("cut")
    source, workdir = folder / "clip.mp4", folder / "work"
    source.write_bytes(clip)
    workdir.mkdir()
    limits = Limits(memory_mb=2048, cpu_s=60, wall_s=60)
    with Sandbox(limits) as box:
        return cut_video(box, source, workdir, limits, lambda *_: None)


def give_stream(material: Material, cut: StreamFiles, folder: Path) -> None:
    """Give a video of the clip the stream that was cut of it, as a worker does."""
    request_stream(material.file)
    claim = claim_stream(material.file_id)
    assert claim
    copy = Path(shutil.copytree(cut.folder, folder / f"stream-{material.file_id}"))
    save_stream(material.file, replace(cut, folder=copy), lambda: None)
    finish_stream(material.file_id, claim, cut.size)
    db.session.commit()


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
