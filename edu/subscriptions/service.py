"""What people follow, who follows a material, and the feed."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable, Sequence
from datetime import date
from typing import Any
from urllib.parse import parse_qs

from flask_babel import gettext as _
from sqlalchemy import Select, and_, func, or_, select
from sqlalchemy.orm import joinedload

from edu.accounts.models import User
from edu.catalog.models import Category
from edu.catalog.service import list_name_groups, type_label
from edu.errors import Conflict, InvalidInput, NotFound
from edu.extensions import MAX_ID, db, find_row, insert_if_absent
from edu.materials.models import Material, MaterialStatus
from edu.materials.service import Page, language_label, paginate, with_details, year_label
from edu.notifications.models import Notification, Topic
from edu.search.arguments import list_arguments, write_arguments
from edu.search.labels import kind_label, semester_label
from edu.search.service import SearchInput, finds
from edu.search.understanding.slang import add_common_names
from edu.subscriptions.models import FeedToken, Subscription, SubscriptionKind

MAX_SUBSCRIPTIONS = 200
MAX_NAME = 120
MAX_TARGET = 600
FEED_ENTRIES = 50
SUBJECT, AUTHOR, SEARCH = (kind.value for kind in SubscriptionKind)
IN_QUERY = 500  # targets of searches in one query


# Following ------------------------------------------------------------------------------------


def follow_subject(user: User, category: Category) -> Subscription:
    """New materials of the subject and of all below it. Raises Conflict when there are too many."""
    return _follow(user, SUBJECT, str(category.id), category_id=category.id)


def follow_author(user: User, author_id: int) -> Subscription:
    """What a person publishes. Raises NotFound, Conflict, and InvalidInput for oneself."""
    author = find_row(User, author_id)
    if author is None or author.deleted_at is not None:
        raise NotFound(_("There is no such person."))
    if author.id == user.id:
        raise InvalidInput(_("You know of your own materials without this."), field="author")
    return _follow(user, AUTHOR, str(author.id), author_id=author.id)


def follow_search(user: User, wanted: SearchInput, name: str = "") -> Subscription:
    """What the search finds, under a name or else its own words. Raises InvalidInput, Conflict."""
    target, name = write_search(wanted), check_name(name)
    # With the subject goes the search: without it, it would find far more than was asked for.
    place = wanted.category.id if wanted.category else None
    return _follow(user, SEARCH, target, name=name, category_id=place)


def _follow(user: User, kind: str, target: str, **values: Any) -> Subscription:
    """Following twice is following once; what was given first stands."""
    own = select(Subscription).filter_by(user_id=user.id, kind=kind, target=target)
    if (known := db.session.scalar(own)) is not None:
        return known
    if count_subscriptions(user) >= MAX_SUBSCRIPTIONS:
        raise Conflict(_("You can follow at most %(max)d things.", max=MAX_SUBSCRIPTIONS))
    insert_if_absent(Subscription, user_id=user.id, kind=kind, target=target, **values)
    return db.session.scalars(own).one()


def check_name(name: str) -> str:
    """A name as it is kept. Raises InvalidInput."""
    name = " ".join(name.split())
    if len(name) > MAX_NAME:
        raise InvalidInput(_("The name is too long."), field="name")
    return name


def count_subscriptions(user: User) -> int:
    """How many things the person follows."""
    query = select(func.count()).where(Subscription.user_id == user.id)
    return db.session.scalar(query) or 0


def get_subscription(user: User, subscription_id: int) -> Subscription:
    """One of the person's own. Raises NotFound."""
    found = None
    if subscription_id <= MAX_ID:
        found = db.session.scalar(_own(user).where(Subscription.id == subscription_id))
    if found is None:
        raise NotFound(_("You do not follow this."))
    return found


def list_subscriptions(user: User) -> list[Subscription]:
    """What the person follows, of each kind the latest first."""
    query = _own(user).order_by(Subscription.kind.desc(), Subscription.id.desc())
    return list(db.session.scalars(query))


def _own(user: User) -> Select[Subscription]:
    return (
        select(Subscription)
        .where(Subscription.user_id == user.id)
        .options(joinedload(Subscription.category), joinedload(Subscription.author))
    )


