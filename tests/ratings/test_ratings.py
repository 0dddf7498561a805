"""Stars: the formula, the weights, and what people see of them."""

from __future__ import annotations

import threading

import pytest
from flask import Flask
from flask.testing import FlaskClient

from edu.accounts.models import Role, User
from edu.errors import Forbidden, InvalidInput
from edu.extensions import db, utcnow
from edu.materials.models import Material, MaterialStatus
from edu.ratings import service
from edu.ratings.models import Rating
from jobs.search import refresh_ratings
from tests.conftest import MakeApp, make_people, make_user, sign_in
from tests.samples import get_material, make_material


def person(user_id: int) -> User:
    return db.session.get_one(User, user_id)


# The formula ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("total", "weight", "site_mean", "prior", "mean"),
    [
        (0, 0, 4.0, 5, 0.0),  # no votes: nothing to show
        (5, 1, 3.0, 5, 20 / 6),  # one vote stays near the site's mean
        (500, 100, 3.0, 5, 515 / 105),  # many speak for themselves
        (5, 1, 3.0, 0, 5.0),  # without a prior the plain mean
        (5 * 0.3 + 2 * 2.0, 2.3, 3.5, 5, (17.5 + 5.5) / 7.3),
    ],
)
def test_the_mean_is_bayesian(
    total: float, weight: float, site_mean: float, prior: float, mean: float
) -> None:
    assert service.weighted_rating(total, weight, site_mean, prior) == pytest.approx(mean)


def test_a_vote_weighs_by_role_and_confirmation(make_app: MakeApp) -> None:
    app = make_app(
        RATING_WEIGHT_CONFIRMED="1.5", RATING_WEIGHT_UNCONFIRMED="0.25", RATING_WEIGHT_MODERATOR="3"
    )
    with app.app_context():
        weights = {
            name: service.vote_weight(user)
            for name, user in {
                "unconfirmed": User(role=Role.USER),
                "confirmed": User(role=Role.USER, confirmed_at=utcnow()),
                "moderator": User(role=Role.MODERATOR, confirmed_at=utcnow()),
                "admin": User(role=Role.ADMIN, confirmed_at=utcnow()),
            }.items()
        }
    assert weights == {"unconfirmed": 0.25, "confirmed": 1.5, "moderator": 3, "admin": 3}


# Voting ---------------------------------------------------------------------------------------


def test_votes_add_up_by_weight(any_app: Flask) -> None:
    people = make_people(any_app)
    with any_app.app_context():
        material = make_material(people["alice"])
        service.rate_material(person(people["charlie"]), material, 5)
        summary = service.rate_material(person(people["maria"]), material, 2)
        # Charlie's 5 weighs 1, Maria's 2 weighs 2: m = (5 + 4) / 3 = 3, and the site has no other.
        assert summary.mean == pytest.approx((5 * 3 + 9) / (5 + 3))
        assert (summary.votes, summary.mine) == (2, 2)


def test_the_sites_mean_draws_a_lone_vote(any_app: Flask) -> None:
    people = make_people(any_app)
    with any_app.app_context():
        charlie = person(people["charlie"])
        for n in range(3):
            service.rate_material(charlie, make_material(people["alice"], title=f"Bad {n}"), 1)
        good = make_material(people["alice"], title="Good")
        service.rate_material(charlie, good, 5)
        assert good.rating_mean == pytest.approx((5 * 2.0 + 5) / 6)


def test_a_changed_vote_replaces_the_first(any_app: Flask) -> None:
    people = make_people(any_app)
    with any_app.app_context():
        material, charlie = make_material(people["alice"]), person(people["charlie"])
        service.rate_material(charlie, material, 1)
        revision = material.revision
        summary = service.rate_material(charlie, material, 5)
        assert summary == service.summarise_rating(material, charlie)
        assert (summary.mean, summary.votes, summary.mine) == (5.0, 1, 5)
        assert db.session.query(Rating).count() == 1
        assert material.revision > revision
        assert service.summarise_rating(material, None).mine is None


