"""Codes: right once, in their time, for their owner."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pyotp
import pytest
from flask import Flask
from sqlalchemy import select

from edu.accounts.models import Role, User
from edu.errors import Conflict, Forbidden, InvalidInput
from edu.extensions import db
from edu.second_factor import service
from edu.second_factor.models import Authenticator, SpareCode
from tests.conftest import make_user
from tests.second_factor.conftest import Clock, set_up


@pytest.fixture
def maria(any_app: Flask, clock: Clock) -> Iterator[User]:
    """A moderator with a second factor, on each database; a step after setting it up."""
    with any_app.app_context():
        user = make_user("maria", Role.MODERATOR)
        set_up(user, clock)
        clock.now += 30
        yield user
        db.session.commit()


def app_of(user: User) -> pyotp.TOTP:
    authenticator = db.session.get(Authenticator, user.id)
    assert authenticator is not None
    return pyotp.TOTP(service._open(authenticator) or "")


def test_the_apps_code_is_right(maria: User, clock: Clock) -> None:
    assert service.check_code(maria, app_of(maria).at(clock.now))


def test_a_code_may_be_typed_with_spaces(maria: User, clock: Clock) -> None:
    code = app_of(maria).at(clock.now)
    assert service.check_code(maria, f" {code[:3]} {code[3:]} ")


def test_a_code_works_once(maria: User, clock: Clock) -> None:
    code = app_of(maria).at(clock.now)
    assert service.check_code(maria, code)
    assert not service.check_code(maria, code)


def test_the_code_that_set_it_up_is_used_up(any_app: Flask, clock: Clock) -> None:
    with any_app.app_context():
        user = make_user("maria", Role.MODERATOR)
        set_up(user, clock)
        assert not service.check_code(user, app_of(user).at(clock.now))
        db.session.commit()


@pytest.mark.parametrize(
    ("seconds", "right"), [(-60, False), (-30, False), (30, True), (60, False)]
)
def test_a_clock_may_be_half_a_minute_off(
    maria: User, clock: Clock, seconds: int, right: bool
) -> None:
    # Half a minute back lies the code that set it up.
    assert service.check_code(maria, app_of(maria).at(clock.now + seconds)) is right


def test_after_a_later_code_an_earlier_one_is_refused(maria: User, clock: Clock) -> None:
    assert service.check_code(maria, app_of(maria).at(clock.now + 30))
    assert not service.check_code(maria, app_of(maria).at(clock.now))


@pytest.mark.parametrize(
    "code", ["", "000000", "12345", "1234567", "١٢٣٤٥٦", "x" * 10_000, "💥" * 6, "abcde-fghij"]
)
def test_other_texts_are_wrong(maria: User, code: str) -> None:
    assert not service.check_code(maria, code)


def test_a_spare_code_works_once(maria: User, clock: Clock) -> None:
    clock.now += 30
    codes = service.renew_spare_codes(maria, app_of(maria).at(clock.now))
    assert len(set(codes)) == service.SPARE_CODES
    assert service.check_code(maria, codes[3].upper().replace("-", " "))
    assert not service.check_code(maria, codes[3])
    assert service.count_spare_codes(maria) == service.SPARE_CODES - 1


def test_new_spare_codes_end_the_old_ones(maria: User, clock: Clock) -> None:
    old = service.renew_spare_codes(maria, app_of(maria).at(clock.now))
    new = service.renew_spare_codes(maria, old[0])
    assert not service.check_code(maria, old[1])
    assert service.check_code(maria, new[1])


def test_a_spare_code_is_its_owners(maria: User, clock: Clock) -> None:
    nina = make_user("nina", Role.MODERATOR)
    code = set_up(nina, clock)[0]
    assert not service.check_code(maria, code)
    assert service.check_code(nina, code)


def test_codes_are_kept_unreadable(maria: User, clock: Clock) -> None:
    code = service.renew_spare_codes(maria, app_of(maria).at(clock.now))[0]
    authenticator = db.session.get(Authenticator, maria.id)
    assert authenticator is not None
    assert app_of(maria).secret.encode() not in authenticator.secret
    hashes = db.session.scalars(select(SpareCode.code_hash)).all()
    assert not [h for h in hashes if code in h or code.replace("-", "") in h]


def test_another_secret_key_opens_nothing(
    maria: User, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    code = app_of(maria).at(clock.now)
    monkeypatch.setattr(service, "_key", lambda label: label.ljust(32, b".")[:32])
    assert service.has_second_factor(maria)
    assert not service.check_code(maria, code)


def test_of_two_with_one_code_one_gets_in(maria: User, any_app: Flask, clock: Clock) -> None:
    code, number, answers = app_of(maria).at(clock.now), maria.id, list[bool]()
    db.session.commit()
    barrier = threading.Barrier(4)

    def try_it() -> None:
        with any_app.app_context():
            user = db.session.get_one(User, number)
            service.has_second_factor(user)
            db.session.rollback()
            barrier.wait(10)
            answers.append(service.check_code(user, code))
            db.session.commit()

    threads = [threading.Thread(target=try_it) for _number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answers) == [False, False, False, True]


def test_it_counts_from_the_first_right_code(any_app: Flask, clock: Clock) -> None:
    with any_app.app_context():
        user = make_user("maria", Role.MODERATOR)
        service.begin_setup(user)
        assert not service.has_second_factor(user)
        assert not service.check_code(user, app_of(user).at(clock.now))
        with pytest.raises(InvalidInput):
            service.confirm_setup(user, "000000")
        assert not service.has_second_factor(user)
        db.session.commit()


def test_setting_up_again_makes_a_new_secret(any_app: Flask, clock: Clock) -> None:
    with any_app.app_context():
        user = make_user("maria", Role.MODERATOR)
        service.begin_setup(user)
        first = service.pending_setup(user)
        service.begin_setup(user)
        second = service.pending_setup(user)
        assert first
        assert second
        assert first.secret != second.secret
        db.session.commit()


def test_what_is_on_is_not_set_up_over(maria: User) -> None:
    with pytest.raises(Conflict):
        service.begin_setup(maria)
    assert service.pending_setup(maria) is None
    with pytest.raises(Conflict):
        service.confirm_setup(maria, "000000")


def test_it_is_for_moderators(app: Flask) -> None:
    with app.app_context(), pytest.raises(Forbidden):
        service.begin_setup(make_user("alice"))


def test_who_is_no_moderator_any_more_keeps_it_and_may_switch_it_off(
    maria: User, clock: Clock
) -> None:
    maria.role = Role.USER.value
    assert service.has_second_factor(maria)
    service.switch_off(maria, app_of(maria).at(clock.now))
    assert not service.has_second_factor(maria)


def test_switching_off_needs_a_code(maria: User) -> None:
    with pytest.raises(InvalidInput):
        service.switch_off(maria, "000000")
    assert service.has_second_factor(maria)


def test_an_administrator_takes_it_off_whole(maria: User) -> None:
    service.reset_second_factor(maria)
    assert not service.has_second_factor(maria)
    assert db.session.scalars(select(SpareCode)).all() == []
    assert db.session.scalars(select(Authenticator)).all() == []
