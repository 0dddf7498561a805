"""The authorization server: codes that people allow, tokens in exchange for them.

Its one client is the site's own bot, a public one: it has no secret, so a code is worth nothing
without the verifier of its PKCE challenge (S256 only). Tokens are those of edu.tokens. Of requests
and answers only plain data is known here; commit after each, whatever it answers.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, NoReturn, cast

from authlib.oauth2 import AuthorizationServer, OAuth2Error
from authlib.oauth2.rfc6749 import ClientMixin, InvalidRequestError, OAuth2Payload, OAuth2Request
from authlib.oauth2.rfc6749.grants import AuthorizationCodeGrant, RefreshTokenGrant
from authlib.oauth2.rfc7009 import RevocationEndpoint
from authlib.oauth2.rfc7636 import CodeChallenge
from flask_babel import lazy_gettext as _l
from sqlalchemy import delete, select, update
from werkzeug.datastructures import MultiDict

from edu.accounts.models import User
from edu.api.tokens import InvalidToken, read_token, sign_token
from edu.errors import EduError
from edu.extensions import change_rows, db, settings, utcnow
from edu.oauth.models import AuthorizationCode
from edu.sessions.models import SessionKind
from edu.sessions.service import hash_secret
from edu.site.telegram import bot_address, bot_name
from edu.tokens import service as tokens

CLIENT_ID = "telegram"
CODE_LIFE = timedelta(minutes=5)
KEEP_USED_CODES = timedelta(days=1)  # so that one that comes again is known
# What the bot is told when the person has refused; a code is longer.
DENIED = "denied"


class ConsentRefused(EduError):
    """The address of the consent page is not one that this site has made."""

    message = _l("This link is not complete. Ask the bot for a new one.")


class CodeRefused(EduError):
    """The code or token cannot be exchanged: unknown, used, expired, another's."""

    code = "invalid_grant"
    message = _l("This sign-in is not valid any more. Ask the bot for a new link.")


@dataclass(frozen=True, slots=True)
class Answer:
    """What the server answers: the body is JSON, or empty where `headers` lead elsewhere."""

    status: int
    body: dict[str, Any]
    headers: dict[str, str]


@dataclass(frozen=True, slots=True)
class Tokens:
    """What a program acts with for a person, in the sign-in of that id."""

    access: str
    refresh: str
    session_id: int


# The parts that Authlib puts together ---------------------------------------------------------


class BotClient(ClientMixin):  # type: ignore[misc]  # Authlib ships no types
    """The site's bot."""

    def get_client_id(self) -> str:
        """The only one."""
        return CLIENT_ID

    def get_default_redirect_uri(self) -> str:
        """None: it has to be named."""
        return ""

    def get_allowed_scope(self, scope: str) -> str:
        """There are no scopes: the bot is the site in another place."""
        return ""

    def check_redirect_uri(self, redirect_uri: str) -> bool:
        """The chat with the bot, and nothing else."""
        return redirect_uri == bot_address()

    def check_endpoint_auth_method(self, method: str, endpoint: str) -> bool:
        """It has no secret to show, at no endpoint."""
        return method == "none"

    def check_response_type(self, response_type: str) -> bool:
        """Codes only."""
        return response_type == "code"

    def check_grant_type(self, grant_type: str) -> bool:
        """A code, then refresh tokens."""
        return grant_type in {"authorization_code", "refresh_token"}


class _Fields(OAuth2Payload):  # type: ignore[misc]  # Authlib ships no types
    data: Any = None  # properties of the base class
    datalist: Any = None

    def __init__(self, fields: MultiDict[str, str]) -> None:
        self.data = fields
        self.datalist = dict(fields.lists())


class _Request(OAuth2Request):  # type: ignore[misc]  # Authlib ships no types
    form: Any = None  # a property of the base class

    def __init__(self, fields: MultiDict[str, str]) -> None:
        # Whether the site is reached by https is SITE_URL's matter, not Authlib's to judge here.
        super().__init__("POST", "https://site/oauth")
        self.payload = _Fields(fields)
        self.form = fields
        self.label = ""


class _OnlyS256(CodeChallenge):  # type: ignore[misc]  # Authlib ships no types
    SUPPORTED_CODE_CHALLENGE_METHOD = ["S256"]  # noqa: RUF012  # as the base class declares it

    def validate_code_challenge(self, grant: Any, redirect_uri: str) -> None:
        data = grant.request.payload.data
        if not data.get("code_challenge") or data.get("code_challenge_method") != "S256":
            raise InvalidRequestError("PKCE with S256 is needed.")
        super().validate_code_challenge(grant, redirect_uri)

    def get_authorization_code_challenge(self, authorization_code: AuthorizationCode) -> str:
        return authorization_code.challenge

    def get_authorization_code_challenge_method(self, authorization_code: object) -> str:
        return "S256"


