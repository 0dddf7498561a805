"""A lecture of Alice with chapters, and browsers of those who want its subtitles."""

from __future__ import annotations

import pytest
from flask import Flask
from flask.testing import FlaskClient

from edu.extensions import db
from edu.materials.models import MaterialStatus, Passage
from tests.conftest import sign_in
from tests.samples import make_material

CHAPTERS = [(0, "Введение"), (95, "Признак Коши")]


def make_video(owner: int, status: MaterialStatus = MaterialStatus.PENDING) -> int:
    """A video of two minutes with chapters; its id."""
    parts = [Passage(number=at, heading=title, text=title) for at, title in CHAPTERS]
    video = make_material(owner, status, kind="video", title=f"Lecture {status}", passages=parts)
    video.file.duration = 120.0
    db.session.commit()
    return video.id


@pytest.fixture
def pending_id(app: Flask, people: dict[str, int]) -> int:
    """It waits for review."""
    with app.app_context():
        return make_video(people["alice"])


@pytest.fixture
def active_id(app: Flask, people: dict[str, int]) -> int:
    """It is published."""
    with app.app_context():
        return make_video(people["alice"], MaterialStatus.ACTIVE)


@pytest.fixture
def alice(app: Flask, people: dict[str, int]) -> FlaskClient:
    return sign_in(app.test_client(), "alice")


@pytest.fixture
def maria(app: Flask, people: dict[str, int]) -> FlaskClient:
    return sign_in(app.test_client(), "maria")
