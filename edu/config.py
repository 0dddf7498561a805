"""Every setting of the product: read from the environment once, typed, and loud on nonsense.

A setting X may also come from a file named by X_FILE, which is how container secrets arrive.
`.env.example` explains each of them to the person who installs the product.
"""

from __future__ import annotations

import os
import re
import secrets
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlsplit

from limits import parse_many

ROOT = Path(__file__).resolve().parent.parent
MIN_SECRET_LENGTH = 32

N = TypeVar("N", int, float)


def in_address(host: str) -> str:
    """A host as addresses write it: IPv6 in brackets."""
    return f"[{host}]" if ":" in host else host


class SettingsError(Exception):
    """The environment cannot be understood; the message lists every problem, one a line."""


@dataclass(frozen=True, slots=True)
class Settings:
    """One instance per process, made by `load_settings`. Sizes in bytes, times in seconds."""

    data_dir: Path
    secret_key: str = field(repr=False)
    site_url: str
    site_name: str
    host: str
    port: int
    web_threads: int
    database_url: str = field(repr=False)
    search_backend: str
    redis_url: str = field(repr=False)
    default_locale: str
    dev: bool
    log_level: str
    trusted_proxies: int
    max_upload_bytes: int
    workers: int
    media_memory_mb: int
    media_cpu_s: int
    media_wall_s: int
    stream_memory_mb: int
    stream_cpu_s: int
    stream_wall_s: int
    storage: str
    storage_previous: str
    s3_bucket: str
    s3_endpoint_url: str
    s3_region: str
    s3_access_key_id: str
    s3_secret_access_key: str = field(repr=False)
    s3_prefix: str
    s3_presign_s: int
    sendfile_header: str
    sendfile_prefix: str
    heartbeat_timeout_s: int
    max_attempts: int
    rating_prior_votes: float
    rating_weight_confirmed: float
    rating_weight_unconfirmed: float
    rating_weight_moderator: float
    per_page: int
    access_token_s: int
    api_limit: str
    login_limit: str
    login_limit_address: str
    letter_limit_address: str
    upload_limit: str
    search_limit: str
    min_free_bytes: int
    upload_quota_bytes: int
    trash_days: int
    refresh_token_days: int
    jwt_keys: tuple[tuple[str, str], ...] = field(repr=False)
    register_limit: str
    recover_limit: str
    assist_limit: str
    assistant_engine: str
    assistant_model: str
    assistant_model_type: str
    assistant_gpu_layers: int
    assistant_context: int
    assistant_threads: int
    assistant_max_tokens: int
    assistant_base_url: str
    assistant_api_key: str = field(repr=False)
    assistant_timeout_s: int
    assistant_stall_s: int
    assistant_answer_s: int
    assistant_workers: int
    assistant_wait_s: int
    smtp_host: str
    smtp_port: int
    smtp_security: str
    smtp_user: str
    smtp_password: str = field(repr=False)
    mail_from: str
    digest_hour: int
    google_client_id: str
    google_client_secret: str = field(repr=False)
    github_client_id: str
    github_client_secret: str = field(repr=False)
    github_url: str
    github_api_url: str
    oidc_issuer: str
    oidc_name: str
    oidc_client_id: str
    oidc_client_secret: str = field(repr=False)
    telegram_token: str = field(repr=False)
    telegram_bot_name: str
    telegram_api_url: str
    telegram_rate: int
    queue_immediate: bool = False

    @property
    def is_public(self) -> bool:
        """True where strangers can reach the site: an https address is the sign of it."""
        return self.site_url.startswith("https://")

    @property
    def sqlalchemy_url(self) -> str:
        """DATABASE_URL in SQLAlchemy's spelling (psycopg 3 for PostgreSQL)."""
        for scheme in ("postgresql://", "postgres://"):
            if self.database_url.startswith(scheme):
                return "postgresql+psycopg://" + self.database_url.removeprefix(scheme)
        return self.database_url

    @property
    def is_sqlite(self) -> bool:
        """Whether the embedded database is in use."""
        return self.database_url.startswith("sqlite:")


