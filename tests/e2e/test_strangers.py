"""Strangers who send garbage to every port while somebody watches."""

from __future__ import annotations

import os
import random
import socket
import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from tests.support import strangers
from tests.support.stalls import HANG_S, within_tries

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.support.chromium import Tab
    from tests.support.stack import Stack


@pytest.mark.parametrize(
    ("rate", "seconds"), [(1_000, 8), pytest.param(10_000, 30, marks=pytest.mark.slow)]
)
def test_datagrams_of_strangers_do_nothing_to_the_picture(
    rate: int,
    seconds: int,
    gopro: Stack,
    open_tab: Callable[[str], Tab],
    figure: Callable[[str], None],
):
    tab = open_tab(f"{gopro.url}/b/eva")
    tab.wait_picture()

    def harm() -> float:
        before = tab.stats()
        with strangers_sending(gopro.webrtc_port, rate) as sent:
            tab.page.wait_for_timeout(seconds * 1000)
        after = tab.stats()
        frames = after["framesDecoded"] - before["framesDecoded"]
        figure(f"{frames / seconds:.1f} frames/s beside {sent[0]} datagrams of strangers")
        done = sum(after[name] - before[name] for name in HARM)
        return max(done, int(frames < 25 * seconds))

    within_tries(harm, 0, seconds=False)


HARM = ("packetsLost", "pliCount", "freezeCount")


@contextmanager
def strangers_sending(port: int, rate: int) -> Iterator[list[int]]:
    """So many strangers' datagrams a second from a thread; yields how many there were."""
    stop, sent = threading.Event(), [0]
    flood = threading.Thread(target=send_all, args=(port, rate, stop, sent))
    flood.start()
    try:
        yield sent
    finally:
        stop.set()
        flood.join()


def send_all(port: int, rate: int, stop: threading.Event, sent: list[int]) -> None:
    """Send each kind of datagram over and over, `rate` a second."""
    began = time.monotonic()
    kinds = strangers.datagrams(random.Random(1))
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.connect(("127.0.0.1", port))
        while not stop.is_set():
            while sent[0] < (time.monotonic() - began) * rate:
                sock.send(next(kinds))
                sent[0] += 1
            stop.wait(0.005)


def test_garbage_on_the_tcp_ports_harms_nobody(gopro: Stack, open_tab: Callable[[str], Tab]):
    tab = open_tab(f"{gopro.url}/b/eva")
    tab.wait_picture()

    def harm() -> float:
        before = tab.stats()
        for port in (gopro.rtmp_port, gopro.http_port):
            send_garbage(port)
        frames = before["framesDecoded"]
        tab.wait_for("eva-player", f"(await it.stats()).framesDecoded > {frames}")
        after = tab.stats()
        assert gopro.get("/readyz")["ready"]
        return float(sum(after[name] - before[name] for name in ("packetsLost", "pliCount")))

    within_tries(harm, 0, seconds=False)


def send_garbage(port: int) -> None:
    """Send what is of no protocol, and read until one is hung up on."""
    for garbage in (os.urandom(65_536), b"\x03" + bytes(700), b"\x16\x03\x01", b""):
        with socket.create_connection(("127.0.0.1", port), HANG_S) as peer:
            try:
                peer.sendall(garbage)
                peer.shutdown(socket.SHUT_WR)
                while peer.recv(65_536):
                    pass
            except (ConnectionError, BrokenPipeError):
                pass  # it was hung up on
