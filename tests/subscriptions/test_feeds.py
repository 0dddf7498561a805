"""Feeds for other programs."""

from __future__ import annotations

from datetime import datetime
from email.utils import parsedate_to_datetime
from xml.etree import ElementTree

import pytest
from flask import Flask
from flask.testing import FlaskClient

from edu.extensions import db
from edu.subscriptions import service
from tests.conftest import sign_in
from tests.notifications.followers import follow, person, publish
from tests.samples import make_category

ATOM = "{http://www.w3.org/2005/Atom}"
TITLE = 'Ряды <Фурье> & "друзья"'


@pytest.fixture
def matan(app: Flask, people: dict[str, int]) -> int:
    """A subject with two materials, one of them described in characters that XML does not know."""
    with app.app_context():
        category = make_category()
        publish(people["maria"], title=TITLE, description="\x01половина ]]> \ufffe <b>жирно</b>")
        publish(people["maria"], title="Пределы")
        return category.id


@pytest.fixture
def token(app: Flask, people: dict[str, int], matan: int) -> str:
    with app.app_context():
        follow(people["alice"], author=people["maria"])
        made = service.renew_feed_token(person(people["alice"]))
        db.session.commit()
        return made


def parse(client: FlaskClient, address: str) -> ElementTree.Element:
    answer = client.get(address)
    assert answer.status_code == 200, answer.text
    return ElementTree.fromstring(answer.data)  # noqa: S314  # written by ourselves


def test_atom_is_complete(client: FlaskClient, token: str, people: dict[str, int]) -> None:
    address = f"/feeds/{token}.atom"
    feed = parse(client, address)
    assert feed.tag == f"{ATOM}feed"
    links = {link.get("rel"): link.get("href") for link in feed.findall(f"{ATOM}link")}
    assert links == {
        "self": f"http://localhost{address}",
        "alternate": "http://localhost/me/feed",
    }
    newest, oldest = feed.findall(f"{ATOM}entry")
    assert oldest.findtext(f"{ATOM}title") == TITLE
    assert oldest.findtext(f"{ATOM}summary") == "половина ]]>  <b>жирно</b>"
    assert oldest.findtext(f"{ATOM}author/{ATOM}name") == "Maria"
    ids = [entry.findtext(f"{ATOM}id") or "" for entry in (feed, newest, oldest)]
    assert len(set(ids)) == 3
    assert all(one.startswith("http://localhost/") for one in ids)
    for entry in (feed, newest, oldest):
        updated = datetime.fromisoformat(entry.findtext(f"{ATOM}updated") or "")
        assert updated.utcoffset() is not None
    assert feed.findtext(f"{ATOM}updated") == newest.findtext(f"{ATOM}updated")


def test_rss_is_complete(client: FlaskClient, token: str) -> None:
    channel = parse(client, f"/feeds/{token}.rss").find("channel")
    assert channel is not None
    for name in ("title", "link", "description", "lastBuildDate"):
        assert channel.findtext(name)
    items = channel.findall("item")
    assert [item.findtext("title") for item in items] == ["Пределы", TITLE]
    for item in items:
        assert item.findtext("guid") == item.findtext("link")
        assert parsedate_to_datetime(item.findtext("pubDate") or "").utcoffset() is not None


def test_a_feed_asks_for_no_cookies_and_leaves_none(
    app: Flask, client: FlaskClient, people: dict[str, int], token: str, matan: int
) -> None:
    browser = sign_in(app.test_client(), "charlie")
    for address in (f"/feeds/{token}.atom", f"/feeds/subject/{matan}.rss"):
        for reader in (client, browser):
            answer = reader.get(address)
            assert answer.status_code == 200
            assert "Set-Cookie" not in answer.headers
            assert answer.headers["X-Robots-Tag"] == "noindex"
    assert client.get(f"/feeds/{token}.atom").cache_control.private
    assert client.get(f"/feeds/subject/{matan}.atom").cache_control.public


@pytest.mark.parametrize("form", ["atom", "rss"])
def test_what_has_not_changed_is_not_sent_again(
    app: Flask, client: FlaskClient, people: dict[str, int], token: str, form: str
) -> None:
    address = f"/feeds/{token}.{form}"
    first = client.get(address)
    assert first.mimetype == f"application/{form}+xml"
    for header, value in (
        ("If-None-Match", first.headers["ETag"]),
        ("If-Modified-Since", first.headers["Last-Modified"]),
    ):
        again = client.get(address, headers={header: value})
        assert (again.status_code, again.data) == (304, b"")
    with app.app_context():
        publish(people["maria"], title="Интегралы")
    changed = client.get(address, headers={"If-None-Match": first.headers["ETag"]})
    assert changed.status_code == 200
    assert "Интегралы" in changed.text


def test_a_subject_has_a_feed_for_everybody(
    app: Flask, client: FlaskClient, people: dict[str, int], matan: int
) -> None:
    feed = parse(client, f"/feeds/subject/{matan}.atom")
    assert feed.findtext(f"{ATOM}id") == "http://localhost/subjects/matan"
    assert len(feed.findall(f"{ATOM}entry")) == 2
    assert f"/feeds/subject/{matan}.atom" in client.get("/subjects/matan").text
    for address in ("/feeds/subject/99999.atom", f"/feeds/subject/{2**40}.rss"):
        assert client.get(address).status_code == 404


def test_an_empty_feed_is_a_feed(app: Flask, client: FlaskClient, people: dict[str, int]) -> None:
    with app.app_context():
        made = service.renew_feed_token(person(people["charlie"]))
        db.session.commit()
    assert not parse(client, f"/feeds/{made}.atom").findall(f"{ATOM}entry")


def test_an_address_without_a_good_secret_shows_nothing(
    app: Flask, client: FlaskClient, people: dict[str, int], token: str
) -> None:
    assert client.get("/feeds/guess.atom").status_code == 404
    assert client.get(f"/feeds/{token}.html").status_code == 404
    alice = sign_in(app.test_client(), "alice")
    assert token in alice.get("/me/subscriptions").text
    assert alice.post("/me/feed/renew").status_code == 303
    assert client.get(f"/feeds/{token}.atom").status_code == 404
