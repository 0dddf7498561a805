"""Materials as people use them: who may see them, upload, lists, tags, views."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import ColumnElement, Select, func, or_, select, true, update
from sqlalchemy.orm import QueryableAttribute, joinedload, selectinload
from sqlalchemy.orm.interfaces import LoaderOption

from edu.accounts.models import Role, User
from edu.catalog.models import Category, MaterialType
from edu.catalog.service import descendant_ids
from edu.errors import EduError, Forbidden, InvalidInput, NotFound
from edu.extensions import MAX_ID, db, insert_if_absent, settings, storage, utcnow
from edu.materials.models import (
    Material,
    MaterialStatus,
    MaterialVersion,
    Passage,
    StoredFile,
    Tag,
    View,
    material_tags,
)
from edu.media.errors import FileRefused
from edu.media.hints import FIRST_YEAR, MAX_SEMESTER
from edu.media.inspect import sniff
from edu.media.language import LANGUAGES
from edu.media.messages import refusal_message
from edu.permissions import GRANTS, Permission, Scope, lies_within_moderated, may
from edu.search.query import parse_query
from edu.site.paging import Listing, list_page
from edu.storage.base import original_key
from edu.storage.incoming import Incoming
from edu.storage.unused import keep_bytes

if TYPE_CHECKING:
    from sqlalchemy.orm.strategy_options import _AbstractLoad  # what joinedload returns

CURABLE = {"limits", "crashed", "interrupted"}  # a busy machine, a fault of ours
MAX_TAGS = 15
MAX_TAG_LENGTH = 40
MAX_TITLE = 200
MAX_OUTLINE = 1000
MAX_DESCRIPTION = 5000
MAX_MARKS = 160  # characters
# Their files are no duplicates: what lies in the trash is sent anew by whoever still needs it.
OUT = (MaterialStatus.FAILED, MaterialStatus.REJECTED, MaterialStatus.ARCHIVED)
Page = Listing[Material]


class DuplicateFile(EduError):
    """The library already has these very bytes; `existing` is what holds them, if visible."""

    status = 409
    code = "duplicate"

    def __init__(self, existing: Material | None, incoming: StoredFile) -> None:
        super().__init__(_("This file is already in the library."))
        self.existing = existing
        self.incoming = incoming
        if existing is not None:
            self.details = {"material_id": existing.id}


@dataclass(frozen=True, slots=True)
class MaterialData:
    """What the uploader says of a file."""

    title: str
    description: str
    tags: list[str]
    type: str
    category: Category
    semester: int | None = None  # 1-12
    year: int | None = None  # in which the academic year begins
    language: str = ""  # ISO 639-1; "" to have it found in the text


def latest_year() -> int:
    """The last academic year that a material may be of: the coming one."""
    return utcnow().year + 1


def year_label(year: int) -> str:
    """An academic year as people write it: 2024/25."""
    return f"{year}/{(year + 1) % 100:02}"


_LANGUAGES = {"ru": _l("Russian"), "en": _l("English")}


def language_label(language: str) -> str:
    """The name of a material's language in the reader's; "" where it is unknown."""
    return str(_LANGUAGES[language]) if language else ""


_STATES = {
    MaterialStatus.PROCESSING: _l("Processing"),
    MaterialStatus.FAILED: _l("Failed"),
    MaterialStatus.PENDING: _l("In review"),
    MaterialStatus.REJECTED: _l("Rejected"),
    MaterialStatus.ACTIVE: _l("Published"),
    MaterialStatus.ARCHIVED: _l("In the trash"),
}


def status_label(status: str) -> str:
    """The name of a material's state in the reader's language."""
    return str(_STATES[MaterialStatus(status)])


# Who may do what ------------------------------------------------------------------------------


def can_see(user: User | None, material: Material) -> bool:
    """Published materials are everybody's; others their uploader's and their moderators'."""
    if material.status == MaterialStatus.ACTIVE:
        return True
    return may(user, Permission.SEE_UNPUBLISHED, material)


