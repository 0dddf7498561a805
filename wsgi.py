"""The web application for gunicorn, and for the `flask` command."""

from __future__ import annotations

import sys

from edu import create_app
from edu.config import SettingsError

try:
    app = create_app()
except SettingsError as error:
    sys.exit(f"The settings cannot be used:\n{error}")