class _Reader:
    """Reads typed values out of an environment and collects the problems."""

    def __init__(self, env: Mapping[str, str]) -> None:
        self.env = env
        self.problems: list[str] = []

    def text(self, name: str, default: str = "") -> str:
        file_name = self.env.get(f"{name}_FILE")
        if not file_name:
            return self.env.get(name, "").strip() or default
        try:
            return Path(file_name).read_text(encoding="utf-8").strip()
        except OSError as error:
            self.problems.append(f"{name}_FILE: cannot read {file_name}: {error.strerror}")
        except UnicodeDecodeError:
            self.problems.append(f"{name}_FILE: {file_name} is not text in UTF-8")
        return default

    def number(self, name: str, default: N, low: float, high: float, kind: Callable[[str], N]) -> N:
        raw = self.text(name)
        if not raw:
            return default
        try:
            value = kind(raw)
        except ValueError:
            self.problems.append(f"{name}: {raw!r} is not a number")
            return default
        if not low <= value <= high:
            self.problems.append(f"{name}: {raw} is outside {low:g} … {high:g}")
            return default
        return value

    def integer(self, name: str, default: int, low: int, high: int) -> int:
        return self.number(name, default, low, high, int)

    def real(self, name: str, default: float, low: float, high: float) -> float:
        return self.number(name, default, low, high, float)

    def flag(self, name: str) -> bool:
        raw = self.text(name, "0").lower()
        if raw not in {"0", "1", "true", "false", "yes", "no", "on", "off"}:
            self.problems.append(f"{name}: {raw!r} is neither 1 nor 0")
        return raw in {"1", "true", "yes", "on"}

    def limit(self, name: str, default: str) -> str:
        raw = self.text(name, default)
        try:
            parse_many(raw)
        except ValueError:
            # Read only with the first request, which would be the wrong moment to learn of it.
            self.problems.append(f"{name}: {raw!r} is no limit such as {default!r}")
        return raw

    def choice(self, name: str, default: str, allowed: tuple[str, ...]) -> str:
        raw = self.text(name, default)
        if raw not in allowed:
            self.problems.append(f"{name}: {raw!r} is none of {', '.join(allowed)}")
            return default
        return raw

    def url(self, name: str, default: str, schemes: tuple[str, ...]) -> str:
        raw = self.text(name, default)
        try:
            scheme, _port = urlsplit(raw).scheme, urlsplit(raw).port
        except ValueError:
            self.problems.append(f"{name}: is no address")
            return default
        if raw and scheme.split("+")[0] not in schemes:
            self.problems.append(f"{name}: must start with one of {', '.join(schemes)}")
            return default
        return raw

    def keys(self, name: str) -> tuple[tuple[str, str], ...]:
        """Pairs of id and secret out of `id:secret, id:secret`; secrets are not repeated."""
        pairs = [part.strip().partition(":") for part in self.text(name).split(",") if part.strip()]
        keys = tuple((kid.strip(), secret.strip()) for kid, _sep, secret in pairs)
        if any(not re.fullmatch(r"[\w.-]{1,40}", kid) for kid, _secret in keys):
            self.problems.append(f"{name}: each key is written as id:secret, with commas between")
        elif len(dict(keys)) < len(keys):
            self.problems.append(f"{name}: two keys have the same id")
        elif any(len(secret) < MIN_SECRET_LENGTH for _kid, secret in keys):
            self.problems.append(f"{name}: a secret is shorter than {MIN_SECRET_LENGTH} characters")
        return keys

    def secret(self, name: str, pattern: str, looks: str) -> str:
        """A value that no message may repeat; `looks` says what it should look like."""
        raw = self.text(name)
        if raw and not re.fullmatch(pattern, raw):
            self.problems.append(f"{name}: does not look like {looks}")
            return ""
        return raw


