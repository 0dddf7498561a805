"""The storage that the settings ask for."""

from __future__ import annotations

from edu.config import Settings, SettingsError
from edu.storage.base import Storage
from edu.storage.local import LocalStorage
from edu.storage.moving import MovingStorage
from edu.storage.s3 import Bucket, S3Storage


def make_storage(settings: Settings) -> Storage:
    """The storage of the product; two as one while files move."""
    target = make_one(settings, settings.storage)
    if not settings.storage_previous:
        return target
    source = make_one(settings, settings.storage_previous)
    return MovingStorage(target, source, settings.data_dir / "work")


def make_one(settings: Settings, name: str) -> Storage:
    """The storage called `local` or `s3`. Raises SettingsError when it has no settings."""
    if name == "local":
        shared = bool(settings.sendfile_header)
        return LocalStorage(settings.data_dir / "storage", shared=shared)
    if not settings.s3_bucket:
        raise SettingsError("S3_BUCKET: the storage s3 needs a bucket")
    bucket = Bucket(
        name=settings.s3_bucket,
        endpoint_url=settings.s3_endpoint_url,
        region=settings.s3_region,
        access_key_id=settings.s3_access_key_id,
        secret_access_key=settings.s3_secret_access_key,
        prefix=settings.s3_prefix,
    )
    return S3Storage(bucket, settings.data_dir / "work", presign_s=settings.s3_presign_s)
