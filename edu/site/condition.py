"""How the installation is doing, for its administrators: work, mail, disk, index, queue.

Everything is asked of the database and of the parts themselves; no folder is walked.
"""

from __future__ import annotations

import logging
import shutil
from dataclasses import dataclass
from datetime import timedelta

from flask import current_app
from flask_babel import format_datetime, format_decimal
from flask_babel import gettext as _
from sqlalchemy import func, or_, select

from edu.accounts.models import User
from edu.admin.models import AuditEntry
from edu.assistant.models import Question, QuestionStatus
from edu.extensions import db, search_index, settings, utcnow
from edu.mail.models import LetterState
from edu.mail.service import mail_status
from edu.materials.models import KINDS, Material, MaterialStatus, StoredFile
from edu.materials.service import with_details
from edu.search.base import IndexUnavailable
from edu.search.indexing import count_pending
from edu.telegram_chats.service import find_poller, is_polling
from edu.telegram_outbox.service import outbox_status

log = logging.getLogger(__name__)
# Longer than a free worker ever lets a file wait.
UNATTENDED = timedelta(minutes=2)
DAY = timedelta(days=1)
CHECK_ACTIONS = ("index_agrees", "index_differs", "index_broken")
WORK_SHOWN = 50
LARGEST = 20
TOP_UPLOADERS = 10


@dataclass(frozen=True, slots=True)
class Sign:
    """One part of the installation: `tone` is good, warn or bad; `endpoint` tells more."""

    name: str
    tone: str
    word: str
    text: str
    endpoint: str


def read_signs() -> list[Sign]:
    """The parts in the order of how often they fail."""
    parts = (_mail_sign, _disk_sign, _index_sign, _queue_sign, _assistant_sign, _work_sign)
    signs = [look() for look in parts]
    return [*signs, _bot_sign()] if settings().telegram_token else signs


def _bot_sign() -> Sign:
    poller, name = find_poller(), _("Telegram bot")
    if poller is None or not is_polling(poller):
        text = _("The bot does not run, or cannot reach the database.")
        return Sign(name, "bad", _("Silent"), text, "admin.jobs")
    work = outbox_status()
    if work.failed or work.late:
        text = _(
            "Notifications: %(failed)s were refused, %(late)s should have gone minutes ago.",
            failed=format_decimal(work.failed),
            late=format_decimal(work.late),
        )
        return Sign(name, "warn", _("Trouble"), text, "admin.jobs")
    since = format_datetime(poller.started_at, "short")
    return Sign(name, "good", _("Fine"), _("It runs since %(time)s UTC.", time=since), "admin.jobs")


def _mail_sign() -> Sign:
    status = mail_status()
    failed, queued = status.counts[LetterState.FAILED], status.counts[LetterState.QUEUED]
    if not status.configured:
        text = _("Letters go to the log: no SMTP server is set.")
        return Sign(_("Mail"), "warn", _("Off"), text, "admin.jobs")
    text = _(
        "%(failed)s failed, %(queued)s wait.",
        failed=format_decimal(failed),
        queued=format_decimal(queued),
    )
    word = _("Trouble") if failed else _("Fine")
    return Sign(_("Mail"), "bad" if failed else "good", word, text, "admin.jobs")


@dataclass(frozen=True, slots=True)
class Disk:
    """Bytes of the disk under the data folder, and how many of them uploads leave free."""

    free: int
    total: int
    reserve: int

    @property
    def tone(self) -> str:
        """good, warn when little is left for files, bad when none is taken any more."""
        if self.free < self.reserve:
            return "bad"
        return "warn" if self.free < self.reserve + settings().max_upload_bytes * 2 else "good"


def read_disk() -> Disk:
    """The disk as it is now."""
    usage = shutil.disk_usage(settings().data_dir)
    return Disk(usage.free, usage.total, settings().min_free_bytes)


def _disk_sign() -> Sign:
    disk = read_disk()
    words = {"good": _("Fine"), "warn": _("Nearly full"), "bad": _("Full")}
    texts = {
        "good": _("There is room for files."),
        "warn": _("There is room for a few files only."),
        "bad": _("No files are taken until there is room again."),
    }
    return Sign(_("Disk"), disk.tone, words[disk.tone], texts[disk.tone], "admin.storage")


@dataclass(frozen=True, slots=True)
class IndexCondition:
    """The search index beside the database; `documents` is None when it cannot be read."""

    engine: str
    generation: int
    documents: int | None
    published: int
    pending: int
    last_check: AuditEntry | None


