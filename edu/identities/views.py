"""Pages of identities."""

from __future__ import annotations

from flask import Blueprint

bp = Blueprint("identities", __name__)
