"""Extensions, created unbound and bound by create_app(); and the app's own long-lived parts."""

from __future__ import annotations

from datetime import UTC, datetime
from ipaddress import ip_address, ip_network
from typing import TYPE_CHECKING, Any, TypeVar, cast

from flask import current_app, request
from flask_babel import Babel
from flask_limiter import Limiter
from flask_login import LoginManager
from flask_migrate import Migrate
from flask_sqlalchemy import SQLAlchemy
from flask_wtf import CSRFProtect
from sqlalchemy import (
    CursorResult,
    DateTime,
    Delete,
    Dialect,
    MetaData,
    TypeDecorator,
    Update,
    literal_column,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import DeclarativeBase

if TYPE_CHECKING:
    from authlib.integrations.flask_client import OAuth

    from edu.config import Settings
    from edu.search.base import SearchIndex
    from edu.storage.base import Storage


MAX_ID = 2**31 - 1  # the largest that an id's column holds


class Base(DeclarativeBase):
    """Names for all constraints, so that migrations can change them on every database."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(column_0_label)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
            "pk": "pk_%(table_name)s",
        }
    )


class UtcDateTime(TypeDecorator[datetime]):
    """A point in time: aware and in UTC in Python, whatever the database keeps."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Refuse naive times: they have no point in time."""
        if value is not None and value.tzinfo is None:
            raise ValueError(f"naive datetime {value!r}")
        return value.astimezone(UTC) if value is not None else None

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """SQLite returns naive UTC, PostgreSQL the session's zone."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def client_address() -> str:
    """Whom limits count a stranger as: the address, of IPv6 the network that one household has."""
    address = request.remote_addr or "unknown"
    try:
        parsed = ip_address(address.partition("%")[0])  # a link-local one names its interface
    except ValueError:  # a Unix socket has none
        return address
    if parsed.version == 4:
        return str(parsed)
    # A server on [::] sees IPv4 as ::ffff:192.0.2.1: one network would hold all of them.
    return str(parsed.ipv4_mapped or ip_network((parsed, 64), strict=False))


M = TypeVar("M", bound=Base)

db = SQLAlchemy(model_class=Base)
migrate = Migrate()
login = LoginManager()
csrf = CSRFProtect()
babel = Babel()
limiter = Limiter(
    key_func=client_address,
    strategy="moving-window",  # no 60 seconds hold more than a limit a minute allows
    # While Redis does not answer, each process counts for itself: people can still sign in.
    in_memory_fallback_enabled=True,
)

if TYPE_CHECKING:
    Model = Base
else:
    Model = db.Model  # made at run time, so type checkers are shown its declared base


def utcnow() -> datetime:
    """The present moment, aware, in UTC."""
    return datetime.now(UTC)


def find_row(model: type[M], row_id: int) -> M | None:
    """The row with this id, which may be any number that somebody has thought of."""
    return db.session.get(model, row_id) if 0 < row_id <= MAX_ID else None


def insert_if_absent(model: type[Base], **values: Any) -> bool:
    """INSERT … ON CONFLICT DO NOTHING; True when the row is new. Takes part in the transaction."""
    dialect = postgresql if db.engine.dialect.name == "postgresql" else sqlite
    statement = dialect.insert(model).values(**values).on_conflict_do_nothing()
    # Asked of the database: PostgreSQL's driver tells no count of rows for such an insert.
    new = db.session.execute(statement.returning(literal_column("1")))
    return new.first() is not None


def change_rows(statement: Update | Delete) -> int:
    """Run it past the objects that are loaded, which do not learn of it; how many rows it met."""
    options = {"synchronize_session": False}
    done = db.session.execute(statement, execution_options=options)
    return cast("CursorResult[Any]", done).rowcount


def settings() -> Settings:
    """The running app's settings."""
    return cast("Settings", current_app.extensions["edu.settings"])


def storage() -> Storage:
    """Where the running app's files live."""
    return cast("Storage", current_app.extensions["edu.storage"])


def search_index() -> SearchIndex:
    """The running app's search index."""
    return cast("SearchIndex", current_app.extensions["edu.index"])


def oauth() -> OAuth:
    """The sites through which people may sign in to the running app."""
    return cast("OAuth", current_app.extensions["edu.oauth"])


def absolute_url(endpoint: str, **values: Any) -> str:
    """The address of a page as people see it, also where there is no request: in jobs, letters."""
    path = current_app.url_map.bind("localhost").build(endpoint, values)
    return settings().site_url + path


def bind(app: Any, name: str, part: object) -> None:
    """Hang a long-lived part on the app, to be found by the functions above."""
    app.extensions[f"edu.{name}"] = part
