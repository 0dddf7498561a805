"""Work that keeps a processor busy is done by few at once, and waited for by not too many."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from flask import Flask

from edu.accounts.models import SignInFailure
from edu.errors import Unavailable
from edu.extensions import db
from edu.gate import PASSWORDS, Gate
from tests.conftest import PASSWORD


def test_who_comes_when_the_line_is_full_is_sent_away() -> None:
    gate = Gate(abreast=1, in_line=0)
    with gate.pass_through(), pytest.raises(Unavailable), gate.pass_through():
        pass
    with gate.pass_through():
        pass


def test_who_stands_in_line_passes_when_the_way_is_free() -> None:
    gate, opened, inside = Gate(abreast=1, in_line=4), threading.Event(), list[int]()
    most = 0

    def work(number: int) -> None:
        nonlocal most
        with gate.pass_through():
            inside.append(number)
            most = max(most, len(inside))
            opened.wait(10)
            inside.remove(number)

    with ThreadPoolExecutor(5) as pool:
        running = [pool.submit(work, number) for number in range(5)]
        opened.set()
        for one in running:
            one.result(10)
    assert most == 1


def test_a_place_is_free_again_after_an_error() -> None:
    gate = Gate(abreast=1, in_line=0)
    for _time in range(2):
        with pytest.raises(ValueError, match="broken"), gate.pass_through():
            raise ValueError("broken")


def test_too_many_passwords_at_once_are_put_off_and_count_as_no_failure(
    app: Flask, people: dict[str, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(PASSWORDS, "_places", threading.Semaphore(0))
    client, body = app.test_client(), {"email": "alice@example.org", "password": PASSWORD}
    answer = client.post("/api/auth/login", json=body)
    assert answer.status_code == 503
    assert client.post("/login", data=body).status_code == 503
    someone = {**body, "name": "Somebody"}
    assert client.post("/register", data=someone).status_code == 503
    assert client.post("/api/auth/register", json=someone).status_code == 503
    with app.app_context():
        assert db.session.query(SignInFailure).count() == 0
