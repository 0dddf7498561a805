"""Files in a bucket of S3, or of whatever speaks its language."""

from __future__ import annotations

import logging
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import IO, Any
from urllib.parse import urlsplit

from edu.storage.base import Found, StorageUnavailable
from edu.storage.ranges import Body, open_ranges

log = logging.getLogger(__name__)
MB = 1024 * 1024
PART = 16 * MB  # of 10,000 at most
CONNECT_S, READ_S, TRIES = 5, 30, 3
CONNECTIONS = 64  # more than a web process has threads
COPY_CHUNK = MB
PROVED_S = 300.0
PROBE = "check/probe"
GONE = {"404", "NoSuchKey", "NotFound"}
# What no second try and no waiting will cure.
FAULTS = {
    "403",
    "AccessDenied",
    "AuthorizationHeaderMalformed",
    "InvalidAccessKeyId",
    "InvalidBucketName",
    "NoSuchBucket",
    "PermanentRedirect",
    "SignatureDoesNotMatch",
}


class StorageRefused(StorageUnavailable):
    """The storage answers, and refuses: a bucket or a key is set wrongly."""


@dataclass(frozen=True, slots=True)
class Bucket:
    """Where a bucket is and who we are there; without a key the machine's own role counts."""

    name: str
    endpoint_url: str = ""
    region: str = ""
    access_key_id: str = ""
    secret_access_key: str = field(default="", repr=False)
    prefix: str = ""


