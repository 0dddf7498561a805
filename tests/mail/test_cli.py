"""`flask mail …`"""

from __future__ import annotations

from flask import Flask

from tests.conftest import MakeApp
from tests.mail.conftest import refuse
from tests.smtp import SmtpServer


def test_a_test_letter_tells_what_became_of_it(make_app: MakeApp, server: SmtpServer) -> None:
    runner = make_app(**server.env).test_cli_runner()
    done = runner.invoke(args=["mail", "test", "alice@example.org"])
    assert done.exit_code == 0
    assert "has taken the letter to alice@example.org" in done.output
    assert len(server.sent_to("alice@example.org")) == 1


def test_a_test_letter_that_is_refused_says_why(make_app: MakeApp, server: SmtpServer) -> None:
    server.judge = refuse("RCPT", "550 5.1.1 no such person")
    runner = make_app(**server.env).test_cli_runner()
    done = runner.invoke(args=["mail", "test", "alice@example.org"])
    assert done.exit_code == 1
    assert "550 5.1.1 no such person" in done.output
    assert "Error" in runner.invoke(args=["mail", "test", "nonsense"]).output


def test_a_server_that_is_away_is_named(make_app: MakeApp) -> None:
    app = make_app(SMTP_HOST="127.0.0.1", SMTP_PORT="1", SMTP_SECURITY="none")
    done = app.test_cli_runner().invoke(args=["mail", "test", "alice@example.org"])
    assert done.exit_code == 1
    assert "refused" in done.output


def test_without_smtp_the_test_letter_goes_to_the_log(app: Flask) -> None:
    done = app.test_cli_runner().invoke(args=["mail", "test", "alice@example.org"])
    assert done.exit_code == 0
    assert "went to the log" in done.output


def test_the_list_shows_states_and_no_texts(app: Flask) -> None:
    runner = app.test_cli_runner()
    runner.invoke(args=["mail", "test", "alice@example.org"])
    listed = runner.invoke(args=["mail", "list"]).output
    assert "logged\ttest\talice@example.org" in listed
    assert "can send" not in listed