def test_a_vote_that_changes_nothing_wakes_no_index(app: Flask, people: dict[str, int]) -> None:
    with app.app_context():
        material, charlie = make_material(people["alice"]), person(people["charlie"])
        service.rate_material(charlie, material, 4)
        revision = material.revision
        service.rate_material(charlie, material, 4)
        assert material.revision == revision


def test_a_vote_keeps_the_weight_that_it_was_given_with(app: Flask, people: dict[str, int]) -> None:
    with app.app_context():
        material, charlie = make_material(people["alice"]), person(people["charlie"])
        service.rate_material(charlie, material, 4)
        charlie.role = Role.MODERATOR.value
        assert db.session.query(Rating).one().weight == 1.0
        service.rate_material(charlie, material, 5)
        assert db.session.query(Rating).one().weight == 2.0


def test_nobody_rates_their_own(any_app: Flask) -> None:
    people = make_people(any_app)
    with any_app.app_context():
        material, alice = make_material(people["alice"]), person(people["alice"])
        assert not service.can_rate(alice, material)
        with pytest.raises(Forbidden):
            service.rate_material(alice, material, 5)


@pytest.mark.parametrize("status", [s for s in MaterialStatus if s != MaterialStatus.ACTIVE])
def test_only_what_is_published_is_rated(
    app: Flask, people: dict[str, int], status: MaterialStatus
) -> None:
    with app.app_context():
        material, maria = make_material(people["alice"], status), person(people["maria"])
        assert not service.can_rate(maria, material)
        with pytest.raises(Forbidden):
            service.rate_material(maria, material, 5)


@pytest.mark.parametrize("stars", [0, 6, -1, 2**40])
def test_there_are_one_to_five_stars(any_app: Flask, stars: int) -> None:
    people = make_people(any_app)
    with any_app.app_context():
        material, charlie = make_material(people["alice"]), person(people["charlie"])
        with pytest.raises(InvalidInput):
            service.rate_material(charlie, material, stars)
        assert material.rating_votes == 0


def test_votes_at_the_same_moment_are_all_counted(any_app: Flask) -> None:
    people = make_people(any_app)
    with any_app.app_context():
        make_user("vera")
        material_id = make_material(people["alice"]).id
    voters = ["charlie", "charlie", "vera", "maria"]  # Charlie is impatient and has two windows
    start = threading.Barrier(len(voters))
    codes: list[int] = []

    def vote(name: str) -> None:
        client = sign_in(any_app.test_client(), name)
        start.wait(20)
        codes.append(client.post(f"/materials/{material_id}/rate", data={"stars": 4}).status_code)

    threads = [threading.Thread(target=vote, args=(name,)) for name in voters]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert codes == [303] * len(voters)
    with any_app.app_context():
        material = get_material(material_id)
        assert (material.rating_votes, material.rating_mean) == (3, 4.0)


# Following the site's mean --------------------------------------------------------------------


def test_a_vote_elsewhere_moves_every_shown_rating_in_time(any_app: Flask) -> None:
    people = make_people(any_app)
    with any_app.app_context():
        charlie = person(people["charlie"])
        first = make_material(people["alice"], title="First")
        second = make_material(people["alice"], title="Second")
        service.rate_material(charlie, first, 5)
        service.rate_material(charlie, second, 1)
        assert first.rating_mean == 5.0
        db.session.commit()
        refresh_ratings()
        assert get_material(first.id).rating_mean == pytest.approx((5 * 3 + 5) / 6)
        assert service.refresh_all_ratings() == 0
        assert get_material(first.id).indexed_revision == get_material(first.id).revision


# The top --------------------------------------------------------------------------------------


