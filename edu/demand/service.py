"""What the library lacks: people's requests, searches in vain, and the board of both.

A demand is what asks for the same in the same subject: requests and searches with the same stems.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from itertools import islice
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import ColumnElement, Row, Select, delete, func, or_, select, update
from sqlalchemy.orm import joinedload

from edu.accounts.models import User
from edu.catalog.models import Category
from edu.catalog.service import list_tree, walk
from edu.demand.models import EmptySearch, MaterialRequest, RequestState
from edu.errors import Conflict, InvalidInput, NotFound
from edu.extensions import MAX_ID, change_rows, db, insert_if_absent, utcnow
from edu.materials.models import Material, MaterialStatus
from edu.notifications.models import Topic
from edu.notifications.records import add_notifications
from edu.permissions import Permission, may, require
from edu.search.analysis import stems
from edu.search.query import parse_query
from edu.site.paging import Listing, list_page

MAX_TEXT = 300
MAX_NOTE = 1000
MAX_REASON = 1000
ASKED_A_DAY = 10  # new requests of one person
SEARCHES_A_DAY = 500  # different ones that are kept
KEPT_DAYS = 180  # of searches in vain
SHOWN_DAYS = 30
MOST = 2000  # requests and searches that the board gathers, the most wanted first
LOOKED_THROUGH = 20_000  # to find these: a day's searches times the days shown are fewer
NOTES = 5  # shown of one demand
TOLD_AT_ONCE = 200
# A search in vain is shown to moderators: no addresses, markup, numbers of telephones or cards.
_PRIVATE_OR_HOSTILE = re.compile(r"[<>{}|\\^`@\x00-\x1f]|://|\bwww\.|\d[\d\s()-]{5,}\d")
_LONGEST_SEARCH = 120
_WORD = re.compile(r"[^\W\d_]{2}")  # single letters ask for nothing


def demand_key(text: str) -> str:
    """What tells demands apart: the stems in order, empty where there are none."""
    return " ".join(parse_query(text).key)[:MAX_TEXT]


# Asking -----------------------------------------------------------------------------------------


def ask_for_material(
    user: User, text: str, category: Category | None = None, note: str = ""
) -> MaterialRequest:
    """The person's request for this, made or opened again; an open one stays as it is.

    Raises InvalidInput, or Conflict after too many in a day.
    """
    text, note = " ".join(text.split())[:MAX_TEXT], note.strip()
    if not demand_key(text):
        raise InvalidInput(_("Say what you are looking for."), field="text")
    if len(note) > MAX_NOTE:
        raise InvalidInput(_("The note is too long."), field="note")
    known = find_request(user, text)
    if known is not None and known.state == RequestState.OPEN:
        known.note = note or known.note
        return known
    _refuse_too_many(user)
    values = {"text": text, "note": note, "category_id": category.id if category else None}
    if known is not None:
        _open_again(known, values)
    else:
        insert_if_absent(MaterialRequest, user_id=user.id, key=demand_key(text), **values)
    made = find_request(user, text)
    assert made is not None  # noqa: S101  # inserted just now, by this or another of the person's tabs
    return made


def _refuse_too_many(user: User) -> None:
    day = MaterialRequest.created_at > utcnow() - timedelta(days=1)
    query = select(func.count()).where(MaterialRequest.user_id == user.id, day)
    if (db.session.scalar(query) or 0) >= ASKED_A_DAY:
        raise Conflict(
            _("You have asked for %(n)d materials today. Come back tomorrow.", n=ASKED_A_DAY),
            code="too_many_requests_for_materials",
        )


def _open_again(request: MaterialRequest, values: Mapping[str, Any]) -> None:
    for name, value in values.items():
        setattr(request, name, value)
    request.state, request.created_at = RequestState.OPEN.value, utcnow()
    request.material_id, request.reason, request.settled_at = None, "", None
    db.session.flush()


def find_request(user: User, text: str) -> MaterialRequest | None:
    """The person's own request for this, in whatever state."""
    own = MaterialRequest.user_id == user.id, MaterialRequest.key == demand_key(text)
    return db.session.scalar(select(MaterialRequest).where(*own))


