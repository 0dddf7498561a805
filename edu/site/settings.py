"""What administrators may change while the site runs: their rows over the installation's own."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import cast

from flask import current_app, has_request_context, request
from sqlalchemy import inspect, select
from sqlalchemy.exc import SQLAlchemyError

from edu.admin.models import SiteSetting
from edu.extensions import db, settings

log = logging.getLogger(__name__)
_ENVIRON_KEY = "edu.site_settings"
_TABLE_KEY = "edu.site_settings_table"


@dataclass(frozen=True, slots=True)
class SiteSettings:
    """`email_domains` empty lets every address register; `announcement` stands on every page."""

    name: str
    registration_open: bool
    email_domains: tuple[str, ...]
    default_locale: str
    announcement: str


def site_settings() -> SiteSettings:
    """The settings that hold now; a request reads them once."""
    if not has_request_context():
        return _merge(_read_rows())
    # Kept with the request, not in `g`, which an app context around several requests would share.
    if _ENVIRON_KEY not in request.environ:
        request.environ[_ENVIRON_KEY] = _merge(_read_rows())
    return cast("SiteSettings", request.environ[_ENVIRON_KEY])


def forget_site_settings() -> None:
    """After a change: the rest of this request reads the new values."""
    if has_request_context():
        request.environ.pop(_ENVIRON_KEY, None)


def _read_rows() -> dict[str, str]:
    """What has been changed. Before the first migration, and without a database, nothing."""
    try:
        if not _has_table():
            return {}
        with db.session.no_autoflush:  # asked in the midst of anything, also of what is half made
            rows = db.session.execute(select(SiteSetting.name, SiteSetting.value))
            return {row.name: row.value for row in rows}
    except SQLAlchemyError:
        # Error pages name the site, also while the database does not answer.
        log.warning("the site's settings cannot be read", exc_info=True)
        return {}


def _has_table() -> bool:
    # Asked until it is there: a failed query would end the transaction around it.
    known = current_app.extensions
    if not known.get(_TABLE_KEY):
        known[_TABLE_KEY] = inspect(db.session.connection()).has_table(SiteSetting.__tablename__)
    return bool(known[_TABLE_KEY])


def _merge(rows: dict[str, str]) -> SiteSettings:
    return SiteSettings(
        name=rows.get("name") or settings().site_name,
        registration_open=rows.get("registration_open", "1") == "1",
        email_domains=tuple(rows.get("email_domains", "").split()),
        default_locale=rows.get("default_locale") or settings().default_locale,
        announcement=rows.get("announcement", ""),
    )
