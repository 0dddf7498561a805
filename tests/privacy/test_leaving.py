"""An account that goes, and what stays."""

from __future__ import annotations

import re

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select, text, update

from edu.accounts.models import LetterToken, Role, User
from edu.accounts.service import LinkExpired, find_user, set_role
from edu.admin.models import AuditEntry
from edu.collections.models import CollectionItem
from edu.config import ROOT
from edu.errors import Conflict, InvalidInput
from edu.extensions import db, utcnow
from edu.mail.models import Letter
from edu.materials.models import Material, View
from edu.privacy.service import GOES, NotTheHeir, count_offered, delete_account, take_over
from edu.ratings.models import Rating
from edu.tokens.models import RefreshToken
from tests.conftest import PASSWORD, MakeApp, make_people, make_user, sign_in
from tests.samples import make_material
from tests.smtp import SmtpServer


def get_user(user_id: int) -> User:
    return db.session.get_one(User, user_id, populate_existing=True)


def leave(user_id: int, heir: str = "") -> None:
    delete_account(get_user(user_id), heir=heir)
    db.session.commit()


def offered_secret(address: str) -> str:
    query = select(Letter.text).where(Letter.kind == "hand_over", Letter.address == address)
    found = re.search(r"/me/hand-over/(\S+)", db.session.scalars(query).one())
    assert found
    return found[1]


def test_nothing_that_tells_who_it_was_stays(any_app: Flask, life: dict[str, int]) -> None:
    with any_app.app_context():
        db.session.add(AuditEntry(action="blocked", subject="alice@example.org"))
        db.session.commit()
        leave(life["alice"])
        user = get_user(life["alice"])
        assert (user.email, user.name) == (f"deleted-{user.id}@invalid", "")
        assert (user.password_hash, user.role) == ("", Role.USER)
        assert user.deleted_at is not None
        assert not user.is_active
        for column in GOES:
            assert db.session.scalar(select(func.count()).where(column == user.id)) == 0, column
        for table in db.metadata.tables:
            rows = db.session.execute(text(f"SELECT * FROM {table}")).all()  # noqa: S608  # ours
            assert "alice" not in repr(rows).lower(), table
        assert db.session.scalar(select(func.count()).select_from(RefreshToken)) == 0
        assert db.session.scalar(select(func.count()).select_from(CollectionItem)) == 0


def test_materials_ratings_and_counted_views_stay(any_app: Flask, life: dict[str, int]) -> None:
    with any_app.app_context():
        leave(life["alice"])
        assert db.session.get_one(Material, life["own"]).uploader_id == life["alice"]
        assert db.session.scalars(select(Rating.stars)).all() == [4]
        assert db.session.execute(select(View.viewer, View.user_id)).all() == [("v", None)]
    page = any_app.test_client().get(f"/materials/{life['own']}")
    assert page.status_code == 200
    assert "Deleted account" in page.text
    reply = any_app.test_client().get(f"/api/materials/{life['own']}")
    assert reply.get_json()["uploader"]["name"] == "Deleted account"


def test_others_keep_what_is_theirs(any_app: Flask, life: dict[str, int]) -> None:
    with any_app.app_context():
        leave(life["alice"])
        charlie = get_user(life["charlie"])
        assert (charlie.email, charlie.name) == ("charlie@example.org", "Charlie")
        assert db.session.get_one(Material, life["other"]).uploader_id == charlie.id


def test_the_address_is_free_again(any_app: Flask, life: dict[str, int]) -> None:
    with any_app.app_context():
        leave(life["alice"])
        assert find_user("alice@example.org") is None
        assert make_user("alice").id != life["alice"]


def test_the_last_administrator_cannot_leave(any_app: Flask) -> None:
    people = make_people(any_app)
    with any_app.app_context():
        set_role(get_user(people["maria"]), Role.ADMIN)
        db.session.commit()
        with pytest.raises(Conflict):
            delete_account(get_user(people["maria"]))
        db.session.rollback()
        assert get_user(people["maria"]).deleted_at is None
        set_role(get_user(people["charlie"]), Role.ADMIN)
        leave(people["maria"])
        assert get_user(people["maria"]).deleted_at is not None


# Handing over ---------------------------------------------------------------------------------


def test_the_heir_becomes_the_author_once(any_app: Flask, life: dict[str, int]) -> None:
    with any_app.app_context():
        leave(life["alice"], heir="Charlie@example.org")
        secret = offered_secret("charlie@example.org")
        charlie = get_user(life["charlie"])
        assert count_offered(charlie, secret) == 1
        assert take_over(charlie, secret) == 1
        db.session.commit()
        assert db.session.get_one(Material, life["own"]).uploader_id == charlie.id
        with pytest.raises(LinkExpired):
            take_over(charlie, secret)


def test_nobody_else_can_take_them_over(any_app: Flask, life: dict[str, int]) -> None:
    with any_app.app_context():
        leave(life["alice"], heir="charlie@example.org")
        secret = offered_secret("charlie@example.org")
        with pytest.raises(NotTheHeir):
            count_offered(get_user(life["maria"]), secret)
        with pytest.raises(NotTheHeir):
            take_over(get_user(life["maria"]), secret)
        assert take_over(get_user(life["charlie"]), secret) == 1


