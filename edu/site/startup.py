"""What must be true before a process of the product serves anybody."""

from __future__ import annotations

from sqlalchemy import inspect

from edu.accounts.models import User
from edu.accounts.service import count_demo_accounts
from edu.extensions import db, settings


class StartRefused(Exception):
    """The product must not start like this; the message says why and what to do."""


def check_start() -> None:
    """Raises StartRefused: demo accounts, whose passwords are printed, never meet strangers."""
    if not settings().is_public or not inspect(db.engine).has_table(User.__tablename__):
        return
    if count_demo_accounts():
        raise StartRefused(
            "This installation has demo accounts, whose passwords everybody knows, and SITE_URL is "
            "public. Close them with `flask demo remove-accounts`, or start with an empty EDU_DATA."
        )
