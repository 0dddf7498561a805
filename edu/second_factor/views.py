"""Pages of second factor."""

from __future__ import annotations

from flask import Blueprint

bp = Blueprint("second_factor", __name__)
