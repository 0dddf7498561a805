"""Clients that fall silent do not hold a thread for ever."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from edu.site import server
from edu.site.server import PatientSocket


@pytest.fixture
def pair(monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[PatientSocket, socket.socket]]:
    """Our end of a connection with little patience, and the client's."""
    monkeypatch.setattr(server, "IDLE_S", 0.2)
    raw, client = socket.socketpair()
    ours = PatientSocket(fileno=raw.detach())
    ours.setblocking(True)
    yield ours, client
    ours.close()
    client.close()


def test_a_client_that_sends_nothing_is_reset(pair: tuple[PatientSocket, socket.socket]) -> None:
    with pytest.raises(ConnectionResetError):
        pair[0].recv(10)
    with pytest.raises(ConnectionResetError):
        pair[0].recv_into(bytearray(10))


def test_a_client_that_reads_nothing_is_reset(
    pair: tuple[PatientSocket, socket.socket], tmp_path: Path
) -> None:
    with pytest.raises(ConnectionResetError):
        pair[0].sendall(bytes(50_000_000))
    path = tmp_path / "large"
    path.write_bytes(bytes(5_000_000))
    with path.open("rb") as file, pytest.raises(ConnectionResetError):
        pair[0].sendfile(file)


def test_a_slow_client_gets_everything(pair: tuple[PatientSocket, socket.socket]) -> None:
    ours, client = pair
    client.sendall(b"hello")
    assert ours.recv(5) == b"hello"
    ours.sendall(b"x" * 1000)
    assert client.recv(1000) == b"x" * 1000


def test_a_socket_that_waits_for_nothing_stays_so(
    pair: tuple[PatientSocket, socket.socket],
) -> None:
    pair[0].setblocking(False)
    with pytest.raises(BlockingIOError):
        pair[0].recv(1)
