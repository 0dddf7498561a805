"""«Конспект»: a self-hosted library of study materials."""

from __future__ import annotations

import logging
import os
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from flask import Flask
from werkzeug.middleware.proxy_fix import ProxyFix

from edu.api.app import make_api_app, register_api
from edu.config import ROOT, Settings, load_settings
from edu.errors import register_error_pages
from edu.extensions import babel, bind, csrf, db, limiter, login, migrate
from edu.htmx import vary_on_htmx

if TYPE_CHECKING:
    from flask_openapi3.openapi import OpenAPI

    from edu.search.base import SearchIndex


def create_app(settings: Settings | None = None) -> Flask:
    """The application, bound to its database, storage, index and queue. Raises SettingsError."""
    settings = settings or load_settings()
    logging.basicConfig(
        level=settings.log_level, format="%(asctime)s %(levelname)s %(name)s: %(message)s"
    )
    for chatty in ("alembic", "fontTools", "huey", "httpx", "httpcore"):
        logging.getLogger(chatty).setLevel(logging.WARNING)
    app = make_api_app(template_folder=str(ROOT / "templates"), static_folder=None)
    configure(app, settings)
    bind_parts(app, settings)
    bind_extensions(app, settings)
    register_pages(app)
    register_api(app)
    register_error_pages(app)
    register_commands(app)
    return app


def configure(app: OpenAPI, settings: Settings) -> None:
    """Flask's own settings, from ours."""
    from edu.site.limits import limit_headers
    from edu.site.requests import EduRequest, cap_body, refuse_nul, secure_headers

    # What the product writes (password hashes, unpublished files) is its own account's alone.
    os.umask(0o077)
    bind(app, "settings", settings)
    if settings.is_public:
        host = urlsplit(settings.site_url).hostname
        app.config["TRUSTED_HOSTS"] = [host, "127.0.0.1", "localhost"]
    app.request_class = EduRequest
    app.config.update(
        SECRET_KEY=settings.secret_key,
        SQLALCHEMY_DATABASE_URI=settings.sqlalchemy_url,
        # SQLite reads what is known of its tables when a connection opens: see refresh_statistics.
        # Errors of the database are logged, but not what people have written: the parameters.
        SQLALCHEMY_ENGINE_OPTIONS={
            "hide_parameters": True,
            **({"pool_recycle": 3600} if settings.is_sqlite else {"pool_pre_ping": True}),
        },
        SESSION_COOKIE_NAME="edu_session",
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_SECURE=settings.is_public,
        REMEMBER_COOKIE_DURATION=timedelta(days=30),
        REMEMBER_COOKIE_HTTPONLY=True,
        REMEMBER_COOKIE_SAMESITE="Lax",
        REMEMBER_COOKIE_SECURE=settings.is_public,
        WTF_CSRF_TIME_LIMIT=None,
        MAX_CONTENT_LENGTH=1024 * 1024,
        MAX_FORM_MEMORY_SIZE=256 * 1024,
        MAX_FORM_PARTS=200,
        BABEL_DEFAULT_LOCALE=settings.default_locale,
        BABEL_TRANSLATION_DIRECTORIES=str(ROOT / "edu" / "translations"),
        # The library of limits has a name of its own for a socket.
        RATELIMIT_STORAGE_URI=settings.redis_url.replace("unix://", "redis+unix://", 1)
        or "window://",
        TEMPLATES_AUTO_RELOAD=settings.dev,
    )
    if settings.trusted_proxies:
        hops = settings.trusted_proxies
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=hops, x_proto=hops, x_host=hops)  # type: ignore[method-assign]  # Flask's documented way
    app.before_request(cap_body)  # before the CSRF check, which reads the body
    app.before_request(refuse_nul)
    app.after_request(secure_headers)
    app.after_request(limit_headers)
    app.after_request(vary_on_htmx)


def bind_parts(app: Flask, settings: Settings) -> None:
    """Storage, search index, queue, sign-in sites: reached through edu.extensions, jobs.queue."""
    from edu.site.providers import make_oauth
    from edu.storage.making import make_storage
    from jobs.queue import init_queue

    bind(app, "storage", make_storage(settings))
    bind(app, "index", make_index(settings))
    bind(app, "oauth", make_oauth(app, settings))
    init_queue(app, settings)