def load_settings(env: Mapping[str, str] | None = None, **overrides: Any) -> Settings:
    """Settings from `env` (default: the process's), with `overrides` for tests.

    Raises SettingsError that names every bad value at once.
    """
    read = _Reader(os.environ if env is None else env)
    data_dir = Path(read.text("EDU_DATA", str(ROOT / "var"))).expanduser().resolve()
    host, port = read.text("HOST", "127.0.0.1"), read.integer("PORT", 8000, 1, 65535)
    address = f"http://{in_address(host)}:{port}"
    site_url = read.url("SITE_URL", address, ("http", "https")).rstrip("/")
    database_url = read.url(
        "DATABASE_URL", f"sqlite:///{data_dir / 'edu.db'}", ("sqlite", "postgresql", "postgres")
    )
    values: dict[str, Any] = {
        "data_dir": data_dir,
        "host": host,
        "port": port,
        "web_threads": read.integer("WEB_THREADS", 48, 1, 1000),
        "site_url": site_url,
        "site_name": read.text("SITE_NAME", "Конспект"),
        "database_url": database_url,
        "search_backend": _search_backend(read, database_url),
        "redis_url": read.url("REDIS_URL", "", ("redis", "rediss", "unix")),
        "default_locale": read.choice("DEFAULT_LOCALE", "ru", ("ru", "en")),
        "dev": read.flag("EDU_DEV"),
        "log_level": read.choice("LOG_LEVEL", "INFO", ("DEBUG", "INFO", "WARNING", "ERROR")),
        "trusted_proxies": read.integer("TRUSTED_PROXIES", 0, 0, 5),
        "max_upload_bytes": read.integer("MAX_UPLOAD_MB", 500, 1, 10_000) * 1024 * 1024,
        "workers": read.integer("WORKERS", 2, 1, 64),
        "media_memory_mb": read.integer("MEDIA_MEMORY_MB", 1024, 256, 65536),
        "media_cpu_s": read.integer("MEDIA_CPU_S", 120, 1, 86400),
        "media_wall_s": read.integer("MEDIA_WALL_S", 180, 1, 86400),
        "stream_memory_mb": read.integer("STREAM_MEMORY_MB", 2048, 512, 65536),
        "stream_cpu_s": read.integer("STREAM_CPU_S", 43200, 1, 200_000),
        "stream_wall_s": read.integer("STREAM_WALL_S", 21600, 1, 72_000),
        "heartbeat_timeout_s": read.integer("HEARTBEAT_TIMEOUT_S", 30, 2, 3600),
        "max_attempts": read.integer("MAX_ATTEMPTS", 3, 1, 20),
        "rating_prior_votes": read.real("RATING_PRIOR_VOTES", 5.0, 0, 1000),
        "rating_weight_confirmed": read.real("RATING_WEIGHT_CONFIRMED", 1.0, 0, 100),
        "rating_weight_unconfirmed": read.real("RATING_WEIGHT_UNCONFIRMED", 0.3, 0, 100),
        "rating_weight_moderator": read.real("RATING_WEIGHT_MODERATOR", 2.0, 0, 100),
        "per_page": read.integer("PER_PAGE", 20, 1, 100),
        "access_token_s": read.integer("ACCESS_TOKEN_S", 900, 30, 86400),
        "api_limit": read.limit("API_LIMIT", "100 per minute"),
        "login_limit": read.limit("LOGIN_LIMIT", "10 per minute"),
        "login_limit_address": read.limit("LOGIN_LIMIT_ADDRESS", "200 per minute"),
        "letter_limit_address": read.limit("LETTER_LIMIT_ADDRESS", "300 per hour"),
        "upload_limit": read.limit("UPLOAD_LIMIT", "120 per hour"),
        "search_limit": read.limit("SEARCH_LIMIT", "1200 per minute"),
        "min_free_bytes": read.integer("MIN_FREE_MB", 512, 0, 1_000_000) * 1024 * 1024,
        "upload_quota_bytes": read.integer("UPLOAD_QUOTA_MB", 0, 0, 10_000_000) * 1024 * 1024,
        "trash_days": read.integer("TRASH_DAYS", 30, 1, 3650),
        "refresh_token_days": read.integer("REFRESH_TOKEN_DAYS", 30, 1, 365),
        "jwt_keys": read.keys("JWT_KEYS"),
        "register_limit": read.limit("REGISTER_LIMIT", "5 per hour"),
        "recover_limit": read.limit("RECOVER_LIMIT", "5 per hour"),
        "assist_limit": read.limit("ASSIST_LIMIT", "20 per minute"),
        **_assistant(read),
        **_storage(read),
        **_mail(read, site_url),
        **_sign_in_sites(read),
        "telegram_token": read.secret(
            "TELEGRAM_BOT_TOKEN", r"\d+:[\w-]+", "a token from @BotFather (digits, colon, letters)"
        ),
        "telegram_bot_name": _bot_name(read),
        "telegram_api_url": read.url(
            "TELEGRAM_API_URL", "https://api.telegram.org", ("http", "https")
        ).rstrip("/"),
        "telegram_rate": read.integer("TELEGRAM_RATE", 30, 1, 1000),
        "secret_key": read.text("SECRET_KEY"),
        **overrides,
    }
    _check_secret(values, read.problems)
    if read.problems:
        raise SettingsError("\n".join(read.problems))
    values["secret_key"] = values["secret_key"] or _local_secret(values["data_dir"])
    return Settings(**values)


