"""What belongs to a person."""

from __future__ import annotations

from sqlalchemy import select

from edu.accounts.models import User
from edu.materials.models import Material
from edu.materials.service import Page, paginate


def list_uploads(user: User, page: int) -> Page:
    """Everything the person has uploaded, whatever its state, newest first."""
    query = select(Material).where(Material.uploader_id == user.id)
    return paginate(query.order_by(Material.created_at.desc(), Material.id.desc()), page)