def test_the_top_holds_ten_best_first(any_app: Flask) -> None:
    people = make_people(any_app)
    with any_app.app_context():
        for n in range(12):
            make_material(
                people["alice"], title=f"M{n:02}", rating_mean=1 + n / 4, rating_votes=1 + n
            )
        make_material(people["alice"], title="Unrated")
        make_material(
            people["alice"], MaterialStatus.ARCHIVED, title="Gone", rating_mean=5, rating_votes=9
        )
        titles = [material.title for material in service.list_top_materials()]
        assert titles == [f"M{n:02}" for n in range(11, 1, -1)]


def test_of_equals_more_votes_come_first(any_app: Flask) -> None:
    people = make_people(any_app)
    with any_app.app_context():
        for votes in (2, 9, 5):
            make_material(people["alice"], title=f"V{votes}", rating_mean=4.5, rating_votes=votes)
        assert [m.title for m in service.list_top_materials(2)] == ["V9", "V5"]


# Pages ----------------------------------------------------------------------------------------


@pytest.fixture
def material_id(app: Flask, people: dict[str, int]) -> int:
    """Alice's published material."""
    with app.app_context():
        return make_material(people["alice"]).id


def test_strangers_are_asked_to_sign_in(client: FlaskClient, material_id: int) -> None:
    response = client.post(f"/materials/{material_id}/rate", data={"stars": 5})
    assert response.status_code == 303
    assert response.headers["Location"].startswith("/login")
    assert "Sign in to rate" in client.get(f"/materials/{material_id}").text


def test_a_vote_is_thanked_for_and_shown(client: FlaskClient, material_id: int) -> None:
    address = f"/materials/{material_id}"
    sign_in(client, "charlie")
    assert client.post(f"{address}/rate", data={"stars": 4}).headers["Location"] == address
    page = client.get(address).text
    assert "Thank you! Your rating counts." in page
    assert "Your rating: 4" in page
    assert '<span class="rate-mean">4.0</span>' in page
    assert "4.0" in client.get("/").text


def test_htmx_gets_the_new_rating_alone(client: FlaskClient, material_id: int) -> None:
    response = sign_in(client, "charlie").post(
        f"/materials/{material_id}/rate", data={"stars": 3}, headers={"HX-Request": "true"}
    )
    assert response.status_code == 200
    assert response.text.lstrip().startswith('<section id="rating"')
    assert "Saved, thank you!" in response.text


@pytest.mark.parametrize("stars", ["", "0", "6", "five", "4.5", "9" * 30])
def test_nonsense_is_refused(client: FlaskClient, material_id: int, stars: str) -> None:
    response = sign_in(client, "charlie").post(
        f"/materials/{material_id}/rate", data={"stars": stars}
    )
    assert response.status_code == 422


def test_the_uploader_is_offered_no_stars(client: FlaskClient, material_id: int) -> None:
    sign_in(client, "alice")
    assert 'name="stars"' not in client.get(f"/materials/{material_id}").text
    response = client.post(f"/materials/{material_id}/rate", data={"stars": 5})
    assert response.status_code == 403


def test_a_vote_reaches_the_search(app: Flask, client: FlaskClient, material_id: int) -> None:
    sign_in(client, "charlie").post(f"/materials/{material_id}/rate", data={"stars": 5})
    assert "Ряды Фурье" in client.get("/search?rating_gte=4").text
    with app.app_context():
        make_user("vera", Role.MODERATOR)
    sign_in(app.test_client(), "vera").post(f"/materials/{material_id}/rate", data={"stars": 1})
    assert "Nothing found" in client.get("/search?rating_gte=4").text


def test_the_database_refuses_other_stars(any_app: Flask) -> None:
    people = make_people(any_app)
    with any_app.app_context():
        material = make_material(people["alice"])
        db.session.add(
            Rating(material_id=material.id, user_id=people["charlie"], stars=9, weight=1)
        )
        with pytest.raises(Exception, match="stars"):
            db.session.flush()
        db.session.rollback()
        assert db.session.query(Material).count() == 1