def read_index() -> IndexCondition:
    """What the index holds, and what it should."""
    index, generation, documents = search_index(), 0, None
    try:
        generation, documents = index.generation(), len(index.ids())
    except IndexUnavailable as error:
        log.warning("the search index cannot be read: %s", error)
    published = select(func.count()).where(Material.status == MaterialStatus.ACTIVE)
    checks = select(AuditEntry).where(AuditEntry.action.in_(CHECK_ACTIONS))
    return IndexCondition(
        engine=type(index).__name__.removesuffix("Index"),
        generation=generation,
        documents=documents,
        published=db.session.scalar(published) or 0,
        pending=count_pending(),
        last_check=db.session.scalar(checks.order_by(AuditEntry.id.desc()).limit(1)),
    )


def _index_sign() -> Sign:
    index = read_index()
    name, endpoint = _("Search index"), "admin.index_state"
    if index.documents is None:
        return Sign(name, "bad", _("Broken"), _("It is built anew within a minute."), endpoint)
    if index.pending:
        text = _("%(number)s changes wait.", number=format_decimal(index.pending))
        return Sign(name, "warn", _("Catching up"), text, endpoint)
    if index.documents != index.published:
        return Sign(name, "warn", _("Differs"), _("It differs from the database."), endpoint)
    return Sign(name, "good", _("Fine"), _("It has everything that is published."), endpoint)


def queue_length() -> int | None:
    """How many messages wait; None when the queue does not answer."""
    try:
        return int(current_app.extensions["edu.queue"].check())
    except Exception:  # Redis's, SQLite's or the network's: the page says that it does not answer
        log.exception("queue: does not answer")
        return None


def _queue_sign() -> Sign:
    length = queue_length()
    if length is None:
        text = _("New work is found in the database once it answers again.")
        return Sign(_("Queue"), "bad", _("Silent"), text, "admin.jobs")
    text = _("%(number)s messages wait.", number=format_decimal(length))
    return Sign(_("Queue"), "good", _("Fine"), text, "admin.jobs")


@dataclass(frozen=True, slots=True)
class AssistantWork:
    """Questions that wait and are answered; those of a day that failed, or the model did not
    answer. `is_stuck`: they wait for minutes and nobody answers any.
    """

    waiting: int
    answering: int
    failed: int
    without_model: int
    is_stuck: bool


def read_assistant() -> AssistantWork:
    """What the assistant has to do, and how it went for a day."""
    status, now = Question.status, utcnow()
    silent = now - UNATTENDED
    open_ones = select(
        func.count().filter(status == QuestionStatus.WAITING),
        func.count().filter(status == QuestionStatus.ANSWERING, Question.heartbeat_at >= silent),
        func.min(Question.created_at).filter(status == QuestionStatus.WAITING),
    ).where(status.in_([QuestionStatus.WAITING, QuestionStatus.ANSWERING]))
    waiting, answering, oldest = db.session.execute(open_ones).one()
    failed = status == QuestionStatus.FAILED
    ended = select(
        func.count().filter(failed), func.count().filter(~failed, Question.error != "")
    ).where(Question.started_at >= now - DAY)
    lost, without_model = db.session.execute(ended).one()
    is_stuck = waiting > 0 and not answering and oldest < silent
    return AssistantWork(waiting, answering, lost, without_model, is_stuck)


def _assistant_sign() -> Sign:
    work, name, endpoint = read_assistant(), _("Assistant"), "admin.jobs"
    waiting = format_decimal(work.waiting)
    if work.is_stuck:
        text = _("%(number)s questions wait. Is the assistant's worker running?", number=waiting)
        return Sign(name, "bad", _("Stuck"), text, endpoint)
    if work.failed or work.without_model:
        text = _(
            "Questions of a day: %(failed)s failed, %(number)s were answered without the model.",
            failed=format_decimal(work.failed),
            number=format_decimal(work.without_model),
        )
        return Sign(name, "warn", _("Failures"), text, endpoint)
    return Sign(name, "good", _("Fine"), _("%(number)s questions wait.", number=waiting), endpoint)


def count_unattended() -> int:
    """Materials that nobody has touched for a while: the worker is down, or has too much to do."""
    limit = utcnow() - UNATTENDED
    query = select(func.count()).where(
        Material.status == MaterialStatus.PROCESSING,
        Material.created_at < limit,
        or_(Material.heartbeat_at.is_(None), Material.heartbeat_at < limit),
    )
    return db.session.scalar(query) or 0


