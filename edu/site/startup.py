"""What must be true before a process of the product serves anybody."""

from __future__ import annotations

import logging

from sqlalchemy import inspect

from edu.accounts.models import User
from edu.accounts.service import count_demo_accounts
from edu.extensions import db, settings, storage
from edu.storage.base import StorageUnavailable
from edu.storage.s3 import StorageRefused

log = logging.getLogger(__name__)


class StartRefused(Exception):
    """The product must not start like this; the message says why and what to do."""


def check_start() -> None:
    """Raises StartRefused: demo accounts, whose passwords are printed, never meet strangers.

    Nor does a storage that will never let us in; one that is silent just now may answer later.
    """
    if "s3" in (settings().storage, settings().storage_previous):
        _check_storage()
    if not settings().is_public or not inspect(db.engine).has_table(User.__tablename__):
        return
    if count_demo_accounts():
        raise StartRefused(
            "This installation has demo accounts, whose passwords everybody knows, and SITE_URL is "
            "public. Close them with `flask demo remove-accounts`, or start with an empty EDU_DATA."
        )


def _check_storage() -> None:
    try:
        storage().check()
    except StorageRefused as error:
        raise StartRefused(
            f"The storage of files lets nobody in: {error.__cause__}. Look at S3_BUCKET, "
            "S3_REGION, S3_ACCESS_KEY_ID and S3_SECRET_ACCESS_KEY; what the key must be allowed to "
            "do stands in docs/storage.md."
        ) from error
    except (StorageUnavailable, OSError):
        log.exception("the storage of files does not answer; the site starts without it")