def list_requests(user: User, page: int, per_page: int | None = None) -> Listing[MaterialRequest]:
    """The person's own, the newest first."""
    query = select(MaterialRequest).where(MaterialRequest.user_id == user.id)
    query = query.options(
        joinedload(MaterialRequest.category), joinedload(MaterialRequest.material)
    )
    order = MaterialRequest.created_at.desc(), MaterialRequest.id.desc()
    return list_page(query.order_by(*order), page, per_page)


def shown_material(request: MaterialRequest) -> Material | None:
    """The material that answers a request, while everybody may see it."""
    material = request.material
    return material if material and material.status == MaterialStatus.ACTIVE else None


def withdraw_request(user: User, request_id: int) -> None:
    """Take one's own request back. Raises NotFound."""
    own = MaterialRequest.user_id == user.id, MaterialRequest.id == min(request_id, MAX_ID)
    if not change_rows(delete(MaterialRequest).where(*own)):
        raise NotFound(_("There is no such request."))


# Searches in vain -------------------------------------------------------------------------------


def note_empty_search(text: str, category: Category | None = None) -> None:
    """Somebody has found nothing; counted by the day, never by whom. Bounded, so it may forget."""
    text = " ".join(text.split())
    key = demand_key(text)
    if not key or not _is_presentable(text):
        return
    today = utcnow().date()
    again = update(EmptySearch).where(EmptySearch.key == key, EmptySearch.day == today)
    if change_rows(again.values(times=EmptySearch.times + 1)):
        return
    number = category.id if category else None
    insert_if_absent(EmptySearch, key=key, day=today, text=text, category_id=number, times=1)
    _drop_least_wanted(today, key)


def _drop_least_wanted(day: date, newest: str) -> None:
    """Keep to the number of a day: what was looked for least goes, the oldest first."""
    different = select(func.count()).where(EmptySearch.day == day)
    excess = (db.session.scalar(different) or 0) - SEARCHES_A_DAY
    if excess > 0:
        others = select(EmptySearch.id).where(EmptySearch.day == day, EmptySearch.key != newest)
        least = others.order_by(EmptySearch.times, EmptySearch.id).limit(excess)
        change_rows(delete(EmptySearch).where(EmptySearch.id.in_(least.scalar_subquery())))


def _is_presentable(text: str) -> bool:
    fits = len(text) <= _LONGEST_SEARCH and _WORD.search(text) is not None
    return fits and not _PRIVATE_OR_HOSTILE.search(text)


def remove_old_searches() -> int:
    """Forget searches in vain of long ago; counts them."""
    limit = utcnow().date() - timedelta(days=KEPT_DAYS)
    return change_rows(delete(EmptySearch).where(EmptySearch.day < limit))


# The board --------------------------------------------------------------------------------------


@dataclass(slots=True)
class Demand:
    """What is asked for: by how many people, and how often it was searched for in vain lately."""

    key: str
    subject: Category | None  # a root of the tree
    text: str
    people: int
    searches: int
    newest: datetime

    @property
    def urgency(self) -> tuple[int, int, datetime]:
        """The greater, the earlier it stands on the board."""
        return self.people, self.searches, self.newest


class _Tree:
    """The catalogue, to tell the subject of a demand."""

    def __init__(self) -> None:
        self.categories = {category.id: category for category in walk(list_tree())}
        self.names: dict[tuple[str, ...], Category] = {}
        for category in sorted(self.categories.values(), key=lambda each: len(each.trail)):
            for name in (category.name, *(alias.alias for alias in category.aliases)):
                self.names.setdefault(tuple(filter(None, stems(name))), category)
        self.names.pop((), None)
        self.longest = max(map(len, self.names), default=0)

    def place(self, category_id: int | None, text: str) -> Category | None:
        """The category that was chosen, else the one whose name is the longest in the text."""
        if category_id in self.categories:
            return self.categories[category_id]
        words = list(filter(None, stems(text)))
        for length in range(min(self.longest, len(words)), 0, -1):
            for start in range(len(words) - length + 1):
                if found := self.names.get(tuple(words[start : start + length])):
                    return found
        return None


