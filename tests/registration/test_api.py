"""Sign-up and recovery for programs: the same letters, the same silence."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask

from edu.accounts.models import User
from edu.extensions import db
from tests.conftest import PASSWORD, MakeApp, make_user
from tests.registration.conftest import letters_to, path_in_letter
from tests.smtp import SmtpServer

BODY = {"email": "alice@example.org", "password": PASSWORD, "name": "Алиса", "locale": "ru"}


def post(app: Flask, path: str, **body: Any) -> Any:
    return app.test_client().post(f"/api/auth/{path}", json=body)


def test_a_program_asks_and_a_browser_confirms_with_the_password(
    app: Flask, server: SmtpServer
) -> None:
    assert post(app, "register", **BODY).status_code == 202
    path, browser = path_in_letter(server, "alice"), app.test_client()
    assert browser.post(path).status_code == 422
    assert browser.post(path, data={"password": PASSWORD}).status_code == 303
    with app.app_context():
        assert db.session.query(User).one().locale == "ru"
    answer = post(app, "login", email=BODY["email"], password=PASSWORD)
    assert answer.status_code == 200


def test_known_and_unknown_addresses_are_answered_the_same(
    app: Flask, server: SmtpServer, people: dict[str, int]
) -> None:
    for path, body in (("register", BODY), ("recover", {})):
        answers = {
            (answer.status_code, answer.text)
            for name in ("alice", "nobody")
            for answer in [post(app, path, **(body | {"email": f"{name}@example.org"}))]
        }
        assert answers == {(202, '{"detail":"A letter with a link is on its way."}')}
    assert letters_to(server, "alice") == ["You already have an account", "Set a new password"]


def test_page_and_program_count_together(make_app: MakeApp, server: SmtpServer) -> None:
    app = make_app(**server.env, RECOVER_LIMIT="2 per hour")
    app.config["WTF_CSRF_ENABLED"] = False
    with app.app_context():
        make_user("alice")
    form = {"email": "alice@example.org"}
    assert app.test_client().post("/recover", data=form).status_code == 303
    assert [post(app, "recover", **form).status_code for _try in range(3)] == [202] * 3
    assert len(letters_to(server, "alice")) == 2


@pytest.mark.parametrize(
    "change",
    [{"email": "nonsense"}, {"email": "a\0@example.org"}, {"password": "short"}, {"name": ""}],
)
def test_nonsense_is_refused(app: Flask, server: SmtpServer, change: dict[str, str]) -> None:
    answer = post(app, "register", **(BODY | change))
    assert answer.status_code == 422
    assert answer.json["errors"][0]["field"] == next(iter(change))
    assert server.messages == []