def test_an_offer_expires(any_app: Flask, life: dict[str, int]) -> None:
    with any_app.app_context():
        leave(life["alice"], heir="charlie@example.org")
        secret = offered_secret("charlie@example.org")
        db.session.execute(update(LetterToken).values(expires_at=utcnow()))
        with pytest.raises(LinkExpired):
            take_over(get_user(life["charlie"]), secret)


def test_the_heir_may_register_first(any_app: Flask, life: dict[str, int]) -> None:
    with any_app.app_context():
        leave(life["alice"], heir="dave@example.org")
        secret = offered_secret("dave@example.org")
        assert take_over(make_user("dave"), secret) == 1


def test_without_materials_nobody_is_written_to(any_app: Flask) -> None:
    people = make_people(any_app)
    with any_app.app_context():
        leave(people["alice"], heir="charlie@example.org")
        assert db.session.scalar(select(func.count()).select_from(Letter)) == 0


@pytest.mark.parametrize("heir", ["alice@example.org", "ALICE@example.org", "nonsense"])
def test_a_wrong_heir_stops_everything(any_app: Flask, life: dict[str, int], heir: str) -> None:
    with any_app.app_context():
        with pytest.raises(InvalidInput):
            delete_account(get_user(life["alice"]), heir=heir)
        db.session.rollback()
        assert get_user(life["alice"]).deleted_at is None


# Pages ----------------------------------------------------------------------------------------


def post_leaving(browser: FlaskClient, **form: str) -> tuple[int, str]:
    answer = browser.post("/me/data/delete", data={"fate": "leave", **form})
    return answer.status_code, answer.text


def test_a_person_leaves_through_the_page(app: Flask, people: dict[str, int]) -> None:
    browser, other = (sign_in(app.test_client(), "alice") for _ in range(2))
    with app.app_context():
        make_material(people["alice"], title="Own")
    assert "1 material stays" in browser.get("/me/data").text
    assert post_leaving(browser, password=PASSWORD)[0] == 303
    assert "Your account is deleted." in browser.get("/").text
    for left in (browser, other):
        assert left.get("/me/data").status_code == 303
    form = {"email": "alice@example.org", "password": PASSWORD}
    assert app.test_client().post("/login", data=form).status_code == 422


def test_leaving_needs_the_password(app: Flask, people: dict[str, int]) -> None:
    browser = sign_in(app.test_client(), "alice")
    for password in ("", "wrong password"):
        status, page = post_leaving(browser, password=password)
        assert status == 422
        assert "password" in page
    with app.app_context():
        assert get_user(people["alice"]).deleted_at is None


def test_without_a_password_the_address_is_typed(app: Flask, people: dict[str, int]) -> None:
    browser = sign_in(app.test_client(), "alice")
    with app.app_context():
        get_user(people["alice"]).password_hash = ""
        db.session.commit()
    assert post_leaving(browser, address="bob@example.org")[0] == 422
    assert post_leaving(browser, address=" Alice@example.org")[0] == 303


def test_the_last_administrator_reads_why(app: Flask, people: dict[str, int]) -> None:
    browser = sign_in(app.test_client(), "maria")
    with app.app_context():
        set_role(get_user(people["maria"]), Role.ADMIN)
        db.session.commit()
    status, page = post_leaving(browser, password=PASSWORD)
    assert status == 409
    assert "last administrator" in page


def test_an_heir_follows_the_link_in_the_letter(make_app: MakeApp) -> None:
    with SmtpServer() as server:
        app = make_app(**server.env)
        app.config["WTF_CSRF_ENABLED"] = False
        people = make_people(app)
        with app.app_context():
            material_id = make_material(people["alice"], title="Own").id
        alice, charlie, maria = (
            sign_in(app.test_client(), name) for name in ("alice", "charlie", "maria")
        )
        form = {"fate": "hand_over", "password": PASSWORD}
        assert post_leaving(alice, **form)[0] == 422
        known = post_leaving(alice, **form, heir="charlie@example.org")
        assert known[0] == 303
        (mail,) = server.sent_to("charlie@example.org")
        path = mail.link.removeprefix("http://localhost")
        assert app.test_client().get(path).status_code == 303
        assert maria.get(path).status_code == 403
        assert "1 material" in charlie.get(path).text
        assert charlie.post(path).headers["Location"] == "/me/uploads"
        assert charlie.post(path).status_code == 422
        with app.app_context():
            uploader_id = db.session.get_one(Material, material_id).uploader_id
            assert uploader_id == people["charlie"]


def test_the_answer_does_not_tell_whether_the_heir_has_an_account(app: Flask) -> None:
    people = make_people(app)
    answers = []
    for name, heir in (("alice", "charlie@example.org"), ("maria", "nobody@example.org")):
        with app.app_context():
            make_material(people[name], title=f"Of {name}")
        browser = sign_in(app.test_client(), name)
        answer = browser.post(
            "/me/data/delete", data={"fate": "hand_over", "heir": heir, "password": PASSWORD}
        )
        told = re.findall(r'class="toast.*?</p>', browser.get("/").text, re.DOTALL)
        answers.append((answer.status_code, answer.headers["Location"], told))
    assert answers[0] == answers[1]
    assert "deleted" in answers[0][2][0]


def test_templates_name_authors_through_the_filter() -> None:
    paths = [p for p in (ROOT / "templates").rglob("*.*") if p.suffix in {".html", ".txt", ".xml"}]
    named = re.compile(r"\b(uploader|author|actor|moderator)\.name\b")
    assert not [path.name for path in paths if named.search(path.read_text("utf-8"))]