def make_index(settings: Settings) -> SearchIndex:
    """The search engine that the settings ask for."""
    if settings.search_backend == "postgres":
        from edu.search.postgres.index import PostgresIndex

        return PostgresIndex(settings.sqlalchemy_url)
    from edu.search.whoosh.index import WhooshIndex

    return WhooshIndex.open_or_create(settings.data_dir / "index")


def bind_extensions(app: Flask, settings: Settings) -> None:
    """Database, sign-in, CSRF, limits, languages."""
    import edu.models  # noqa: F401  # for its effect: the metadata learns of every table
    from edu.site.context import register_template_helpers
    from edu.site.database import init_database
    from edu.site.preferences import chosen_locale
    from edu.site.sentences import Sentences
    from edu.site.signing import load_person

    settings.data_dir.mkdir(parents=True, exist_ok=True)
    db.init_app(app)
    init_database(app)
    migrate.init_app(app, db, directory=str(Path(ROOT) / "migrations"), render_as_batch=True)
    login.init_app(app)
    login.user_loader(load_person)
    csrf.init_app(app)
    limiter.init_app(app)
    babel.init_app(app, locale_selector=chosen_locale)
    babel.domain_instance = Sentences()
    register_template_helpers(app)


def register_pages(app: Flask) -> None:
    """The blueprints of the site."""
    from edu.accounts.views import bp as accounts
    from edu.admin.views import bp as admin
    from edu.assistant.views import bp as assistant
    from edu.captions.views import bp as captions
    from edu.catalog.views import bp as catalog
    from edu.collections.views import bp as collections
    from edu.demand.views import bp as demand
    from edu.identities.views import bp as identities
    from edu.library.views import bp as library
    from edu.materials.views import bp as materials
    from edu.moderation.views import bp as moderation
    from edu.notifications.views import bp as notifications
    from edu.oauth.views import bp as oauth
    from edu.plans.views import bp as plans
    from edu.privacy.views import bp as privacy
    from edu.registration.views import bp as registration
    from edu.reports.views import bp as reports
    from edu.search.views import bp as search
    from edu.second_factor.views import bp as second_factor
    from edu.sessions.views import bp as sessions
    from edu.site.views import assets, health, main, styleguide
    from edu.streams.views import bp as streams
    from edu.subscriptions.views import bp as subscriptions
    from edu.telegram_chats.views import bp as telegram_chats
    from edu.telegram_links.views import bp as telegram_links
    from edu.tokens.views import bp as tokens
    from edu.trash.views import bp as trash
    from edu.uploads.views import bp as uploads
    from edu.versions.views import bp as versions

    for blueprint in (
        main,
        health,
        assets,
        accounts,
        registration,
        catalog,
        materials,
        streams,
        captions,
        uploads,
        versions,
        trash,
        search,
        moderation,
        library,
        collections,
        plans,
        demand,
        reports,
        assistant,
        sessions,
        tokens,
        identities,
        oauth,
        telegram_links,
        second_factor,
        notifications,
        subscriptions,
        privacy,
        telegram_chats,
        admin,
    ):
        app.register_blueprint(blueprint)
    if app.extensions["edu.settings"].dev:
        app.register_blueprint(styleguide)


def register_commands(app: Flask) -> None:
    """`flask users`, `flask materials`, `flask search`, `flask storage` and the others."""
    from edu.accounts.cli import users
    from edu.api.cli import api
    from edu.assistant.cli import assistant
    from edu.catalog.cli import subjects
    from edu.demo.cli import demo
    from edu.mail.cli import mail
    from edu.materials.cli import materials
    from edu.search.cli import search
    from edu.site.cli import start
    from edu.storage.cli import storage
    from edu.telegram_chats.cli import telegram

    content = (subjects, materials, search, assistant, demo)
    for command in (users, api, *content, storage, mail, telegram, start):
        app.cli.add_command(command)