def find_subscription(user: User | None, kind: str, target: str) -> Subscription | None:
    """The person's subscription to this very thing, if there is one."""
    if user is None:
        return None
    query = select(Subscription).filter_by(user_id=user.id, kind=kind, target=target)
    return db.session.scalar(query)


def rename_search(subscription: Subscription, name: str) -> None:
    """Call a saved search otherwise; by its words when the name is empty. Raises InvalidInput."""
    if subscription.kind != SEARCH:
        raise InvalidInput(_("Only searches have names of their own."), field="name")
    subscription.name = check_name(name)
    db.session.flush()


def unfollow(subscription: Subscription) -> None:
    """Hear no more of it."""
    db.session.delete(subscription)
    db.session.flush()


# Saved searches -------------------------------------------------------------------------------


def write_search(wanted: SearchInput) -> str:
    """The one spelling of a search, as in the address of its page, order and page left out.

    So is `within`: what is new is of this week anyway. Raises InvalidInput for one that asks for
    nothing or too much.
    """
    # The subject by its id: its address may change.
    place = [str(wanted.category.id)] if wanted.category else []
    stars = [str(wanted.rating_gte)] if wanted.rating_gte else []
    more = {"tag": sorted(wanted.tags), "literal": sorted(wanted.literal)}
    known = {**list_arguments(wanted), "category": place, "rating_gte": stars, **more}
    if not wanted.text:
        known |= {"exact": [], "literal": []}  # of which words?
    target = write_arguments({name: known.get(name, []) for name in SAVED})
    if not target:
        raise InvalidInput(_("Type some words or choose a filter first."), field="search")
    if len(target) > MAX_TARGET:
        raise InvalidInput(_("This search is too long to follow."), field="search")
    return target


def read_search(target: str) -> SearchInput | None:
    """The search of a target; None when its subject is gone."""
    values = search_arguments(target)
    category = None
    if "category" in values:
        category = db.session.get(Category, int(values["category"][0]))
        if category is None:
            return None
    one = {name: texts[0] for name, texts in values.items()}
    return SearchInput(
        text=one.get("q", ""),
        category=category,
        type=one.get("type"),
        kind=one.get("kind"),
        language=one.get("language"),
        semester=int(one["semester"]) if "semester" in one else None,
        year=int(one["year"]) if "year" in one else None,
        tags=tuple(values.get("tag", ())),
        rating_gte=float(one["rating_gte"]) if "rating_gte" in one else None,
        uploaded_after=_day(one.get("uploaded_after")),
        uploaded_before=_day(one.get("uploaded_before")),
        exact="exact" in one,
        literal=tuple(values.get("literal", ())),
    )


def _day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None


def search_arguments(target: str) -> dict[str, list[str]]:
    """What the address of the search page takes for this search."""
    return parse_qs(target)


def describe_search(subscription: Subscription) -> str:
    """What the person calls a saved search, or what it asks for."""
    if subscription.name:
        return subscription.name
    values = search_arguments(subscription.target)
    place = subscription.category
    parts = {name: [label(text) for text in values.get(name, ())] for name, label in SAVED.items()}
    parts["category"] = [place.name] if place else []
    return ", ".join(part for texts in parts.values() for part in texts if part)


# What a saved search keeps, in the order of its target, and what to call each.
SAVED: dict[str, Callable[[str], str]] = {
    "q": str,
    "category": str,
    "type": type_label,
    "rating_gte": lambda stars: str(_("rated %(value)s and more", value=stars)),
    "uploaded_after": lambda day: str(_("from %(day)s", day=day)),
    "uploaded_before": lambda day: str(_("to %(day)s", day=day)),
    "kind": kind_label,
    "language": language_label,
    "semester": semester_label,
    "year": lambda year: year_label(int(year)),
    "tag": lambda tag: f"#{tag}",
    "exact": lambda _flag: str(_("exactly so")),
    "literal": lambda _words: "",
}


# Who follows ----------------------------------------------------------------------------------


def find_followers(material: Material) -> dict[int, str]:
    """Ids of the people who follow this published material; with a saved search that finds it, if
    one does. Its uploader and people who are gone or blocked are left out.

    Raises Unavailable when the index cannot be read.
    """
    trail = [category.id for category in material.category.trail]
    direct = or_(
        and_(Subscription.kind == SUBJECT, Subscription.category_id.in_(trail)),
        and_(Subscription.kind == AUTHOR, Subscription.author_id == material.uploader_id),
    )
    followers = dict.fromkeys((row[0] for row in _people(material, direct)), "")
    names = add_common_names(list_name_groups())
    targets = [target for target in _list_searches() if _finds(target, material, names)]
    for start in range(0, len(targets), IN_QUERY):
        some = Subscription.target.in_(targets[start : start + IN_QUERY])
        followers |= _people(material, and_(Subscription.kind == SEARCH, some))
    return followers


