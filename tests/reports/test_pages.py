"""The link on a material's page, the form, own reports, and the moderators' tab."""

from __future__ import annotations

import re

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.datastructures import MultiDict

from edu.extensions import db
from edu.materials.models import Material, MaterialStatus
from edu.reports.forms import read_place, write_place
from edu.reports.models import Report, ReportState
from tests.reports.conftest import Sign, World, states, told
from tests.samples import make_material

HTMX = {"HX-Request": "true"}
FORM = {"reason": "file", "note": "Page 3 is blank.", "place": "3"}


def address(world: World) -> str:
    return f"/materials/{world.lecture}/report"


# Reporting ------------------------------------------------------------------------------------


def test_the_page_offers_to_report(world: World, sign: Sign) -> None:
    page = f"/materials/{world.lecture}"
    stranger = world.app.test_client()
    assert f'href="{address(world)}"' in stranger.get(page).text
    link = stranger.get(page).text.partition('id="report"')[2].partition("</p>")[0]
    assert "hx-get" not in link
    assert stranger.get(address(world)).location == f"/login?next={address(world)}"
    assert f'hx-get="{address(world)}?place=5"' in sign("charlie").get(f"{page}?page=5").text
    assert 'id="report"' not in sign("alice").get(page).text
    assert 'id="report"' not in sign("maria").get(f"/materials/{world.hidden}").text


def test_a_report_is_sent_and_changed_without_scripts(world: World, sign: Sign) -> None:
    charlie = sign("charlie")
    form = charlie.get(f"{address(world)}?place=5").text
    assert "<h1>Report the material</h1>" in form
    assert 'name="place" type="text" value="5"' in form
    answer = charlie.post(address(world), data=FORM)
    assert (answer.status_code, answer.location) == (303, f"/materials/{world.lecture}")
    assert "Change the report" in charlie.get(f"/materials/{world.lecture}").text
    again = charlie.get(address(world)).text
    assert "Page 3 is blank." in again
    assert 'value="3"' in again
    charlie.post(address(world), data={**FORM, "reason": "content"})
    own = charlie.get("/me/reports").text
    assert own.count('<li class="demand">') == 1
    assert "Mistakes in the content" in own
    assert f'href="/materials/{world.lecture}?page=3"' in own
    assert "You have reported nothing yet" in sign("dora").get("/me/reports").text


def way_to_withdraw(client: FlaskClient) -> str:
    found = re.search(r'action="(/me/reports/\d+/withdraw)"', client.get("/me/reports").text)
    assert found
    return found[1]


def test_a_report_is_withdrawn_by_its_person_while_it_waits(world: World, sign: Sign) -> None:
    charlie = sign("charlie")
    charlie.post(address(world), data=FORM)
    way = way_to_withdraw(charlie)
    assert sign("dora").post(way).status_code == 404
    assert charlie.post(way).location == "/me/reports"
    assert "You have reported nothing yet" in charlie.get("/me/reports").text
    assert charlie.post(way).status_code == 404


def test_what_was_settled_cannot_be_withdrawn(world: World, sign: Sign) -> None:
    charlie = sign("charlie")
    charlie.post(address(world), data=FORM)
    way = way_to_withdraw(charlie)
    with world.app.app_context():
        db.session.query(Report).update({"state": ReportState.KEPT.value})
        db.session.commit()
    assert charlie.post(way).status_code == 409
    assert "/withdraw" not in charlie.get("/me/reports").text


def test_with_htmx_the_form_takes_the_place_of_the_link(world: World, sign: Sign) -> None:
    charlie = sign("charlie")
    form = charlie.get(address(world), headers=HTMX).text
    assert "<html" not in form
    assert 'id="report"' in form
    refused = charlie.post(address(world), data={"reason": "other"}, headers=HTMX)
    assert refused.status_code == 422
    assert "Describe what is wrong." in refused.text
    done = charlie.post(address(world), data=FORM, headers=HTMX)
    assert done.status_code == 200
    assert 'id="report"' in done.text
    assert "Thank you. Moderators will look at it." in done.text


@pytest.mark.parametrize(
    "form", [{}, {"reason": "x"}, {**FORM, "place": "last"}, {**FORM, "place": "21"}]
)
def test_a_form_that_is_wrong_is_shown_again(
    world: World, sign: Sign, form: dict[str, str]
) -> None:
    answer = sign("charlie").post(address(world), data=MultiDict(form))
    assert answer.status_code == 422
    assert "errors" in answer.text
    with world.app.app_context():
        assert states() == []


