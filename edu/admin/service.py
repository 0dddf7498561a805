"""What administrators do: people and their roles, the site's settings, and the record of it all."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime

from flask_babel import gettext as _
from sqlalchemy import ColumnElement, delete, or_, select
from sqlalchemy.orm import joinedload

from edu.accounts import service as accounts
from edu.accounts.models import Role, User
from edu.admin.models import AuditEntry, SiteSetting
from edu.assistant.models import Question, QuestionStatus
from edu.assistant.service import failure_message
from edu.catalog.models import Category
from edu.errors import Conflict, InvalidInput, NotFound
from edu.extensions import db, find_row, settings
from edu.mail import service as mail
from edu.mail.models import Letter, LetterState
from edu.materials.models import Material, MaterialStatus
from edu.materials.service import CURABLE, can_retry, with_details
from edu.media.service import retry_material
from edu.permissions import Permission, require
from edu.registration.service import ask_recovery
from edu.second_factor.service import reset_second_factor
from edu.site.audit import record
from edu.site.database import lock_table
from edu.site.paging import Listing, list_page
from edu.site.settings import SiteSettings, forget_site_settings, site_settings
from edu.streams import service as streams
from edu.streams.models import StreamStatus

MAX_SEARCH = 100
MAX_SITE_NAME = 60
MAX_ANNOUNCEMENT = 300
MAX_DOMAINS = 50
MAX_RETRIES = 200  # with one press of the button
LOCALES = ("ru", "en")
STATES = ("active", "blocked")
PER_PAGE = 50
DOMAIN = re.compile(r"[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)+")


# People ---------------------------------------------------------------------------------------


def list_people(
    actor: User, text: str = "", *, role: str = "", state: str = "", page: int = 1
) -> Listing[User]:
    """People whose name or address holds `text`, the youngest account first. Raises Forbidden."""
    require(actor, Permission.MANAGE_PEOPLE)
    query = select(User).where(User.deleted_at.is_(None)).order_by(User.id.desc())
    for spelling in _spellings(" ".join(text.split())[:MAX_SEARCH]):
        query = query.where(spelling)
    if role in set(Role):
        query = query.where(User.role == role)
    if state in STATES:
        blocked = User.blocked_at.is_not(None)
        query = query.where(blocked if state == "blocked" else ~blocked)
    return list_page(query, page, PER_PAGE)


def _spellings(text: str) -> list[ColumnElement[bool]]:
    if not text:
        return []
    # SQLite tells large letters from small in every script but Latin.
    variants = dict.fromkeys((text, text.lower(), text.upper(), text.title()))
    names = [User.name.contains(variant, autoescape=True) for variant in variants]
    return [or_(User.email.contains(text.lower(), autoescape=True), *names)]


def get_person(actor: User, user_id: int) -> User:
    """Raises Forbidden, or NotFound, also for who has deleted the account."""
    require(actor, Permission.MANAGE_PEOPLE)
    person = find_row(User, user_id)
    if person is None or person.deleted_at is not None:
        raise NotFound(_("There is no such person."))
    return person


def change_role(
    actor: User, person: User, role: Role, subjects: Sequence[Category] | None = None
) -> None:
    """Give a role; a moderator gets these subjects with all below them, or (None) the whole tree.

    Raises Forbidden, InvalidInput, or Conflict when nobody would be left to administer the site.
    """
    _lock_people(actor)
    before = describe_role(person)
    if role != Role.ADMIN:
        _refuse_oneself(actor, person)
        require_other_admin(person)
    confined = role == Role.MODERATOR and subjects is not None
    topmost = _topmost(subjects or ()) if confined else []
    if confined and not topmost:
        raise InvalidInput(_("Choose at least one subject."), field="subjects")
    accounts.set_role(person, role, topmost)
    if before != describe_role(person):
        _note(actor, "role_changed", person, f"{before} → {describe_role(person)}")


def describe_role(person: User) -> str:
    """The role in words for the record: `moderator (matan, fizika)`."""
    if person.role != Role.MODERATOR or person.moderates_all:
        return person.role
    paths = sorted(subject.category.path for subject in person.moderated)
    return f"{person.role} ({', '.join(paths)})"


def _topmost(subjects: Sequence[Category]) -> list[Category]:
    """Without those that lie below another one, which they come with."""
    chosen = {subject.id: subject for subject in subjects}
    return [
        subject
        for subject in chosen.values()
        if not any(step.id in chosen for step in subject.trail[:-1])
    ]


def _lock_people(actor: User) -> None:
    require(actor, Permission.MANAGE_PEOPLE)
    lock_table(User)
    require(actor, Permission.MANAGE_PEOPLE)  # which somebody may have taken away in this moment


def _refuse_oneself(actor: User, person: User) -> None:
    if person.id == actor.id:
        raise Conflict(_("You cannot take away your own rights. Ask another administrator."))


def require_other_admin(person: User) -> None:
    """Raises Conflict when this is the last administrator who can sign in.

    Lock the table of users first: two administrators may take each other's rights away at once.
    """
    others = select(User.id).where(
        User.role == Role.ADMIN.value,
        User.blocked_at.is_(None),
        User.deleted_at.is_(None),
        User.id != person.id,
    )
    if person.is_admin and db.session.scalar(others.limit(1)) is None:
        raise Conflict(_("This is the last administrator. Appoint another one first."))


def block_person(actor: User, person: User, *, blocked: bool) -> None:
    """Keep a person out, or let them in again; all sessions end. Raises Forbidden or Conflict."""
    _lock_people(actor)
    if blocked:
        _refuse_oneself(actor, person)
        require_other_admin(person)
    accounts.block_user(person, blocked=blocked)
    _note(actor, "blocked" if blocked else "unblocked", person)


def send_recovery(actor: User, person: User) -> None:
    """Write to the person how to set a new password. Raises Forbidden or Conflict."""
    require(actor, Permission.MANAGE_PEOPLE)
    if not person.is_active:
        raise Conflict(_("This person is blocked. Unblock them first."))
    ask_recovery(person.email)
    _note(actor, "recovery_sent", person)


def remove_second_factor(actor: User, person: User) -> None:
    """For a lost telephone: signing in asks for no code any more. Raises Forbidden."""
    require(actor, Permission.MANAGE_PEOPLE)
    reset_second_factor(person)
    _note(actor, "second_factor_reset", person)


def sign_out_person(actor: User, person: User) -> None:
    """End all sessions of browsers and programs. Raises Forbidden."""
    require(actor, Permission.MANAGE_PEOPLE)
    accounts.end_sessions(person)
    _note(actor, "sessions_ended", person)


def _note(actor: User, action: str, person: User, details: str = "") -> None:
    record(actor, action, f"user:{person.id}", details)
    db.session.flush()


# Settings of the site -------------------------------------------------------------------------


def change_site_settings(actor: User, wanted: SiteSettings) -> None:
    """Keep what differs from the installation's own values. Raises Forbidden or InvalidInput."""
    require(actor, Permission.MANAGE_SITE)
    wanted = _check_settings(wanted)
    lock_table(SiteSetting)
    forget_site_settings()
    before = asdict(site_settings())
    own = {"name": settings().site_name, "default_locale": settings().default_locale}
    values = {"registration_open": "1" if wanted.registration_open else "0"}
    values |= {"name": wanted.name, "default_locale": wanted.default_locale}
    values |= {"email_domains": " ".join(wanted.email_domains), "announcement": wanted.announcement}
    own |= {"registration_open": "1", "email_domains": "", "announcement": ""}
    db.session.execute(delete(SiteSetting).where(SiteSetting.name.in_(values)))
    changed = {name: value for name, value in values.items() if value != own[name]}
    db.session.add_all(SiteSetting(name=name, value=value) for name, value in changed.items())
    after = asdict(wanted)
    for name in (name for name in after if before[name] != after[name]):
        record(actor, "setting_changed", f"setting:{name}", f"{before[name]} → {after[name]}")
    db.session.flush()
    forget_site_settings()