class _StoredCode:
    """A code as Authlib asks about it."""

    def __init__(self, row: AuthorizationCode) -> None:
        self.row, self.challenge = row, row.challenge

    def get_redirect_uri(self) -> str:
        return self.row.redirect_uri

    def get_scope(self) -> str:
        return ""


class _CodeGrant(AuthorizationCodeGrant):  # type: ignore[misc]  # Authlib ships no types
    TOKEN_ENDPOINT_AUTH_METHODS = ["none"]  # noqa: RUF012  # as the base class declares it

    def create_authorization_response(self, redirect_uri: str, grant_user: User | None) -> Any:
        """Back to the chat, by the one parameter that Telegram hands on."""
        start = DENIED
        if grant_user is not None:
            start = secrets.token_urlsafe(32)  # 43 of the signs that Telegram takes; it takes 64
            _keep_code(start, grant_user, self.request)
        return 302, "", [("Location", f"{redirect_uri}?start={start}")]

    def query_authorization_code(self, code: str, client: BotClient) -> _StoredCode | None:
        """Found is used up: whatever is wrong besides, this code never works again."""
        row = use_code(code)
        return _StoredCode(row) if row and row.client_id == client.get_client_id() else None

    def authenticate_user(self, authorization_code: _StoredCode) -> User | None:
        user = authorization_code.row.user
        return user if user.is_active else None

    def generate_token(self, *, user: User, **_more: Any) -> dict[str, Any]:
        row = self.request.authorization_code.row
        grant = tokens.open_api_session(
            user, kind=SessionKind.TELEGRAM, user_agent=f"Telegram/{row.label}"
        )
        row.session_id = grant.session_id
        return _describe(grant)

    def delete_authorization_code(self, authorization_code: _StoredCode) -> None:
        """It stays a while, to be known when it comes again."""


@dataclass(frozen=True, slots=True)
class _Rotated:
    """A refresh token that was just exchanged, as Authlib asks about it."""

    grant: tokens.Grant

    def check_client(self, client: BotClient) -> bool:
        return True  # no other client has sign-ins of this kind

    def get_scope(self) -> str:
        return ""


class _RefreshGrant(RefreshTokenGrant):  # type: ignore[misc]  # Authlib ships no types
    TOKEN_ENDPOINT_AUTH_METHODS = ["none"]  # noqa: RUF012  # as the base class declares it

    def authenticate_refresh_token(self, refresh_token: str) -> _Rotated | None:
        """Use it up; one that comes again ends its sign-in, which the refusal does not undo."""
        try:
            return _Rotated(tokens.refresh_api_session(refresh_token, kind=SessionKind.TELEGRAM))
        except tokens.TokenRefused:
            return None

    def authenticate_user(self, refresh_token: _Rotated) -> User:
        return refresh_token.grant.user

    def issue_token(self, user: User, refresh_token: _Rotated) -> dict[str, Any]:
        return _describe(refresh_token.grant)

    def revoke_old_credential(self, refresh_token: _Rotated) -> None:
        """It is used up already."""


@dataclass(frozen=True, slots=True)
class _SignIn:
    session_id: int

    def check_client(self, client: BotClient) -> bool:
        return True  # as above


class _Revocation(RevocationEndpoint):  # type: ignore[misc]  # Authlib ships no types
    CLIENT_AUTH_METHODS = ["none"]  # noqa: RUF012  # as the base class declares it

    def query_token(self, token: str, _hint: str | None) -> _SignIn | None:
        session_id = tokens.find_refreshable(token, SessionKind.TELEGRAM)
        if session_id is None:
            try:
                session_id = tokens.find_claimed(read_token(token), SessionKind.TELEGRAM)
            except InvalidToken:
                return None
        return _SignIn(session_id) if session_id is not None else None

    def revoke_token(self, token: _SignIn, _request: Any) -> None:
        tokens.end_api_session(token.session_id)


class _Server(AuthorizationServer):  # type: ignore[misc]  # Authlib ships no types
    """Authlib's, without a web framework."""

    def query_client(self, client_id: str) -> BotClient | None:
        return BotClient() if client_id == CLIENT_ID and bot_name() else None

    def save_token(self, token: dict[str, Any], request: Any) -> None:
        """The tokens are kept where they are made."""

    def create_oauth2_request(self, request: MultiDict[str, str]) -> _Request:
        return _Request(request)

    def handle_response(self, status: int, body: Any, headers: Any) -> Answer:
        return Answer(status, body or {}, dict(headers))

    def send_signal(self, name: str, *args: Any, **kwargs: Any) -> None:
        """Nobody listens."""


def _make_server() -> _Server:
    server = _Server()
    server.register_grant(_CodeGrant, [_OnlyS256(required=True)])
    server.register_grant(_RefreshGrant)
    server.register_endpoint(_Revocation)
    return server


