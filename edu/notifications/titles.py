"""What notifications call the materials that they are about."""

from __future__ import annotations

from sqlalchemy import select

from edu.extensions import db
from edu.notifications.models import Notification
from edu.reports.models import Report


def shown_title(notification: Notification) -> str:
    """The material's title, or of one that is hidden from its reporter what it was called then."""
    if notification.leads_to_material:
        return notification.material.title
    own = select(Report.title).where(Report.user_id == notification.user_id)
    own = own.where(Report.material_id == notification.material_id)
    return db.session.scalar(own.order_by(Report.id.desc()).limit(1)) or ""
