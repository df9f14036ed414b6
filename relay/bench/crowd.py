"""The load generator: thousands of viewers in a process of their own, whose CPU is not counted.

Each has a socket, and does ICE, DTLS and SRTP of its own; all share one certificate. Every packet
of every viewer is counted (`_native.Sink`). Those of some, the sample, are looked at one by one:
their content is decrypted and held against what the camera wrote, or headers tell which pictures
came. Viewers keep their consent alive and send reports, as browsers do; some may ask for packets
again, as if they had lost them.

Commands are JSON lines on standard input, each answered by one on standard output.
"""

from __future__ import annotations

import asyncio
import json
import os
import socket
import sys
import time
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any, Final

import uvloop

from relay import _native
from relay.bench.door import Door, make_door
from relay.bench.fanout import allow_descriptors
from relay.bench.peer import Identity, Peer
from relay.bench.processes import Usage
from relay.errors import OperatorError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from relay.bench.inspector import Observer

TICK_S: Final = 0.02
CHECK_S: Final = 2.5
"""Between a viewer's consent checks; Chromium's are as far apart on a path that works."""
REPEAT_TICKS: Final = 5
SAMPLE: Final = 16
"""Viewers whose packets are looked at."""
ESTIMATE_BPS: Final = 3_000_000
GIVE_UP_S: Final = 10.0
_UDP_GRO: Final = 104
_ROOM: Final = 4 << 20


class Viewer:
    """One viewer, from its offer to its goodbye."""

    def __init__(self, crowd: Crowd, *, sampled: bool, asks: bool = False) -> None:
        self.sampled = sampled
        self.asks = asks
        """Whether it asks for packets again."""
        self.peer = Peer(crowd.identity)
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.setblocking(False)
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _ROOM)
        if not sampled:
            # Else the sender pays for cutting its batches up, which a network card would do.
            self.socket.setsockopt(socket.IPPROTO_UDP, _UDP_GRO, 1)
        self.connected: asyncio.Future[None] = crowd.loop.create_future()
        self.location = ""
        """Where to say that it leaves."""
        self.observer: Observer | None = None

    def send(self, datagrams: list[bytes]) -> None:
        """Send to the edge."""
        for datagram in datagrams:
            try:
                self.socket.sendto(datagram, self.peer.edge)
            except BlockingIOError:  # like any loss on the way
                return

    def readable(self) -> None:
        """Take what has come, while it is not connected yet."""
        while not self.peer.connected:
            try:
                datagram = self.socket.recv(65_536)
            except BlockingIOError:
                return
            try:
                self.send(self.peer.receive(datagram))
            except Exception as error:  # noqa: BLE001 - one viewer's failure is one in the table
                if not self.connected.done():
                    self.connected.set_exception(error)
                return
        if not self.connected.done():
            self.connected.set_result(None)


@dataclass(frozen=True)
class Habits:
    """What viewers do."""

    reports_per_s: float = 4.0
    """Reports of each; 4 is the most that browsers send."""
    sample: int = SAMPLE
    """How many are looked at; the first ones."""
    content: bool = True
    """Whether that is the content, which must be of `footage`, or the headers only."""
    asker_every: int = 0
    """One of so many is looked at as well, and asks for packets again; 0: nobody."""
    packets_for_each_asked: int = 100
    """Of so many packets it asks for one."""


@dataclass
class Joined:
    """What became of some joins."""

    seconds: float = 0.0
    """How long all of them took together."""
    joined: int = 0
    refused: int = 0
    """Answers that there is no room; who gets one comes again as long as there is time."""
    failed: int = 0
    """Those that got no session, or never connected."""
    signalled_s: list[float] = field(default_factory=list)
    """From the offer to the answer."""
    connected_s: list[float] = field(default_factory=list)
    """From the offer to the keys."""


