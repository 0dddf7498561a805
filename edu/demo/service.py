"""The demo library: a subject tree, accounts whose passwords are printed, and materials to try."""

from __future__ import annotations

import tempfile
from pathlib import Path

from sqlalchemy import delete, select, update

from edu.accounts.models import Role, User
from edu.accounts.service import create_user, end_sessions, find_user
from edu.assets import DIST
from edu.catalog.service import find_category
from edu.demo.texts import MaterialSpec, demo_materials
from edu.extensions import db, settings
from edu.materials.models import Material, MaterialStatus
from edu.materials.service import MaterialData, accept_file, find_by_hash, upload_material
from edu.ratings.models import Rating
from edu.ratings.service import rate_material
from edu.storage.incoming import copy_in

PASSWORD = "konspekt-demo"  # noqa: S105  # printed to everybody on purpose; see check_start
ACCOUNTS = {
    "alice": ("alice@example.org", "Алиса Студентова", Role.USER),
    "boris": ("boris@example.org", "Борис Первокурсник", Role.USER),
    "vera": ("vera@example.org", "Вера Отличница", Role.USER),
    "teacher": ("teacher@example.org", "Пётр Семёнович Лекторов", Role.MODERATOR),
    "maria": ("maria@example.org", "Мария Модератор", Role.MODERATOR),
    "admin": ("admin@example.org", "Администратор", Role.ADMIN),
}


def ensure_accounts() -> dict[str, User]:
    """Make the demo accounts that are missing."""
    return {
        key: find_user(email) or create_user(email, PASSWORD, name, role=role, demo=True)
        for key, (email, name, role) in ACCOUNTS.items()
    }


def add_materials() -> list[Material]:
    """Write the demo files and upload those that the library lacks; they are in `processing`."""
    people = ensure_accounts()
    with tempfile.TemporaryDirectory() as folder:
        added = [_add(spec, people, Path(folder)) for spec in demo_materials()]
    return [material for material in added if material is not None]


def _add(spec: MaterialSpec, people: dict[str, User], folder: Path) -> Material | None:
    from edu.demo.render import render_material  # fpdf would cost every start half a second

    path = render_material(spec, folder, DIST / "fonts")
    incoming = copy_in(path, settings().data_dir / "incoming")
    try:
        if find_by_hash(incoming.sha256):
            return None
        category = find_category(spec.category_path)
        if category is None:
            raise LookupError(f"{spec.slug}: no category {spec.category_path}")
        said = spec.title, spec.description, spec.tags, spec.type
        data = MaterialData(*said, category, spec.semester, spec.year)
        return upload_material(people[spec.uploader], data, accept_file(incoming))
    finally:
        incoming.path.unlink(missing_ok=True)


def rate_materials() -> int:
    """Give the demo votes to what is published by now; counts the new ones."""
    people, given = ensure_accounts(), 0
    by_title = {spec.title: spec for spec in demo_materials()}
    query = select(Material).where(
        Material.title.in_(by_title), Material.status == MaterialStatus.ACTIVE
    )
    for material in db.session.scalars(query):
        for name, stars in by_title[material.title].ratings.items():
            person = people[name]
            known = db.session.get(Rating, (material.id, person.id))
            if known is None and person.id != material.uploader_id:
                rate_material(person, material, stars)
                given += 1
    return given


def is_empty() -> bool:
    """Whether nobody has used this installation yet."""
    return db.session.scalar(select(User.id).limit(1)) is None


def remove_accounts() -> int:
    """Close the demo accounts for good: no sign-in, no demo mark; their materials stay."""
    people = list(db.session.scalars(select(User).where(User.is_demo)))
    ids = [person.id for person in people]
    db.session.execute(delete(Rating).where(Rating.user_id.in_(ids)))
    closed = {"is_demo": False, "role": Role.USER.value, "password_hash": ""}
    db.session.execute(update(User).where(User.id.in_(ids)).values(**closed))
    for person in people:
        db.session.refresh(person)
        person.blocked_at = person.created_at
        person.email = f"removed-{person.id}@demo.invalid"
        end_sessions(person)
    db.session.flush()
    return len(people)


def list_accounts() -> list[tuple[str, str, str]]:
    """E-mail, name and role of each demo account."""
    query = select(User.email, User.name, User.role).where(User.is_demo).order_by(User.id)
    return [(row.email, row.name, row.role) for row in db.session.execute(query)]


def sign_in_hints() -> list[tuple[str, str]]:
    """E-mail and password of the demo accounts, for the sign-in page of a demo start."""
    return [(email, PASSWORD) for email, _name, _role in list_accounts()]