def test_places_of_videos_are_times(app: Flask, people: dict[str, int]) -> None:
    with app.app_context():
        video = make_material(people["alice"], kind="video")
        for seconds, text in ((0, "0:00"), (65, "1:05"), (3725, "1:02:05")):
            assert write_place(video, seconds) == text
            assert read_place(video, text) == seconds
        assert (read_place(video, " 90 "), read_place(video, " ")) == (90, None)
        pdf = make_material(people["alice"], title="Ряды")
        for wrong in ("1:05", "x", "1:2:3:4", "-1"):
            with pytest.raises(ValueError, match=wrong):
                read_place(pdf, wrong)


# Moderators -----------------------------------------------------------------------------------


def test_moderators_see_who_reports_what(world: World, sign: Sign) -> None:
    with world.app.app_context():
        world.report("charlie", note="<b>blank</b>")
        world.report("dora", "subject")
    maria = sign("maria")
    page = maria.get("/moderation/reports").text
    assert "2 people report it" in page
    assert "Charlie" in page
    assert "&lt;b&gt;blank&lt;/b&gt;" in page
    assert 'id="pending-count">2</span>' in page  # a draft, and what is reported
    assert 'id="report-count">1</span>' in page
    assert 'href="/moderation/reports"' in maria.get("/moderation").text
    assert "Nothing is reported" in sign("boris").get("/moderation/reports").text
    assert sign("charlie").get("/moderation/reports").status_code == 403
    for name in ("alice", "dora"):
        shown = sign(name).get(f"/materials/{world.lecture}").text
        assert "Charlie" not in shown
        assert "blank" not in shown


def test_reports_are_settled_with_and_without_scripts(world: World, sign: Sign) -> None:
    with world.app.app_context():
        world.report("charlie")
    maria = sign("maria")
    settle = f"/moderation/reports/{world.lecture}/settle"
    assert maria.post(settle, data={"outcome": "burn"}).status_code == 422
    assert maria.post(settle, data={"outcome": "open"}).status_code == 422
    assert maria.post(settle, data={"outcome": "kept"}).status_code == 422
    stale = {"outcome": "kept", "answer": "Fine.", "edition": "0" * 16}
    assert maria.post(settle, data=stale).status_code == 409
    done = maria.post(settle, data={"outcome": "kept", "answer": "Fine."}, headers=HTMX)
    assert done.status_code == 200
    assert 'id="report-count" hx-swap-oob="true">0</span>' in done.text
    assert 'id="pending-count" hx-swap-oob="true">1</span>' in done.text
    assert "Nothing is reported" in maria.get("/moderation/reports").text
    assert maria.post(settle, data={"outcome": "returned"}).status_code == 409
    assert "Fine." in sign("charlie").get("/me/reports").text
    with world.app.app_context():
        world.report("charlie", "subject", "It is physics.")
    assert maria.post(settle, data={"outcome": "returned"}).location == "/moderation/reports"
    assert "It is physics." in maria.get("/moderation").text
    own = sign("charlie").get("/me/reports").text
    assert f'href="/materials/{world.lecture}"' not in own
    assert "Числовые ряды" in own


def test_a_notification_leads_where_its_reader_may_go(world: World, sign: Sign) -> None:
    with world.app.app_context():
        world.report("charlie")
    maria, charlie = sign("maria"), sign("charlie")
    settle = f"/moderation/reports/{world.lecture}/settle"
    maria.post(settle, data={"outcome": "kept", "answer": "It opens."})
    page = charlie.get("/me/notifications").text
    assert "the material stays" in page
    assert "Answer: It opens." in page
    assert charlie.get("/me/notifications/1").location == f"/materials/{world.lecture}"
    with world.app.app_context():
        material = db.session.get_one(Material, world.lecture)
        material.status, material.title = MaterialStatus.ARCHIVED.value, "Secret"
        db.session.commit()
        assert told(world, "charlie") == [("report_kept", "It opens.")]
    page = charlie.get("/me/notifications").text
    assert "Secret" not in page
    assert "Числовые ряды" in page
    assert charlie.get("/me/notifications/1").location == "/me/reports"
