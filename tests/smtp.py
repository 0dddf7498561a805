"""A mail server for tests: takes letters on loopback, counts them, refuses on demand.

A letter counts once its final dot has been read, even if who sent it dies before the answer.
"""

from __future__ import annotations

import base64
import re
import socketserver
import threading
import time
from collections.abc import Callable
from email import message_from_bytes, policy
from email.message import EmailMessage
from types import TracebackType
from typing import NamedTuple, Self

# Called with a command line such as `RCPT TO:<alice@example.org>`, or "." for the end of a letter;
# answers with a reply such as "451 later" to refuse, "" to hang up, None to go on.
Judge = Callable[[str], str | None]


class Mail(NamedTuple):
    """A letter as it arrived, with its envelope."""

    sender: str
    recipients: list[str]
    message: EmailMessage

    @property
    def subject(self) -> str:
        """The decoded subject."""
        return str(self.message["Subject"])

    @property
    def text(self) -> str:
        """The plain half."""
        return self._part("plain")

    @property
    def html(self) -> str:
        """The HTML half."""
        return self._part("html")

    @property
    def link(self) -> str:
        """The first address in the text that leads further than to the site itself."""
        found = re.search(r"https?://[^/\s]+/\S+", self.text)
        assert found, self.text
        return found[0]

    def _part(self, kind: str) -> str:
        part = self.message.get_body((kind,))
        assert part is not None
        return str(part.get_content()).replace("\r\n", "\n")


class SmtpServer:
    """`with SmtpServer() as server: … server.messages`.

    `judge` may be set at any time; `delay` is waited before each reply, in seconds. With `user`
    and `password` a client has to sign in by AUTH PLAIN first.
    """

    def __init__(self, *, user: str = "", password: str = "", delay: float = 0.0) -> None:
        self.messages: list[Mail] = []
        self.connections = 0
        self.judge: Judge = lambda _line: None
        self.user, self.password, self.delay = user, password, delay
        owner = self

        class Handler(_Handler):
            server_of_mail = owner

        self._server = _Server(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,))

    @property
    def port(self) -> int:
        """Where it listens on 127.0.0.1."""
        return int(self._server.server_address[1])

    @property
    def env(self) -> dict[str, str]:
        """The settings that make an installation send here."""
        login = {"SMTP_USER": self.user, "SMTP_PASSWORD": self.password} if self.user else {}
        where = {"SMTP_HOST": "127.0.0.1", "SMTP_PORT": str(self.port), "SMTP_SECURITY": "none"}
        return where | login

    def sent_to(self, address: str) -> list[Mail]:
        """What has arrived for one address, oldest first."""
        return [mail for mail in list(self.messages) if address in mail.recipients]

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


class _Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True
    block_on_close = False


class _Handler(socketserver.StreamRequestHandler):
    server_of_mail: SmtpServer

    def handle(self) -> None:
        self.server_of_mail.connections += 1
        self.signed_in = not self.server_of_mail.user
        self.sender, self.recipients = "", list[str]()
        try:
            self._reply("220 stand-in")
            while line := self.rfile.readline(4096):
                if not self._obey(line.decode().strip()):
                    return
        except OSError:  # the client has gone: what it had handed over is counted
            return

    def _reply(self, text: str) -> None:
        time.sleep(self.server_of_mail.delay)
        self.wfile.write(f"{text}\r\n".encode())

    def _judged(self, line: str) -> bool | None:
        """None to go on, else the refusal is said and the connection lives on, or not."""
        verdict = self.server_of_mail.judge(line)
        if verdict is None:
            return None
        if verdict:
            self._reply(verdict)
        return bool(verdict) and not verdict.startswith("421")

    def _obey(self, line: str) -> bool:
        """Answer one command; False ends the connection."""
        verb, space, rest = line.partition(" ")
        line = f"{verb.upper()}{space}{rest}"
        if (verdict := self._judged(line)) is not None:
            return verdict
        match verb.upper():
            case "EHLO":
                self._reply("250-stand-in\r\n250-AUTH PLAIN\r\n250 8BITMIME")
            case "AUTH":
                self._sign_in(line)
            case "MAIL" if not self.signed_in:
                self._reply("530 5.7.0 sign in first")
            case "MAIL":
                self.sender, self.recipients = _address(line), []
                self._reply("250 fine")
            case "RCPT":
                self.recipients.append(_address(line))
                self._reply("250 fine")
            case "DATA":
                return self._take()
            case "RSET" | "NOOP":
                self._reply("250 fine")
            case "QUIT":
                self._reply("221 bye")
                return False
            case _:
                self._reply("502 unknown")
        return True

    def _sign_in(self, line: str) -> None:
        own = self.server_of_mail
        _zero, user, password = base64.b64decode(line.split()[2]).decode().split("\0")
        self.signed_in = (user, password) == (own.user, own.password)
        self._reply("235 welcome" if self.signed_in else "535 5.7.8 wrong name or password")

    def _take(self) -> bool:
        """Read a letter up to its dot; one that is cut off does not count."""
        self._reply("354 go on")
        lines: list[bytes] = []
        while (line := self.rfile.readline()) != b".\r\n":
            if not line.endswith(b"\n"):
                return False
            lines.append(line.removeprefix(b"."))
        if (verdict := self._judged(".")) is not None:
            return verdict
        message = message_from_bytes(b"".join(lines), policy=policy.default)
        mail = Mail(self.sender, self.recipients, message)
        self.server_of_mail.messages.append(mail)
        self._reply("250 taken")
        return True


def _address(line: str) -> str:
    found = re.search(r"<(.*?)>", line)
    return found[1] if found else ""
