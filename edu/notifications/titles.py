"""What notifications call that which they are about, and the pages that they lead to."""

from __future__ import annotations

import textwrap
from typing import Any

from sqlalchemy import select

from edu.extensions import absolute_url, db
from edu.notifications.models import Notification
from edu.reports.models import Report

MAX_QUESTION = 120  # characters


def shown_title(notification: Notification) -> str:
    """The material's title, or of one that is hidden from its reporter what it was called then.

    Of an answer the question, on one line and not too long.
    """
    if notification.question is not None:
        text = notification.question.text
        short = textwrap.shorten(text, MAX_QUESTION, placeholder="…")
        return short if len(short) > 1 else f"{text.strip()[: MAX_QUESTION - 1]}…"
    if notification.material is not None and notification.leads_to_material:
        return notification.material.title
    own = select(Report.title).where(Report.user_id == notification.user_id)
    own = own.where(Report.material_id == notification.material_id)
    return db.session.scalar(own.order_by(Report.id.desc()).limit(1)) or ""


def page_of(notification: Notification) -> tuple[str, dict[str, Any], str]:
    """The page that the person is led to: its endpoint, the values of its address, the anchor."""
    question = notification.question
    if question is not None:
        values = {"conversation_id": question.conversation_id}
        return "assistant.conversation", values, f"#question-{question.id}"
    if notification.leads_to_material:
        return "materials.show", {"material_id": notification.material_id}, ""
    return "reports.own", {}, ""


def page_url(notification: Notification) -> str:
    """The public address of that page."""
    endpoint, values, anchor = page_of(notification)
    return absolute_url(endpoint, **values) + anchor
