"""The page of curl commands is the one that the API's description gives, and every one works."""

from __future__ import annotations

import os
import re
import secrets
import shutil
import subprocess
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import Any, cast

import pytest
from flask import Flask

from edu.accounts.models import Role, User
from edu.accounts.service import find_user, hash_password
from edu.api.app import ApiApp
from edu.api.examples import render_examples
from edu.api.tokens import sign_token
from edu.assistant.models import Conversation, Question, SavedAnswer
from edu.captions.models import Caption
from edu.collections.models import Collection, CollectionItem
from edu.config import ROOT
from edu.extensions import db, utcnow
from edu.library.models import HistoryEntry
from edu.materials.models import MaterialStatus
from edu.notifications.models import Notification
from edu.plans.models import Plan, PlanStep
from edu.reports.models import Report
from edu.site.cli import upgrade_database
from edu.subscriptions.models import Subscription
from edu.tokens.models import PersonalToken
from edu.tokens.service import open_api_session
from edu.trash.models import TrashEntry
from edu.tree.service import ensure_category
from tests.authorisation.world import BYTES, build_world, make_material
from tests.product import Product, make_product, show_logs

PAGE = (ROOT / "docs" / "api-examples.md").read_text("utf-8")
EXAMPLES = re.findall(r"### (.+?)\n.*?`(\w+ \S+)`.*?```sh\n(.*?)```", PAGE, re.DOTALL)
SAID = "WEBVTT\n\n00:00:01.000 --> 00:00:02.000\nSeries.\n"
PASSWORD = "a long phrase"  # that of the examples in the description


def test_the_page_is_up_to_date(app: Flask) -> None:
    made = render_examples(cast("ApiApp", app).document)
    assert made == PAGE, "run: flask api examples > docs/api-examples.md"


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, Any]:
    report = yield
    show_logs(item, report)
    return report


@pytest.fixture(scope="module")
def product(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    """A running product with a small world, in which Alice administers."""
    with make_product(tmp_path_factory.mktemp("api"), API_LIMIT="1000 per minute") as made:
        with made.app.app_context():
            upgrade_database()
            build_world(made.app)
            _person("maria").password_hash = hash_password(PASSWORD)
            _person("alice").role = Role.ADMIN.value
            db.session.commit()
        made.start_web()
        yield made


def _person(name: str) -> User:
    user = find_user(f"{name}@example.org")
    assert user is not None
    return user


def _status_for(operation: str) -> MaterialStatus:
    """What the material of the command is, so that the command works."""
    if operation.endswith(("/approve", "/reject")):
        return MaterialStatus.PENDING
    deleted = operation.endswith("/restore") or "/api/trash/" in operation
    return MaterialStatus.ARCHIVED if deleted else MaterialStatus.ACTIVE


def make_things(operation: str) -> dict[str, str]:
    """Something fresh of every kind, and its name as the commands ask for it."""
    alice, mark = _person("alice"), secrets.token_hex(4)
    alice.password_hash = hash_password(PASSWORD)
    category = ensure_category(mark)
    material = make_material(_person("charlie"), _status_for(operation), category.id)
    if "/captions" in operation:
        material.file.media_type = "video/mp4"
        db.session.add(Caption(file=material.file, language="ru", text=SAID, author=alice))
    if material.status == MaterialStatus.ARCHIVED:
        values = {"deleted_by_id": alice.id, "status_before": "active", "reason": ""}
        db.session.add(TrashEntry(material_id=material.id, **values))
    if operation.endswith(("/settle", "DELETE /api/materials/{material_id}/report")):
        values = {"title": mark, "reason": "file"}
        db.session.add(Report(user_id=alice.id, material_id=material.id, **values))
    talk = Conversation(user_id=alice.id, title="Series")
    things: dict[str, Any] = {
        "CONVERSATION_ID": talk,
        "SAVED_ID": SavedAnswer(user_id=alice.id, title=mark, answer="Series.", citations=[]),
        "SUBSCRIPTION_ID": Subscription(user_id=alice.id, kind="search", target=f"q={mark}"),
        "NOTIFICATION_ID": Notification(
            user_id=alice.id, topic="materials", kind="new", occasion=mark, material=material
        ),
        "TOKEN_ID": PersonalToken(user_id=alice.id, name=mark, token_hash=mark, hint="hint"),
        "QUESTION_ID": Question(
            user_id=alice.id,
            conversation=talk,
            text=mark,
            locale="ru",
            status="answered",
            answered_at=utcnow(),
        ),
        "KEY": Collection(user_id=alice.id, title=mark, key=mark),
    }
    db.session.add_all(things.values())
    db.session.add(HistoryEntry(user_id=alice.id, material_id=material.id))
    db.session.flush()
    db.session.add(
        CollectionItem(collection_id=things["KEY"].id, material_id=material.id, position=0)
    )
    things["PLAN_ID"] = Plan(
        user_id=alice.id,
        question_id=things["QUESTION_ID"].id,
        title=mark,
        starts_on=utcnow().date(),
        minutes_a_week=240,
    )
    db.session.add(things["PLAN_ID"])
    db.session.flush()
    things["STEP_ID"] = PlanStep(
        plan_id=things["PLAN_ID"].id, week=1, position=1, topic=mark, minutes=30
    )
    db.session.add(things["STEP_ID"])
    grant, other = open_api_session(alice), open_api_session(alice)
    db.session.commit()
    names = {name: str(row.id) for name, row in things.items()} | {"KEY": mark}
    names |= {"TOKEN": sign_token(alice, grant.session_id), "REFRESH_TOKEN": grant.refresh_token}
    names |= {"MATERIAL_ID": str(material.id), "CATEGORY_ID": str(category.id), "NUMBER": "1"}
    names["LANGUAGE"] = "ru"
    return names | {"SESSION_ID": str(other.session_id), "PARENT_ID": ""}


@pytest.mark.skipif(shutil.which("curl") is None, reason="no curl on this machine")
@pytest.mark.parametrize(
    ("operation", "command"), [example[1:] for example in EXAMPLES], ids=[e[0] for e in EXAMPLES]
)
def test_a_command_works(product: Product, tmp_path: Path, operation: str, command: str) -> None:
    with product.app.app_context():
        names = make_things(operation)
        names["PARENT_ID"] = str(ensure_category("Maths", slug="maths").id)
        if operation.startswith("DELETE /api/categories"):
            names["CATEGORY_ID"] = str(ensure_category(secrets.token_hex(4)).id)
        db.session.commit()
    file = tmp_path / "lecture.pdf"
    file.write_bytes(BYTES + secrets.token_bytes(8))
    if "/captions" in operation:
        file.write_text(SAID, encoding="utf-8")
    done = subprocess.run(
        ["bash", "-u", "-c", command],
        env=os.environ | names | {"SITE": product.url, "FILE": str(file)},
        capture_output=True,
        timeout=30,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