def _check_settings(wanted: SiteSettings) -> SiteSettings:
    name = " ".join(wanted.name.split())
    if not 1 <= len(name) <= MAX_SITE_NAME:
        text = _("The name needs %(min)d to %(max)d characters.", min=1, max=MAX_SITE_NAME)
        raise InvalidInput(text, field="name")
    announcement = " ".join(wanted.announcement.split())
    if len(announcement) > MAX_ANNOUNCEMENT:
        raise InvalidInput(_("The announcement is too long."), field="announcement")
    if wanted.default_locale not in LOCALES:
        raise InvalidInput(_("Choose a language."), field="default_locale")
    domains = tuple(dict.fromkeys(_check_domain(domain) for domain in wanted.email_domains))
    if len(domains) > MAX_DOMAINS:
        raise InvalidInput(_("At most %(n)d domains, please.", n=MAX_DOMAINS), field="domains")
    return SiteSettings(
        name, wanted.registration_open, domains, wanted.default_locale, announcement
    )


def _check_domain(domain: str) -> str:
    domain = domain.strip().removeprefix("@").lower()
    if not DOMAIN.fullmatch(domain) or len(domain) > 253:
        text = _("“%(domain)s” is not a domain such as example.org.", domain=domain[:60])
        raise InvalidInput(text, field="domains")
    return domain


# Work that has failed -------------------------------------------------------------------------


def list_failed(actor: User, page: int) -> Listing[Material]:
    """Materials that could not be processed, the youngest first. Raises Forbidden."""
    require(actor, Permission.MANAGE_SITE)
    query = select(Material).where(Material.status == MaterialStatus.FAILED)
    return list_page(with_details(query.order_by(Material.id.desc())), page, PER_PAGE)


