"""Reporting a material, and what becomes of reports."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select, update

from edu.admin.models import AuditEntry
from edu.errors import Conflict, Forbidden, InvalidInput, SignInRequired
from edu.extensions import db, search_index, utcnow
from edu.mail.models import Letter
from edu.materials.models import MaterialStatus
from edu.moderation.service import approve_material, list_pending, reject_material, settle_reports
from edu.notifications.delivery import deliver_to
from edu.notifications.models import Notification
from edu.notifications.service import list_notifications
from edu.privacy.service import delete_account
from edu.reports import service
from edu.reports.models import Report, ReportState
from edu.trash.service import delete_material, purge_now, restore_material
from edu.tree.service import ensure_category, merge_category
from edu.versions.service import can_edit
from jobs.search import update_index
from tests.reports.conftest import World, states, told
from tests.samples import get_material, make_material

KEPT, RETURNED, DELETED = ReportState.KEPT, ReportState.RETURNED, ReportState.DELETED


def settle(world: World, outcome: ReportState, answer: str = "", by: str = "maria") -> int:
    count = settle_reports(world.person(by), world.material(), outcome, answer)
    db.session.commit()
    return count


# Reporting ------------------------------------------------------------------------------------


def test_a_person_has_one_open_report_and_may_change_it(any_world: World) -> None:
    with any_world.app.app_context():
        first = any_world.report("charlie", "file", " page 3 ")
        number = first.id
        assert (first.note, first.title, first.state) == ("page 3", "Числовые ряды", "open")
        again = service.report_material(
            any_world.person("charlie"), any_world.material(), "content", "", 20
        )
        db.session.commit()
        assert (again.id, again.reason, again.note, again.place) == (number, "content", "", 20)
        any_world.report("dora")
        assert service.count_reported(any_world.person("maria")) == 1
        (reported,) = service.list_reported(any_world.person("maria"), 1).items
        assert (reported.count, [one.user.name for one in reported.reports]) == (
            2,
            ["Dora", "Charlie"],
        )


@pytest.mark.parametrize(
    ("reason", "note", "place", "field"),
    [
        ("taste", "", None, "reason"),
        ("other", "  ", None, "note"),
        ("file", "x" * 1001, None, "note"),
        ("file", "", 21, "place"),
        ("file", "", -1, "place"),
    ],
)
def test_what_is_wrong_has_to_be_said_well(
    world: World, reason: str, note: str, place: int | None, field: str
) -> None:
    with world.app.app_context(), pytest.raises(InvalidInput) as refused:
        service.report_material(world.person("charlie"), world.material(), reason, note, place)
    assert refused.value.details["field"] == field


def test_only_what_others_have_published_is_reported(world: World) -> None:
    with world.app.app_context():
        for name, material in (("alice", world.lecture), ("maria", world.hidden)):
            with pytest.raises(Forbidden):
                service.report_material(world.person(name), get_material(material), "file")
        with pytest.raises(SignInRequired):
            service.report_material(None, world.material(), "file")
        world.person("charlie").blocked_at = utcnow()
        with pytest.raises(Forbidden):
            service.report_material(world.person("charlie"), world.material(), "file")


def test_nobody_reports_too_much_in_a_day(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(service, "REPORTED_A_DAY", 1)
    with world.app.app_context():
        world.report("charlie")
        other = make_material(world.people["alice"], title="Другое")
        with pytest.raises(Conflict) as refused:
            service.report_material(world.person("charlie"), other, "file")
        assert refused.value.code == "too_many_reports"
        world.report("charlie", "content")  # a change is no new one
        db.session.execute(update(Report).values(created_at=utcnow() - timedelta(days=1)))
        service.report_material(world.person("charlie"), other, "file")


# Who ------------------------------------------------------------------------------------------


def test_reports_are_for_the_moderators_of_the_subject(any_world: World) -> None:
    with any_world.app.app_context():
        any_world.report("charlie")
        counts = {name: service.count_reported(any_world.person(name)) for name in any_world.people}
        assert {name for name, count in counts.items() if count} == {"maria", "anna"}
        assert service.list_reported(any_world.person("boris"), 1).total == 0
        for name in ("alice", "charlie"):
            with pytest.raises(Forbidden):
                service.list_reported(any_world.person(name), 1)
        for name in ("boris", "charlie", "alice"):
            with pytest.raises(Forbidden):
                settle_reports(any_world.person(name), any_world.material(), KEPT, "Fine.")
        assert states() == [("open", "")]


def test_the_most_reported_comes_first(any_world: World) -> None:
    with any_world.app.app_context():
        other = make_material(any_world.people["alice"], title="Другое")
        service.report_material(any_world.person("dora"), other, "abuse")
        any_world.report("charlie")
        any_world.report("dora")
        found = service.list_reported(any_world.person("maria"), 1)
        assert [one.material.id for one in found.items] == [any_world.lecture, other.id]
        assert service.list_reported(any_world.person("maria"), 2, 1).items[0].count == 1


def test_reports_go_along_with_a_merged_subject(any_world: World) -> None:
    with any_world.app.app_context():
        any_world.report("charlie")
        anna, matan = any_world.person("anna"), any_world.material().category
        merge_category(anna, matan, ensure_category("Физика", slug="fizika"))
        db.session.commit()
        assert service.count_reported(any_world.person("boris")) == 1


# Settling -------------------------------------------------------------------------------------


def test_what_is_kept_stays_and_its_reporters_are_told_why(any_world: World) -> None:
    with any_world.app.app_context():
        any_world.report("charlie")
        any_world.report("dora")
        with pytest.raises(InvalidInput):
            settle(any_world, KEPT, "  ")
        db.session.rollback()
        assert settle(any_world, KEPT, " It opens. ") == 2
        assert any_world.material().status == MaterialStatus.ACTIVE
        assert states() == [("kept", "It opens.")] * 2
        for name in ("charlie", "dora"):
            assert told(any_world, name) == [("report_kept", "It opens.")]
        assert told(any_world, "alice") == []
        with pytest.raises(Conflict):
            settle(any_world, KEPT, "Again.")
        db.session.rollback()
        assert service.count_reported(any_world.person("maria")) == 0
        entry = db.session.scalars(select(AuditEntry)).one()
        assert (entry.action, entry.actor_id) == ("reports_kept", any_world.people["maria"])
        assert entry.subject == f"material:{any_world.lecture}"


def test_a_letter_tells_it_once(any_world: World) -> None:
    with any_world.app.app_context():
        any_world.report("charlie")
        settle(any_world, DELETED, "Thank you.")
        for name in ("charlie", "alice", "charlie"):
            deliver_to(any_world.people[name], "email")
        (letter,) = [one for one in db.session.scalars(select(Letter)) if "charlie" in one.address]
        assert letter.subject == "Your report is settled: Числовые ряды"
        assert "The material is deleted." in letter.text
        assert "Thank you." in letter.text
        assert "/me/reports" in letter.text
        (uploader,) = [one for one in db.session.scalars(select(Letter)) if "alice" in one.address]
        assert "Charlie" not in uploader.text


def test_a_material_goes_back_into_review_as_if_it_were_new(any_world: World) -> None:
    with any_world.app.app_context():
        any_world.report("charlie", "subject", "It is physics.")
        settle(any_world, RETURNED, "We look.")
        update_index()
        material = any_world.material()
        assert (material.status, material.published_at) == ("pending", None)
        assert any_world.lecture not in search_index().ids()
        assert states() == [("returned", "We look.")]
        assert told(any_world, "charlie") == [("report_returned", "We look.")]
        assert told(any_world, "alice") == []
        assert can_edit(any_world.person("alice"), material)  # to mend what is wrong
        waiting = list_pending(any_world.person("maria"), 1).items
        (why,) = service.list_returned(waiting)[any_world.lecture]
        assert why.note == "It is physics."
        reject_material(any_world.person("maria"), material, "Wrong subject.")
        db.session.commit()
        assert told(any_world, "alice") == [("rejected", "Wrong subject.")]


def test_a_material_that_is_published_again_may_be_reported_again(any_world: World) -> None:
    with any_world.app.app_context():
        any_world.report("charlie")
        settle(any_world, RETURNED)
        approve_material(any_world.person("maria"), any_world.material())
        any_world.report("charlie", "content")
        assert [state for state, _ in states()] == ["returned", "open"]
        assert service.list_own_reports(any_world.person("charlie"), 1).total == 2


def test_a_deleted_material_lies_in_the_trash_and_its_uploader_reads_the_reason(
    any_world: World,
) -> None:
    with any_world.app.app_context():
        any_world.report("charlie", "copyright")
        maria, material = any_world.person("maria"), any_world.material()
        settle_reports(maria, material, DELETED, "Right.", reason="Copyright.")
        db.session.commit()
        assert any_world.material().status == MaterialStatus.ARCHIVED
        assert told(any_world, "charlie") == [("report_deleted", "Right.")]
        assert told(any_world, "alice") == [("deleted", "Copyright.")]
        restore_material(maria, any_world.lecture)
        db.session.commit()
        assert told(any_world, "alice") == []
        assert states() == [("deleted", "Right.")]


def test_who_deletes_past_the_reports_settles_them_too(any_world: World) -> None:
    with any_world.app.app_context():
        any_world.report("charlie")
        delete_material(any_world.person("maria"), any_world.material(), "Old.")
        db.session.commit()
        assert states() == [("deleted", "")]
        assert told(any_world, "charlie") == [("report_deleted", "")]


def test_a_moderator_is_not_told_of_the_own_decision(world: World) -> None:
    with world.app.app_context():
        world.report("maria")
        settle(world, KEPT, "It opens.")
        assert told(world, "maria") == []
        assert states() == [("kept", "It opens.")]


def test_new_reports_are_not_settled_unseen(any_world: World) -> None:
    with any_world.app.app_context():
        any_world.report("charlie")
        maria = any_world.person("maria")
        seen = service.get_reported(maria, any_world.material()).edition
        assert seen == service.list_reported(maria, 1).items[0].edition
        any_world.report("charlie", "content", "Theorem 2 is wrong.")
        with pytest.raises(Conflict):
            settle_reports(maria, any_world.material(), KEPT, "Fine.", edition=seen)
        db.session.rollback()
        assert states() == [("open", "")]
        seen = service.get_reported(maria, any_world.material()).edition
        assert settle_reports(maria, any_world.material(), KEPT, "Fine.", edition=seen) == 1


def test_what_was_hidden_otherwise_waits_for_its_return(world: World) -> None:
    with world.app.app_context():
        world.report("charlie")
        world.material().status = MaterialStatus.PROCESSING.value  # a new file
        db.session.commit()
        assert service.count_reported(world.person("maria")) == 0
        world.material().status = MaterialStatus.ACTIVE.value
        assert service.count_reported(world.person("maria")) == 1


# What stays -----------------------------------------------------------------------------------


def test_a_purged_material_takes_its_reports_along(any_world: World) -> None:
    with any_world.app.app_context():
        any_world.report("charlie")
        settle(any_world, DELETED)
        update_index()
        purge_now(any_world.person("maria"), any_world.lecture)
        db.session.commit()
        assert states() == []
        assert told(any_world, "charlie") == []


def test_a_person_who_leaves_takes_the_reports_along(any_world: World) -> None:
    with any_world.app.app_context():
        any_world.report("charlie")
        any_world.report("dora")
        delete_account(any_world.person("charlie"))
        db.session.commit()
        (left,) = service.list_reported(any_world.person("maria"), 1).items
        assert (left.count, left.reports[0].user.name) == (1, "Dora")


def test_a_moderator_who_leaves_leaves_the_answers(any_world: World) -> None:
    with any_world.app.app_context():
        any_world.report("charlie")
        settle(any_world, KEPT, "It opens.")
        delete_account(any_world.person("maria"))
        db.session.commit()
        assert states() == [("kept", "It opens.")]


def test_the_title_of_what_is_hidden_is_the_one_that_was_reported(any_world: World) -> None:
    with any_world.app.app_context():
        any_world.report("charlie")
        settle(any_world, RETURNED)
        any_world.material().title = "Secret"
        db.session.commit()
        (news,) = list_notifications(any_world.person("charlie"), 1).items
        assert not news.leads_to_material
        deliver_to(news.user_id, "email")
        (letter,) = [one for one in db.session.scalars(select(Letter)) if "charlie" in one.address]
        assert "Secret" not in letter.subject + letter.text
        assert "Числовые ряды" in letter.subject
        assert db.session.scalar(select(Notification.id)) == news.id