def _bot_name(read: _Reader) -> str:
    name = read.text("TELEGRAM_BOT_NAME").removeprefix("@")
    if name and not re.fullmatch(r"[A-Za-z]\w{3,31}", name, re.ASCII):
        read.problems.append("TELEGRAM_BOT_NAME: does not look like the name of a bot")
    return name


def _search_backend(read: _Reader, database_url: str) -> str:
    default = "whoosh" if database_url.startswith("sqlite:") else "postgres"
    backend = read.choice("SEARCH_BACKEND", default, ("whoosh", "postgres"))
    if backend == "postgres" != default:
        read.problems.append("SEARCH_BACKEND: postgres needs a DATABASE_URL of PostgreSQL")
    return backend


# Types of models from before GGUF, as ctransformers calls them.
MODEL_TYPES: tuple[str, ...] = ("dollyv2", "falcon", "gpt2", "gptj", "gptneox", "llama", "mpt")
MODEL_TYPES += ("replit", "starcoder")


def _assistant(read: _Reader) -> dict[str, Any]:
    engines = ("composer", "ctransformers", "llamacpp", "openai")
    values: dict[str, Any] = {
        "assistant_engine": read.choice("ASSISTANT_ENGINE", "composer", engines),
        "assistant_model": read.text("ASSISTANT_MODEL"),
        "assistant_model_type": read.choice("ASSISTANT_MODEL_TYPE", "", ("", *MODEL_TYPES)),
        "assistant_gpu_layers": read.integer("ASSISTANT_GPU_LAYERS", 0, -1, 1000),
        "assistant_context": read.integer("ASSISTANT_CONTEXT", 4096, 256, 2_000_000),
        "assistant_threads": read.integer("ASSISTANT_THREADS", 0, 0, 1024),
        "assistant_max_tokens": read.integer("ASSISTANT_MAX_TOKENS", 800, 16, 100_000),
        "assistant_base_url": read.url("ASSISTANT_BASE_URL", "", ("http", "https")).rstrip("/"),
        "assistant_api_key": read.secret("ASSISTANT_API_KEY", r"[!-~]+", "a key without spaces"),
        "assistant_timeout_s": read.integer("ASSISTANT_TIMEOUT_S", 120, 1, 3600),
        "assistant_stall_s": read.integer("ASSISTANT_STALL_S", 30, 1, 3600),
        "assistant_answer_s": read.integer("ASSISTANT_ANSWER_S", 300, 5, 3600),
        "assistant_wait_s": read.integer("ASSISTANT_WAIT_S", 25, 0, 100),
    }
    # A model on this machine answers one question at a time; elsewhere the worker mostly waits.
    several = 1 if values["assistant_engine"] in ("ctransformers", "llamacpp") else 2
    values["assistant_workers"] = read.integer("ASSISTANT_WORKERS", several, 0, 64)
    read.problems += _assistant_problems(values)
    return values


def _assistant_problems(values: Mapping[str, Any]) -> Iterator[str]:
    engine, url = values["assistant_engine"], urlsplit(values["assistant_base_url"])
    if engine != "composer" and not values["assistant_model"]:
        yield f"ASSISTANT_MODEL: the engine {engine} needs a model"
    if engine == "openai" and not url.netloc:
        yield "ASSISTANT_BASE_URL: the engine openai needs an address such as https://host/v1"
    if "@" in url.netloc or url.query:
        yield "ASSISTANT_BASE_URL: the key belongs into ASSISTANT_API_KEY, not into the address"
    if values["assistant_max_tokens"] > values["assistant_context"] // 2:
        yield "ASSISTANT_MAX_TOKENS: more than half of ASSISTANT_CONTEXT leaves no room to ask"


