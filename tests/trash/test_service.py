"""Into the trash and out of it: who may, what stays, who is told."""

from __future__ import annotations

import pytest

from edu.accounts.models import User
from edu.claims import ClaimLost
from edu.collections.service import add_item, create_collection, list_items
from edu.demand import service as demand
from edu.errors import Conflict, Forbidden, InvalidInput, NotFound
from edu.extensions import db, search_index, utcnow
from edu.mail.models import Letter
from edu.materials.models import MaterialStatus
from edu.materials.service import can_see
from edu.media import service as media
from edu.moderation.service import approve_material
from edu.notifications.delivery import deliver_to
from edu.notifications.models import Notification
from edu.ratings.service import rate_material
from edu.search.service import SearchInput, find_materials
from edu.streams.service import SHOWN
from edu.trash import service
from edu.trash.models import TrashEntry
from edu.versions import service as versions
from jobs.search import update_index
from tests.keeping import all_at_once
from tests.samples import get_material
from tests.trash.conftest import Sign, World

UNPUBLISHED = ("processing", "failed", "pending", "rejected")


def found(text: str) -> list[int]:
    return [hit.material.id for hit in find_materials(SearchInput(text=text)).items]


# Who ------------------------------------------------------------------------------------------


def test_who_deletes_what(world: World) -> None:
    with world.app.app_context():
        may = {
            name: {
                state
                for state, number in world.own.items()
                if service.can_delete(world.person(name), get_material(number))
            }
            for name in world.people
        }
    every = {*UNPUBLISHED, "active"}
    assert may == {
        "alice": set(UNPUBLISHED),
        "maria": every,
        "anna": every,
        "boris": set(),
        "charlie": set(),
    }


def test_what_was_published_once_is_not_the_uploaders_to_delete(world: World) -> None:
    with world.app.app_context():
        again = get_material(world.own["processing"])  # with another file, say
        again.published_at = utcnow()
        assert not service.can_delete(world.person("alice"), again)
        with pytest.raises(Forbidden):
            service.delete_material(world.person("alice"), again)
        db.session.rollback()
        assert get_material(world.own["processing"]).status == "processing"


def test_an_uploader_leaves_alone_what_a_moderator_has_deleted(world: World) -> None:
    with world.app.app_context():
        number = world.delete("pending", by="maria")
        for act in (service.restore_material, service.purge_now):
            with pytest.raises(Forbidden):
                act(world.person("alice"), number)
        assert get_material(number).status == MaterialStatus.ARCHIVED
        for name in ("boris", "charlie"):
            with pytest.raises(NotFound):
                service.restore_material(world.person(name), number)
        assert service.restore_material(world.person("anna"), number).status == "pending"


def test_each_sees_the_own_trash(world: World) -> None:
    with world.app.app_context():
        pending, active = world.delete("pending"), world.delete("active", by="maria")
        seen = {
            name: {
                one.entry.material_id: one.may_restore
                for one in service.list_trash(world.person(name), 1).items
            }
            for name in world.people
        }
        counts = {name: service.count_trash(world.person(name)) for name in world.people}
    both = {pending: True, active: True}
    assert seen == {
        "alice": {pending: True, active: False},
        "maria": both,
        "anna": both,
        "boris": {},
        "charlie": {},
    }
    assert counts == {name: len(one) for name, one in seen.items()}


# In and out -----------------------------------------------------------------------------------


@pytest.mark.parametrize("state", [*UNPUBLISHED, "active"])
def test_it_comes_back_as_it_was(any_world: World, state: str) -> None:
    with any_world.app.app_context():
        maria, number = any_world.person("maria"), any_world.own[state]
        published = get_material(number).published_at
        any_world.delete(state, by="maria")
        material = get_material(number)
        assert (material.status, material.published_at) == (MaterialStatus.ARCHIVED, published)
        assert can_see(any_world.person("alice"), material)
        assert not can_see(any_world.person("charlie"), material)
        service.restore_material(maria, number)
        db.session.commit()
        begins = state in ("processing", "failed")
        assert get_material(number).status == ("processing" if begins else state)
        assert db.session.get(TrashEntry, number) is None
        if begins:
            assert media.claim_material(number)


def test_what_is_published_comes_back_with_all_that_it_had(any_world: World) -> None:
    with any_world.app.app_context():
        number, charlie = any_world.own["active"], any_world.person("charlie")
        rate_material(charlie, get_material(number), 5)
        collection = create_collection(charlie, "Exam")
        add_item(charlie, collection, get_material(number))
        key = collection.id
        db.session.commit()
        update_index()
        before = get_material(number)
        kept = (before.rating_mean, before.rating_votes, before.published_at, before.views)
        assert found("active") == [number]

        any_world.delete("active", by="maria")
        assert found("active") == []
        assert number not in search_index().revisions()
        charlie, collection = any_world.person("charlie"), db.session.get_one(type(collection), key)
        assert list_items(charlie, collection).items == []

        service.restore_material(any_world.person("maria"), number)
        db.session.commit()
        update_index()
        after = get_material(number)
        assert (after.rating_mean, after.rating_votes, after.published_at, after.views) == kept
        assert found("active") == [number]
        assert [item.material_id for item in list_items(charlie, collection).items] == [number]