class Crowd:
    """All viewers."""

    def __init__(self, door: Door, habits: Habits) -> None:
        self.loop = asyncio.get_running_loop()
        self.identity = Identity()
        self._door = door
        self._habits = habits
        self._sink = _native.Sink([])
        self._joining: set[Viewer] = set()
        self._viewers: list[Viewer] = []
        self._counted: list[Viewer] = []
        self._sample: list[Viewer] = []
        self._to_sample = habits.sample
        self._asked = 0
        self._turns = {"check": 0.0, "report": 0.0}

    # --- commands --------------------------------------------------------------------------

    async def join(
        self, count: int, at_once: int, patience_s: float, *, watch: bool = True, stay: bool = True
    ) -> dict[str, Any]:
        """Let so many more viewers join, some at once; with `stay` false each leaves at once."""
        outcome = Joined()
        began = time.monotonic()
        numbers = iter(range(count))

        async def one_after_another() -> None:
            for number in numbers:
                every = self._habits.asker_every
                asks = every > 0 and watch and stay and number % every == 0
                sampled = asks or (self._to_sample > 0 and watch and stay)
                self._to_sample -= sampled and not asks
                viewer = Viewer(self, sampled=sampled, asks=asks)
                await self._join_one(viewer, outcome, began + patience_s, watch=watch, stay=stay)

        await asyncio.gather(*(one_after_another() for _ in range(min(at_once, count))))
        outcome.seconds = time.monotonic() - began
        return asdict(outcome)

    async def _join_one(
        self, viewer: Viewer, outcome: Joined, deadline: float, *, watch: bool, stay: bool
    ) -> None:
        began = time.monotonic()
        while True:
            answer = await self._door.open(viewer.peer.offer)
            outcome.refused += not answer.sdp
            if answer.sdp or time.monotonic() + answer.retry_after_s > deadline:
                break
            await asyncio.sleep(answer.retry_after_s)
            began = time.monotonic()
        if not answer.sdp:
            outcome.failed += 1
            viewer.socket.close()
            return
        outcome.signalled_s.append(time.monotonic() - began)
        viewer.location = answer.location
        viewer.peer.answered(answer.sdp)
        if not await self._connect(viewer):
            outcome.failed += 1
            viewer.socket.close()
            return
        outcome.connected_s.append(time.monotonic() - began)
        outcome.joined += 1
        if not stay:
            await self._leave_one(viewer)
            return
        self._viewers.append(viewer)
        if watch:
            self._watch(viewer)

    async def _connect(self, viewer: Viewer) -> bool:
        self.loop.add_reader(viewer.socket, viewer.readable)
        self._joining.add(viewer)
        viewer.send([viewer.peer.check()])
        try:
            async with asyncio.timeout(GIVE_UP_S):
                await viewer.connected
        except Exception:  # noqa: BLE001 - whatever it was, this viewer is not connected
            return False
        finally:
            self._joining.discard(viewer)
            self.loop.remove_reader(viewer.socket)
        return True

    def _watch(self, viewer: Viewer) -> None:
        if viewer.sampled:
            peer = viewer.peer
            viewer.observer = peer.inspector() if self._habits.content else peer.observer()
            self._sample.append(viewer)
        else:
            self._sink.add([os.dup(viewer.socket.fileno())])
            self._counted.append(viewer)

    async def leave(self) -> dict[str, Any]:
        """Let all leave."""
        leaving, self._viewers = self._viewers, []
        self._sample, self._counted = [], []
        for viewer in leaving:
            await self._leave_one(viewer)
        return {"left": len(leaving)}

    async def _leave_one(self, viewer: Viewer) -> None:
        viewer.send([viewer.peer.goodbye()])
        viewer.socket.close()

    async def counts(self) -> dict[str, Any]:
        """What has arrived so far: for each viewer packets and losses, and of the sample what was
        in them; packets that were asked for again; and what this process has used.
        """
        looked = [viewer.observer for viewer in self._sample if viewer.observer is not None]
        return {
            "counted": self._sink.each(),
            "sample": [
                [each.packets, each.lost, each.pictures, each.skipped, each.wrong]
                for each in looked
            ],
            "asked_again": self._asked,
            "usage": asdict(Usage.of()),
            "at": time.monotonic(),
        }

    # --- time ------------------------------------------------------------------------------

    async def live(self) -> None:
        """Check, report, repeat what was lost, and read the sample's packets; until cancelled."""
        before = self.loop.time()
        for tick in range(1 << 62):
            await asyncio.sleep(TICK_S)
            now = self.loop.time()
            elapsed, before = now - before, now
            if tick % REPEAT_TICKS == 0:
                for viewer in list(self._joining):
                    viewer.send(viewer.peer.repeat())
            self._turn("check", elapsed / CHECK_S, lambda peer: peer.check())
            reports = elapsed * self._habits.reports_per_s
            self._turn("report", reports, lambda peer: peer.report(ESTIMATE_BPS))
            for viewer in self._sample:
                self._look(viewer)

    def _turn(self, name: str, share: float, make: Callable[[Peer], bytes]) -> None:
        """Let the next `share` of all viewers send something, each in its turn."""
        count = len(self._viewers)
        if not count:
            return
        begin = self._turns[name]
        end = begin + min(share, 1.0) * count
        for index in range(int(begin), int(end)):
            viewer = self._viewers[index % count]
            viewer.send([make(viewer.peer)])
        self._turns[name] = end % count

    def _look(self, viewer: Viewer) -> None:
        observer = viewer.observer
        assert observer is not None
        while True:
            try:
                datagram = viewer.socket.recv(4096)
            except BlockingIOError:
                return
            if (
                observer.take(datagram)
                and viewer.asks
                and observer.packets % self._habits.packets_for_each_asked == 0
            ):
                self._asked += 1
                viewer.send([viewer.peer.ask_again(observer.sequence)])


