"""«Уведомления» in the settings of a chat."""

from __future__ import annotations

import pytest
from flask import Flask

from bot.replies import Reply
from edu.accounts.models import User
from edu.extensions import db
from edu.notifications.choices import list_choices
from edu.notifications.models import Pace, Topic
from edu.notifications.quiet import get_quiet_hours
from tests.bot.conftest import Chat, labels

pytestmark = pytest.mark.xdist_group(name="bot")


def open_screen(chat: Chat) -> Reply:
    return chat.press(chat.say("/settings"), "Notifications")


def charlies(app: Flask) -> User:
    return db.session.query(User).filter_by(email="charlie@example.org").one()


def test_a_line_changes_how_soon_one_hears(library: Flask, charlie: Chat) -> None:
    screen = open_screen(charlie)
    for pace, said in (("daily", "once a day"), ("off", "never"), ("instant", "at once")):
        screen = charlie.press(screen, "New materials that you follow")
        assert any(f"New materials that you follow: {said}" in each for each in labels(screen))
        with library.app_context():
            chosen = list_choices(charlies(library))
            assert chosen[Topic.MATERIALS, "telegram"] == Pace(pace)
    assert not any("wait for review" in label for label in labels(screen))


def test_quiet_hours_are_chosen_and_given_up(library: Flask, charlie: Chat) -> None:
    screen = open_screen(charlie)
    assert "✓ none" in labels(screen)
    screen = charlie.press(screen, "23–7")
    assert "✓ 23–7" in labels(screen)
    assert "from 23:00 until 7:00" in screen.text
    with library.app_context():
        kept = get_quiet_hours(charlies(library))
        assert kept is not None
        assert (kept.start, kept.end, kept.timezone) == (23, 7, "UTC")
    screen = charlie.press(screen, "none")
    with library.app_context():
        assert get_quiet_hours(charlies(library)) is None


def test_a_stranger_has_no_notifications(stranger: Chat) -> None:
    assert not any("Notifications" in label for label in labels(stranger.say("/settings")))
