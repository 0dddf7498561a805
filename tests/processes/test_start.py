"""`flask start`, which `make run` calls: from nothing to a library, and back to nothing."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request

import pytest

from edu.demo.service import ACCOUNTS
from edu.demo.service import PASSWORD as DEMO_PASSWORD
from tests.product import BIN, Product, answers, descendants, is_alive, is_listening, wait_until

pytestmark = pytest.mark.processes
START = (str(BIN / "flask"), "start")
WEB = (str(BIN / "gunicorn"), "wsgi:app")
WORKER = (sys.executable, "-m", "jobs")
SECRET = "an-honest-secret-of-forty-two-characters-0"


def start(product: Product, log: str) -> subprocess.Popen[bytes]:
    """`flask start` in a process group of its own, as a terminal would give it."""
    return product.spawn(log, *START, start_new_session=True)


def press_ctrl_c(process: subprocess.Popen[bytes]) -> float:
    """What a terminal does: SIGINT to the whole group. The seconds until the end."""
    began = time.monotonic()
    os.killpg(process.pid, signal.SIGINT)
    process.wait(10)
    return time.monotonic() - began


def is_ready(product: Product) -> bool:
    return answers(f"{product.url}/readyz")


def test_a_first_start_makes_a_library_and_the_second_is_quick(empty_product: Product) -> None:
    product = empty_product
    first = start(product, "first")
    wait_until(lambda: is_ready(product), 90, "the first start")
    said = product.read_log("first")
    assert product.url in said
    for email, _name, _role in ACCOUNTS.values():
        assert email in said
    assert DEMO_PASSWORD in said
    with urllib.request.urlopen(product.url, timeout=10) as home:
        page = home.read().decode()
    assert "Условная вероятность и формула Байеса" in page

    children = descendants(first.pid)
    assert len(children) >= 3
    press_ctrl_c(first)
    assert first.returncode == 0, product.tails()
    # The sandbox's processes notice by themselves that the worker is gone.
    wait_until(lambda: not any(map(is_alive, children)), 10, "the end of all processes")
    assert not is_listening(product.port)
    assert "Traceback" not in product.read_log("first")

    began = time.monotonic()
    second = start(product, "second")
    wait_until(lambda: is_ready(product), 30, "the second start")
    # The yardstick is 5 s on a machine of its own; tests run beside each other.
    assert time.monotonic() - began < 15
    assert "writing the demo library" not in product.read_log("second")
    children = descendants(second.pid)
    second.terminate()
    second.wait(15)
    assert second.returncode == 0, product.tails()
    wait_until(lambda: not any(map(is_alive, children)), 5, "no process is left")

    # With a public address the known passwords are a refusal, for each process by itself too.
    product.env |= {"SITE_URL": "https://library.example.org", "SECRET_KEY": SECRET}
    status, said = product.flask("start")
    assert status != 0
    assert "demo accounts" in said
    assert "Traceback" not in said
    for name, command in (("web", WEB), ("worker", WORKER)):
        assert product.spawn(name, *command).wait(30) != 0, name
        assert "demo accounts" in product.read_log(name)
    assert product.flask("demo", "remove-accounts")[0] == 0
    third = start(product, "third")
    wait_until(lambda: is_ready(product), 30, "the start without demo accounts")
    press_ctrl_c(third)
    assert third.returncode == 0, product.tails()
    assert DEMO_PASSWORD not in product.read_log("third")


def test_a_public_address_needs_a_real_secret(empty_product: Product) -> None:
    empty_product.env["SITE_URL"] = "https://library.example.org"
    commands = {"start": START, "web": WEB, "worker": WORKER}
    for log, command in commands.items():
        assert empty_product.spawn(log, *command).wait(30) != 0, log
        said = empty_product.read_log(log)
        assert "SECRET_KEY" in said
        assert "Traceback" not in said


def test_a_port_in_use_is_told_in_a_sentence(empty_product: Product) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", empty_product.port))
        taken.listen()
        status, said = empty_product.flask("start")
    assert status != 0
    assert f"{empty_product.port} cannot be used" in said
    assert f"PORT={empty_product.port + 1}" in said
    assert "Traceback" not in said
