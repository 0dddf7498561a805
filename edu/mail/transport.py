"""The conversation with the mail server, and what its answers mean for a letter."""

from __future__ import annotations

import re
import smtplib
import socket
import ssl
from collections.abc import Callable
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit

from edu.config import Settings

TIMEOUT_S = 60.0
SIGN_IN_WANTED = {530, 534, 535, 538}
CLOSING = 421


class Unreachable(Exception):
    """The server takes no letter at all: it is away, or the settings are wrong."""


class Refused(Exception):
    """The server does not take this letter; `lasting` when asking again will not help."""

    def __init__(self, reason: str, *, lasting: bool) -> None:
        super().__init__(reason)
        self.lasting = lasting


class AnswerLost(Exception):
    """The connection broke after the last byte: the letter may have arrived."""


class Transport:
    """One connection for many letters, opened with the first and anew after a break."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self._server: smtplib.SMTP | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._server is not None:
            try:
                self._server.quit()
            except OSError:  # it has hung up first
                self._hang_up()

    def deliver(
        self, sender: str, address: str, content: bytes, before_end: Callable[[], None]
    ) -> None:
        """Send one letter; `before_end` is called when all but its last byte are out.

        Raises Unreachable, Refused or AnswerLost, and whatever `before_end` raises: then the
        server has not got the letter.
        """
        server = self._connect()
        try:
            self._envelope(server, sender, address)
            self._begin(server, content)
        except OSError as error:  # smtplib's own are such, too
            self._hang_up()
            raise Refused(_words(error), lasting=False) from error
        try:
            before_end()
        except BaseException:
            self._hang_up()  # in the midst of a letter, so the server drops it
            raise
        self._end(server)

    def _connect(self) -> smtplib.SMTP:
        if self._server is None:
            try:
                self._server = self._open()
            # UnicodeError: smtplib takes names and passwords in ASCII only.
            except (OSError, UnicodeError) as error:
                raise Unreachable(_words(error)) from error
        return self._server

    def _open(self) -> smtplib.SMTP:
        config = self.settings
        host = urlsplit(config.site_url).hostname
        context = ssl.create_default_context()
        if config.smtp_security == "tls":
            server: smtplib.SMTP = smtplib.SMTP_SSL(
                config.smtp_host, config.smtp_port, host, timeout=TIMEOUT_S, context=context
            )
        else:
            server = smtplib.SMTP(config.smtp_host, config.smtp_port, host, timeout=TIMEOUT_S)
        try:
            # The last byte goes out by itself and must not wait for the answer to those before.
            if server.sock is not None:
                server.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if config.smtp_security == "starttls":
                server.starttls(context=context)
            if config.smtp_user:
                server.login(config.smtp_user, config.smtp_password)
            server.ehlo_or_helo_if_needed()
        except BaseException:
            server.close()
            raise
        return server

    def _envelope(self, server: smtplib.SMTP, sender: str, address: str) -> None:
        """Say from whom and to whom. A refused sender is refused for every letter."""
        options = ["SMTPUTF8"] if not address.isascii() and server.has_extn("smtputf8") else []
        try:
            code, reply = server.mail(sender, options)
            if code >= 400:
                self._hang_up()
                raise Unreachable(_answer(code, reply))
            self._judge(*server.rcpt(address))
        except UnicodeEncodeError as error:
            self._hang_up()
            raise Refused("the server takes no such address", lasting=True) from error

    def _begin(self, server: smtplib.SMTP, content: bytes) -> None:
        """Send all but the end of the letter."""
        self._judge(*server.docmd("DATA"))
        server.send(re.sub(rb"(?m)^\.", b"..", content))

    def _end(self, server: smtplib.SMTP) -> None:
        try:
            server.send(b".\r\n")
            code, reply = server.getreply()
        except OSError as error:
            self._hang_up()
            raise AnswerLost(_words(error)) from error
        self._judge(code, reply)

    def _judge(self, code: int, reply: bytes) -> None:
        if code < 400:
            return
        if code in SIGN_IN_WANTED:
            self._hang_up()
            raise Unreachable(_answer(code, reply))
        self._forget(code)
        raise Refused(_answer(code, reply), lasting=code >= 500)

    def _forget(self, code: int) -> None:
        """Make the connection fit for the next letter."""
        try:
            if code == CLOSING or self._server is None:
                raise smtplib.SMTPServerDisconnected
            self._server.rset()
        except OSError:
            self._hang_up()

    def _hang_up(self) -> None:
        if self._server is not None:
            self._server.close()
            self._server = None


def _answer(code: int, reply: bytes) -> str:
    return f"{code} {' '.join(reply.decode('utf-8', 'replace').split())}"


def _words(error: Exception) -> str:
    if isinstance(error, smtplib.SMTPResponseException):
        reply = error.smtp_error
        return _answer(error.smtp_code, reply if isinstance(reply, bytes) else reply.encode())
    return str(error) or type(error).__name__
