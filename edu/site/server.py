"""gunicorn's threaded worker, with patience that ends.

gunicorn waits for ever for a client that has begun a request and for one that does not read its
answer: a few dozen half-open connections, or paused videos, would hold every thread.
"""

from __future__ import annotations

import errno
import socket
from collections.abc import Callable
from typing import Any, TypeVar

from gunicorn.workers.gthread import ThreadWorker

IDLE_S = 30.0  # without one byte in or out; a browser asks for the rest of a paused video anew

T = TypeVar("T")


def _or_reset(call: Callable[..., T], *args: Any, **kwargs: Any) -> T:
    try:
        return call(*args, **kwargs)
    except TimeoutError as error:
        # What gunicorn and Werkzeug take for a client that has gone.
        raise ConnectionResetError(errno.ECONNRESET, "the client was silent") from error


class PatientSocket(socket.socket):
    """A connection on which every wait ends after IDLE_S with a reset."""

    def setblocking(self, flag: bool, /) -> None:
        """What gunicorn calls blocking waits for IDLE_S here."""
        self.settimeout(IDLE_S if flag else 0.0)

    def recv(self, *args: Any) -> bytes:
        """See socket.recv."""
        return _or_reset(super().recv, *args)

    def recv_into(self, *args: Any, **kwargs: Any) -> int:
        """See socket.recv_into."""
        return _or_reset(super().recv_into, *args, **kwargs)

    def send(self, *args: Any) -> int:
        """See socket.send."""
        return _or_reset(super().send, *args)

    def sendall(self, data: Any, *args: Any) -> None:
        """In pieces: a deadline for the whole would cut off a slow reader who does read."""
        view = memoryview(data).cast("B")
        while view:
            view = view[self.send(view, *args) :]

    def sendfile(self, *args: Any, **kwargs: Any) -> int:
        """See socket.sendfile."""
        return _or_reset(super().sendfile, *args, **kwargs)


class PatientWorker(ThreadWorker):  # type: ignore[misc]  # gunicorn ships no types
    """gthread on patient sockets."""

    def enqueue_req(self, conn: Any) -> None:
        """Called with every connection before a thread takes it up."""
        if not isinstance(conn.sock, PatientSocket):
            blocking = conn.sock.getblocking()
            conn.sock = PatientSocket(fileno=conn.sock.detach())
            conn.sock.setblocking(blocking)
        super().enqueue_req(conn)
