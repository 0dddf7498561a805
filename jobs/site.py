"""What keeps the site as a whole in good order."""

from __future__ import annotations

from edu.site.database import refresh_statistics
from jobs.queue import every_hour, job


@every_hour
@job()
def follow_growth() -> None:
    """Let the embedded database know how much there is of everything by now."""
    refresh_statistics()
