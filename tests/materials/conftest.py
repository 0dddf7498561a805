"""A subject to upload to."""

from __future__ import annotations

import pytest
from flask import Flask

from tests.samples import make_category


@pytest.fixture
def subject(app: Flask) -> int:
    """The id of a subject."""
    with app.app_context():
        return make_category().id
