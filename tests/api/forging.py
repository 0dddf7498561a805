"""Tokens made by hand, as an attacker makes them: no library refuses to sign nonsense here."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from typing import Any

from flask import Flask

from edu.api import tokens


def encode(part: bytes) -> str:
    """Base64 as tokens have it."""
    return base64.urlsafe_b64encode(part).decode().rstrip("=")


def decode(part: str) -> dict[str, Any]:
    """Header or claims of a token."""
    value: dict[str, Any] = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    return value


def read(token: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Header and claims of a token, unchecked."""
    header, claims, _signature = token.split(".")
    return decode(header), decode(claims)


def sign(header: dict[str, Any], claims: dict[str, Any], key: bytes, digest: str = "sha256") -> str:
    """A token with an HMAC, whatever its header says."""
    parts = [encode(json.dumps(part).encode()) for part in (header, claims)]
    signature = hmac.digest(key, ".".join(parts).encode(), getattr(hashlib, digest))
    return ".".join([*parts, encode(signature)])


def own_key(app: Flask) -> bytes:
    """The key that the application signs with."""
    with app.app_context():
        return next(iter(tokens._signing_keys().values())).raw_value


def change(app: Flask, token: str, header: dict[str, Any] | None = None, **claims: Any) -> str:
    """The token signed anew by the right key, with other entries; None takes one out."""
    old_header, old_claims = read(token)
    parts = [old_header | (header or {}), old_claims | claims]
    kept = [{name: value for name, value in part.items() if value is not None} for part in parts]
    return sign(kept[0], kept[1], own_key(app))
