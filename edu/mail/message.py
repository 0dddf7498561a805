"""A letter as mail servers take it."""

from __future__ import annotations

import re
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP, SMTPUTF8
from email.utils import format_datetime, parseaddr

from email_validator import validate_email

from edu.extensions import settings
from edu.mail.models import Letter
from edu.mail.render import one_line
from edu.site.settings import site_settings


def sender_address() -> str:
    """Who letters come from, without a name."""
    return parseaddr(settings().mail_from)[1]


def envelope_address(letter: Letter) -> str:
    """Who it goes to, in ASCII if that can be: most servers know no other letters."""
    checked = validate_email(letter.address, check_deliverability=False, test_environment=True)
    return checked.ascii_email or letter.address


def build_message(letter: Letter) -> bytes:
    """The whole message with CRLF line ends. Sent again, it has the same Message-ID and Date.

    Raises ValueError for an address that no header can hold.
    """
    address = envelope_address(letter)
    message = EmailMessage(policy=SMTP if address.isascii() else SMTPUTF8)
    name = parseaddr(settings().mail_from)[0] or site_settings().name
    message["From"] = Address(one_line(name), addr_spec=sender_address())
    local, _at, domain = address.rpartition("@")
    message["To"] = Address(username=local, domain=domain)
    message["Subject"] = letter.subject
    message["Message-ID"] = letter.message_id
    message["Date"] = format_datetime(letter.created_at)
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(letter.text)
    message.add_alternative(letter.html, subtype="html")
    return _unsubscribe_lines(letter.unsubscribe_url) + message.as_bytes()


def _unsubscribe_lines(url: str) -> bytes:
    """The headers of RFC 8058. Written by hand: the library would encode a long address as words
    of a language, which programs do not read.
    """
    if not re.fullmatch(r"https?://[!-;=?-~]+", url):
        return b""
    lines = f"List-Unsubscribe: <{url}>\r\nList-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n"
    return lines.encode("ascii")
