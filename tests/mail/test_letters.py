"""What a letter says, and how it is written into the outbox."""

from __future__ import annotations

import re
from email import message_from_bytes, policy
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select

from edu.config import ROOT
from edu.errors import Conflict, InvalidInput
from edu.extensions import db
from edu.mail.message import build_message, envelope_address
from edu.mail.models import Letter, LetterState
from edu.mail.service import list_letters, mail_status, retry_letter, write_letter
from tests.conftest import MakeApp, make_user

LINK = "http://localhost/confirm/abc?next=%2F&x=1"
# These are written with a material, or a question, of somebody's; other tests read them.
OWN = {"base", "digest", "new_materials", "decision", "request_met", "report_settled"}
OWN |= {"answer_ready", "review_waiting"}
KINDS = sorted({path.stem for path in (ROOT / "templates" / "mail").glob("*.txt")} - OWN)
CONTEXT: dict[str, Any] = {
    "link": LINK,
    "expires": "24 hours",
    "provider": "GitHub",
    "giver": "Alice",
    "number": 3,
}
CONTEXT |= {"new_email": "new@example.org"}


def confirm(address: str = "alice@example.org", **changes: Any) -> Letter:
    letter = write_letter("confirm", address, **{"link": LINK, "expires": "24 hours", **changes})
    assert letter is not None
    return letter


@pytest.mark.parametrize("locale", ["ru", "en"])
@pytest.mark.parametrize("kind", KINDS)
def test_every_letter_has_a_subject_a_text_and_html(app: Flask, kind: str, locale: str) -> None:
    with app.app_context():
        letter = write_letter(kind, "alice@example.org", locale=locale, **CONTEXT)
        assert letter is not None
        assert letter.subject
        assert letter.state == LetterState.QUEUED
        for text in (letter.text, letter.html):
            assert "Конспект" in text
            assert "{" not in text
        assert not re.search(r"\n{3,}", letter.text)
        assert f'lang="{locale}"' in letter.html
        template = (ROOT / "templates" / "mail" / f"{kind}.txt").read_text("utf-8")
        if "{{ link }}" in template:
            assert LINK in letter.text.splitlines()
            assert LINK.replace("&", "&amp;") in letter.html


def test_the_language_is_the_readers_then_the_callers_then_the_sites(make_app: MakeApp) -> None:
    app = make_app(DEFAULT_LOCALE="ru")
    with app.app_context():
        alice = make_user("alice")
        assert 'lang="ru"' in confirm().html
        assert 'lang="en"' in confirm(locale="en").html
        alice.locale = "ru"
        assert 'lang="ru"' in confirm(user=alice, locale="en").html


def test_a_letter_with_a_key_is_written_once(any_app: Flask) -> None:
    with any_app.app_context():
        first = write_letter("test", "alice@example.org", key="n:1")
        assert first is not None
        assert first.key == "n:1"
        assert write_letter("test", "alice@example.org", key="n:1") is None
        assert write_letter("test", "alice@example.org", key="n:2") is not None
        assert db.session.scalar(select(func.count()).select_from(Letter)) == 2


def test_a_letter_goes_with_the_transaction_that_it_belongs_to(any_app: Flask) -> None:
    with any_app.app_context():
        confirm()
        db.session.rollback()
        assert list_letters() == []


@pytest.mark.parametrize(
    "address", ["alice", "a b@example.org", "a@b\nBcc: c@d.org", "<a@b.org>", "a@b.org,c@d.org", ""]
)
def test_what_is_no_address_gets_no_letter(app: Flask, address: str) -> None:
    with app.app_context(), pytest.raises(InvalidInput):
        confirm(address)


def test_names_are_escaped_in_html_and_stay_on_their_line(app: Flask) -> None:
    with app.app_context():
        letter = write_letter(
            "hand_over",
            "alice@example.org",
            giver="<b>Eve</b>\r\nBcc: x@example.org\x07",
            number=1,
            link=LINK,
            expires="14 days",
        )
        assert letter is not None
        assert "<b>" not in letter.html
        assert "&lt;b&gt;Eve" in letter.html
        assert "<b>Eve</b> Bcc: x@example.org" in letter.text
        assert "\x07" not in letter.text


