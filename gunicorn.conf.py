"""gunicorn: one process with threads, so that in-memory limits are exact and the index is shared.

With REDIS_URL the limits live in Redis and WEB_PROCESSES may grow.
"""

import os
import sys
from typing import Any

from edu.config import SettingsError, in_address, load_settings

try:
    _settings = load_settings()
except SettingsError as error:
    sys.exit(f"The settings cannot be used:\n{error}")
WORKER_BOOT_ERROR = 3

bind = f"{in_address(_settings.host)}:{_settings.port}"
worker_class = "edu.site.server.PatientWorker"
workers = int(os.environ.get("WEB_PROCESSES", "1")) if _settings.redis_url else 1
threads = _settings.web_threads
timeout = 120
graceful_timeout = 10
keepalive = 5
accesslog = None
loglevel = "warning"
# Request lines and headers are bounded before the application sees them.
limit_request_line = 8190  # a search of 300 Russian letters, and which of them to take as typed
limit_request_fields = 60


def post_worker_init(worker: Any) -> None:
    """Serve nobody from an installation that must not start like this."""
    from edu.hardening import forbid_inspection
    from edu.site.startup import StartRefused, check_start

    forbid_inspection()

    app = worker.app.wsgi()
    try:
        with app.app_context():
            check_start()
    except StartRefused as error:
        print(error, file=sys.stderr)
        # gunicorn's own sign that the application cannot be loaded: no other worker is tried.
        raise SystemExit(WORKER_BOOT_ERROR) from error
