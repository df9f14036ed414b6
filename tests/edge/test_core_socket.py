"""A socket that does not take what it is given: counted, and nobody else's trouble."""

from __future__ import annotations

import errno
import os
import socket
import sys
from typing import TYPE_CHECKING

import pytest

from relay.edge.fanout import PythonCore
from relay.media.codecs import Kind
from tests.support.stage import Stage, open_udp, track

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from relay.edge.core import Core
    from relay.webrtc.ice import Address

SO_NO_CHECK = 11
"""Of Linux, which Python does not name."""
REFUSED = [("127.0.0.1", 0), ("255.255.255.255", 9)]
"""Addresses that the kernel sends nothing to; a viewer's check may come from port 0."""


@pytest.mark.parametrize("address", REFUSED)
def test_an_address_that_cannot_be_sent_to(stage: Stage, core: Core, address: Address) -> None:
    video, audio = stage.open(), stage.open(Kind.AUDIO)
    seats = [stage.seat() for _ in range(3)]
    for seat in seats:
        seat.watch(video)
        seat.watch(audio)
    stage.play(video, audio, frames=5)
    assert core.counters()["send_failures"] == 0
    unlucky, *others = seats
    sent = core.counters()["packets_sent"]
    core.move_viewer(unlucky.number, address)
    core.send(b"\0\1", address)
    stage.play(video, audio, frames=35)
    core.replay(unlucky.number, stage.now)
    stage.tick()
    assert core.counters()["send_failures"] > core.stats(unlucky.number).packets - sent // 3
    for seat in others:
        assert seat.pictures() == seat.sounds() == list(range(40))
        seat.check_continuity()
    core.move_viewer(unlucky.number, unlucky.address)
    unlucky.forget()
    stage.play(video, audio, frames=5)
    assert unlucky.pictures() == unlucky.sounds() == list(range(40, 45))
    core.move_viewer(unlucky.number, address)
    core.remove_viewer(unlucky.number)


