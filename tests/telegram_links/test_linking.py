"""From /login in a chat over the consent page back into the chat, and what must not get there."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient

from bot import session
from bot.people import Person, find_person
from edu.accounts.models import Role
from edu.accounts.service import block_user, end_sessions
from edu.extensions import db, utcnow
from edu.mail.models import Letter
from edu.oauth.models import AuthorizationCode
from edu.oauth.service import Tokens
from edu.registration.service import renew_password
from edu.sessions.models import UserSession
from edu.telegram_links import service
from edu.telegram_links.models import LinkRequest, TelegramLink
from edu.tokens.models import RefreshToken
from jobs.sessions import sweep_sessions
from tests.conftest import MakeApp, make_user, sign_in
from tests.telegram_links.world import (
    BOT,
    CHAT,
    NAME,
    OTHER_CHAT,
    ask,
    change,
    consent,
    count,
    find_user,
    link,
    tell,
    who,
)


def test_a_chat_acts_for_who_has_allowed_it(any_app: Flask) -> None:
    alice = sign_in(any_app.test_client(), "alice")
    path = ask(any_app)
    page = alice.get(path)
    assert page.status_code == 200
    assert NAME in page.text
    assert "alice@example.org" in page.text
    code = consent(alice, path)
    assert 20 < len(code) <= 64
    assert who(any_app) == ""
    reply = tell(any_app, code)
    assert "Welcome, Alice!" in reply.text
    assert (who(any_app), who(any_app, OTHER_CHAT)) == ("Alice", "")
    assert count(any_app, LinkRequest, TelegramLink) == [0, 1]


def test_a_letter_tells_of_a_new_chat(app: Flask, alice: FlaskClient) -> None:
    link(app, alice)
    tell(app, consent(alice, ask(app)), OTHER_CHAT)  # refused: nothing to tell of
    with app.app_context():
        letter = db.session.query(Letter).filter_by(kind="chat_linked").one()
        assert letter.address == "alice@example.org"
        assert NAME in letter.text
        assert "/me/telegram" in letter.text


def test_secrets_are_hashed_or_encrypted(app: Flask, alice: FlaskClient) -> None:
    path = ask(app)
    code = consent(alice, path)
    with app.app_context():
        request, kept = db.session.query(LinkRequest).one(), db.session.query(AuthorizationCode)
        assert code not in str(vars(kept.one()))
        assert request.state_hash not in path
        assert b"gAAAA" in request.verifier  # Fernet's
    tell(app, code)
    with app.app_context():
        assert db.session.query(TelegramLink).one().tokens.startswith(b"gAAAA")


def test_the_sign_in_stands_among_the_devices(app: Flask, alice: FlaskClient) -> None:
    link(app, alice)
    page = alice.get("/me/devices").text
    assert "Telegram" in page
    with app.app_context():
        row = db.session.query(UserSession).filter_by(kind="telegram").one()
        assert row.expires_at > utcnow() + timedelta(days=179)
        chat = row.id
    assert alice.post(f"/me/devices/{chat}/end").status_code == 303
    assert who(app) == ""
    assert count(app, TelegramLink) == [0]


# Refused ---------------------------------------------------------------------------------------


def test_a_code_that_comes_again_ends_the_link(any_app: Flask) -> None:
    alice = sign_in(any_app.test_client(), "alice")
    code = link(any_app, alice)
    reply = tell(any_app, code)
    assert reply.failed
    assert "not valid any more" in reply.text
    assert who(any_app) == ""
    assert tell(any_app, code).failed


def test_a_code_that_comes_again_from_elsewhere_ends_the_link(
    app: Flask, alice: FlaskClient
) -> None:
    code = link(app, alice)
    assert tell(app, code, OTHER_CHAT).failed
    assert (who(app), who(app, OTHER_CHAT)) == ("", "")


def test_another_chats_code_is_refused_and_burnt(any_app: Flask) -> None:
    alice = sign_in(any_app.test_client(), "alice")
    code = consent(alice, ask(any_app))
    reply = tell(any_app, code, OTHER_CHAT)
    assert "another chat" in reply.text
    assert tell(any_app, code).failed
    assert (who(any_app), who(any_app, OTHER_CHAT)) == ("", "")
    assert count(any_app, TelegramLink, LinkRequest) == [0, 0]


def test_nobody_is_led_into_anothers_account(app: Flask, alice: FlaskClient) -> None:
    link(app, alice)
    charlie = sign_in(app.test_client(), "charlie")
    lure = consent(charlie, ask(app, OTHER_CHAT, "Charlie"))
    assert tell(app, lure).failed
    assert who(app) == "Alice"


def test_an_expired_code_is_refused(app: Flask, alice: FlaskClient) -> None:
    code = consent(alice, ask(app))
    change(app, AuthorizationCode, expires_at=utcnow())
    assert tell(app, code).failed
    assert who(app) == ""


def test_an_expired_request_is_refused_on_the_page_and_in_the_chat(
    app: Flask, alice: FlaskClient
) -> None:
    path = ask(app)
    code = consent(alice, path)
    change(app, LinkRequest, expires_at=utcnow())
    assert alice.get(path).status_code == 410
    assert alice.post(path, data={"answer": "allow"}).status_code == 410
    assert tell(app, code).failed


def test_a_changed_verifier_is_refused(app: Flask, alice: FlaskClient) -> None:
    code = consent(alice, ask(app))
    with app.app_context():
        other = service._cipher().encrypt(b"v" * 64)
    change(app, LinkRequest, verifier=other)
    assert tell(app, code).failed
    assert (who(app), count(app, UserSession)) == ("", [1])


def test_a_denied_request_is_over(app: Flask, alice: FlaskClient) -> None:
    path = ask(app)
    assert consent(alice, path, "deny") == "denied"
    assert "nothing is linked" in tell(app, "denied").text
    assert alice.get(path).status_code == 410
    assert count(app, AuthorizationCode, LinkRequest) == [0, 0]


def test_made_up_codes_are_refused(app: Flask) -> None:
    for code in ("", "x", "a" * 43, "a" * 64, "😀", "a" * 5000):
        assert tell(app, code).failed
    assert who(app) == ""


def test_who_is_blocked_after_allowing_it_is_refused(app: Flask, alice: FlaskClient) -> None:
    code = consent(alice, ask(app))
    with app.app_context():
        block_user(find_user(app, "alice"), blocked=True)
        db.session.commit()
    assert tell(app, code).failed
    assert who(app) == ""


# Ended -----------------------------------------------------------------------------------------


def test_blocking_ends_it_at_once(any_app: Flask) -> None:
    link(any_app, sign_in(any_app.test_client(), "alice"))
    with any_app.app_context():
        block_user(find_user(any_app, "alice"), blocked=True)
        db.session.commit()
    assert who(any_app) == ""
    with any_app.app_context():
        block_user(find_user(any_app, "alice"), blocked=False)
        db.session.commit()
    assert who(any_app) == ""


def test_a_new_password_ends_it_at_once(app: Flask, alice: FlaskClient) -> None:
    link(app, alice)
    with app.app_context():
        renew_password(find_user(app, "alice"), "another good passphrase")
        db.session.commit()
    assert who(app) == ""
    assert count(app, TelegramLink) == [0]


def test_a_stamp_that_has_changed_ends_it_even_with_a_row(app: Flask, alice: FlaskClient) -> None:
    link(app, alice)
    with app.app_context():
        user = find_user(app, "alice")
        user.session_stamp = "f" * 32
        db.session.commit()
    assert who(app) == ""


def test_signing_out_everywhere_ends_it(app: Flask, alice: FlaskClient) -> None:
    link(app, alice)
    with app.app_context():
        end_sessions(find_user(app, "alice"))
        db.session.commit()
    assert who(app) == ""


def test_a_revoked_token_ends_it(app: Flask, alice: FlaskClient) -> None:
    link(app, alice)
    with app.app_context():
        kept = service._unseal(db.session.query(TelegramLink).one())
        assert kept is not None
    form = {"client_id": "telegram", "token": kept.refresh}
    assert app.test_client().post("/oauth/revoke", data=form).status_code == 200
    assert who(app) == ""


def test_it_is_ended_from_the_chat(app: Flask, alice: FlaskClient) -> None:
    link(app, alice)
    with app.app_context():
        assert "signed out" in session.leave(find_person(CHAT, "en")).text
        assert "not signed in" in session.leave(find_person(CHAT, "en")).text
    assert who(app) == ""
    assert count(app, TelegramLink, RefreshToken) == [0, 0]


def test_it_is_ended_on_the_site_by_its_person_only(app: Flask, alice: FlaskClient) -> None:
    link(app, alice)
    with app.app_context():
        link_id = db.session.query(TelegramLink).one().id
    charlie = sign_in(app.test_client(), "charlie")
    assert charlie.post(f"/me/telegram/{link_id}/unlink").status_code == 404
    assert who(app) == "Alice"
    assert NAME in alice.get("/me/telegram").text
    assert alice.post(f"/me/telegram/{link_id}/unlink").status_code == 303
    assert who(app) == ""
    assert alice.post(f"/me/telegram/{2**31}/unlink").status_code == 404


def test_another_secret_key_ends_it(app: Flask, alice: FlaskClient, make_app: MakeApp) -> None:
    link(app, alice)
    other = make_app(**BOT, SECRET_KEY="another secret of 32 characters, or more")
    assert who(other) == ""


# Renewed ---------------------------------------------------------------------------------------


def outdate(app: Flask) -> str:
    """Let the access token of the only link be none; the refresh token."""
    with app.app_context():
        row = db.session.query(TelegramLink).one()
        kept = service._unseal(row)
        assert kept is not None
        row.tokens = service._seal(Tokens("gone.by.now", kept.refresh, row.session_id))
        db.session.commit()
        return kept.refresh


def test_tokens_rotate_when_the_access_token_is_over(any_app: Flask) -> None:
    link(any_app, sign_in(any_app.test_client(), "alice"))
    before = outdate(any_app)
    assert who(any_app) == "Alice"
    with any_app.app_context():
        after = service._unseal(db.session.query(TelegramLink).one())
        assert after is not None
    assert after.refresh != before
    assert who(any_app) == "Alice"


def test_a_stolen_refresh_token_ends_the_link(app: Flask, alice: FlaskClient) -> None:
    link(app, alice)
    stolen = outdate(app)
    form = {"grant_type": "refresh_token", "client_id": "telegram", "refresh_token": stolen}
    assert app.test_client().post("/oauth/token", data=form).status_code == 200
    assert who(app) == ""
    assert count(app, TelegramLink) == [0]


def test_a_link_without_use_for_half_a_year_is_over(app: Flask, alice: FlaskClient) -> None:
    link(app, alice)
    with app.app_context():
        row = db.session.query(UserSession).filter_by(kind="telegram").one()
        row.expires_at = utcnow() - timedelta(seconds=1)
        db.session.commit()
    assert who(app) == ""
    with app.app_context():
        sweep_sessions.enqueue()
    assert count(app, TelegramLink) == [0]


def test_messages_at_the_same_moment_do_not_end_the_link(any_app: Flask) -> None:
    link(any_app, sign_in(any_app.test_client(), "alice"))
    outdate(any_app)
    start, seen = threading.Barrier(6), []

    def come() -> None:
        start.wait()
        seen.append(who(any_app))

    threads = [threading.Thread(target=come) for _number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert seen == ["Alice"] * 6
    assert who(any_app) == "Alice"


# Asking ----------------------------------------------------------------------------------------


def test_a_chat_is_linked_with_one_account_at_a_time(app: Flask, alice: FlaskClient) -> None:
    link(app, alice)
    maria = sign_in(app.test_client(), "maria")
    link(app, maria)
    assert who(app) == "Maria"
    with app.app_context():
        assert db.session.query(UserSession).filter_by(kind="telegram").count() == 1


def test_a_person_may_have_several_chats(app: Flask, alice: FlaskClient) -> None:
    link(app, alice)
    link(app, alice, OTHER_CHAT)
    assert (who(app), who(app, OTHER_CHAT)) == ("Alice", "Alice")


def test_of_two_consents_to_one_request_the_last_code_counts(
    app: Flask, alice: FlaskClient
) -> None:
    path = ask(app)
    first, second = consent(alice, path), consent(alice, path)
    assert tell(app, first).failed
    assert not tell(app, second).failed
    assert who(app) == "Alice"


def test_a_chat_has_few_requests_and_old_ones_are_swept(app: Flask) -> None:
    for _number in range(service.MAX_REQUESTS + 3):
        ask(app)
    assert count(app, LinkRequest) == [service.MAX_REQUESTS]
    with app.app_context():
        db.session.query(LinkRequest).update({"expires_at": utcnow() - timedelta(seconds=1)})
        db.session.commit()
        sweep_sessions.enqueue()
    assert count(app, LinkRequest) == [0]


def test_the_name_of_a_chat_is_one_line_and_no_markup(app: Flask, alice: FlaskClient) -> None:
    page = alice.get(ask(app, name="<b>\u202eSite\n admin</b>" + "x" * 300)).text
    assert "<b>" not in page
    assert "\u202e" not in page
    assert "&lt;b&gt; Site admin" in page


def test_the_bot_invites_and_knows_who_is_there(app: Flask, alice: FlaskClient) -> None:
    with app.app_context():
        reply = session.invite(Person(CHAT, None, "en"), NAME)
    assert "http://localhost/oauth/authorize" in reply.text  # Telegram takes no such button
    link(app, alice)
    with app.app_context():
        assert "as Alice" in session.invite(find_person(CHAT, "en"), NAME).text


def test_a_site_that_people_reach_has_a_button(make_app: MakeApp) -> None:
    app = make_app(**BOT, SITE_URL="http://library.example.org")
    with app.app_context():
        [[button]] = session.invite(Person(CHAT, None, "en"), NAME).buttons
    assert button.url.startswith("http://library.example.org/oauth/authorize?")


def test_deep_links_of_other_kinds_are_no_codes(app: Flask, alice: FlaskClient) -> None:
    code = consent(alice, ask(app))
    words = (code, "denied", "material-5", "", code[:-1], code + "=")
    assert [session.is_code(word) for word in words] == [True, True, False, False, False, False]


# Pages without a bot ---------------------------------------------------------------------------


def test_without_a_bot_administrators_read_how_to_get_one(make_app: MakeApp) -> None:
    app = make_app()
    with app.app_context():
        make_user("anna", Role.ADMIN)
        make_user("alice")
        with pytest.raises(service.NoBot):
            service.begin_linking(CHAT, NAME)
    app.config["WTF_CSRF_ENABLED"] = False
    anna, alice = (sign_in(app.test_client(), name) for name in ("anna", "alice"))
    assert "@BotFather" in anna.get("/admin/site").text
    assert "/admin/site#telegram" in anna.get("/me/telegram").text
    assert "/me/telegram" in anna.get("/me/settings").text
    assert "/me/telegram" not in alice.get("/me/settings").text
    assert "has not set up" in alice.get("/me/telegram").text


def test_the_bot_tells_the_site_its_name(make_app: MakeApp) -> None:
    app = make_app(TELEGRAM_BOT_TOKEN="1:secret")
    with app.app_context():
        with pytest.raises(service.NoBot):
            service.begin_linking(CHAT, NAME)
        session.learn_name("first_bot")
        session.learn_name("renamed_bot")
        assert "t.me/renamed_bot" in service.begin_linking(CHAT, NAME)
