"""Alice's materials, and browsers of those who change them."""

from __future__ import annotations

import pytest
from flask import Flask
from flask.testing import FlaskClient

from edu.accounts.models import User
from edu.extensions import db
from edu.materials.models import MaterialStatus
from edu.tree.service import ensure_category
from tests.conftest import sign_in
from tests.samples import confine, make_category, make_material


@pytest.fixture
def subjects(app: Flask, people: dict[str, int]) -> dict[str, int]:
    """Ids of «матан», which Maria reviews, of a part of it, and of another subject."""
    with app.app_context():
        matan = make_category()
        part = ensure_category("Ряды", matan, slug="ryady")
        physics = ensure_category("Физика", slug="fizika")
        confine(db.session.get_one(User, people["maria"]), matan)
        return {"matan": matan.id, "part": part.id, "physics": physics.id}


@pytest.fixture
def own(app: Flask, people: dict[str, int], subjects: dict[str, int]) -> dict[str, int]:
    """Ids of a material of Alice in each state, in «матан»."""
    with app.app_context():
        return {
            status.value: make_material(
                people["alice"],
                status,
                title=f"It is {status}",
                text="Старый текст",
                reject_reason="Скан нечёткий" if status == MaterialStatus.REJECTED else "",
                error="broken" if status == MaterialStatus.FAILED else "",
            ).id
            for status in MaterialStatus
        }


@pytest.fixture
def alice(app: Flask, people: dict[str, int]) -> FlaskClient:
    return sign_in(app.test_client(), "alice")


@pytest.fixture
def charlie(app: Flask, people: dict[str, int]) -> FlaskClient:
    return sign_in(app.test_client(), "charlie")


@pytest.fixture
def maria(app: Flask, people: dict[str, int]) -> FlaskClient:
    return sign_in(app.test_client(), "maria")
