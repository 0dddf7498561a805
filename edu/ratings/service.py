"""Stars, the weighted average and the top of the library."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, cast

from flask_babel import gettext as _
from sqlalchemy import Table, bindparam, func, or_, select, update

from edu.accounts.models import User
from edu.errors import Forbidden, InvalidInput
from edu.extensions import db, insert_if_absent, settings, utcnow
from edu.materials.models import Material, MaterialStatus
from edu.materials.service import with_details
from edu.permissions import Permission, may, require
from edu.ratings.models import Rating

NOTICED_DIFFERENCE = 0.005  # stars; less moves nothing in the order of any list


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
    if user is None or material.uploader_id == user.id:
        return False
    return may(user, Permission.RATE, material) and material.status == MaterialStatus.ACTIVE


def rate_material(user: User, material: Material, stars: int) -> RatingSummary:
    """Give stars, or change those given before. Raises Forbidden or InvalidInput."""
    if material.status != MaterialStatus.ACTIVE:
        raise Forbidden(_("Only published materials can be rated."))
    if material.uploader_id == user.id:
        raise Forbidden(_("You cannot rate your own material."))
    require(user, Permission.RATE, material)
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


def refresh_rating(material: Material) -> None:
    """Compute the shown rating of one material again, as after a vote."""
    total, weight, votes = _sums(material.id)
    mean = weighted_rating(total, weight, _site_mean(), settings().rating_prior_votes)
    if (round(mean, 1), votes) != (round(material.rating_mean, 1), material.rating_votes):
        material.touch()
    material.rating_mean, material.rating_votes = mean, votes
    db.session.flush()


def _site_mean() -> float:
    total, weight, _votes = _sums()
    return total / weight if weight else 0.0


def refresh_all_ratings() -> int:
    """Follow the site's mean, which every vote anywhere moves a little; counts the changed.

    Search learns only of those whose shown stars change: to index a book anew is dear.
    """
    site_mean, prior = _site_mean(), settings().rating_prior_votes
    query = (
        select(
            Material.id,
            Material.rating_mean,
            Material.rating_votes,
            func.coalesce(func.sum(Rating.weight * Rating.stars), 0.0).label("total"),
            func.coalesce(func.sum(Rating.weight), 0.0).label("weight"),
            func.count(Rating.user_id).label("votes"),
        )
        # Outer: votes vanish with closed accounts, the last one of a material too.
        .outerjoin(Rating, Rating.material_id == Material.id)
        .where(or_(Material.rating_votes > 0, Rating.user_id.is_not(None)))
        .group_by(Material.id, Material.rating_mean, Material.rating_votes)
    )
    rows = []
    for row in db.session.execute(query):
        mean = weighted_rating(row.total, row.weight, site_mean, prior)
        other = row.votes != row.rating_votes
        if other or abs(mean - row.rating_mean) > NOTICED_DIFFERENCE:
            shown = other or round(mean, 1) != round(row.rating_mean, 1)
            new = {"mean": mean, "votes": row.votes, "steps": int(shown)}
            rows.append({"of_id": row.id, "seen": row.rating_mean, **new})
    if rows:
        table = cast("Table", Material.__table__)
        # A vote in between has computed its own mean, and keeps it.
        same = (table.c.id == bindparam("of_id")) & (table.c.rating_mean == bindparam("seen"))
        changed = (
            table.update()
            .where(same)
            .values(
                rating_mean=bindparam("mean"),
                rating_votes=bindparam("votes"),
                revision=table.c.revision + bindparam("steps"),
            )
        )
        db.session.execute(changed, rows)
        db.session.expire_all()
    return len(rows)


def summarise_rating(material: Material, user: User | None) -> RatingSummary:
    """The rating of a material, with the person's own stars."""
    vote = db.session.get(Rating, (material.id, user.id)) if user else None
    return RatingSummary(material.rating_mean, material.rating_votes, vote.stars if vote else None)


def list_votes(user: User, material_ids: Iterable[int]) -> dict[int, int]:
    """The stars that a person has given to these materials, by material."""
    query = select(Rating.material_id, Rating.stars).where(
        Rating.user_id == user.id, Rating.material_id.in_(list(material_ids))
    )
    return dict(iter(db.session.execute(query)))


def list_top_materials(limit: int = 10) -> list[Material]:
    """The best rated of the published materials, best first."""
    query = (
        select(Material)
        .where(Material.status == MaterialStatus.ACTIVE, Material.rating_votes > 0)
        .order_by(Material.rating_mean.desc(), Material.rating_votes.desc(), Material.id)
        .limit(limit)
    )
    return list(db.session.scalars(with_details(query)))
