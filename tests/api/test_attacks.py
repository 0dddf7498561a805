"""Forged, stale and stolen tokens: each attack by its name."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from flask import Flask
from joserfc import jwe
from joserfc.jwk import OctKey

from edu.accounts import service as accounts
from edu.accounts.models import User
from edu.api import tokens
from edu.extensions import db, utcnow
from edu.sessions.models import UserSession
from tests.api import forging
from tests.api.conftest import Program, ProgramOf, sign_in_program
from tests.conftest import PASSWORD, MakeApp, make_user, sign_in

KEYS = "2026-02:" + "k" * 40, "2026-01:" + "j" * 40


def assert_refused(program: Program, token: str) -> None:
    answer = Program(program.client, token).get("/users/me")
    assert answer.status_code == 401
    assert answer.content_type == "application/problem+json"
    assert answer.json
    assert answer.json["code"] == "invalid_token"
    assert 'error="invalid_token"' in answer.headers["WWW-Authenticate"]


def assert_taken(program: Program, token: str) -> None:
    assert Program(program.client, token).get("/users/me").status_code == 200


def alice_row() -> User:
    user = accounts.find_user("alice@example.org")
    assert user is not None
    return user


@pytest.fixture
def alice(program: ProgramOf) -> Program:
    return program("alice")


# Signatures ------------------------------------------------------------------------------------


def test_the_forger_of_these_tests_makes_good_tokens_with_the_right_key(
    app: Flask, alice: Program
) -> None:
    assert_taken(alice, forging.change(app, alice.token))


def test_a_token_says_what_it_is(app: Flask, alice: Program) -> None:
    header, claims = forging.read(alice.token)
    assert header.keys() == {"alg", "typ", "kid"}
    assert (header["alg"], header["typ"]) == ("HS256", "at+jwt")
    assert claims.keys() == {"iss", "aud", "sub", "iat", "exp", "jti", "sid", "stamp"}
    assert claims["exp"] - claims["iat"] == 900


@pytest.mark.parametrize("name", ["none", "None", "NONE", "nOnE", ""])
def test_no_algorithm_is_no_signature(alice: Program, name: str) -> None:
    header, claims = forging.read(alice.token)
    parts = [forging.encode(json.dumps(p).encode()) for p in (header | {"alg": name}, claims)]
    old = alice.token.rpartition(".")[2]
    for signature in ("", old):
        assert_refused(alice, ".".join([*parts, signature]))


@pytest.mark.parametrize(("name", "digest"), [("HS384", "sha384"), ("HS512", "sha512")])
def test_other_lengths_of_hmac_are_not_taken(
    app: Flask, alice: Program, name: str, digest: str
) -> None:
    header, claims = forging.read(alice.token)
    key = forging.own_key(app)
    assert_refused(alice, forging.sign(header | {"alg": name}, claims, key, digest))


def test_an_rsa_signature_is_not_taken(alice: Program) -> None:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    header, claims = forging.read(alice.token)
    parts = [forging.encode(json.dumps(p).encode()) for p in (header | {"alg": "RS256"}, claims)]
    signature = key.sign(".".join(parts).encode(), padding.PKCS1v15(), hashes.SHA256())
    assert_refused(alice, ".".join([*parts, forging.encode(signature)]))


def test_an_elliptic_signature_is_not_taken(alice: Program) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    header, claims = forging.read(alice.token)
    parts = [forging.encode(json.dumps(p).encode()) for p in (header | {"alg": "ES256"}, claims)]
    r, s = decode_dss_signature(key.sign(".".join(parts).encode(), ec.ECDSA(hashes.SHA256())))
    signature = r.to_bytes(32, "big") + s.to_bytes(32, "big")
    assert_refused(alice, ".".join([*parts, forging.encode(signature)]))


@pytest.mark.parametrize("algorithm", ["HS256", "RS256", "ES256", "PS256"])
def test_a_public_key_is_no_secret(alice: Program, algorithm: str) -> None:
    """Key confusion: an HMAC by something public, under a header that hopes to be believed."""
    public = rsa.generate_private_key(public_exponent=65537, key_size=2048).public_key()
    pem = public.public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    header, claims = forging.read(alice.token)
    assert_refused(alice, forging.sign(header | {"alg": algorithm}, claims, pem))


@pytest.mark.parametrize(
    "extra",
    [
        {"jwk": {"kty": "oct", "k": forging.encode(b"m" * 40)}},
        {"jku": "http://evil.example/keys.json"},
        {"x5u": "http://evil.example/cert.pem"},
        {"jwk": {"kty": "oct", "k": forging.encode(b"m" * 40)}, "kid": None},
    ],
    ids=str,
)
def test_a_token_does_not_bring_its_own_key(alice: Program, extra: dict[str, Any]) -> None:
    header, claims = forging.read(alice.token)
    assert_refused(alice, forging.sign(header | extra, claims, b"m" * 40))


def test_critical_headers_that_are_not_understood_are_refused(app: Flask, alice: Program) -> None:
    assert_refused(alice, forging.change(app, alice.token, {"crit": ["exp"], "exp": 1}))
    assert_refused(alice, forging.change(app, alice.token, {"crit": ["b64"], "b64": False}))


@pytest.mark.parametrize(
    "kid",
    [
        None,
        "",
        "0",
        "foreign",
        "../../../../dev/null",
        "/dev/null",
        "' UNION SELECT 'x",
        "http://evil.example/key",
        ["2026-02"],
        {"$ne": ""},
        7,
        True,
    ],
    ids=str,
)
@pytest.mark.parametrize("key", [b"", None], ids=["empty key", "right key"])
def test_an_unknown_key_id_is_refused(
    app: Flask, alice: Program, kid: Any, key: bytes | None
) -> None:
    header, claims = forging.read(alice.token)
    header = {name: value for name, value in (header | {"kid": kid}).items() if value is not None}
    secret = forging.own_key(app) if key is None else key
    assert_refused(alice, forging.sign(header, claims, secret))


def test_the_sites_other_secrets_sign_no_token(app: Flask, alice: Program) -> None:
    header, claims = forging.read(alice.token)
    assert_refused(alice, forging.sign(header, claims, app.config["SECRET_KEY"].encode()))


@pytest.mark.parametrize("kind", ["JWT", "rt+jwt", "", None, ["at+jwt"]], ids=str)
def test_a_token_of_another_kind_is_refused(app: Flask, alice: Program, kind: Any) -> None:
    assert_refused(alice, forging.change(app, alice.token, {"typ": kind}))


def test_an_encrypted_token_is_not_read(app: Flask, alice: Program) -> None:
    claims = json.dumps(forging.read(alice.token)[1])
    header = {"alg": "dir", "enc": "A128CBC-HS256"} | {"kid": forging.read(alice.token)[0]["kid"]}
    key = OctKey.import_key(forging.own_key(app))
    assert_refused(alice, jwe.encrypt_compact(header, claims.encode(), key))


def test_changed_claims_do_not_fit_the_signature(alice: Program, people: dict[str, int]) -> None:
    head, body, signature = alice.token.split(".")
    claims = forging.decode(body) | {"sub": str(people["maria"])}
    changed = forging.encode(json.dumps(claims).encode())
    flipped = ("A" if signature[0] != "A" else "B") + signature[1:]
    for token in (
        f"{head}.{changed}.{signature}",
        f"{head}.{body}.{flipped}",
        f"{head}.{body}.{signature[:-4]}",
        f"{head}.{body}.",
        f"{head}.{body}",
        f"{head}..{signature}",
        f"{head}.{body}.{signature}.{signature}",
        "x",
        "..",
        "é.é.é",
        "a" * 4000,
    ):
        assert_refused(alice, token)


# Claims ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "claims",
    [
        {"exp": 1},
        {"exp": None},
        {"exp": "never"},
        {"exp": [2**40]},
        {"iat": None},
        {"iat": "now"},
        {"aud": "http://localhost"},
        {"aud": ["http://elsewhere.example/api"]},
        {"aud": None},
        {"iss": "http://elsewhere.example"},
        {"iss": None},
        {"sub": "999"},
        {"sub": "²"},
        {"sub": "-1"},
        {"sub": "9" * 30},
        {"sub": 1},
        {"sub": ["1"]},
        {"sub": None},
        {"jti": None},
        {"sid": None},
        {"sid": 0},
        {"sid": -1},
        {"sid": 999},
        {"sid": 2**63},
        {"sid": "1"},
        {"sid": True},
        {"sid": 1.0},
        {"stamp": "0" * 32},
        {"stamp": "ё"},
        {"stamp": ""},
        {"stamp": ["x"]},
        {"stamp": None},
    ],
    ids=str,
)
def test_a_token_with_other_claims_is_refused(
    app: Flask, alice: Program, claims: dict[str, Any]
) -> None:
    assert_refused(alice, forging.change(app, alice.token, **claims))


def test_a_token_ends_with_its_time(app: Flask, alice: Program) -> None:
    now = int(time.time())
    past = now - tokens.LEEWAY_S
    assert_refused(alice, forging.change(app, alice.token, iat=past - 900, exp=past - 1))
    assert_taken(alice, forging.change(app, alice.token, iat=now - 890, exp=now + 10))


def test_a_token_from_the_future_is_refused(app: Flask, alice: Program) -> None:
    soon = int(time.time()) + 120
    assert_refused(alice, forging.change(app, alice.token, iat=soon, exp=soon + 900))
    assert_refused(alice, forging.change(app, alice.token, nbf=soon))


def test_a_token_of_one_person_does_not_open_the_session_of_another(
    app: Flask, program: ProgramOf, alice: Program
) -> None:
    marias = forging.read(program("maria").token)[1]["sid"]
    assert_refused(alice, forging.change(app, alice.token, sid=marias))


def test_a_token_names_no_session_of_a_browser(
    app: Flask, alice: Program, people: dict[str, int]
) -> None:
    app.config["WTF_CSRF_ENABLED"] = False
    sign_in(app.test_client(), "alice")
    with app.app_context():
        browser = db.session.query(UserSession).filter_by(kind="browser").one().id
    assert_refused(alice, forging.change(app, alice.token, sid=browser))


# Keys that come and go ---------------------------------------------------------------------------


def test_keys_rotate_and_old_ones_end(make_app: MakeApp) -> None:
    new, old = KEYS
    app = make_app(JWT_KEYS=old)
    with app.app_context():
        make_user("alice")
    first = sign_in_program(app)
    assert forging.read(first.token)[0]["kid"] == "2026-01"
    both = make_app(JWT_KEYS=f"{new},{old}")
    assert_taken(Program(both.test_client()), first.token)
    second = sign_in_program(both)
    assert forging.read(second.token)[0]["kid"] == "2026-02"
    last = make_app(JWT_KEYS=new)
    assert_taken(Program(last.test_client()), second.token)
    assert_refused(Program(last.test_client()), first.token)
    # What ends with the old key is the access token: the program stays signed in.
    assert (
        last.test_client()
        .post("/api/auth/refresh", json={"refresh_token": first.refresh_token})
        .status_code
        == 200
    )


def test_a_key_id_does_not_lend_its_name_to_another_key(make_app: MakeApp) -> None:
    app = make_app(JWT_KEYS=",".join(KEYS))
    with app.app_context():
        make_user("alice")
    alice = sign_in_program(app)
    header, claims = forging.read(alice.token)
    assert_taken(alice, forging.sign(header | {"kid": "2026-01"}, claims, b"j" * 40))
    assert_refused(alice, forging.sign(header | {"kid": "2026-01"}, claims, b"k" * 40))


# People and sessions that have ended -------------------------------------------------------------


def test_a_blocked_person_is_out_at_once(
    app: Flask, people: dict[str, int], program: ProgramOf
) -> None:
    alice = sign_in_program(app)
    with app.app_context():
        # The bare fact, without what block_user does besides.
        alice_row().blocked_at = utcnow()
        db.session.commit()
    assert_refused(alice, alice.token)
    assert alice.refresh().status_code == 401
    login = {"email": "alice@example.org", "password": PASSWORD}
    answer = program().post("/auth/login", json=login)
    assert answer.status_code == 401
    assert answer.json
    assert answer.json["code"] == "wrong_credentials"


def test_unblocking_revives_no_token(app: Flask, people: dict[str, int]) -> None:
    alice = sign_in_program(app)
    with app.app_context():
        accounts.block_user(alice_row(), blocked=True)
        accounts.block_user(alice_row(), blocked=False)
        db.session.commit()
    assert_refused(alice, alice.token)
    assert alice.refresh().status_code == 401


def test_a_deleted_person_is_out(app: Flask, people: dict[str, int]) -> None:
    alice = sign_in_program(app)
    with app.app_context():
        alice_row().deleted_at = utcnow()
        db.session.commit()
    assert_refused(alice, alice.token)
    assert alice.refresh().status_code == 401


def test_a_new_password_ends_every_token(app: Flask, people: dict[str, int]) -> None:
    alice = sign_in_program(app)
    personal = alice.post("/users/me/tokens", json={"name": "x", "scopes": ["read"]}).json
    assert personal
    with app.app_context():
        accounts.change_password(alice_row(), "another long phrase")
        db.session.commit()
    assert_refused(alice, alice.token)
    assert_refused(alice, personal["token"])
    assert alice.refresh().status_code == 401


def test_a_new_stamp_alone_ends_tokens(app: Flask, alice: Program) -> None:
    with app.app_context():
        alice_row().session_stamp = "f" * 32
        db.session.commit()
    assert_refused(alice, alice.token)


def test_an_expired_session_ends_tokens_that_are_still_good(app: Flask, alice: Program) -> None:
    with app.app_context():
        db.session.query(UserSession).update({"expires_at": utcnow()})
        db.session.commit()
    assert_refused(alice, alice.token)


# Tokens in the place of others -------------------------------------------------------------------


def test_a_replayed_refresh_token_ends_its_whole_family(app: Flask, people: dict[str, int]) -> None:
    alice = sign_in_program(app)
    bystander = sign_in_program(app)
    first = alice.refresh()
    assert first.status_code == 200
    assert first.json
    thief = alice.refresh()  # the same one again
    assert thief.status_code == 401
    assert thief.json
    assert thief.json["code"] == "token_reused"
    assert_refused(alice, alice.token)
    assert_refused(alice, first.json["access_token"])
    child = {"refresh_token": first.json["refresh_token"]}
    assert alice.client.post("/api/auth/refresh", json=child).status_code == 401
    # Her other program never shared a token with it.
    assert bystander.get("/users/me").status_code == 200
    assert bystander.refresh().status_code == 200


def test_an_access_token_does_not_refresh(app: Flask, people: dict[str, int]) -> None:
    alice = sign_in_program(app)
    answer = alice.client.post("/api/auth/refresh", json={"refresh_token": alice.token})
    assert answer.status_code in {401, 422}
    assert alice.get("/users/me").status_code == 200


def test_a_refresh_token_opens_nothing(app: Flask, people: dict[str, int]) -> None:
    alice = sign_in_program(app)
    assert_refused(alice, alice.refresh_token)
    assert alice.refresh().status_code == 200  # nor was it used up


def test_a_personal_token_does_not_refresh(app: Flask, people: dict[str, int]) -> None:
    alice = sign_in_program(app)
    made = alice.post("/users/me/tokens", json={"name": "x", "scopes": ["write"]}).json
    assert made
    answer = alice.client.post("/api/auth/refresh", json={"refresh_token": made["token"]})
    assert answer.status_code == 401
    assert answer.json
    assert answer.json["code"] == "invalid_token"


def test_cookies_sign_nobody_in(app: Flask, people: dict[str, int]) -> None:
    app.config["WTF_CSRF_ENABLED"] = False
    browser = sign_in(app.test_client(), "maria")
    answer = browser.get("/api/users/me")
    assert answer.status_code == 401
    assert answer.json
    assert answer.json["code"] == "sign_in_required"
    assert browser.post("/api/materials/1/rate", json={"rating": 5}).status_code == 401
    assert browser.post("/api/auth/logout").status_code == 401


def test_a_token_in_the_address_or_a_cookie_counts_for_nothing(app: Flask, alice: Program) -> None:
    client = app.test_client()
    client.set_cookie("Authorization", f"Bearer {alice.token}")
    for query in ({"access_token": alice.token}, {"token": alice.token}):
        assert client.get("/api/users/me", query_string=query).status_code == 401