def _storage(read: _Reader) -> dict[str, Any]:
    values: dict[str, Any] = {
        "storage": read.choice("STORAGE", "local", ("local", "s3")),
        "storage_previous": read.choice("STORAGE_PREVIOUS", "", ("", "local", "s3")),
        "s3_bucket": read.text("S3_BUCKET"),
        "s3_endpoint_url": read.url("S3_ENDPOINT_URL", "", ("http", "https")).rstrip("/"),
        "s3_region": read.text("S3_REGION", "us-east-1"),
        "s3_access_key_id": read.text("S3_ACCESS_KEY_ID"),
        "s3_secret_access_key": read.text("S3_SECRET_ACCESS_KEY"),
        "s3_prefix": read.text("S3_PREFIX").strip("/"),
        "s3_presign_s": read.integer("S3_PRESIGN_S", 0, 0, 7 * 86400),
        "sendfile_header": read.choice(
            "SENDFILE_HEADER", "", ("", "x-accel-redirect", "x-sendfile")
        ),
        "sendfile_prefix": read.text("SENDFILE_PREFIX", "/_storage/").rstrip("/") + "/",
    }
    kinds = {values["storage"], values["storage_previous"]}
    if len(kinds) == 1:
        read.problems.append("STORAGE_PREVIOUS: the same as STORAGE; there is nothing to move")
    if "s3" in kinds and not values["s3_bucket"]:
        read.problems.append("S3_BUCKET: the storage s3 needs a bucket")
    if bool(values["s3_access_key_id"]) != bool(values["s3_secret_access_key"]):
        read.problems.append("S3_ACCESS_KEY_ID and S3_SECRET_ACCESS_KEY: both or neither")
    if not re.fullmatch(r"[\w./-]*", values["s3_prefix"], re.ASCII):
        read.problems.append("S3_PREFIX: Latin letters, digits and . _ - / only")
    if not values["sendfile_prefix"].startswith("/"):
        read.problems.append("SENDFILE_PREFIX: must start with /")
    return values


def _mail(read: _Reader, site_url: str) -> dict[str, Any]:
    security = read.choice("SMTP_SECURITY", "starttls", ("starttls", "tls", "none"))
    default_port = {"starttls": 587, "tls": 465, "none": 25}[security]
    return {
        "smtp_host": read.text("SMTP_HOST"),
        "smtp_port": read.integer("SMTP_PORT", default_port, 1, 65535),
        "smtp_security": security,
        "smtp_user": read.text("SMTP_USER"),
        "smtp_password": read.text("SMTP_PASSWORD"),
        "mail_from": read.text("MAIL_FROM", f"noreply@{urlsplit(site_url).hostname}"),
        "digest_hour": read.integer("DIGEST_HOUR", 6, 0, 23),
    }


def _sign_in_sites(read: _Reader) -> dict[str, Any]:
    values = {
        "google_client_id": read.text("GOOGLE_CLIENT_ID"),
        "google_client_secret": read.text("GOOGLE_CLIENT_SECRET"),
        "github_client_id": read.text("GITHUB_CLIENT_ID"),
        "github_client_secret": read.text("GITHUB_CLIENT_SECRET"),
        "github_url": read.url("GITHUB_URL", "https://github.com", ("http", "https")),
        "github_api_url": read.url("GITHUB_API_URL", "https://api.github.com", ("http", "https")),
        "oidc_issuer": read.url("OIDC_ISSUER", "", ("http", "https")),
        "oidc_name": read.text("OIDC_NAME", "OpenID"),
        "oidc_client_id": read.text("OIDC_CLIENT_ID"),
        "oidc_client_secret": read.text("OIDC_CLIENT_SECRET"),
    }
    for name in ("google", "github", "oidc"):
        if bool(values[f"{name}_client_id"]) != bool(values[f"{name}_client_secret"]):
            read.problems.append(f"{name.upper()}_CLIENT_ID and …_SECRET: both or neither")
    if bool(values["oidc_issuer"]) != bool(values["oidc_client_id"]):
        read.problems.append("OIDC_ISSUER and OIDC_CLIENT_ID: both or neither")
    return values


def _check_secret(values: dict[str, Any], problems: list[str]) -> None:
    secret, public = values["secret_key"], values["site_url"].startswith("https://")
    if secret and len(secret) < MIN_SECRET_LENGTH:
        problems.append(f"SECRET_KEY: shorter than {MIN_SECRET_LENGTH} characters")
    if public and not secret:
        problems.append(
            "SECRET_KEY: an https SITE_URL needs a real one; make it with "
            "python3 -c 'import secrets; print(secrets.token_urlsafe(48))'"
        )
    if public and len(set(secret)) < 8 and secret:
        problems.append("SECRET_KEY: too regular to be a secret")


def _local_secret(data_dir: Path) -> str:
    """The secret of an installation that is not public, made once and kept beside its data."""
    path = data_dir / "secret_key"
    data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    if not path.exists():
        # Written whole under another name first: two processes may start at the same moment.
        fresh = path.with_name(f"secret_key.{os.getpid()}.{secrets.token_hex(4)}")
        fresh.touch(mode=0o600)
        fresh.write_text(secrets.token_urlsafe(48), encoding="utf-8")
        try:
            os.link(fresh, path)
        except FileExistsError:
            pass  # the other process was first; its secret is the one
        finally:
            fresh.unlink()
    return path.read_text(encoding="utf-8").strip()