def visible_to(user: User | None) -> ColumnElement[bool]:
    """The SQL of `can_see`: true for the materials that the person may see."""
    published = Material.status == MaterialStatus.ACTIVE
    if user is None or not user.is_active:
        return published
    conditions = {
        Scope.OWN: Material.uploader_id == user.id,
        Scope.SUBJECT: lies_within_moderated(user, Material.category_id),
        Scope.ANY: true(),
    }
    scopes = GRANTS[Permission.SEE_UNPUBLISHED].get(Role(user.role), ())
    return or_(published, *(conditions[scope] for scope in scopes))


def can_upload(user: User | None) -> bool:
    """Everybody with a confirmed account may offer a file."""
    return may(user, Permission.UPLOAD)


def can_retry(user: User | None, material: Material) -> bool:
    """Only what another try can cure is tried again."""
    failed = material.status == MaterialStatus.FAILED and material.error in CURABLE
    return failed and may(user, Permission.RETRY, material)


# Reading --------------------------------------------------------------------------------------


def _details() -> tuple[_AbstractLoad, ...]:
    return (
        joinedload(Material.file),
        joinedload(Material.category).joinedload(Category.parent),
        joinedload(Material.uploader),
        selectinload(Material.tags),
    )


def with_details(query: Select[Material]) -> Select[Material]:
    """Load what a card shows in a fixed number of queries."""
    return query.options(*_details())


def details_of(material: QueryableAttribute[Material]) -> LoaderOption:
    """The same for rows that point to a material."""
    return joinedload(material).options(*_details())


def get_visible(user: User | None, material_id: int) -> Material:
    """Raises NotFound, also for what this person must not know of."""
    if material_id > MAX_ID:
        raise NotFound(_("There is no such material."))
    query = with_details(select(Material).where(Material.id == material_id))
    material = db.session.scalar(query)
    if material is None or not can_see(user, material):
        raise NotFound(_("There is no such material."))
    return material


def load_active(ids: Iterable[int]) -> dict[int, Material]:
    """The published ones among `ids`: what search may show."""
    query = with_details(select(Material).where(Material.id.in_(list(ids))))
    # Not in the query: SQLite would rather go through all that are published.
    active = MaterialStatus.ACTIVE
    return {each.id: each for each in db.session.scalars(query) if each.status == active}


def paginate(query: Select[Material], page: int, per_page: int | None = None) -> Page:
    """One page of `query`, whose order is given; pages out of range are empty."""
    return list_page(with_details(query), page, per_page)


def list_newest(limit: int = 10) -> list[Material]:
    """The latest published, newest first."""
    query = (
        select(Material)
        .where(Material.status == MaterialStatus.ACTIVE)
        .order_by(Material.published_at.desc(), Material.id.desc())
        .limit(limit)
    )
    return list(db.session.scalars(with_details(query)))


def _published(*conditions: ColumnElement[bool]) -> Select[Material]:
    query = select(Material).where(Material.status == MaterialStatus.ACTIVE, *conditions)
    return query.order_by(Material.published_at.desc(), Material.id.desc())


def list_in_category(category: Category, page: int, per_page: int | None = None) -> Page:
    """Published materials of a category and all below it, newest first."""
    inside = Material.category_id.in_(descendant_ids(category))
    return paginate(_published(inside), page, per_page)


def list_of_type(kind: MaterialType, page: int, per_page: int | None = None) -> Page:
    """Published materials of a type, newest first."""
    return paginate(_published(Material.type == kind), page, per_page)


def count_by_type() -> dict[MaterialType, int]:
    """Published materials of each type; types without any are left out."""
    query = select(Material.type, func.count()).where(Material.status == MaterialStatus.ACTIVE)
    rows = db.session.execute(query.group_by(Material.type))
    return {MaterialType(row[0]): row[1] for row in rows}


