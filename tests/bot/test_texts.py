"""Telegram's HTML is cut where Telegram's limits ask for it, and stays well-formed."""

from __future__ import annotations

import re

import pytest

from bot.texts import cut_html, fits_button, shorten, split_html, units
from tests.bot.bot_api import Markup


@pytest.mark.parametrize(
    ("text", "limit", "short"), [("abc", 3, "abc"), ("abcd", 3, "ab…"), ("🎓🎓", 3, "🎓…")]
)
def test_text_is_cut_between_characters(text: str, limit: int, short: str) -> None:
    assert shorten(text, limit) == short


def test_a_text_that_fits_stays_as_it_is() -> None:
    assert split_html("<b>Ряды</b> &amp; всё", 20) == ["<b>Ряды</b> &amp; всё"]


def test_parts_are_cut_between_words_and_close_what_they_open() -> None:
    link = '<a href="https://x.org/?a=1&amp;b=2">три &lt;четыре&gt; пять</a>'
    text = f"<b>один два {link} шесть</b> семь"
    parts = split_html(text, 12)
    assert len(parts) > 2
    plain = [Markup(part).plain for part in parts]
    assert all(units(part) <= 12 for part in plain)
    assert " ".join(plain).split() == ["один", "два", "три", "<четыре>", "пять", "шесть", "семь"]


def test_a_word_longer_than_a_message_is_cut_between_characters() -> None:
    parts = split_html("🎓" * 25, 11)
    assert [units(part) for part in parts] == [10] * 5


def test_emoji_count_twice() -> None:
    assert len(split_html("🎓" * 2048, 4096)) == 1
    assert len(split_html("🎓" * 2048 + "!", 4096)) == 2


def test_a_caption_ends_with_an_ellipsis() -> None:
    short = cut_html("<b>" + "слово " * 400 + "</b>", 1024)
    assert units(Markup(short).plain) <= 1024
    assert re.search(r"слово</b>…$", short)


@pytest.mark.parametrize(
    ("address", "fits"),
    [
        ("https://library.example.org/x", True),
        ("http://localhost:5000/", False),
        ("http://192.168.1.5:80/", True),
    ],
)
def test_addresses_that_telegram_takes_for_buttons(address: str, fits: bool) -> None:
    assert fits_button(address) is fits