def retry_one(actor: User, material_id: int) -> Material:
    """Start over one that has failed. Raises Forbidden, NotFound or Conflict."""
    require(actor, Permission.MANAGE_SITE)
    material = find_row(Material, material_id)
    if material is None:
        raise NotFound(_("There is no such material."))
    if not can_retry(actor, material):
        raise Conflict(_("Another try cannot cure this."))
    retry_material(material)
    record(actor, "material_retried", f"material:{material.id}")
    db.session.flush()
    return material


def retry_all(actor: User) -> list[int]:
    """Start over what another try can cure, MAX_RETRIES at most; the ids. Raises Forbidden."""
    require(actor, Permission.MANAGE_SITE)
    query = select(Material).where(
        Material.status == MaterialStatus.FAILED, Material.error.in_(CURABLE)
    )
    materials = list(db.session.scalars(query.order_by(Material.id).limit(MAX_RETRIES)))
    for material in materials:
        retry_material(material)
    if materials:
        record(actor, "materials_retried", "materials", str(len(materials)))
    db.session.flush()
    return [material.id for material in materials]


def list_streams(actor: User, page: int, *statuses: StreamStatus) -> Listing[Material]:
    """Videos whose conversion stands so, the youngest first. Raises Forbidden."""
    require(actor, Permission.MANAGE_SITE)
    return list_page(with_details(streams.streams_in(*statuses)), page, PER_PAGE)


def retry_stream(actor: User, material_id: int) -> Material:
    """Convert a video once more. Raises Forbidden, NotFound or Conflict."""
    require(actor, Permission.MANAGE_SITE)
    material = find_row(Material, material_id)
    if material is None:
        raise NotFound(_("There is no such material."))
    streams.retry_stream(actor, material)
    record(actor, "stream_retried", f"material:{material.id}")
    db.session.flush()
    return material


def list_unsent(actor: User, page: int) -> Listing[Letter]:
    """Letters that have not gone out, those that failed before those that wait."""
    require(actor, Permission.MANAGE_SITE)
    failed = Letter.state == LetterState.FAILED
    query = select(Letter).where(Letter.state.not_in([LetterState.SENT, LetterState.LOGGED]))
    return list_page(query.order_by(failed.desc(), Letter.id.desc()), page, PER_PAGE)


def retry_letter(actor: User, letter_id: int) -> None:
    """Send a failed letter once more. Raises Forbidden, NotFound or Conflict."""
    require(actor, Permission.MANAGE_SITE)
    letter = find_row(Letter, letter_id)
    if letter is None:
        raise NotFound(_("There is no such letter."))
    mail.retry_letter(letter)
    record(actor, "letter_retried", f"letter:{letter.id}")
    db.session.flush()


@dataclass(frozen=True, slots=True)
class FailedQuestion:
    """A question without an answer. What was asked is the person's own affair."""

    id: int
    person: str
    attempts: int
    created_at: datetime
    error: str

    @property
    def reason(self) -> str:
        """Why there is none."""
        return failure_message(self.error)


def list_failed_questions(actor: User, limit: int = 20) -> list[FailedQuestion]:
    """The last questions that found no answer. Raises Forbidden."""
    require(actor, Permission.MANAGE_SITE)
    query = (
        select(Question.id, User.name, Question.attempts, Question.created_at, Question.error)
        .join(User, User.id == Question.user_id)
        .where(Question.status == QuestionStatus.FAILED)
    )
    rows = db.session.execute(query.order_by(Question.id.desc()).limit(limit))
    return [FailedQuestion(*row) for row in rows]


# The record -----------------------------------------------------------------------------------


def list_acts(actor: User, page: int) -> Listing[AuditEntry]:
    """What administrators have done, the last first. Raises Forbidden."""
    require(actor, Permission.MANAGE_SITE)
    query = select(AuditEntry).options(joinedload(AuditEntry.actor))
    return list_page(query.order_by(AuditEntry.id.desc()), page, PER_PAGE)


def list_acts_on(actor: User, person: User, limit: int = 20) -> list[AuditEntry]:
    """What has been done to this person, the last first. Raises Forbidden."""
    require(actor, Permission.MANAGE_PEOPLE)
    query = select(AuditEntry).where(AuditEntry.subject == f"user:{person.id}")
    query = query.options(joinedload(AuditEntry.actor)).order_by(AuditEntry.id.desc())
    return list(db.session.scalars(query.limit(limit)))


def name_subjects(entries: Sequence[AuditEntry]) -> dict[str, str]:
    """The present names of the people in these entries, by `user:12`."""
    ids = [int(e.subject[5:]) for e in entries if re.fullmatch(r"user:\d+", e.subject)]
    rows = db.session.execute(select(User.id, User.name).where(User.id.in_(ids)))
    return {f"user:{row.id}": row.name for row in rows}
