"""Who may do what, over HTTP: each route and method, asked by six kinds of people.

The rows stand in tables.py. A route without a row fails, and so does a row without a route.
"""

from __future__ import annotations

import io
from typing import Any

import pytest
from flask import Flask

from tests.authorisation.conftest import World
from tests.authorisation.tables import EXEMPT, ROWS, Row
from tests.authorisation.world import ACTORS, BYTES


def routes(app: Flask) -> set[tuple[str, str]]:
    """Every method and rule of the URL map."""
    return {
        (method, rule.rule)
        for rule in app.url_map.iter_rules()
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    }


def test_every_route_has_a_row(world: World) -> None:
    known = {(row.method, row.rule) for row in ROWS} | set(EXEMPT)
    assert routes(world.app) - known == set(), "routes that no row speaks of"
    assert known - routes(world.app) == set(), "rows of routes that are gone"


def test_every_row_says_what_each_person_gets() -> None:
    for row in ROWS:
        assert len(row.expected) == len(ACTORS), row


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row.method} {row.rule} {row.note}")
def test_a_row_holds(world: World, row: Row) -> None:
    got = [ask(world, row, actor) for actor in ACTORS]
    assert dict(zip(ACTORS, got, strict=True)) == dict(zip(ACTORS, row.expected, strict=True))


def ask(world: World, row: Row, actor: str) -> int | str:
    """The status that the actor gets; `login` where the answer is the way to the sign-in page."""
    browser = world.browser(actor)
    path = fill_in(row.path or row.rule, world.values)
    sent: dict[str, Any] = {"headers": row.headers}
    if row.json is not None:
        sent["json"] = fill_in(row.json, world.values)
    elif row.method != "GET":
        form = fill_in(row.form, world.values)
        if row.sends_file:
            form["file"] = (io.BytesIO(BYTES + actor.encode()), "new.pdf")
        sent["data"] = form
    if row.rule.startswith("/api/") and actor != "stranger":
        sent["headers"] = {"Authorization": f"Bearer {world.token(actor)}"}
    answer = browser.open(path, method=row.method, **sent)
    if answer.status_code in (302, 303) and answer.location.startswith("/login"):
        return "login"
    return answer.status_code


def fill_in(value: Any, names: dict[str, int]) -> Any:
    """Put ids where {names} stand; a text that is a name alone becomes a number."""
    if isinstance(value, str):
        name = value[1:-1]
        return names[name] if value == f"{{{name}}}" else value.format(**names)
    if isinstance(value, list):
        return [fill_in(item, names) for item in value]
    if isinstance(value, dict):
        return {key: fill_in(item, names) for key, item in value.items()}
    return value
