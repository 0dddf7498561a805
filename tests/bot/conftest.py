"""A library that the bot's tests search in."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy.orm import close_all_sessions

from edu import create_app
from edu.config import load_settings
from edu.extensions import db
from tests.bot import library as samples

SITE = "http://library.example.org"


@pytest.fixture(scope="module")
def library_env(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Settings of a library with a few materials in it."""
    folder = tmp_path_factory.mktemp("library")
    shutil.copyfile(sqlite_template, folder / "edu.db")
    return {"EDU_DATA": str(folder), "SITE_URL": SITE, "DEFAULT_LOCALE": "en"}


@pytest.fixture(scope="module")
def library(library_env: dict[str, str]) -> Iterator[Flask]:
    """The application over that library."""
    app = create_app(load_settings(library_env, queue_immediate=True))
    samples.fill(app)
    yield app
    close_all_sessions()
    with app.app_context():
        db.engine.dispose()