def _work_sign() -> Sign:
    failed, waiting = count_statuses()[MaterialStatus.FAILED], count_unattended()
    name, endpoint = _("Processing"), "admin.jobs"
    if waiting:
        text = _("%(number)s files wait. Is the worker running?", number=format_decimal(waiting))
        return Sign(name, "bad", _("Stuck"), text, endpoint)
    if failed:
        text = _("%(number)s files could not be read.", number=format_decimal(failed))
        return Sign(name, "warn", _("Failures"), text, endpoint)
    return Sign(name, "good", _("Fine"), _("No file has failed."), endpoint)


# Numbers --------------------------------------------------------------------------------------


def count_statuses() -> dict[MaterialStatus, int]:
    """Materials by state, every state named."""
    query = select(Material.status, func.count()).group_by(Material.status)
    counts = {row[0]: row[1] for row in db.session.execute(query)}
    return {status: counts.get(status.value, 0) for status in MaterialStatus}


@dataclass(frozen=True, slots=True)
class PeopleCount:
    """Everybody with an account, and those among them."""

    everybody: int
    moderators: int
    administrators: int
    blocked: int


def count_people() -> PeopleCount:
    """Deleted accounts do not count."""
    kept = User.deleted_at.is_(None)
    roles = select(User.role, func.count()).where(kept).group_by(User.role)
    counts = {row[0]: row[1] for row in db.session.execute(roles)}
    blocked = select(func.count()).where(kept, User.blocked_at.is_not(None))
    return PeopleCount(
        everybody=sum(counts.values()),
        moderators=counts.get("moderator", 0),
        administrators=counts.get("admin", 0),
        blocked=db.session.scalar(blocked) or 0,
    )


def list_in_work() -> list[Material]:
    """What is being processed or waits for it, the oldest first."""
    query = select(Material).where(Material.status == MaterialStatus.PROCESSING)
    return list(db.session.scalars(with_details(query.order_by(Material.id).limit(WORK_SHOWN))))


# Storage --------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Use:
    """How much of something lies in the storage."""

    name: str
    files: int
    size: int


@dataclass(frozen=True, slots=True)
class StorageUse:
    """What the storage holds, by kind and by person; bytes that are there twice count once."""

    kinds: list[Use]
    thumbnails: int
    uploaders: list[tuple[int, Use]]
    largest: list[Material]

    @property
    def files(self) -> int:
        """How many files there are."""
        return sum(kind.files for kind in self.kinds)

    @property
    def size(self) -> int:
        """Bytes of all files; thumbnails are small and not counted."""
        return sum(kind.size for kind in self.kinds)


def read_storage() -> StorageUse:
    """Files of all materials, older versions included."""
    thumbnails = select(func.count(StoredFile.sha256.distinct())).where(StoredFile.has_thumbnail)
    largest = select(Material).join(StoredFile, StoredFile.id == Material.file_id)
    largest = largest.order_by(StoredFile.size.desc(), Material.id).limit(LARGEST)
    return StorageUse(
        kinds=_by_kind(),
        thumbnails=db.session.scalar(thumbnails) or 0,
        uploaders=_by_uploader(),
        largest=list(db.session.scalars(with_details(largest))),
    )


def _by_kind() -> list[Use]:
    bytes_once = select(StoredFile.sha256, StoredFile.media_type, StoredFile.size).distinct()
    once = bytes_once.subquery()
    query = select(once.c.media_type, func.count(), func.sum(once.c.size)).group_by(
        once.c.media_type
    )
    found = {row[0]: (row[1], int(row[2])) for row in db.session.execute(query)}
    return [Use(kind, *found.get(media_type, (0, 0))) for media_type, kind in KINDS.items()]


def _by_uploader() -> list[tuple[int, Use]]:
    size = func.sum(StoredFile.size)
    query = (
        select(User.id, User.name, func.count(), size)
        .join(Material, Material.uploader_id == User.id)
        .join(StoredFile, StoredFile.id == Material.file_id)
        .group_by(User.id, User.name)
        .order_by(size.desc(), User.id)
        .limit(TOP_UPLOADERS)
    )
    return [(row[0], Use(row[1], row[2], int(row[3]))) for row in db.session.execute(query)]
