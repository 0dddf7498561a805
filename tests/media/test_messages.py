"""Every refusal has a sentence that says what is wrong and what to do."""

from __future__ import annotations

from collections.abc import Iterator
from typing import get_args

import flask
import pytest
from flask_babel import Babel

from edu.media.errors import RefusalCode
from edu.media.messages import refusal_message


@pytest.fixture(autouse=True)
def request_context() -> Iterator[None]:
    app = flask.Flask(__name__)
    Babel(app)
    with app.test_request_context():
        yield


@pytest.mark.parametrize("code", get_args(RefusalCode))
def test_each_code_has_its_own_sentences(code: str) -> None:
    message = refusal_message(code)
    assert message.count(".") >= 2
    assert code == "broken" or message != refusal_message("broken")


def test_details_are_named() -> None:
    assert "20 MB" in refusal_message("too_large", {"limit_mb": 20})
    renamed = refusal_message("wrong_type", {"claimed": "mp4", "found": "PDF"})
    assert ".mp4" in renamed
    assert "PDF" in renamed


def test_found_formats_get_their_own_advice() -> None:
    found = ["doc", "macros", "office", "movie", "audio", "zip"]
    assert len({refusal_message("unknown_type", {"found": name}) for name in found}) == len(found)


def test_unknown_code_still_has_a_sentence() -> None:
    assert refusal_message("from an old row") == refusal_message("broken")
