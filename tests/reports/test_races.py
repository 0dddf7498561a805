"""Several people at one material at the same moment."""

from __future__ import annotations

import threading
from collections.abc import Callable

from edu.errors import EduError
from edu.extensions import db
from edu.moderation.service import settle_reports
from edu.reports import service
from edu.reports.models import ReportState
from edu.trash.service import delete_material
from tests.reports.conftest import World, states, told

Act = Callable[[], object]


def race(world: World, *acts: Act) -> list[str]:
    """Begin all at once, each committing; what each ended by: "" or the code of a refusal."""
    gate, ends = threading.Barrier(len(acts)), [""] * len(acts)

    def run(number: int, act: Act) -> None:
        with world.app.app_context():
            gate.wait(30)
            try:
                act()
                db.session.commit()
            except EduError as error:
                db.session.rollback()
                ends[number] = error.code

    threads = [threading.Thread(target=run, args=each) for each in enumerate(acts)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    return ends


def test_of_two_moderators_one_settles(any_world: World) -> None:
    with any_world.app.app_context():
        any_world.report("charlie")
        any_world.report("dora")

    def settle(name: str, outcome: ReportState) -> Act:
        return lambda: settle_reports(
            any_world.person(name), any_world.material(), outcome, f"By {name}."
        )

    ends = race(any_world, settle("maria", ReportState.KEPT), settle("anna", ReportState.RETURNED))
    assert sorted(ends) == ["", "conflict"]
    with any_world.app.app_context():
        (one,) = set(states())
        winner = "maria" if ends[0] == "" else "anna"
        assert one == ("kept" if winner == "maria" else "returned", f"By {winner}.")
        for name in ("charlie", "dora"):
            assert len(told(any_world, name)) == 1


def test_who_settles_and_who_deletes_wait_for_each_other_in_no_circle(any_world: World) -> None:
    with any_world.app.app_context():
        any_world.report("charlie")
    ends = race(
        any_world,
        lambda: settle_reports(
            any_world.person("anna"), any_world.material(), ReportState.DELETED, "Right."
        ),
        lambda: delete_material(any_world.person("maria"), any_world.material()),
        lambda: service.report_material(any_world.person("dora"), any_world.material(), "file"),
    )
    assert sorted(ends[:2]) == ["", "conflict"]
    with any_world.app.app_context():
        assert len(told(any_world, "charlie")) == 1
        assert len(told(any_world, "alice")) == 1


def test_of_two_tabs_both_report_the_same(any_world: World) -> None:
    def report(note: str) -> Act:
        return lambda: service.report_material(
            any_world.person("charlie"), any_world.material(), "file", note
        )

    assert race(any_world, report("one"), report("two"), report("three")) == ["", "", ""]
    with any_world.app.app_context():
        assert states() == [("open", "")]