def count_by_category() -> dict[int, int]:
    """Published materials of each category, those below it included."""
    rows = db.session.execute(
        select(Material.category_id, func.count())
        .where(Material.status == MaterialStatus.ACTIVE)
        .group_by(Material.category_id)
    )
    direct = [(row[0], row[1]) for row in rows]
    tree = db.session.execute(select(Category.id, Category.parent_id))
    parents = {row.id: row.parent_id for row in tree}
    counts = dict.fromkeys(parents, 0)
    for category_id, count in direct:
        step: int | None = category_id
        while step is not None:
            counts[step] += count
            step = parents[step]
    return counts


def list_passages(material: Material) -> list[Passage]:
    """The text of a material in reading order."""
    query = select(Passage).where(Passage.material_id == material.id).order_by(Passage.number)
    return list(db.session.scalars(query))


def list_headings(material: Material) -> list[tuple[int, str]]:
    """The outline: number of the page or section and its heading, of those that have one."""
    query = select(Passage.number, Passage.heading).where(
        Passage.material_id == material.id, Passage.heading != ""
    )
    rows = db.session.execute(query.order_by(Passage.number).limit(MAX_OUTLINE))
    return [(row.number, row.heading) for row in rows]


def highlight_terms(query: str, marks: str = "") -> list[str]:
    """What the viewer marks: stems that words begin with. `marks` holds such, as a search found
    them; without any, they are made of the query.
    """
    if marks:
        return sorted(set(marks[:MAX_MARKS].lower().split()))
    return sorted(parse_query(query).terms)


def find_by_hash(sha256: str) -> list[Material]:
    """All materials made of these bytes, oldest first."""
    query = select(Material).join(StoredFile).where(StoredFile.sha256 == sha256)
    return list(db.session.scalars(query.order_by(Material.id)))


def suggest_tags(user: User, prefix: str, limit: int = 10) -> list[str]:
    """Tags that begin so, in order: those of published materials and of the person's own."""
    shown = or_(Material.status == MaterialStatus.ACTIVE, Material.uploader_id == user.id)
    query = (
        select(Tag.name)
        .join(material_tags)
        .join(Material)
        .where(Tag.name.startswith(normalise_tag(prefix), autoescape=True), shown)
        .distinct()
    )
    return list(db.session.scalars(query.order_by(Tag.name).limit(limit)))


# Upload ---------------------------------------------------------------------------------------


def normalise_tag(tag: str) -> str:
    """The one spelling of a tag: lower case, single spaces, no leading #."""
    return " ".join(tag.lower().split()).lstrip("#").strip()[:MAX_TAG_LENGTH]


def check_data(data: MaterialData) -> MaterialData:
    """The data as it will be kept. Raises InvalidInput."""
    title = " ".join(data.title.split())
    if not title:
        raise InvalidInput(_("Give the material a title."), field="title")
    if len(title) > MAX_TITLE:
        raise InvalidInput(_("The title is too long."), field="title")
    if len(data.description) > MAX_DESCRIPTION:
        raise InvalidInput(_("The description is too long."), field="description")
    if data.type not in set(MaterialType):
        raise InvalidInput(_("Choose the type of the material."), field="type")
    tags = list(dict.fromkeys(tag for tag in map(normalise_tag, data.tags) if tag))
    if len(tags) > MAX_TAGS:
        raise InvalidInput(_("At most %(n)d tags, please.", n=MAX_TAGS), field="tags")
    _check_time(data)
    if data.language not in ("", *LANGUAGES):
        raise InvalidInput(_("Choose the language of the material."), field="language")
    return replace(data, title=title, description=data.description.strip(), tags=tags)


def _check_time(data: MaterialData) -> None:
    if data.semester is not None and not 1 <= data.semester <= MAX_SEMESTER:
        message = _("A semester is a number from 1 to %(last)d.", last=MAX_SEMESTER)
        raise InvalidInput(message, field="semester")
    if data.year is not None and not FIRST_YEAR <= data.year <= latest_year():
        first, last = FIRST_YEAR, latest_year()
        message = _("The academic year begins from %(first)d to %(last)d.", first=first, last=last)
        raise InvalidInput(message, field="year")


