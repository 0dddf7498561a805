"""The web application for gunicorn, and for the `flask` command."""

from __future__ import annotations

from edu import create_app

app = create_app()