def test_who_has_it_in_hand_loses_the_claim(any_world: World) -> None:
    with any_world.app.app_context():
        number = any_world.own["processing"]
        claim = media.claim_material(number)
        db.session.commit()
        assert claim
        any_world.delete("processing")
        material = get_material(number)
        assert (material.claim, material.heartbeat_at, material.step) == ("", None, "")
        with pytest.raises(ClaimLost):
            media.beat(number, claim, "text", 50)
        assert number not in media.list_unattended()


def test_of_two_who_delete_or_restore_one_gets_it(any_world: World) -> None:
    number = any_world.own["active"]
    told: list[str] = []

    def delete(_alice: User, _number: int) -> None:
        try:
            service.delete_material(any_world.person("maria"), get_material(number))
            told.append("done")
        except Conflict:
            db.session.rollback()
            told.append("late")

    all_at_once(any_world.app, delete, 4)
    assert sorted(told) == ["done", "late", "late", "late"]
    told.clear()

    def restore(_alice: User, _number: int) -> None:
        try:
            service.restore_material(any_world.person("maria"), number)
            told.append("done")
        except (Conflict, NotFound):
            db.session.rollback()
            told.append("late")

    all_at_once(any_world.app, restore, 4)
    assert sorted(told) == ["done", "late", "late", "late"]
    with any_world.app.app_context():
        assert get_material(number).status == MaterialStatus.ACTIVE


def test_a_reason_has_an_end(world: World) -> None:
    with world.app.app_context(), pytest.raises(InvalidInput):
        world.delete("pending", by="maria", reason="x" * (service.MAX_REASON + 1))


# Who is told ----------------------------------------------------------------------------------


def test_the_uploader_is_told_with_the_reason(world: World) -> None:
    with world.app.app_context():
        number = world.delete("active", by="maria", reason="Чужой текст")
        told = db.session.query(Notification).one()
        assert (told.user_id, told.kind, told.note) == (
            world.people["alice"],
            "deleted",
            "Чужой текст",
        )
        assert told.occasion.startswith(f"deleted:{number}:")


def test_nobody_is_told_of_the_own_deed(world: World) -> None:
    with world.app.app_context():
        world.delete("pending")
        assert db.session.query(Notification).count() == 0


def test_the_letter_gives_the_reason(world: World) -> None:
    with world.app.app_context():
        world.delete("active", by="maria", reason="Чужой текст")
        deliver_to(world.people["alice"], "email")
        letter = db.session.query(Letter).filter_by(user_id=world.people["alice"]).one()
        assert letter.subject == "Deleted: It is active"
        for text in (letter.text, letter.html):
            assert "Чужой текст" in text
            assert "can restore it" in text


def test_the_site_tells_of_it(world: World, sign: Sign) -> None:
    with world.app.app_context():
        world.delete("active", by="maria", reason="Чужой текст")
    page = sign("alice").get("/me/notifications").text
    assert "Your material was deleted" in page
    assert "Чужой текст" in page


def test_who_restores_takes_back_what_the_uploader_was_told(any_world: World) -> None:
    with any_world.app.app_context():
        number = any_world.delete("active", by="maria", reason="Чужой текст")
        service.restore_material(any_world.person("maria"), number)
        db.session.commit()
        deliver_to(any_world.people["alice"], "email")
        assert db.session.query(Letter).count() == 0
        assert db.session.query(Notification).filter_by(kind="deleted").count() == 0


# What else acts on it ---------------------------------------------------------------------------


def test_nothing_else_acts_on_what_is_deleted(world: World) -> None:
    with world.app.app_context():
        number = world.delete("active", by="maria")
        material, maria = get_material(number), world.person("maria")
        for require in (versions.require_editable, versions.require_replaceable):
            with pytest.raises(Forbidden) as refused:
                require(maria, material)
            assert "in the trash" in str(refused.value.message)
        with pytest.raises(Forbidden):
            rate_material(world.person("charlie"), material, 5)
        with pytest.raises(Conflict):
            approve_material(maria, material)
        db.session.rollback()
        with pytest.raises(Conflict):
            media.retry_material(material)
        assert MaterialStatus.ARCHIVED not in SHOWN
        assert demand.find_answer(str(number)) is None
        assert not service.can_delete(maria, material)
