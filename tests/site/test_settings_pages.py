"""The menu of settings: it offers only what is of use to the person."""

from __future__ import annotations

import pytest
from flask import Flask

from edu.extensions import db
from edu.identities.models import Identity
from tests.conftest import sign_in


def menu(app: Flask, name: str) -> str:
    page = sign_in(app.test_client(), name).get("/me/settings").get_data(as_text=True)
    return page.partition('class="settings-nav"')[2].partition("</nav>")[0]


@pytest.mark.parametrize(("name", "offered"), [("alice", False), ("maria", True)])
def test_the_second_factor_is_offered_to_who_may_set_it_up(
    app: Flask, people: dict[str, int], name: str, *, offered: bool
) -> None:
    assert ("/me/second-factor" in menu(app, name)) is offered


def test_other_sites_are_shown_to_who_has_linked_one(app: Flask, people: dict[str, int]) -> None:
    assert "/me/identities" not in menu(app, "alice")
    with app.app_context():
        linked = {"user_id": people["alice"], "provider": "google", "subject": "1"}
        db.session.add(Identity(**linked))
        db.session.commit()
    assert "/me/identities" in menu(app, "alice")
    assert "/me/identities" not in menu(app, "maria")
