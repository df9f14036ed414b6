"""The implementations that the core suite runs over, by name."""

from __future__ import annotations

import shutil
from collections import deque
from pathlib import Path
from typing import TYPE_CHECKING, Any

import relay
from relay.edge.fanout import PythonCore

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable

    from relay.edge.core import Core, CoreEvent, ViewerStats
    from relay.edge.native import NativeCore
    from relay.media.codecs import Kind
    from relay.media.unit import Unit
    from relay.webrtc.dtls import SrtpKeys
    from relay.webrtc.ice import Address


def native_core(sock: socket.socket) -> NativeCore:
    """The native core of this tree; a test without it has to fail.

    An editable install of another tree would give that one's in its place.
    """
    from relay import _native  # noqa: PLC0415
    from relay.edge.native import NativeCore  # noqa: PLC0415

    built, tree = Path(str(_native.__file__)).parent, Path(relay.__file__).parent
    assert built == tree, f"the native core is {built}'s, and not this tree's"
    return NativeCore(sock)


class Awaited:
    """The native core, each of whose calls waits until its thread has done what was asked for."""

    def __init__(self, sock: socket.socket) -> None:
        self.core = native_core(sock)
        self._kept: list[tuple[bytes, Address]] = []

    def set_time(self, now: float) -> None:
        """Tell it the time, before anything that is to happen at it arrives."""
        self._kept += self.core.read(now)

    def fileno(self) -> int:
        return self.core.fileno()

    def stop(self) -> None:
        self.core.stop()

    def flush(self) -> None:
        self.core.flush()

    def open_stream(self, stream: int, kind: Kind) -> None:
        self.core.open_stream(stream, kind)
        self.flush()

    def close_stream(self, stream: int) -> None:
        self.core.close_stream(stream)
        self.flush()

    def push(self, stream: int, unit: Unit, now: float) -> None:
        self.core.push(stream, unit, now)
        self.flush()

    def add_viewer(self, viewer: int, address: Address, keys: SrtpKeys, tracks: list[Any]) -> None:
        self.core.add_viewer(viewer, address, keys, tracks)
        self.flush()

    def answer_checks(self, viewer: int, username: str, password: str) -> None:
        self.core.answer_checks(viewer, username, password)
        self.flush()

    def move_viewer(self, viewer: int, address: Address) -> None:
        self.core.move_viewer(viewer, address)
        self.flush()

    def remove_viewer(self, viewer: int) -> None:
        self.core.remove_viewer(viewer)
        self.flush()

    def watch(self, viewer: int, stream: int, now: float, *, at_once: bool) -> None:
        self.core.watch(viewer, stream, now, at_once=at_once)
        self.flush()

    def unwatch(self, viewer: int, kind: Kind) -> None:
        self.core.unwatch(viewer, kind)
        self.flush()

    def replay(self, viewer: int, now: float) -> bool:
        found = self.core.replay(viewer, now)
        self.flush()
        return found

    def probe(self, viewer: int, size: int, now: float) -> None:
        self.core.probe(viewer, size, now)
        self.flush()

    def send(self, datagram: bytes, address: Address) -> None:
        self.core.send(datagram, address)

    def read(self, now: float) -> list[tuple[bytes, Address]]:
        self.flush()
        kept, self._kept = self._kept, []
        return kept + self.core.read(now)

    def tick(self, now: float) -> list[CoreEvent]:
        events = self.core.tick(now)
        self.flush()
        return events

    def next_sequence(self, viewer: int) -> int:
        self.flush()
        return self.core.next_sequence(viewer)

    def stats(self, viewer: int) -> ViewerStats:
        self.flush()
        return self.core.stats(viewer)

    def counters(self) -> dict[str, int]:
        self.flush()
        return self.core.counters()


class Hurry:
    """A clock by which it is always late enough: what is to be done later is done at once."""

    def __init__(self) -> None:
        self._todo: deque[tuple[float, Callable[[float], None]]] = deque()
        self._busy = False

    def __call__(self, at: float, then: Callable[[float], None]) -> None:
        """Call `then` as if it were `at`."""
        self._todo.append((at, then))
        if self._busy:
            return
        self._busy = True
        while self._todo:
            at, then = self._todo.popleft()
            then(at)
        self._busy = False


CORES: dict[str, Callable[[socket.socket], Core]] = {
    "python": lambda sock: PythonCore(sock, Hurry())
}
WITHOUT_CARGO = shutil.which("cargo") is None
if not WITHOUT_CARGO:
    # Whether it was built is not asked: where it can be, a test without it has to fail.
    CORES["native"] = Awaited


def check_insides(core: Core, follows: dict[int, set[int]]) -> None:
    """Whether a core knows for each open stream who follows it, or waits for its keyframe."""
    if isinstance(core, Awaited):
        core.flush()
        sizes = core.core.sizes()
        assert sizes["streams"] == len(follows)
        assert sizes["followers"] == sum(map(len, follows.values()))
        assert sizes["addresses"] <= sizes["viewers"]
        assert sizes["replays"] == 0
        return
    assert isinstance(core, PythonCore)
    assert set(core._rings) == set(core._followers)
    assert {id(viewer) for viewer in core._by_address.values()} <= {
        id(viewer) for viewer in core._viewers.values()
    }
    for stream, followers in core._followers.items():
        for number, viewer in followers.items():
            assert core._viewers[number] is viewer, f"{number} follows {stream} and is gone"
    assert {stream: set(followers) for stream, followers in core._followers.items()} == follows
