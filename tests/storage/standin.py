"""A stand-in for S3 on 127.0.0.1 that believes nobody: every signature is worked out once more.

It runs as a process of its own too: `python -m tests.storage.standin FOLDER PORT`.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import shutil
import sys
import threading
import time
import uuid
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit
from xml.sax.saxutils import escape

from botocore.auth import S3SigV4Auth, S3SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

ACCESS_KEY, SECRET_KEY, REGION, BUCKET = "AKIDTEST", "secret/of+the=test", "eu-test-1", "lectures"
CHUNK = 256 * 1024
TIME = "%Y%m%dT%H%M%SZ"


class Refusal(Exception):
    """An error as S3 tells it."""

    def __init__(self, status: int, code: str) -> None:
        super().__init__(code)
        self.status, self.code = status, code


class StandIn(ThreadingHTTPServer):
    """The server: objects are files below `folder`; `counts` what was asked, by operation.

    `failing` and `silent` say how many requests more are answered with 503, or not at all;
    `cut` after how many bytes of a body an answer breaks off, once; `delay_s` holds up each PUT.
    `cors` are the bucket's rules, as they are put; without one no script of a page reads anything.
    """

    daemon_threads = True

    def __init__(self, folder: Path, port: int = 0) -> None:
        super().__init__(("127.0.0.1", port), Handler)
        self.folder = folder
        (folder / "objects").mkdir(parents=True, exist_ok=True)
        (folder / "parts").mkdir(parents=True, exist_ok=True)
        self.counts: Counter[str] = Counter()
        self.refused: Counter[str] = Counter()
        self.failing = self.silent = self.cut = 0
        self.delay_s = 0.0
        self.page = 1000
        self.cors: list[dict[str, Any]] = []

    @property
    def url(self) -> str:
        """The endpoint."""
        return f"http://127.0.0.1:{self.server_address[1]}"

    def env(self, **more: str) -> dict[str, str]:
        """The product's settings for this server."""
        return {
            "S3_BUCKET": BUCKET,
            "S3_ENDPOINT_URL": self.url,
            "S3_REGION": REGION,
            "S3_ACCESS_KEY_ID": ACCESS_KEY,
            "S3_SECRET_ACCESS_KEY": SECRET_KEY,
            **more,
        }

    def path(self, key: str) -> Path:
        """Where the bytes of an object lie; slashes are part of its name."""
        return self.folder / "objects" / key.replace("/", "!")

    def list_names(self) -> list[str]:
        """All keys, in order."""
        return sorted(p.name.replace("!", "/") for p in (self.folder / "objects").iterdir())

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Clients that hang up are part of the game; everything else is a fault of the test's."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


