"""What stands behind a button cannot be forged."""

from __future__ import annotations

import pytest
from flask import Flask

from bot.callbacks import MAX_DATA, Call, pack, unpack
from edu.errors import Forbidden


def test_a_button_comes_back_as_it_was_made(library: Flask) -> None:
    with library.app_context():
        data = pack(7, "material:show:12:0:s5-2")
        assert unpack(7, data) == Call("material", "show", ("12", "0", "s5-2"))
        assert unpack(7, pack(7, "library:types")) == Call("library", "types", ())


def test_another_chats_button_is_refused(library: Flask) -> None:
    with library.app_context(), pytest.raises(Forbidden):
        unpack(8, pack(7, "material:show:12"))


@pytest.mark.parametrize("data", ["", ":", "material:show:12", "page:2:x", "я" * 32, "x" * 64])
def test_forged_data_is_refused(library: Flask, data: str) -> None:
    with library.app_context(), pytest.raises(Forbidden):
        unpack(7, data)


def test_a_changed_argument_breaks_the_signature(library: Flask) -> None:
    with library.app_context():
        data = pack(7, "material:rate:12:5:d")
        with pytest.raises(Forbidden):
            unpack(7, data.replace(":12:", ":13:"))


def test_the_longest_buttons_fit(library: Flask) -> None:
    with library.app_context():
        number = 2**31 - 1
        for payload in (
            f"material:rate:{number}:5:s{number}-500",
            f"keeping:toggle:{number}:k{number}-99:{number}",
            f"reports:note:{number}:k{number}-99:copyright",
        ):
            assert len(pack(-(2**53), payload).encode()) <= MAX_DATA
        with pytest.raises(ValueError, match="a button of"):
            pack(7, "x" * 53)
