"""The pages of the trash, as forms without scripts send them."""

from __future__ import annotations

import re

import pytest

from edu.accounts.models import User
from edu.extensions import db
from edu.materials.models import Material, MaterialStatus
from edu.trash.models import TrashEntry
from tests.conftest import MakeApp, sign_in
from tests.samples import get_material
from tests.trash.conftest import Sign, World, _fill, grow_old


def status_of(world: World, material_id: int) -> str:
    with world.app.app_context():
        return get_material(material_id).status


def test_from_the_page_into_the_trash_and_back(world: World, sign: Sign) -> None:
    number, alice = world.own["pending"], sign("alice")
    page = f"/materials/{number}"
    assert f'href="{page}/delete"' in alice.get(page).text
    ask = alice.get(f"{page}/delete").text
    assert "For 30 days" in ask
    assert 'name="reason"' not in ask
    assert status_of(world, number) == "pending"
    answer = alice.post(f"{page}/delete")
    assert (answer.status_code, answer.location) == (303, "/me/uploads")
    told = alice.get("/me/uploads").text
    assert re.search(rf'is in the trash until .+ <a href="{page}">Undo</a>', told)
    banner = alice.get(page).text
    assert "In the trash until" in banner
    for gone in ("/delete", "/edit", "/replace"):
        assert f'href="{page}{gone}"' not in banner
    assert f'action="{page}/restore"' in banner
    assert alice.post(f"{page}/delete").status_code == 409
    answer = alice.post(f"{page}/restore")
    assert (answer.status_code, answer.location) == (303, page)
    assert status_of(world, number) == "pending"
    assert alice.post(f"{page}/restore").status_code == 404


def test_a_moderator_gives_a_reason(world: World, sign: Sign) -> None:
    number, maria = world.own["active"], sign("maria")
    assert 'name="reason"' in maria.get(f"/materials/{number}/delete").text
    answer = maria.post(f"/materials/{number}/delete", data={"reason": "Чужое <b>"})
    assert (answer.status_code, answer.location) == (303, "/subjects/matan")
    alice = sign("alice")
    for page in (f"/materials/{number}", "/trash"):
        shown = alice.get(page).text
        assert "Чужое &lt;b&gt;" in shown
        assert "Maria" in shown
        assert "/restore" not in shown
        assert "/purge" not in shown
    assert alice.post(f"/materials/{number}/restore").status_code == 403
    assert alice.post(f"/trash/{number}/purge").status_code == 403
    for name in ("charlie", "boris"):
        browser = sign(name)
        assert browser.get(f"/materials/{number}").status_code == 404
        assert "The trash is empty" in browser.get("/trash").text
    assert status_of(world, number) == MaterialStatus.ARCHIVED


def test_for_good(world: World, sign: Sign) -> None:
    with world.app.app_context():
        number = world.delete("pending")
    alice = sign("alice")
    shown = alice.get("/trash").text
    assert "30 days left" in shown
    # The step between stands in the page itself, also without scripts.
    assert "Delete “It is pending” for good?" in shown
    assert "<details" in shown
    answer = alice.post(f"/trash/{number}/purge")
    assert (answer.status_code, answer.location) == (303, "/trash")
    assert alice.get(f"/materials/{number}").status_code == 404
    assert alice.post(f"/trash/{number}/purge").status_code == 404
    with world.app.app_context():
        assert db.session.get(Material, number) is None


def test_the_days_left_run_out(world: World, sign: Sign) -> None:
    with world.app.app_context():
        world.delete("pending")
        grow_old(28.5)
        alice = sign("alice")
        assert "2 days left" in alice.get("/trash").text
        grow_old(29.5)
        assert "goes within a day" in alice.get("/trash").text


def test_what_was_processed_begins_anew(world: World, sign: Sign) -> None:
    with world.app.app_context():
        number = world.delete("failed")
    answer = sign("alice").post(f"/materials/{number}/restore")
    assert answer.status_code == 303
    # The file is none that can be read: that it failed anew shows that it was tried.
    with world.app.app_context():
        material = get_material(number)
        assert (material.status, bool(material.error)) == ("failed", True)


def test_links_and_numbers(world: World, sign: Sign) -> None:
    with world.app.app_context():
        world.delete("active", by="maria")
        world.delete("pending")
    link = re.compile(r'href="/trash"[^>]*>Trash <span class="muted">(\d+)</span>')
    for name, page in (("alice", "/me/uploads"), ("maria", "/moderation"), ("maria", "/trash")):
        found = link.search(sign(name).get(page).text)
        assert found, (name, page)
        assert found[1] == "2"


def test_the_trash_comes_in_pages(make_app: MakeApp) -> None:
    app = make_app(PER_PAGE="2", TRASH_DAYS="7", UPLOAD_QUOTA_MB="5")
    app.config["WTF_CSRF_ENABLED"] = False
    world = _fill(app)
    with app.app_context():
        for state in ("pending", "rejected", "failed"):
            world.delete(state)
    alice = sign_in(app.test_client(), "alice")
    first, second = (alice.get(f"/trash?page={n}").text for n in (1, 2))
    assert ("It is failed" in first, "It is failed" in second) == (True, False)
    assert ("It is pending" in first, "It is pending" in second) == (False, True)
    assert "for 7 days" in first
    assert "counts toward the room" in first


def test_an_heir_restores_what_the_giver_has_deleted(world: World) -> None:
    from edu.privacy.service import _give_trash

    with world.app.app_context():
        number = world.delete("pending")
        alice, charlie = world.person("alice"), world.person("charlie")
        get_material(number).uploader = charlie
        _give_trash(alice, charlie, [number])
        db.session.commit()
        entry = db.session.get_one(TrashEntry, number)
        assert entry.deleted_by_id == world.people["charlie"]
        assert isinstance(charlie, User)


@pytest.mark.parametrize("path", ["/trash", "/materials/1/delete"])
def test_strangers_sign_in_first(world: World, path: str) -> None:
    answer = world.app.test_client().get(path)
    assert answer.status_code in (302, 303)
    assert answer.location.startswith("/login")