def accept_file(incoming: Incoming) -> StoredFile:
    """Judge the bytes by their content and put them in the storage.

    The row is not added to the session yet. Raises InvalidInput with the reason of the refusal.
    """
    try:
        found = sniff(incoming.path, incoming.name, max_bytes=settings().max_upload_bytes)
    except FileRefused as refused:
        message = refusal_message(refused.code, refused.details)
        raise InvalidInput(message, code=refused.code, field="file") from refused
    storage().save(incoming.path, original_key(incoming.sha256))
    return StoredFile(
        sha256=incoming.sha256,
        size=incoming.size,
        name=clean_file_name(incoming.name),
        media_type=found.media_type,
    )


def clean_file_name(name: str) -> str:
    """A name that is safe to show and to send back: no paths, no control or bidi characters."""
    base = name.replace("\\", "/").rsplit("/", 1)[-1]
    return "".join(c for c in base if c.isprintable()).strip()[-200:] or "file"


def upload_material(
    user: User | None, data: MaterialData, file: StoredFile, *, allow_duplicate: bool = False
) -> Material:
    """A new material in `processing`, its file the first version.

    Raises Forbidden, InvalidInput or DuplicateFile, Conflict while these bytes are being removed.
    """
    if user is None or not can_upload(user):
        raise Forbidden(_("Only confirmed accounts can upload."))
    data = check_data(data)
    if not allow_duplicate:
        refuse_duplicate(user, file)
    keep_bytes(file.sha256)
    material = Material(
        title=data.title,
        description=data.description,
        type=data.type,
        category=data.category,
        uploader=user,
        file=file,
        tags=ensure_tags(data.tags),
        semester=data.semester,
        year=data.year,
        language=data.language,
        status=MaterialStatus.PROCESSING.value,
    )
    db.session.add(material)
    db.session.flush()
    db.session.add(MaterialVersion(material_id=material.id, number=1, file=file, author=user))
    db.session.flush()
    return material


def refuse_duplicate(user: User | None, file: StoredFile) -> None:
    """Raises DuplicateFile when the bytes are here already, naming only what `user` may see."""
    known = find_by_hash(file.sha256)
    twins = [material for material in known if material.status not in OUT]
    if twins:
        raise DuplicateFile(next((m for m in twins if can_see(user, m)), None), file)


def ensure_tags(names: list[str]) -> list[Tag]:
    """The tags of these (normalised) names, made where missing."""
    for name in names:
        insert_if_absent(Tag, name=name)
    known = {tag.name: tag for tag in db.session.scalars(select(Tag).where(Tag.name.in_(names)))}
    return [known[name] for name in names]


# Views ----------------------------------------------------------------------------------------


def count_view(material: Material, user: User | None, visitor: str) -> bool:
    """Count an opening of the page, once a day for each person or browser.

    `visitor` tells browsers of unknown people apart; only its hash is kept.
    """
    if material.status != MaterialStatus.ACTIVE:
        return False
    viewer = f"u{user.id}" if user else hashlib.sha256(visitor.encode()).hexdigest()[:40]
    new = insert_if_absent(
        View,
        material_id=material.id,
        user_id=user.id if user else None,
        viewer=viewer,
        day=utcnow().date(),
        created_at=utcnow(),
    )
    if not new:
        return False
    increase = update(Material).where(Material.id == material.id)
    db.session.execute(increase.values(views=Material.views + 1))
    return True


def touch_viewed(within: timedelta) -> int:
    """Have search learn of materials that were opened lately; counts them."""
    viewed = select(View.material_id).where(View.created_at > utcnow() - within)
    query = select(Material).where(
        Material.id.in_(viewed), Material.status == MaterialStatus.ACTIVE
    )
    materials = list(db.session.scalars(query))
    for material in materials:
        material.touch()
    db.session.flush()
    return len(materials)