def _people(material: Material, condition: Any) -> list[tuple[int, str]]:
    query = (
        select(Subscription.user_id, Subscription.target)
        .join(User, User.id == Subscription.user_id)
        .where(condition, User.id != material.uploader_id)
        .where(User.blocked_at.is_(None), User.deleted_at.is_(None))
        .order_by(Subscription.id.desc())  # of several searches the oldest is named
    )
    return [(row[0], row[1]) for row in db.session.execute(query)]


def _list_searches() -> Iterable[str]:
    query = select(Subscription.target).where(Subscription.kind == SEARCH).distinct()
    return db.session.scalars(query.order_by(Subscription.target)).all()


def _finds(target: str, material: Material, names: Sequence[tuple[str, ...]]) -> bool:
    wanted = read_search(target)
    return wanted is not None and finds(wanted, material.id, names)


# The feed -------------------------------------------------------------------------------------


def list_feed(user: User, page: int, per_page: int | None = None) -> Page:
    """Published materials of others that the person follows, newest first."""
    return paginate(_newest_first(_feed(user)), page, per_page)


def list_feed_entries(user: User) -> list[Material]:
    """The head of the feed, for programs that read it."""
    return _first(_feed(user))


def list_subject_entries(category: Category) -> list[Material]:
    """The latest of a subject and of all below it."""
    return _first(_published().where(Material.category_id.in_(_below([category.id]))))


def _first(query: Select[Material]) -> list[Material]:
    return list(db.session.scalars(with_details(_newest_first(query)).limit(FEED_ENTRIES)))


def _published() -> Select[Material]:
    return select(Material).where(Material.status == MaterialStatus.ACTIVE)


def _newest_first(query: Select[Material]) -> Select[Material]:
    return query.order_by(Material.published_at.desc(), Material.id.desc())


def _feed(user: User) -> Select[Material]:
    own = select(Subscription).where(Subscription.user_id == user.id)
    subjects = own.where(Subscription.kind == SUBJECT).with_only_columns(Subscription.category_id)
    authors = own.where(Subscription.kind == AUTHOR).with_only_columns(Subscription.author_id)
    searches = own.where(Subscription.kind == SEARCH).with_only_columns(Subscription.target)
    # What a search finds is known from when it was announced: its note is that search.
    found = select(Notification.material_id).where(
        Notification.user_id == user.id,
        Notification.topic == Topic.MATERIALS.value,
        Notification.note.in_(searches),
    )
    return _published().where(
        Material.uploader_id != user.id,
        or_(
            Material.category_id.in_(_below(subjects)),
            Material.uploader_id.in_(authors),
            Material.id.in_(found),
        ),
    )


def _below(roots: Any) -> Select[int]:
    """Ids of these categories and of all that lies below them."""
    tree = select(Category.id).where(Category.id.in_(roots)).cte("followed", recursive=True)
    children = select(Category.id).join(tree, Category.parent_id == tree.c.id)
    return select(tree.union(children).c.id)


# Feeds for programs ---------------------------------------------------------------------------


def find_feed_token(user: User) -> str | None:
    """The secret of the person's feed, if they have asked for one."""
    kept = db.session.get(FeedToken, user.id)
    return kept.token if kept else None


def renew_feed_token(user: User) -> str:
    """A secret for the person's feed; the address with an earlier one shows nothing any more."""
    token = secrets.token_urlsafe(24)
    if not insert_if_absent(FeedToken, user_id=user.id, token=token):
        db.session.get_one(FeedToken, user.id).token = token
    db.session.flush()
    return token


def find_feed_owner(token: str) -> User:
    """Whose feed this is. Raises NotFound, also for people who are blocked or gone."""
    query = select(User).join(FeedToken, FeedToken.user_id == User.id)
    user: User | None = db.session.scalar(query.where(FeedToken.token == token))
    if user is None or not user.is_active:
        raise NotFound
    return user
