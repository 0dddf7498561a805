"""gunicorn: one process with threads, so that in-memory limits are exact and the index is shared.

With REDIS_URL the limits live in Redis and WEB_PROCESSES may grow.
"""

import os

from edu.config import load_settings

_settings = load_settings()

bind = f"{_settings.host}:{_settings.port}"
worker_class = "gthread"
workers = int(os.environ.get("WEB_PROCESSES", "1")) if _settings.redis_url else 1
threads = int(os.environ.get("WEB_THREADS", "8"))
timeout = 120
graceful_timeout = 10
keepalive = 5
accesslog = None
loglevel = "warning"
# Request lines and headers are bounded before the application sees them.
limit_request_line = 4094
limit_request_fields = 60


def on_starting(server: object) -> None:
    """Refuse what must not start before a port is opened."""
    from edu import create_app
    from edu.site.startup import check_start

    app = create_app(_settings)
    with app.app_context():
        check_start()
