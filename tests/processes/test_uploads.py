"""A script sends a large file through three deaths of the server."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from edu.extensions import db
from edu.uploads.models import Upload
from tests.product import Product
from tests.uploads.samples import large_pdf
from tests.uploads.sending import send_and_kill

pytestmark = pytest.mark.processes

MB = 1024 * 1024
KILLS = 3


def test_a_killed_server_costs_no_more_than_the_piece_in_flight(
    product: Product, tmp_path: Path
) -> None:
    path = large_pdf(tmp_path / "lecture.pdf", 12 * MB)
    upload_id, again = send_and_kill(product, path, MB, KILLS)
    assert again <= KILLS * MB
    with product.app.app_context():
        upload = db.session.get_one(Upload, upload_id)
        assert (upload.received, upload.name) == (12 * MB, "lecture.pdf")
        assert upload.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
    kept = (product.data / "uploads" / upload_id).read_bytes()
    assert kept == path.read_bytes()
    assert [each.name for each in (product.data / "uploads").iterdir()] == [upload_id]
