"""Writers of a library's index that are killed, over and over, at any moment."""

from __future__ import annotations

import os
import random
import signal
import sys
import time
from collections.abc import Callable

from flask import Flask
from sqlalchemy import select

from edu import create_app
from edu.config import load_settings
from edu.extensions import db, search_index
from edu.materials.models import Material
from edu.search import indexing
from edu.search.postgres.index import PostgresIndex
from jobs.search import heal_index, update_index
from tests.conftest import make_people
from tests.samples import make_material

MATERIALS = 40
KILLS = 10


def main(data: str, database: str = "") -> int:
    """Fill the library, kill those who write, look after it as a restart does, and compare.

    With the address of a PostgreSQL database, that holds both the library and the index.
    """
    settings = {"EDU_DATA": data, "DEFAULT_LOCALE": "en"}
    if database:
        settings["DATABASE_URL"] = database
    app = create_app(load_settings(settings, queue_immediate=True))
    people = make_people(app)
    with app.app_context():
        for number in range(MATERIALS):
            make_material(people["alice"], title=f"Ряды {number}", text="ряд Фурье " * 50)
        update_index()
        db.session.remove()
        db.engine.dispose()  # children open connections of their own
        index = search_index()
        if isinstance(index, PostgresIndex):
            index.disconnect()
    print("ready", flush=True)
    chance = random.Random(11)
    for _ in range(KILLS):
        children = [start(app, work) for work in (change, rebuild)]
        time.sleep(chance.uniform(0.02, 0.4))
        for child in children:
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)
    with app.app_context():
        heal_index()
        update_index()
    result = app.test_cli_runner().invoke(args=["search", "check"])
    print(result.output, flush=True)
    return result.exit_code


def start(app: Flask, work: Callable[[], None]) -> int:
    """Run it in a child until that is killed."""
    child = os.fork()
    if child:
        return child
    with app.app_context():
        while True:
            work()
            db.session.commit()


def change() -> None:
    """Change some materials and bring the index up to them; merge now and then."""
    some = random.sample(range(1, MATERIALS + 1), 5)
    for material in db.session.scalars(select(Material).where(Material.id.in_(some))):
        material.title = f"Ряды {random.randrange(1000)}"
        material.touch()
    db.session.commit()
    indexing.index_pending()
    if random.random() < 0.3:
        indexing.optimize_index()


def rebuild() -> None:
    """Build the index anew in many small batches."""
    indexing.REBUILD_BATCH = 7
    indexing.rebuild_index()


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