class Obstinate(socket.socket):
    """A socket whose calls fail as told, and are counted. Only for the Python core."""

    refuse: Callable[[str, Address, int], int | None]

    def __init__(self) -> None:
        super().__init__(socket.AF_INET, socket.SOCK_DGRAM)
        self.calls: list[tuple[str, int]] = []
        self.refuse = lambda _call, _address, _size: None

    def _pass(self, call: str, address: Address, size: int) -> None:
        self.calls.append((call, size))
        error = self.refuse(call, address, size)
        if error is not None:
            raise OSError(error, os.strerror(error))

    def sendto(self, data: bytes, address: Address) -> int:  # type: ignore[override]
        self._pass("one", address, 1)
        return super().sendto(data, address)

    def sendmsg(self, buffers, ancillary, flags, address):  # type: ignore[no-untyped-def,override]
        segment = int.from_bytes(ancillary[0][2], "little")
        self._pass("many", address, -(-sum(map(len, buffers)) // segment))
        return super().sendmsg(buffers, ancillary, flags, address)


@pytest.fixture
def sock() -> Iterator[Obstinate]:
    with Obstinate() as made:
        made.setblocking(False)
        made.bind(("127.0.0.1", 0))
        yield made


@pytest.fixture
def python_stage(sock: Obstinate) -> Iterator[Stage]:
    """A Python core on the obstinate socket."""
    made = Stage(lambda _: PythonCore(sock))
    made.socket.close()
    made.socket = sock
    yield made
    made.close()


def shown(stage: Stage, viewers: int = 2) -> int:
    """Some viewers of a stream of pictures of some 20 packets; returns the stream."""
    video = stage.open()
    for _ in range(viewers):
        stage.seat(track(Kind.VIDEO)).watch(video)
    return video


def test_a_picture_is_one_call(python_stage: Stage, sock: Obstinate) -> None:
    video = shown(python_stage, viewers=1)
    python_stage.play(video, frames=3, gop=1, size=20_000)
    # The parameter sets are shorter than the rest.
    assert sock.calls == [("one", 1), ("many", 18)] * 3
    python_stage.play(video, frames=2, gop=9, size=100_000)
    assert [size for _, size in sock.calls[6:]] == [48, 39] * 2


@pytest.mark.parametrize("error", [errno.EAGAIN, errno.ENOBUFS, errno.EPERM, errno.ENETUNREACH])
def test_a_socket_that_is_full(python_stage: Stage, sock: Obstinate, error: int) -> None:
    """What it does not take is dropped and counted; the viewer asks again for what it misses."""
    video = shown(python_stage)
    python_stage.play(video, frames=3, size=20_000)
    sent = python_stage.core.counters()["packets_sent"]
    sock.refuse = lambda _call, _address, _size: error
    python_stage.play(video, frames=3, size=20_000)
    python_stage.tick()
    lost = python_stage.core.counters()["packets_sent"] - sent
    assert python_stage.core.counters()["send_failures"] == lost + 2  # reports
    sock.refuse = lambda _call, _address, _size: None
    sock.calls.clear()
    python_stage.play(video, frames=3, size=20_000)
    assert ("many", 18) in sock.calls, "it was not GSO's fault"
    for seat in python_stage.seats:
        assert seat.pictures() == [0, 1, 2, 6, 7, 8]
        assert not seat.refused


@pytest.mark.parametrize("error", [errno.EINVAL, errno.EIO, errno.EMSGSIZE])
def test_a_path_without_gso(python_stage: Stage, sock: Obstinate, error: int) -> None:
    """One viewer's path: the others keep what makes them cheap."""
    video = shown(python_stage)
    plain, other = python_stage.seats
    sock.refuse = lambda call, address, _: (
        error if call == "many" and address == plain.address else None
    )
    python_stage.play(video, frames=3, size=20_000)
    sock.calls.clear()
    python_stage.play(video, frames=1, size=20_000)
    assert sorted(sock.calls) == [("many", 18)] + [("one", 1)] * 18
    for seat in (plain, other):
        assert seat.pictures() == [0, 1, 2, 3]
        seat.check_continuity()
    assert python_stage.core.counters()["send_failures"] == 0


def test_another_address_is_another_path(python_stage: Stage, sock: Obstinate) -> None:
    video = shown(python_stage, viewers=1)
    [seat] = python_stage.seats
    sock.refuse = lambda call, _, __: errno.EINVAL if call == "many" else None
    python_stage.play(video, frames=1, size=20_000)
    sock.refuse = lambda _call, _address, _size: None
    seat.move()
    python_stage.core.move_viewer(seat.number, seat.address)
    sock.calls.clear()
    python_stage.play(video, frames=1, size=20_000)
    assert sock.calls == [("many", 18)]


def test_a_kernel_without_gso() -> None:
    class Old(Obstinate):
        def setsockopt(self, *arguments: object) -> None:
            if arguments[0] == socket.IPPROTO_UDP:
                raise OSError(errno.ENOPROTOOPT, "Protocol not available")
            super().setsockopt(*arguments)  # type: ignore[arg-type]

    with Old() as old:
        old.setblocking(False)
        old.bind(("127.0.0.1", 0))
        stage = Stage(lambda _: PythonCore(old))
        stage.socket.close()
        stage.socket = old
        video = shown(stage, viewers=1)
        stage.play(video, frames=2, size=20_000)
        assert {call for call, _ in old.calls} == {"one"}
        assert stage.seats[0].pictures() == [0, 1]
        stage.close()


@pytest.mark.skipif(sys.platform != "linux", reason="other systems have no GSO")
def test_a_socket_whose_gso_the_kernel_refuses(stage: Stage, core: Core) -> None:
    """Linux sends no GSO without checksums (udp_send_skb): a real refusal, for both cores."""
    video = stage.open()
    seats = [stage.seat(track(Kind.VIDEO)) for _ in range(3)]
    for seat in seats:
        seat.watch(video)
    stage.socket.setsockopt(socket.SOL_SOCKET, SO_NO_CHECK, 1)
    cut_in_two = [(socket.IPPROTO_UDP, 103, (600).to_bytes(2, "little"))]  # UDP_SEGMENT
    with pytest.raises(OSError, match="Invalid argument"):
        stage.socket.sendmsg([bytes(1200)], cut_in_two, 0, stage.address)
    stage.play(video, frames=3, size=20_000)
    stage.socket.setsockopt(socket.SOL_SOCKET, SO_NO_CHECK, 0)
    stage.play(video, frames=3, size=20_000)
    assert core.counters()["send_failures"] == 0
    for seat in seats:
        assert seat.pictures() == list(range(6))
        seat.check_continuity()


def test_a_peer_that_has_closed_its_port(stage: Stage, core: Core) -> None:
    """Its ICMP errors are not the next viewer's."""
    video = stage.open()
    gone, other = stage.seat(track(Kind.VIDEO)), stage.seat(track(Kind.VIDEO))
    for seat in (gone, other):
        seat.watch(video)
    stage.play(video)
    gone.socket.close()
    stage.seats.remove(gone)
    with open_udp() as sock:
        for _ in range(20):
            stage.play(video)
            sock.sendto(b"\0hello", stage.address)
            assert stage.read() == [(b"\0hello", sock.getsockname())]
    assert other.pictures() == list(range(21))
    assert core.counters()["send_failures"] == 0