async def _serve(door: Door, habits: Habits) -> None:
    crowd = Crowd(door, habits)
    reader = asyncio.StreamReader(limit=1 << 20)
    await crowd.loop.connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(reader), sys.stdin.buffer
    )
    life = asyncio.create_task(crowd.live())
    commands: dict[str, Callable[..., Awaitable[Any]]] = {
        "join": crowd.join,
        "leave": crowd.leave,
        "counts": crowd.counts,
    }
    print(json.dumps({"ready": True}), flush=True)
    async for line in reader:
        command: dict[str, Any] = json.loads(line)
        answer = await commands[command.pop("do")](**command)
        if life.done():
            life.result()
        print(json.dumps(answer), flush=True)
    life.cancel()
    await door.close()


def main() -> None:
    """Be the load generator: `door` as JSON in the first argument, in the second the habits."""
    allow_descriptors(16_000)

    async def work() -> None:
        await _serve(make_door(json.loads(sys.argv[1])), Habits(**json.loads(sys.argv[2])))

    uvloop.run(work())


class LoadGenerator:
    """The process, seen from the bench."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process

    @classmethod
    async def start(cls, door: dict[str, Any], habits: Habits) -> LoadGenerator:
        """Start it, on the core where the caller is."""
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "relay.bench.crowd"),
            *(json.dumps(door), json.dumps(asdict(habits))),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            limit=16 << 20,
        )
        found = cls(process)
        await found._answer()
        return found

    async def ask(self, do: str, **arguments: Any) -> dict[str, Any]:
        """Send a command, and wait for what it answers.

        Raises:
            OperatorError: the process has ended.
        """
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps({"do": do, **arguments}).encode() + b"\n")
        return await self._answer()

    async def _answer(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        line = await self._process.stdout.readline()
        if not line:
            raise OperatorError("the load generator has ended")
        answer: dict[str, Any] = json.loads(line)
        return answer

    async def stop(self) -> None:
        """End it."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        await self._process.wait()


if __name__ == "__main__":
    main()