def require_answerer(user: User | None) -> User:
    """Raises SignInRequired or Forbidden."""
    return require(user, Permission.ANSWER_DEMAND)


def list_demand(moderator: User) -> list[Demand]:
    """What is asked for in the subjects of the moderator or in none, the most wanted first.

    Raises Forbidden.
    """
    require_answerer(moderator)
    found = _list_all(moderator)
    return sorted(found, key=lambda demand: demand.urgency, reverse=True)


def count_demand(moderator: User) -> int:
    """How many different things people have asked this moderator for."""
    gathered = _Gathered(moderator)
    gathered.add_requests()
    return len(gathered.found)


def get_demand(moderator: User, key: str, subject_id: int | None) -> Demand:
    """Raises Forbidden, or NotFound when nobody asks for it (any more)."""
    require_answerer(moderator)
    for demand in _list_all(moderator, key):
        if (demand.subject.id if demand.subject else None) == subject_id:
            return demand
    raise NotFound(_("Nobody asks for this any more."))


def _list_all(moderator: User, key: str | None = None) -> Iterable[Demand]:
    gathered = _Gathered(moderator, key)
    gathered.add_requests()
    gathered.add_searches()
    return gathered.found.values()


class _Gathered:
    """Demands of a moderator's subjects or of none; with `key` those that ask for this."""

    def __init__(self, moderator: User, key: str | None = None) -> None:
        self.moderator, self.key = moderator, key
        self.tree = _Tree()
        self.found: dict[tuple[int | None, str], Demand] = {}

    def add_requests(self) -> None:
        of, number = MaterialRequest, func.count().label("number")
        query = select(of.key, of.category_id, func.max(of.text).label("text"), number)
        query = query.add_columns(func.max(of.created_at).label("newest"))
        query = query.where(of.state == RequestState.OPEN, *self._whose(of))
        query = query.group_by(of.key, of.category_id)
        for row, category in self._places(query.order_by(number.desc(), of.key)):
            self._demand(row, category, row.newest).people += row.number

    def add_searches(self) -> None:
        of, number = EmptySearch, func.sum(EmptySearch.times).label("number")
        since = utcnow().date() - timedelta(days=SHOWN_DAYS)
        query = select(of.key, of.category_id, func.max(of.text).label("text"), number)
        query = query.add_columns(func.max(of.day).label("newest"))
        query = query.where(of.day > since, *self._whose(of))
        query = query.group_by(of.key, of.category_id)
        for row, category in self._places(query.order_by(number.desc(), of.key)):
            newest = datetime.combine(row.newest, time(), UTC)
            self._demand(row, category, newest).searches += row.number

    def _whose(
        self, of: type[MaterialRequest] | type[EmptySearch]
    ) -> Iterator[ColumnElement[bool]]:
        """What the database can tell; the subject that a text names is told by the tree."""
        categories = self.tree.categories.values()
        others = [each.id for each in categories if not _answers_for(self.moderator, each)]
        yield or_(of.category_id.is_(None), of.category_id.not_in(others))
        if self.key is not None:
            yield of.key == self.key

    def _places(
        self, query: Select[*tuple[Any, ...]]
    ) -> Iterator[tuple[Row[Any], Category | None]]:
        """The moderator's rows, the most wanted first, no more than the board gathers."""
        rows = db.session.execute(query.limit(LOOKED_THROUGH))
        placed = ((row, self.tree.place(row.category_id, row.text)) for row in rows)
        return islice((each for each in placed if _answers_for(self.moderator, each[1])), MOST)

    def _demand(self, row: Row[Any], category: Category | None, newest: datetime) -> Demand:
        subject = category.trail[0] if category else None
        new = Demand(row.key, subject, row.text, 0, 0, newest)
        demand = self.found.setdefault((subject.id if subject else None, row.key), new)
        demand.newest = max(demand.newest, newest)
        return demand


def _answers_for(moderator: User, category: Category | None) -> bool:
    """Demands of no subject are every moderator's."""
    return category is None or may(moderator, Permission.ANSWER_DEMAND, category=category)