def test_a_subject_cannot_bring_headers_along(app: Flask) -> None:
    with app.app_context():
        letter = write_letter(
            "identity", "a@example.org", provider="X\r\nBcc: b@example.org", link=LINK, expires="1"
        )
        assert letter is not None
        message = message_from_bytes(build_message(letter), policy=policy.default)
        assert message["Bcc"] is None
        assert "\n" not in letter.subject


def test_letters_for_whom_nobody_vouches_show_no_name(app: Flask) -> None:
    # Anybody can register any address: the name would be a way to write to strangers.
    with app.app_context():
        for kind in ("confirm", "already", "no_account"):
            letter = write_letter(
                kind, "a@example.org", **{**CONTEXT, "name": "Win at evil.example"}
            )
            assert letter is not None
            assert "evil.example" not in letter.subject + letter.text + letter.html


def test_a_message_has_the_headers_of_an_automatic_letter(make_app: MakeApp) -> None:
    app = make_app(SITE_URL="https://lib.example.org", SECRET_KEY="k" * 20 + "abcdefghijklmnop")
    with app.app_context():
        url = "https://lib.example.org/notifications/off/" + "A-_." * 60
        letter = confirm(unsubscribe_url=url)
        content = build_message(letter)
        message = message_from_bytes(content, policy=policy.default)
        assert message["Message-ID"] == letter.message_id
        assert letter.message_id.endswith("@lib.example.org>")
        assert message["Auto-Submitted"] == "auto-generated"
        assert message["Date"].datetime == letter.created_at.replace(microsecond=0)
        assert message["From"].addresses[0].addr_spec == "noreply@lib.example.org"
        assert message["From"].addresses[0].display_name == "Конспект"
        assert b"\r\nList-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n" in content
        assert f"List-Unsubscribe: <{url}>\r\n".encode() in content
        assert message.get_content_type() == "multipart/alternative"
        assert max(map(len, content.split(b"\r\n"))) <= 998
        assert b"\n" not in content.replace(b"\r\n", b"")


def test_without_a_way_to_unsubscribe_there_is_no_such_header(app: Flask) -> None:
    with app.app_context():
        assert b"List-Unsubscribe" not in build_message(confirm())
        odd = confirm(unsubscribe_url="http://x/\r\nBcc: b@example.org")
        assert b"Bcc" not in build_message(odd)


def test_the_sender_may_have_a_name_of_its_own(make_app: MakeApp) -> None:
    app = make_app(MAIL_FROM="Library <books@example.org>")
    with app.app_context():
        message = message_from_bytes(build_message(confirm()), policy=policy.default)
        assert str(message["From"]) == "Library <books@example.org>"


def test_a_domain_of_other_letters_is_written_in_ascii(app: Flask) -> None:
    with app.app_context():
        assert envelope_address(confirm("a@пример.рф")) == "a@xn--e1afmkfd.xn--p1ai"
        build_message(confirm("алиса@пример.рф"))


def test_the_status_counts_letters_and_names_the_last_trouble(app: Flask) -> None:
    with app.app_context():
        assert mail_status().oldest_queued is None
        first, second = confirm(), confirm()
        second.state, second.error = LetterState.FAILED.value, "550 no such person"
        db.session.flush()
        status = mail_status()
        assert not status.configured
        assert (status.counts["queued"], status.counts["failed"], status.counts["sent"]) == (
            1,
            1,
            0,
        )
        assert status.oldest_queued == first.created_at
        assert status.last_error == "550 no such person"


def test_a_failed_letter_can_be_sent_again_while_its_text_is_kept(app: Flask) -> None:
    with app.app_context():
        letter = confirm()
        with pytest.raises(Conflict):
            retry_letter(letter)
        letter.state, letter.attempts, letter.error = LetterState.FAILED.value, 8, "451 later"
        retry_letter(letter)
        assert (letter.state, letter.attempts, letter.error) == (LetterState.QUEUED, 0, "")
        letter.state, letter.text = LetterState.FAILED.value, ""
        with pytest.raises(Conflict):
            retry_letter(letter)
