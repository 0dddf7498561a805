"""Edits and new files of materials: who may make them, and what they do to its state."""

from __future__ import annotations

from flask_babel import gettext as _
from sqlalchemy import func, select, update
from sqlalchemy.orm import joinedload

from edu.accounts.models import User
from edu.catalog.models import Category
from edu.errors import Conflict, Forbidden, NotFound
from edu.extensions import MAX_ID, db, find_row
from edu.materials.models import Material, MaterialStatus, MaterialVersion, StoredFile
from edu.materials.service import MaterialData, check_data, ensure_tags, refuse_duplicate
from edu.media.service import find_language, start_processing
from edu.notifications.telling import notify_waiting
from edu.permissions import Permission, may, require
from edu.storage.unused import keep_bytes

MAX_LISTED = 100


def can_edit(user: User | None, material: Material) -> bool:
    """Its uploader until it is published, its moderators always; nobody while it is deleted."""
    if material.status == MaterialStatus.ARCHIVED:
        return False
    return may(user, _edit_permission(material), material)


def _edit_permission(material: Material) -> Permission:
    return Permission.EDIT_PUBLISHED if material.was_published else Permission.EDIT


def can_replace(user: User | None, material: Material) -> bool:
    """As for an edit: what was published once comes back without review, so moderators only."""
    if material.status == MaterialStatus.ARCHIVED:
        return False
    replacing = Permission.REPLACE_FILE
    return may(user, Permission.EDIT_PUBLISHED if material.was_published else replacing, material)


def may_replace(user: User, material_id: int) -> bool:
    """Whether there is such a material and the person can give it another file."""
    material = find_row(Material, material_id)
    return material is not None and can_replace(user, material)


def require_editable(user: User | None, material: Material) -> None:
    """Raises Forbidden."""
    _refuse_deleted(material)
    if not can_edit(user, material):
        raise Forbidden(_("Only moderators of its subject can change this material now."))


def require_replaceable(user: User | None, material: Material) -> None:
    """Raises Forbidden."""
    _refuse_deleted(material)
    if not can_replace(user, material):
        raise Forbidden(_("Only moderators of its subject can replace this file now."))


def _refuse_deleted(material: Material) -> None:
    if material.status == MaterialStatus.ARCHIVED:
        raise Forbidden(_("This material is in the trash. Restore it first."))


def _begin_change(material: Material) -> None:
    """Writes first: whoever changes the same material waits, and then reads what is so now.

    What is written is what tells search of a change.
    """
    changed = update(Material).where(Material.id == material.id)
    changed = changed.values(revision=Material.revision + 1)
    db.session.execute(changed, execution_options={"synchronize_session": False})
    db.session.refresh(material)


def edit_material(
    user: User | None, material: Material, data: MaterialData, *, edition: str = ""
) -> None:
    """Change what is said of a material; a rejected one goes back into the review queue.

    `edition` is that of the material from which the change was made. Raises Forbidden,
    InvalidInput, or Conflict when somebody else has changed it since.
    """
    _begin_change(material)
    require_editable(user, material)
    data = check_data(data)
    if edition and not material.is_edition(edition):
        raise Conflict(_("Somebody has changed this material since you opened it."))
    _check_move(user, material, data.category)
    material.title, material.description = data.title, data.description
    material.type, material.category = data.type, data.category
    material.tags = ensure_tags(data.tags)
    material.semester, material.year = data.semester, data.year
    is_read = material.status != MaterialStatus.PROCESSING
    material.language = data.language or (find_language(material) if is_read else "")
    if material.status == MaterialStatus.REJECTED:
        material.status = MaterialStatus.PENDING.value
        notify_waiting(material, apart_from=user)
    db.session.flush()


def _check_move(user: User | None, material: Material, target: Category) -> None:
    """What is published goes only where the person could publish it."""
    if target.id == material.category_id or not material.was_published:
        return
    if not may(user, Permission.EDIT_PUBLISHED, category=target):
        raise Forbidden(_("You do not moderate the subject that you have chosen."))


def replace_file(user: User, material: Material, file: StoredFile) -> MaterialVersion:
    """The next version: the material is looked through anew, and keeps its address and votes.

    Raises Forbidden or DuplicateFile, Conflict while these bytes are being removed.
    """
    _begin_change(material)
    require_replaceable(user, material)
    refuse_duplicate(user, file)
    keep_bytes(file.sha256)
    numbers = select(func.max(MaterialVersion.number))
    last = db.session.scalar(numbers.where(MaterialVersion.material_id == material.id)) or 0
    version = MaterialVersion(material_id=material.id, number=last + 1, file=file, author=user)
    db.session.add(version)
    material.file = file
    start_processing(material)
    return version


def list_versions(user: User | None, material: Material) -> list[MaterialVersion]:
    """The latest versions, newest first. Raises SignInRequired or Forbidden."""
    require(user, Permission.SEE_VERSIONS, material)
    query = select(MaterialVersion).where(MaterialVersion.material_id == material.id)
    query = query.options(joinedload(MaterialVersion.file), joinedload(MaterialVersion.author))
    return list(db.session.scalars(query.order_by(MaterialVersion.number.desc()).limit(MAX_LISTED)))


def list_shown_versions(user: User | None, material: Material) -> list[MaterialVersion]:
    """Those that a page about the material shows to the person, none if they may not see them."""
    seen = may(user, Permission.SEE_VERSIONS, material)
    return list_versions(user, material) if seen else []


def get_version(user: User | None, material: Material, number: int) -> MaterialVersion:
    """Raises SignInRequired, Forbidden or NotFound."""
    require(user, Permission.SEE_VERSIONS, material)
    key = (material.id, number)
    version = db.session.get(MaterialVersion, key) if number <= MAX_ID else None
    if version is None:
        raise NotFound(_("There is no such version."))
    return version