def list_notes(moderator: User, demand: Demand) -> list[str]:
    """What those who ask have added, the newest first."""
    ids = [row.id for row in _rows_of(MaterialRequest, moderator, demand)]
    query = select(MaterialRequest.note).where(MaterialRequest.id.in_(ids))
    query = query.where(MaterialRequest.note != "").order_by(MaterialRequest.created_at.desc())
    return list(dict.fromkeys(db.session.scalars(query)))[:NOTES]


def _rows_of(
    model: type[MaterialRequest] | type[EmptySearch], moderator: User, demand: Demand
) -> Iterator[Any]:
    """Ids of the rows behind a demand, as far as they are the moderator's."""
    query = select(model.id, model.category_id, model.text).where(model.key == demand.key)
    if model is MaterialRequest:
        query = query.where(MaterialRequest.state == RequestState.OPEN)
    tree = _Tree()
    for row in db.session.execute(query):
        category = tree.place(row.category_id, row.text)
        subject = category.trail[0] if category else None
        if subject is demand.subject and _answers_for(moderator, category):
            yield row


# Settling ---------------------------------------------------------------------------------------


def meet_demand(moderator: User, demand: Demand, material: Material) -> int:
    """A published material answers it: those who asked are told, once; counts them.

    Raises Forbidden, InvalidInput, or Conflict when somebody else was first.
    """
    if material.status != MaterialStatus.ACTIVE:
        raise InvalidInput(_("Choose a material that is published."), field="material")
    met = RequestState.MET.value
    told = _settle(moderator, demand, state=met, material_id=material.id)
    told.pop(moderator.id, None)
    occasion = f"found:{material.id}:{utcnow().timestamp():.6f}"
    values = {"kind": "found", "occasion": occasion, "material_id": material.id}
    waiting = iter(told.items())
    while some := dict(islice(waiting, TOLD_AT_ONCE)):
        add_notifications(some, Topic.REQUESTS, **values)
    return len(told)


def close_demand(moderator: User, demand: Demand, reason: str) -> None:
    """It will not be met; those who asked read the reason, without which nobody is turned down.

    Raises as meet_demand.
    """
    reason = reason.strip()
    if demand.people and not reason:
        raise InvalidInput(_("Say why."), field="reason")
    if len(reason) > MAX_REASON:
        raise InvalidInput(_("The reason is too long."), field="reason")
    told = _settle(moderator, demand, state=RequestState.CLOSED.value, reason=reason)
    if told and not reason:  # somebody has asked since it was looked up
        raise Conflict(_("Somebody has asked for this meanwhile. Say why it is closed."))


def _settle(moderator: User, demand: Demand, **outcome: Any) -> dict[int, str]:
    """Who asked, with the words of each. Searches in vain are counted anew from now on."""
    require_answerer(moderator)
    asked = [row.id for row in _rows_of(MaterialRequest, moderator, demand)]
    # Two moderators may settle the same: each request is taken from OPEN by one UPDATE alone.
    take = update(MaterialRequest).where(
        MaterialRequest.id.in_(asked), MaterialRequest.state == RequestState.OPEN
    )
    take = take.values(settled_at=utcnow(), **outcome)
    take = take.returning(MaterialRequest.user_id, MaterialRequest.text)
    options = {"synchronize_session": False}
    told = {row.user_id: row.text for row in db.session.execute(take, execution_options=options)}
    searched = [row.id for row in _rows_of(EmptySearch, moderator, demand)]
    forgotten = change_rows(delete(EmptySearch).where(EmptySearch.id.in_(searched)))
    if not told and not forgotten:
        raise Conflict(_("Somebody has already settled this."))
    db.session.expire_all()
    return told


def find_answer(reference: str) -> Material | None:
    """The published material with this id, or at this address of its page."""
    named = re.fullmatch(r"(?:\S*/materials/)?(\d{1,9})(?:[?#]\S*)?", reference.strip())
    material = db.session.get(Material, int(named[1])) if named else None
    return material if material and material.status == MaterialStatus.ACTIVE else None