_server = _make_server()


def _describe(grant: tokens.Grant) -> dict[str, Any]:
    return {
        "token_type": "Bearer",
        "access_token": sign_token(grant.user, grant.session_id),
        "expires_in": settings().access_token_s,
        "refresh_token": grant.refresh_token,
    }


# Consent ---------------------------------------------------------------------------------------


def check_consent(fields: MultiDict[str, str]) -> None:
    """Whether these parameters may be put before a person. Raises ConsentRefused.

    Nobody is ever sent back to the program with an error: a link that is wrong was not made here.
    """
    try:
        _server.get_consent_grant(fields)
    except OAuth2Error as error:
        raise ConsentRefused from error


def answer_consent(fields: MultiDict[str, str], user: User | None, label: str = "") -> str:
    """Where the browser goes now: with a code if `user` allows it, without one for None.

    `label` is who asks. Raises ConsentRefused.
    """
    check_consent(fields)
    request = _server.create_oauth2_request(fields)
    request.label = label
    grant = _server.get_authorization_grant(request)
    answer = _server.create_authorization_response(request, grant_user=user, grant=grant)
    if "Location" not in answer.headers:
        raise ConsentRefused
    return cast("str", answer.headers["Location"])


def _keep_code(code: str, user: User, request: _Request) -> None:
    state_hash = hash_secret(request.payload.state or "")
    # Who allows it twice has one code: the last.
    earlier = delete(AuthorizationCode).where(AuthorizationCode.state_hash == state_hash)
    change_rows(earlier.where(AuthorizationCode.used_at.is_(None)))
    db.session.add(
        AuthorizationCode(
            code_hash=hash_secret(code),
            state_hash=state_hash,
            client_id=request.payload.client_id,
            user_id=user.id,
            redirect_uri=request.payload.redirect_uri,
            challenge=request.payload.data["code_challenge"],
            label=request.label[:120],
            expires_at=utcnow() + CODE_LIFE,
        )
    )
    db.session.flush()


# Codes -----------------------------------------------------------------------------------------


def find_code(code: str) -> AuthorizationCode | None:
    """The code's row, used and expired ones included."""
    wanted = select(AuthorizationCode).where(AuthorizationCode.code_hash == hash_secret(code))
    return db.session.scalar(wanted)


def use_code(code: str) -> AuthorizationCode | None:
    """Use a code up, or burn it; None when it was none, or not any more.

    One that was used before ends the sign-in that came of it: somebody else has it, too.
    """
    now, same = utcnow(), AuthorizationCode.code_hash == hash_secret(code)
    used: int | None = db.session.scalar(
        update(AuthorizationCode)
        .where(same, AuthorizationCode.used_at.is_(None), AuthorizationCode.expires_at > now)
        .values(used_at=now)
        .returning(AuthorizationCode.id)
    )
    if used is not None:
        return db.session.get_one(AuthorizationCode, used, populate_existing=True)
    row = find_code(code)
    if row is not None and row.session_id is not None:
        tokens.end_api_session(row.session_id)
    return None


def remove_expired(now: datetime) -> int:
    """Drop codes that nobody needs to know any more; how many rows went."""
    old = now - KEEP_USED_CODES
    return change_rows(delete(AuthorizationCode).where(AuthorizationCode.expires_at < old))


# Tokens ----------------------------------------------------------------------------------------


def answer_token_request(fields: MultiDict[str, str]) -> Answer:
    """A code or a refresh token for tokens, or why not (RFC 6749, 5)."""
    return cast("Answer", _server.create_token_response(fields))


def answer_revocation(fields: MultiDict[str, str]) -> Answer:
    """End the sign-in that the token belongs to; unknown ones have ended already (RFC 7009)."""
    return cast("Answer", _server.create_endpoint_response("revocation", fields))


def exchange_code(code: str, verifier: str) -> Tokens:
    """Tokens for the bot's code, in this process. Raises CodeRefused."""
    return _ask(
        grant_type="authorization_code",
        code=code,
        code_verifier=verifier,
        redirect_uri=bot_address(),
    )


def refresh(refresh_token: str) -> Tokens:
    """The next tokens. Raises CodeRefused."""
    return _ask(grant_type="refresh_token", refresh_token=refresh_token)


def _ask(**fields: str) -> Tokens:
    answer = answer_token_request(MultiDict({"client_id": CLIENT_ID, **fields}))
    if answer.status != 200:
        _refuse(answer.body)
    access = answer.body["access_token"]
    return Tokens(access, answer.body["refresh_token"], read_token(access).session_id)


def _refuse(body: Mapping[str, Any]) -> NoReturn:
    raise CodeRefused(code=str(body.get("error", CodeRefused.code)))
