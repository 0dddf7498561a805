"""A worker that stops gives back what it has in hand, and takes nothing from others."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from flask import Flask

from edu import claims
from edu.claims import ClaimLost, this_host
from edu.extensions import db, utcnow
from edu.materials.models import MaterialStatus
from edu.media import service
from jobs.materials import process_material, reconcile
from tests.conftest import make_people
from tests.samples import get_material, make_material

PROCESSING = MaterialStatus.PROCESSING


@pytest.fixture
def make_claimed(any_app: Flask, pdf_file: Path) -> Callable[..., int]:
    """Maria's file in somebody's hands: `make_claimed(claim, attempts)`."""
    maria = make_people(any_app)["maria"]

    def make(claim: str, attempts: int = 2, status: MaterialStatus = PROCESSING) -> int:
        made = make_material(
            maria,
            status,
            content=pdf_file.read_bytes(),
            claim=claim,
            attempts=attempts,
            heartbeat_at=utcnow(),
            step="text",
        )
        return made.id

    return make


def test_a_stop_gives_the_file_back_without_a_lost_attempt(
    any_app: Flask, make_claimed: Callable[..., int]
) -> None:
    with any_app.app_context():
        material_id = make_claimed("", attempts=0)
        get_material(material_id).heartbeat_at = None
        db.session.commit()
        claim = service.claim_material(material_id)
        db.session.commit()
        assert claim
        assert service.give_back_claims() == 1
        db.session.commit()
        material = get_material(material_id)
        assert (material.status, material.attempts, material.step) == (PROCESSING, 0, "queued")
        assert (material.claim, material.heartbeat_at) == ("", None)
        assert service.give_back_claims() == 0
        with pytest.raises(ClaimLost):
            service.beat(material_id, claim, "text", 50)
        db.session.rollback()
        reconcile()
        material = get_material(material_id)
        assert (material.status, material.attempts) == (MaterialStatus.ACTIVE, 1)


def test_however_often_a_worker_is_stopped_no_file_fails_by_it(
    any_app: Flask, make_claimed: Callable[..., int]
) -> None:
    with any_app.app_context():
        material_id = make_claimed("", attempts=0)
        for _stop in range(5):
            get_material(material_id).heartbeat_at = None
            db.session.commit()
            assert service.claim_material(material_id)
            service.give_back_claims()
            db.session.commit()
        process_material(material_id)
        assert get_material(material_id).status == MaterialStatus.ACTIVE


@pytest.mark.parametrize(
    "claim",
    ["{host}:{other}:x", "{host}:{own}0:x", "elsewhere:{own}:x", "{host}_:{own}:x", "%", ""],
)
def test_a_stop_takes_nothing_from_others(
    any_app: Flask, make_claimed: Callable[..., int], claim: str
) -> None:
    own = os.getpid()
    name = claim.format(host=this_host(), own=own, other=own + 1)
    with any_app.app_context():
        material_id = make_claimed(name)
        assert service.give_back_claims() == 0
        db.session.commit()
        material = get_material(material_id)
        assert (material.claim, material.attempts, material.step) == (name, 2, "text")
        assert material.heartbeat_at is not None


def test_the_wildcards_of_a_host_name_are_letters(
    any_app: Flask, make_claimed: Callable[..., int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(claims, "this_host", lambda: "lib_1%")
    with any_app.app_context():
        make_claimed(f"libx1-other:{os.getpid()}:x")
        assert service.give_back_claims() == 0


@pytest.mark.parametrize("status", [s for s in MaterialStatus if s != PROCESSING])
def test_what_is_done_is_not_given_back(
    any_app: Flask, make_claimed: Callable[..., int], status: MaterialStatus
) -> None:
    with any_app.app_context():
        material_id = make_claimed(f"{this_host()}:{os.getpid()}:x", status=status)
        assert service.give_back_claims() == 0
        assert get_material(material_id).status == status
