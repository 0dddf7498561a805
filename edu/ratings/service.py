"""Stars, the weighted average and the top of the library."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import func, select, update
from sqlalchemy.orm import joinedload, selectinload

from edu.accounts.models import User
from edu.errors import Forbidden, InvalidInput
from edu.extensions import db, insert_if_absent, settings, utcnow
from edu.materials.models import Material, MaterialStatus
from edu.ratings.models import Rating

SHOWN_DIFFERENCE = 0.005


@dataclass(frozen=True, slots=True)
class RatingSummary:
    """What people see: the weighted mean (0 without votes) and how many have voted."""

    mean: float
    votes: int
    mine: int | None = None


def vote_weight(user: User) -> float:
    """How much a person's vote counts: by role, and by whether the address is confirmed."""
    config = settings()
    if user.is_moderator:
        return config.rating_weight_moderator
    return config.rating_weight_confirmed if user.is_confirmed else config.rating_weight_unconfirmed


def weighted_rating(total: float, weight: float, site_mean: float, prior: float) -> float:
    """The Bayesian mean (C·m + Σ w·s) / (C + Σ w), in stars; 0.0 when nobody has voted.

    `total` is Σ w·s and `weight` Σ w over the material's votes, `site_mean` m the weighted mean of
    all votes of the site, `prior` C how many average votes every material is given in advance: few
    votes stay near m, many speak for themselves. This is the shrinkage estimate that IMDb used to
    print below its Top 250 (WR = v/(v+m)·R + m/(v+m)·C), with weighted votes.
    """
    return (prior * site_mean + total) / (prior + weight) if weight > 0 else 0.0


def _sums(material_id: int | None = None) -> tuple[float, float, int]:
    query = select(
        func.coalesce(func.sum(Rating.weight * Rating.stars), 0.0),
        func.coalesce(func.sum(Rating.weight), 0.0),
        func.count(),
    )
    if material_id is not None:
        query = query.where(Rating.material_id == material_id)
    total, weight, votes = db.session.execute(query).one()
    return float(total), float(weight), int(votes)


def can_rate(user: User | None, material: Material) -> bool:
    """Everybody rates what is published, but not their own work."""
    published = material.status == MaterialStatus.ACTIVE
    return user is not None and published and material.uploader_id != user.id


def rate_material(user: User, material: Material, stars: int) -> RatingSummary:
    """Give stars, or change those given before. Raises Forbidden or InvalidInput."""
    if material.status != MaterialStatus.ACTIVE:
        raise Forbidden(_("Only published materials can be rated."))
    if material.uploader_id == user.id:
        raise Forbidden(_("You cannot rate your own material."))
    if not 1 <= stars <= 5:
        raise InvalidInput(_("Choose from one to five stars."), field="stars")
    # Voters on one material take turns, so that each sum holds the votes before it.
    db.session.refresh(material, ["rating_mean", "rating_votes"], with_for_update=True)
    key = {"material_id": material.id, "user_id": user.id}
    given: dict[str, Any] = {"stars": stars, "weight": vote_weight(user), "created_at": utcnow()}
    if not insert_if_absent(Rating, **key, **given):
        db.session.execute(update(Rating).filter_by(**key).values(**given))
    refresh_rating(material)
    return RatingSummary(material.rating_mean, material.rating_votes, stars)


def refresh_rating(material: Material) -> bool:
    """Compute the shown rating again; True when people would see a difference."""
    site_total, site_weight, _votes = _sums()
    total, weight, votes = _sums(material.id)
    site_mean = site_total / site_weight if site_weight else 0.0
    mean = weighted_rating(total, weight, site_mean, settings().rating_prior_votes)
    changed = abs(mean - material.rating_mean) > SHOWN_DIFFERENCE or votes != material.rating_votes
    if changed:
        material.rating_mean, material.rating_votes = mean, votes
        material.touch()
    db.session.flush()
    return changed


def refresh_all_ratings() -> int:
    """Follow the site's mean, which every vote anywhere moves a little; counts the changed."""
    rated = select(Material).where(Material.rating_votes > 0)
    return sum(refresh_rating(material) for material in db.session.scalars(rated).all())


def summarise_rating(material: Material, user: User | None) -> RatingSummary:
    """The rating of a material, with the person's own stars."""
    vote = db.session.get(Rating, (material.id, user.id)) if user else None
    return RatingSummary(material.rating_mean, material.rating_votes, vote.stars if vote else None)


def list_top_materials(limit: int = 10) -> list[Material]:
    """The best rated of the published materials, best first."""
    query = (
        select(Material)
        .where(Material.status == MaterialStatus.ACTIVE, Material.rating_votes > 0)
        .order_by(Material.rating_mean.desc(), Material.rating_votes.desc(), Material.id)
        .limit(limit)
        .options(
            joinedload(Material.file),
            joinedload(Material.category),
            joinedload(Material.uploader),
            selectinload(Material.tags),
        )
    )
    return list(db.session.scalars(query))
