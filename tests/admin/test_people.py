"""People: finding them, their roles, keeping them out."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from edu.accounts.models import Role, User
from edu.admin import service
from edu.admin.models import AuditEntry
from edu.errors import Conflict, EduError, Forbidden, InvalidInput, NotFound
from edu.extensions import db, utcnow
from edu.mail.models import Letter
from edu.permissions import Permission, may
from edu.sessions.service import list_sessions
from edu.tree.service import ensure_category
from tests.conftest import make_people, make_user, sign_in


def person(user_id: int) -> User:
    return db.session.get_one(User, user_id, populate_existing=True)


def acts() -> list[str]:
    return list(db.session.scalars(select(AuditEntry.action).order_by(AuditEntry.id)))


# Finding --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("alice", ["Alice"]),
        ("ALICE@EXAMPLE", ["Alice"]),
        ("анна", ["Анна 100% Ёлкина"]),
        ("АННА", ["Анна 100% Ёлкина"]),
        ("100%", ["Анна 100% Ёлкина"]),
        ("%", ["Анна 100% Ёлкина"]),
        ("_", []),
        ("nobody", []),
    ],
)
def test_people_are_found_by_name_and_address(any_app: Flask, text: str, found: list[str]) -> None:
    make_people(any_app)
    with any_app.app_context():
        ada = make_user("ada", Role.ADMIN)
        make_user("anna").name = "Анна 100% Ёлкина"
        db.session.commit()
        assert [one.name for one in service.list_people(ada, text).items] == found


def test_people_are_filtered(app: Flask, people: dict[str, int]) -> None:
    with app.app_context():
        ada = person(people["ada"])
        service.block_person(ada, person(people["charlie"]), blocked=True)

        def names(**wanted: Any) -> set[str]:
            return {one.name for one in service.list_people(ada, **wanted).items}

        assert names(role="moderator") == {"Maria"}
        assert names(state="blocked") == {"Charlie"}
        assert names(state="active", role="user") == {"Alice"}
        assert len(names(role="nonsense", state="nonsense")) == 4


def test_deleted_accounts_are_nobody(app: Flask, people: dict[str, int]) -> None:
    with app.app_context():
        ada, alice = person(people["ada"]), person(people["alice"])
        alice.deleted_at = utcnow()
        db.session.commit()
        assert "Alice" not in [one.name for one in service.list_people(ada).items]
        with pytest.raises(NotFound):
            service.get_person(ada, alice.id)


def test_the_list_comes_in_pages(
    admin: FlaskClient, people: dict[str, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service, "PER_PAGE", 2)
    assert "Charlie" in admin.get("/admin/people").text
    second = admin.get("/admin/people?page=2&q=example").text
    assert "Alice" in second
    assert 'href="/admin/people?q=example&amp;role=&amp;state=&amp;page=1"' in second
    assert admin.get("/admin/people?page=99999999").status_code == 200


# Roles ----------------------------------------------------------------------------------------


def test_a_role_holds_at_once_and_is_recorded(
    admin: FlaskClient, app: Flask, people: dict[str, int]
) -> None:
    maria = sign_in(app.test_client(), "maria")
    assert maria.get("/moderation").status_code == 200
    form = {"role": "user"}
    assert admin.post(f"/admin/people/{people['maria']}/role", data=form).status_code == 303
    assert maria.get("/moderation").status_code == 403
    with app.app_context():
        entry = db.session.scalars(select(AuditEntry)).one()
        assert (entry.actor_id, entry.action) == (people["ada"], "role_changed")
        assert (entry.subject, entry.details) == (f"user:{people['maria']}", "moderator → user")
    assert "moderator → user" in admin.get(f"/admin/people/{people['maria']}").text


def test_a_moderator_gets_chosen_subjects(
    admin: FlaskClient, app: Flask, people: dict[str, int]
) -> None:
    with app.app_context():
        maths, physics = ensure_category("Maths"), ensure_category("Physics")
        series = ensure_category("Series", maths)
        db.session.commit()
        ids = (maths.id, series.id, physics.id)
    form = {"role": "moderator", "whole_tree": "0", "subjects": [str(ids[0]), str(ids[1])]}
    admin.post(f"/admin/people/{people['alice']}/role", data=form)
    with app.app_context():
        alice = person(people["alice"])
        assert [subject.category_id for subject in alice.moderated] == [ids[0]]  # brings its parts
        series, physics = (db.session.get_one(type(maths), key) for key in ids[1:])
        assert may(alice, Permission.REVIEW, category=series)
        assert not may(alice, Permission.REVIEW, category=physics)
    page = admin.get(f"/admin/people/{people['alice']}").text
    assert f'name="subjects" value="{ids[0]}" checked' in page
    assert f'name="subjects" value="{ids[2]}" checked' not in page
    admin.post(f"/admin/people/{people['alice']}/role", data={"role": "moderator"})
    with app.app_context():
        assert person(people["alice"]).moderates_all
        assert person(people["alice"]).moderated == []
        assert acts() == ["role_changed", "role_changed"]


def test_a_moderator_of_nothing_is_refused(app: Flask, people: dict[str, int]) -> None:
    with app.app_context():
        ada, alice = person(people["ada"]), person(people["alice"])
        with pytest.raises(InvalidInput):
            service.change_role(ada, alice, Role.MODERATOR, [])


def test_the_same_role_again_is_no_act(app: Flask, people: dict[str, int]) -> None:
    with app.app_context():
        service.change_role(person(people["ada"]), person(people["maria"]), Role.MODERATOR)
        assert acts() == []


def test_nobody_takes_their_own_rights_away(
    admin: FlaskClient, app: Flask, people: dict[str, int]
) -> None:
    own = f"/admin/people/{people['ada']}"
    with app.app_context():
        make_user("second", Role.ADMIN)
    page = admin.post(f"{own}/role", data={"role": "user"}, follow_redirects=True)
    assert "You cannot take away your own rights" in page.text
    page = admin.post(f"{own}/block", data={"blocked": "1"}, follow_redirects=True)
    assert "You cannot take away your own rights" in page.text
    with app.app_context():
        assert person(people["ada"]).is_admin
        assert person(people["ada"]).is_active
        assert acts() == []


def test_the_last_administrator_stays(any_app: Flask) -> None:
    with any_app.app_context():
        ada, eve = make_user("ada", Role.ADMIN), make_user("eve", Role.ADMIN)
        service.block_person(ada, eve, blocked=True)
        with pytest.raises(Conflict):
            service.require_other_admin(ada)
        service.block_person(ada, eve, blocked=False)
        service.require_other_admin(ada)
        service.require_other_admin(make_user("alice"))  # who is none


def demote(actor: User, other: User) -> None:
    service.change_role(actor, other, Role.USER)


def block(actor: User, other: User) -> None:
    service.block_person(actor, other, blocked=True)


@pytest.mark.parametrize("act", [demote, block])
def test_two_administrators_cannot_remove_each_other(
    any_app: Flask, act: Callable[[User, User], None]
) -> None:
    with any_app.app_context():
        ids = [make_user(name, Role.ADMIN).id for name in ("ada", "eve")]
    outcomes, ready = [], threading.Barrier(2)

    def run(which: int) -> None:
        with any_app.app_context():
            actor, other = (db.session.get_one(User, ids[which - n]) for n in (0, 1))
            ready.wait()
            try:
                act(actor, other)
                db.session.commit()
                outcomes.append("done")
            except EduError:
                db.session.rollback()
                outcomes.append("refused")

    threads = [threading.Thread(target=run, args=(which,)) for which in (0, 1)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["done", "refused"]
    with any_app.app_context():
        left = [one for one in db.session.scalars(select(User)) if one.is_admin and one.is_active]
        assert len(left) == 1


def test_services_ask_who_acts(app: Flask, people: dict[str, int]) -> None:
    with app.app_context():
        maria, alice = person(people["maria"]), person(people["alice"])
        for act in (
            lambda: service.list_people(maria),
            lambda: service.get_person(maria, alice.id),
            lambda: service.change_role(maria, maria, Role.ADMIN),
            lambda: service.block_person(maria, alice, blocked=True),
            lambda: service.send_recovery(maria, alice),
            lambda: service.remove_second_factor(maria, alice),
            lambda: service.sign_out_person(maria, alice),
            lambda: service.list_acts(maria, 1),
            lambda: service.retry_all(maria),
        ):
            with pytest.raises(Forbidden):
                act()


# Access ---------------------------------------------------------------------------------------


def test_blocking_signs_out_and_keeps_out(
    admin: FlaskClient, app: Flask, people: dict[str, int]
) -> None:
    alice = sign_in(app.test_client(), "alice")
    block_url = f"/admin/people/{people['alice']}/block"
    admin.post(block_url, data={"blocked": "1"})
    assert "Sign in" in alice.get("/").text
    assert "Blocked" in admin.get(f"/admin/people/{people['alice']}").text
    admin.post(block_url, data={"blocked": "0"})
    sign_in(app.test_client(), "alice")
    with app.app_context():
        assert acts() == ["blocked", "unblocked"]


def test_a_person_is_signed_out_everywhere(
    admin: FlaskClient, app: Flask, people: dict[str, int]
) -> None:
    sign_in(app.test_client(), "alice")
    admin.post(f"/admin/people/{people['alice']}/sessions")
    with app.app_context():
        assert list_sessions(person(people["alice"])) == []
        assert acts() == ["sessions_ended"]


def test_a_letter_for_a_new_password_is_sent(
    admin: FlaskClient, app: Flask, people: dict[str, int]
) -> None:
    admin.post(f"/admin/people/{people['alice']}/recovery")
    with app.app_context():
        letter = db.session.scalars(select(Letter)).one()
        assert (letter.kind, letter.address) == ("recover", "alice@example.org")
        service.block_person(person(people["ada"]), person(people["alice"]), blocked=True)
        db.session.commit()
    page = admin.post(f"/admin/people/{people['alice']}/recovery", follow_redirects=True)
    assert "This person is blocked" in page.text
    with app.app_context():
        assert acts() == ["recovery_sent", "blocked"]


def test_a_lost_second_factor_is_switched_off(
    admin: FlaskClient, app: Flask, people: dict[str, int]
) -> None:
    from edu.second_factor.models import Authenticator
    from edu.second_factor.service import has_second_factor

    with app.app_context():
        row = Authenticator(user_id=people["maria"], secret=b"x", confirmed_at=utcnow())
        db.session.add(row)
        db.session.commit()
    assert "Switch off" in admin.get(f"/admin/people/{people['maria']}").text
    admin.post(f"/admin/people/{people['maria']}/second-factor")
    with app.app_context():
        assert not has_second_factor(person(people["maria"]))
        assert acts() == ["second_factor_reset"]


def test_the_record_names_people_as_they_are_called_now(
    admin: FlaskClient, app: Flask, people: dict[str, int]
) -> None:
    admin.post(f"/admin/people/{people['alice']}/sessions")
    with app.app_context():
        person(people["alice"]).name = "Alice B."
        db.session.commit()
    page = admin.get("/admin/log").text
    assert "signed out everywhere" in page
    assert "Alice B." in page
