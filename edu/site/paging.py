"""Long lists, a page at a time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic, TypeVar

from sqlalchemy import Select, func, select

from edu.extensions import db, settings

T = TypeVar("T")
MAX_PAGE = 10_000


@dataclass(frozen=True, slots=True)
class Listing(Generic[T]):
    """A page of a list of anything: items, and where it stands in the whole."""

    items: list[T]
    total: int
    page: int
    per_page: int

    @property
    def pages(self) -> int:
        """How many pages can be asked for, at least one."""
        return min(max(1, -(-self.total // self.per_page)), MAX_PAGE)


def list_page(query: Select[T], page: int, per_page: int | None = None) -> Listing[T]:
    """One page of `query`, whose order is given; pages out of range are empty.

    Without `per_page` it is as long as the site's settings say.
    """
    per_page = per_page or settings().per_page
    page = min(max(page, 1), MAX_PAGE)
    counted = select(func.count()).select_from(query.order_by(None).subquery())
    items = db.session.scalars(query.limit(per_page).offset((page - 1) * per_page)).unique()
    return Listing(list(items), db.session.scalar(counted) or 0, page, per_page)
