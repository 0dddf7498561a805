"""People on the loopback address: one who searches, one who is signed in."""

from __future__ import annotations

import http.client
import http.cookiejar
import re
import time
import urllib.error
import urllib.parse
import urllib.request
from dataclasses import dataclass
from typing import Any

from tests.bench.queries import Asked
from tests.product import PASSWORD, Product

_MATERIAL = re.compile(r'href="[^"]*/materials/(\d+)')
_RESULTS = re.compile(r'id="results"(.*)', re.DOTALL)
_TOKEN = re.compile(r'name="csrf_token" value="([^"]+)"')


@dataclass(frozen=True, slots=True)
class Page:
    """An answer: status, milliseconds until its last byte, ids of the materials in the list."""

    status: int
    took: float
    ids: frozenset[int]


class Searcher:
    """A browser on one connection, without cookies."""

    def __init__(self, product: Product) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", product.port, timeout=60)

    def search(self, asked: Asked) -> Page:
        """Fetch the whole page of results."""
        arguments = urllib.parse.urlencode({"q": asked.text, **asked.filters})
        began = time.perf_counter()
        self._connection.request("GET", f"/search?{arguments}")
        answer = self._connection.getresponse()
        body = answer.read()
        took = (time.perf_counter() - began) * 1000
        results = _RESULTS.search(body.decode())
        found = _MATERIAL.findall(results[1]) if results else []
        return Page(answer.status, took, frozenset(map(int, found)))

    def close(self) -> None:
        """End the connection, which the server would drop when it is idle."""
        self._connection.close()


class Moderator:
    """Maria, signed in."""

    def __init__(self, product: Product) -> None:
        self._url = product.url
        cookies = urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar())
        self._opener = urllib.request.build_opener(cookies, _Stay)
        self._post("/login", email="maria@example.org", password=PASSWORD)
        self._token = self._read_token("/moderation")

    def approve(self, material_id: int) -> None:
        """Press the button."""
        status = self._post(f"/moderation/{material_id}/approve")
        if status != http.HTTPStatus.SEE_OTHER:
            raise RuntimeError(f"approving {material_id} was answered with {status}")

    def _post(self, path: str, **form: str) -> int:
        token = self._read_token(path) if path == "/login" else self._token
        data = urllib.parse.urlencode({**form, "csrf_token": token}).encode()
        try:
            with self._opener.open(self._url + path, data, timeout=60) as answer:
                return int(answer.status)
        except urllib.error.HTTPError as answer:
            answer.close()
            return answer.code

    def _read_token(self, path: str) -> str:
        with self._opener.open(self._url + path, timeout=60) as answer:
            found = _TOKEN.search(answer.read().decode())
        if found is None:
            raise RuntimeError(f"no form on {path}")
        return found[1]


class _Stay(urllib.request.HTTPRedirectHandler):
    """Follows nothing: the answer to the button is what is timed."""

    def redirect_request(self, *_: Any) -> None:
        """Leave the answer as it is."""
