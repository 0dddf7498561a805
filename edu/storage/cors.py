"""Whether scripts of our pages may read what browsers are sent to the storage for (CORS)."""

from __future__ import annotations

import urllib.error
import urllib.request
from email.message import Message

from edu.storage.base import ORIGINALS, Storage, StorageUnavailable

PATIENCE_S = 10
# What the viewer of PDF has to read of an answer to know that it can ask for ranges.
EXPOSED = {"accept-ranges", "content-length", "content-range"}


def find_cors_faults(storage: Storage, site_url: str) -> list[str] | None:
    """What the bucket keeps from our pages, asked as a browser asks.

    None where nobody is sent there, or nothing is there yet. Raises StorageUnavailable.
    """
    found = next(iter(storage.list_keys(ORIGINALS)), None)
    address = found and storage.presign(
        found.key, media_type="application/octet-stream", disposition="inline"
    )
    if not address:
        return None
    asked = _answer(
        address,
        "OPTIONS",
        {
            "Origin": site_url,
            "Access-Control-Request-Method": "GET",
            "Access-Control-Request-Headers": "range",
        },
    )
    given = _answer(address, "GET", {"Origin": site_url, "Range": "bytes=0-0"})
    faults = []
    if not (_allows(asked, site_url) and _allows(given, site_url)):
        faults.append(f"AllowedOrigins, AllowedMethods: GET from {site_url} is refused")
    if not {"range", "*"} & _names(asked, "Access-Control-Allow-Headers"):
        faults.append("AllowedHeaders: Range is refused")
    if hidden := EXPOSED - _names(given, "Access-Control-Expose-Headers"):
        faults.append(f"ExposeHeaders: {', '.join(sorted(hidden))} cannot be read")
    return faults


def _answer(address: str, method: str, headers: dict[str, str]) -> Message:
    # The address is the storage's own, http or https: the settings take no other.
    request = urllib.request.Request(address, method=method, headers=headers)  # noqa: S310  # see above
    try:
        with urllib.request.urlopen(request, timeout=PATIENCE_S) as answer:  # noqa: S310  # see above
            told: Message = answer.headers
            return told
    except urllib.error.HTTPError as refusal:
        with refusal:
            return refusal.headers
    except OSError as error:
        raise StorageUnavailable from error


def _allows(headers: Message, site_url: str) -> bool:
    return headers.get("Access-Control-Allow-Origin") in ("*", site_url)


def _names(headers: Message, name: str) -> set[str]:
    return {part.strip().lower() for part in headers.get(name, "").split(",")}