class Handler(BaseHTTPRequestHandler):
    """One connection."""

    protocol_version = "HTTP/1.1"
    server: StandIn

    def log_message(self, format: str, *args: Any) -> None:
        """Quiet."""

    def do_GET(self) -> None:
        self._serve()

    def do_OPTIONS(self) -> None:
        """What a browser asks before it lets a script read; nobody signs that."""
        rule = self._find_rule(self.headers.get("Access-Control-Request-Method", ""))
        asked = self.headers.get("Access-Control-Request-Headers", "").lower()
        allowed = {name.lower() for name in rule.get("AllowedHeaders", ())}
        fits = bool(rule) and {name.strip() for name in asked.split(",") if name} <= allowed
        self.server.counts["options"] += 1
        self.send_response(200 if fits else 403)
        if fits:
            self.send_header("Access-Control-Allow-Headers", asked)
            self.send_header("Access-Control-Allow-Methods", ", ".join(rule["AllowedMethods"]))
        self.send_header("Content-Length", "0")
        self.end_headers()

    def _find_rule(self, method: str) -> dict[str, Any]:
        origin = self.headers.get("Origin", "")
        for rule in self.server.cors if origin else ():
            if method in rule["AllowedMethods"] and {origin, "*"} & set(rule["AllowedOrigins"]):
                return rule
        return {}

    def end_headers(self) -> None:
        """Every answer says what scripts of the page that asks may read of it."""
        method = self.headers.get("Access-Control-Request-Method", self.command)
        if rule := self._find_rule(method):
            self.send_header("Access-Control-Allow-Origin", self.headers["Origin"])
            self.send_header("Access-Control-Expose-Headers", ", ".join(rule["ExposeHeaders"]))
            self.send_header("Vary", "Origin")
        super().end_headers()

    do_HEAD = do_PUT = do_POST = do_DELETE = do_GET  # noqa: N815  # as http.server looks for them

    def _serve(self) -> None:
        self.body = self._take_body()
        try:
            self._answer()
        except Refusal as refusal:
            self.server.refused[refusal.code] += 1
            text = f"<Error><Code>{refusal.code}</Code><Message>refused</Message></Error>"
            self._send(refusal.status, text.encode())
        finally:
            self.body.unlink()

    def _take_body(self) -> Path:
        path = self.server.folder / f"body-{uuid.uuid4().hex}"
        left, digest = int(self.headers.get("Content-Length") or 0), hashlib.sha256()
        if left and self.headers.get("Expect") == "100-continue":
            self.send_response_only(100)
            self.end_headers()
        with path.open("wb") as stream:
            while left and (piece := self.rfile.read(min(CHUNK, left))):
                stream.write(piece)
                digest.update(piece)
                left -= len(piece)
        self.digest = digest.hexdigest()
        return path

    def _answer(self) -> None:
        parts = urlsplit(self.path)
        self.query = {k: v[0] for k, v in parse_qs(parts.query, keep_blank_values=True).items()}
        bucket, _slash, key = unquote(parts.path).lstrip("/").partition("/")
        self._trouble()
        check_signature(self.command, self.path, dict(self.headers.items()), self.digest)
        if bucket != BUCKET:
            raise Refusal(404, "NoSuchBucket")
        name = f"_{self.command.lower()}_{self._kind(key)}"
        self.server.counts[name.lstrip("_")] += 1
        getattr(self, name)(key)

    def _kind(self, key: str) -> str:
        if not key:
            return "bucket"
        if "uploads" in self.query:
            return "uploads"
        return "part" if "uploadId" in self.query else "object"

    def _trouble(self) -> None:
        server = self.server
        if server.silent > 0:
            server.silent -= 1
            time.sleep(3)
        if server.failing > 0:
            server.failing -= 1
            raise Refusal(503, "SlowDown")
        if self.command == "PUT":
            time.sleep(server.delay_s)

    def _send(self, status: int, body: bytes = b"", **headers: str) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    # Objects

    def _existing(self, key: str) -> Path:
        path = self.server.path(key)
        if not path.exists():
            raise Refusal(404, "NoSuchKey")
        return path

    def _head_object(self, key: str) -> None:
        path = self._existing(key)
        self.send_response(200)
        self.send_header("Content-Length", str(path.stat().st_size))
        self.end_headers()

    def _get_object(self, key: str) -> None:
        path = self._existing(key)
        size = path.stat().st_size
        asked = re.fullmatch(r"bytes=(\d+)-(\d*)", self.headers.get("Range", ""))
        first = int(asked[1]) if asked else 0
        last = min(int(asked[2]) if asked and asked[2] else size - 1, size - 1)
        if asked and first >= size:
            raise Refusal(416, "InvalidRange")
        self.send_response(206 if asked else 200)
        for name in ("Content-Type", "Content-Disposition", "Cache-Control"):
            if value := self.query.get(f"response-{name.lower()}"):
                self.send_header(name, value)
        if asked:
            self.send_header("Content-Range", f"bytes {first}-{last}/{size}")
        self.send_header("Accept-Ranges", "bytes")
        self.send_header("Content-Length", str(last - first + 1))
        self.end_headers()
        self._copy_out(path, first, last - first + 1)

    def _copy_out(self, path: Path, first: int, left: int) -> None:
        with path.open("rb") as stream:
            stream.seek(first)
            if 0 < self.server.cut < left:
                self.wfile.write(stream.read(self.server.cut))
                self.server.cut = 0
                self.close_connection = True
                return
            while left and (piece := stream.read(min(CHUNK, left))):
                self.wfile.write(piece)
                left -= len(piece)

    def _put_object(self, key: str) -> None:
        shutil.copyfile(self.body, self.body.with_suffix(".new"))
        self.body.with_suffix(".new").replace(self.server.path(key))
        self._send(200, ETag=f'"{self.digest[:32]}"')

    def _delete_object(self, key: str) -> None:
        self.server.path(key).unlink(missing_ok=True)
        self._send(204)

    def _get_bucket(self, _key: str) -> None:
        prefix, after = self.query.get("prefix", ""), self.query.get("continuation-token", "")
        limit = min(int(self.query.get("max-keys", "1000")), self.server.page)
        keys = [k for k in self.server.list_names() if k.startswith(prefix) and k > after]
        shown, more = keys[:limit], len(keys) > limit
        items = "".join(self._item(key) for key in shown)
        last = escape(shown[-1]) if shown else ""
        token = f"<NextContinuationToken>{last}</NextContinuationToken>" * more
        flag = str(more).lower()
        text = f"<ListBucketResult><IsTruncated>{flag}</IsTruncated>{token}{items}"
        self._send(200, f"{text}</ListBucketResult>".encode(), Content_Type="application/xml")

    def _item(self, key: str) -> str:
        found = self.server.path(key).stat()
        when = datetime.fromtimestamp(found.st_mtime, UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")
        return (
            f"<Contents><Key>{escape(key)}</Key><LastModified>{when}</LastModified>"
            f"<Size>{found.st_size}</Size></Contents>"
        )

    # Uploads in parts

    def _post_uploads(self, key: str) -> None:
        number = uuid.uuid4().hex
        (self.server.folder / "parts" / number).mkdir()
        text = f"<R><Bucket>{BUCKET}</Bucket><Key>{escape(key)}</Key><UploadId>{number}</UploadId>"
        self._send(200, f"{text}</R>".encode())

    def _folder(self) -> Path:
        folder = self.server.folder / "parts" / self.query["uploadId"]
        if not folder.is_dir():
            raise Refusal(404, "NoSuchUpload")
        return folder

    def _put_part(self, _key: str) -> None:
        shutil.copyfile(self.body, self._folder() / self.query["partNumber"])
        self._send(200, ETag=f'"{self.digest[:32]}"')

    def _post_part(self, key: str) -> None:
        folder = self._folder()
        numbers = re.findall(r"<PartNumber>(\d+)</PartNumber>", self.body.read_text())
        with self.body.with_suffix(".new").open("wb") as out:
            for number in numbers:
                with (folder / number).open("rb") as stream:
                    shutil.copyfileobj(stream, out, CHUNK)
        self.body.with_suffix(".new").replace(self.server.path(key))
        shutil.rmtree(folder)
        self._send(200, f"<R><Key>{escape(key)}</Key><ETag>x</ETag></R>".encode())

    def _delete_part(self, _key: str) -> None:
        shutil.rmtree(self._folder())
        self._send(204)


def check_signature(method: str, path: str, headers: dict[str, str], digest: str) -> None:
    """Raises Refusal unless the headers, or the address, carry the signature that we would give."""
    headers = {name.lower(): value for name, value in headers.items()}
    url = f"http://{headers['host']}{path}"
    if "X-Amz-Signature=" in path:
        _check_address(method, url, headers)
        return
    told = re.fullmatch(
        r"AWS4-HMAC-SHA256 Credential=([^/]+)/(\d+)/([^/]+)/s3/aws4_request, "
        r"SignedHeaders=([^,]+), Signature=([0-9a-f]+)",
        headers.get("authorization", ""),
    )
    if not told:
        raise Refusal(403, "AccessDenied")
    named = told[4].split(";")
    if not {"host", "x-amz-date", "x-amz-content-sha256"} <= set(named):
        raise Refusal(403, "AccessDenied")
    if headers["x-amz-content-sha256"] != digest:
        raise Refusal(400, "XAmzContentSHA256Mismatch")
    _check_age(headers["x-amz-date"], 900)
    request = AWSRequest(method, url, {name: headers[name] for name in named})
    request.context["timestamp"] = headers["x-amz-date"]
    _compare(_signer(S3SigV4Auth, told[1], told[3]), request, told[5])


def _check_address(method: str, url: str, headers: dict[str, str]) -> None:
    query = {k: v[0] for k, v in parse_qs(urlsplit(url).query).items()}
    access_key, _date, region, _service, _kind = query["X-Amz-Credential"].split("/")
    _check_age(query["X-Amz-Date"], int(query["X-Amz-Expires"]))
    unsigned = re.sub(r"&X-Amz-Signature=[0-9a-f]+", "", url)
    named = query["X-Amz-SignedHeaders"].split(";")
    request = AWSRequest(method, unsigned, {name: headers[name] for name in named})
    request.context["timestamp"] = query["X-Amz-Date"]
    _compare(_signer(S3SigV4QueryAuth, access_key, region), request, query["X-Amz-Signature"])


def _check_age(told: str, seconds: int) -> None:
    age = datetime.now(UTC) - datetime.strptime(told, TIME).replace(tzinfo=UTC)
    if not timedelta(seconds=-60) <= age <= timedelta(seconds=seconds):
        raise Refusal(403, "RequestTimeTooSkewed")


def _signer(kind: Any, access_key: str, region: str) -> Any:
    if access_key != ACCESS_KEY:
        raise Refusal(403, "InvalidAccessKeyId")
    if region != REGION:
        raise Refusal(400, "AuthorizationHeaderMalformed")
    return kind(Credentials(ACCESS_KEY, SECRET_KEY), "s3", REGION)


def _compare(signer: Any, request: AWSRequest, told: str) -> None:
    wanted = signer.signature(
        signer.string_to_sign(request, signer.canonical_request(request)), request
    )
    if not hmac.compare_digest(wanted, told):
        raise Refusal(403, "SignatureDoesNotMatch")


@contextmanager
def run_standin(folder: Path) -> Iterator[StandIn]:
    """The stand-in in a thread of this process."""
    server = StandIn(folder)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


if __name__ == "__main__":
    StandIn(Path(sys.argv[1]), int(sys.argv[2])).serve_forever()