class S3Storage:
    """Storage in a bucket. `presign_s` is how long an address for a browser is good; 0 for none.

    Temporary copies lie in `work`, whose leftovers the reconciler removes.
    """

    def __init__(self, bucket: Bucket, work: Path, *, presign_s: int = 0) -> None:
        self.bucket, self.work, self.presign_s = bucket, work, presign_s
        self._prefix = f"{bucket.prefix}/" if bucket.prefix else ""
        self._lock = threading.Lock()
        self._proved_at: float | None = None

    @cached_property
    def _client(self) -> Any:
        """One for all threads; made with the first use, for it takes a while."""
        import boto3
        from botocore.config import Config

        config = Config(
            signature_version="s3v4",
            connect_timeout=CONNECT_S,
            read_timeout=READ_S,
            retries={"mode": "standard", "total_max_attempts": TRIES},
            max_pool_connections=CONNECTIONS,
            # Not every server knows checksums of S3's newer kinds; the signature covers the bytes.
            request_checksum_calculation="when_required",
            response_checksum_validation="when_required",
            s3={
                "addressing_style": "path" if self.bucket.endpoint_url else "auto",
                "payload_signing_enabled": True,
            },
        )
        return boto3.session.Session().client(
            "s3",
            endpoint_url=self.bucket.endpoint_url or None,
            region_name=self.bucket.region or None,
            aws_access_key_id=self.bucket.access_key_id or None,
            aws_secret_access_key=self.bucket.secret_access_key or None,
            config=config,
        )

    def _connect(self) -> Any:
        with self._lock:  # two threads would make two clients
            return self._client

    def _ask(self, operation: str, key: str | None = None, **values: Any) -> Any:
        """One request. Raises FileNotFoundError, StorageUnavailable."""
        if key is not None:
            values["Key"] = self._prefix + key
        client = self._connect()
        with _translating(operation, key):
            return getattr(client, operation)(Bucket=self.bucket.name, **values)

    def save(self, source: Path, key: str) -> None:
        """See Storage.save. Large files go in parts, and are seen when the last has come."""
        from boto3.s3.transfer import TransferConfig

        if self._size_or_none(key) != source.stat().st_size:
            parts = TransferConfig(
                multipart_threshold=PART, multipart_chunksize=PART, max_concurrency=2
            )
            client, place = self._connect(), self._prefix + key
            with _translating("upload", key):
                client.upload_file(str(source), self.bucket.name, place, Config=parts)
        source.unlink()

    def open(self, key: str) -> IO[bytes]:
        """See Storage.open."""
        return open_ranges(
            lambda first, last: self._fetch(key, first, last),
            self.size(key),
            (StorageUnavailable,),
        )

    def _fetch(self, key: str, first: int, last: int) -> Body:
        answer = self._ask("get_object", key, Range=f"bytes={first}-{last}")
        return _Received(answer["Body"], key)

    @contextmanager
    def local_path(self, key: str, beat: Callable[[], object] | None = None) -> Iterator[Path]:
        """See Storage.local_path; here it is a copy, removed afterwards."""
        self.work.mkdir(parents=True, exist_ok=True)
        with (
            self.open(key) as stream,
            tempfile.NamedTemporaryFile(dir=self.work, prefix="s3-") as copy,
        ):
            while chunk := stream.read(COPY_CHUNK):
                copy.write(chunk)
                if beat:
                    beat()
            copy.flush()
            yield Path(copy.name)

    def exists(self, key: str) -> bool:
        """See Storage.exists."""
        return self._size_or_none(key) is not None

    def size(self, key: str) -> int:
        """See Storage.size."""
        return int(self._ask("head_object", key)["ContentLength"])

    def _size_or_none(self, key: str) -> int | None:
        try:
            return self.size(key)
        except FileNotFoundError:
            return None

    def list_keys(self, prefix: str = "") -> Iterator[Found]:
        """See Storage.list_keys; a request for each thousand."""
        values = {"Prefix": self._prefix + prefix}
        while True:
            answer = self._ask("list_objects_v2", **values)
            for item in answer.get("Contents", ()):
                key = item["Key"].removeprefix(self._prefix)
                yield Found(key, item["Size"], item["LastModified"].timestamp())
            if not answer.get("IsTruncated"):
                return
            values["ContinuationToken"] = answer["NextContinuationToken"]

    def delete(self, key: str) -> None:
        """See Storage.delete."""
        self._ask("delete_object", key)

    def check(self) -> None:
        """See Storage.check. It writes every few minutes only: each time costs money."""
        self._ask("list_objects_v2", Prefix=self._prefix, MaxKeys=1)
        now = time.monotonic()
        if self._proved_at is None or now - self._proved_at > PROVED_S:
            self._ask("put_object", PROBE, Body=b"ok")
            self._ask("delete_object", PROBE)
            self._proved_at = now

    def file_of(self, key: str) -> Path | None:
        """See Storage.file_of."""
        return None

    def presign(self, key: str, *, media_type: str, disposition: str) -> str | None:
        """See Storage.presign. Nobody is asked: a signature is arithmetic."""
        if not self.presign_s:
            return None
        values = {
            "Bucket": self.bucket.name,
            "Key": self._prefix + key,
            "ResponseContentType": media_type,
            "ResponseContentDisposition": disposition,
            "ResponseCacheControl": f"private, max-age={self.presign_s}",
        }
        sign = self._connect().generate_presigned_url
        address: str = sign("get_object", values, self.presign_s)
        return address

    @cached_property
    def _origin(self) -> str:
        address = urlsplit(self.presign("x", media_type="", disposition="") or "")
        return f"{address.scheme}://{address.netloc}" if address.netloc else ""

    def origin(self) -> str:
        """See Storage.origin."""
        return self._origin


class _Received:
    """An answer's body whose failures are ours."""

    def __init__(self, body: Any, key: str) -> None:
        self._body, self._key = body, key

    def read(self, size: int) -> bytes:
        with _translating("read", self._key):
            data: bytes = self._body.read(size)
            return data

    def close(self) -> None:
        self._body.close()


@contextmanager
def _translating(operation: str, key: str | None) -> Iterator[None]:
    from boto3.exceptions import Boto3Error
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        yield
    except ClientError as error:
        code = str(error.response.get("Error", {}).get("Code", ""))
        if code in GONE:
            raise FileNotFoundError(key) from error
        log.warning("s3: %s %s: %s", operation, key, error)
        raise (StorageRefused if code in FAULTS else StorageUnavailable) from error
    except (BotoCoreError, Boto3Error) as error:
        log.warning("s3: %s %s: %s", operation, key, error)
        raise StorageUnavailable from error
