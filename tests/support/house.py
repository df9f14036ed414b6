"""A real edge on a real bus, cameras that write made-up units to it, and viewers before it."""

from __future__ import annotations

import asyncio
import itertools
import math
import os
import socket
import subprocess
import sys
import time
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

from relay.bus import keys, presence
from relay.bus.client import connect
from relay.bus.rpc import call
from relay.bus.writer import StreamWriter
from relay.edge.process import Edge, open_socket
from relay.media.ladder import SOUND, Ladder, Rendition
from tests.support.server import of_role
from tests.support.stack import START_S, free_port
from tests.support.stage import FRAME_S
from tests.support.stalls import HANG_S
from tests.support.units import picture, sound
from tests.support.viewer import WebViewer
from tests.support.waiting import eventually

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from redis.asyncio import Redis

    from relay.config import CoreName

RUNGS = {"720p": 2_500_000, "480p": 1_200_000, "240p": 400_000}
LONG_MS = 600_000
_names = itertools.count()


def rung(name: str, bps: int) -> Rendition:
    """A rung of this name, such as 720p."""
    height = int(name.removesuffix("p"))
    return Rendition(name, height * 16 // 9, height, 30.0, bps, "avc1.42C01F")


class Camera:
    """Writes a ladder of made-up units in real time: one frame a thirtieth of a second."""

    def __init__(
        self, bus: Redis, name: str, *, rungs: dict[str, int] = RUNGS, gop: int = 30
    ) -> None:
        self.name = name
        self.ladder = Ladder(tuple(rung(*item) for item in rungs.items()), sound=True)
        self._bus = bus
        self._rungs = rungs
        self._gop = gop
        self._next = 0
        self.resumed_at = 0
        """Number of the first picture since it began or came back."""
        self._tasks: list[asyncio.Task[None]] = []
        self._writers = {
            each: StreamWriter(bus, keys.rendition_units(name, each)) for each in [*rungs, SOUND]
        }

    async def begin(self) -> None:
        """Be live."""
        await self.tell()
        self._tasks = [asyncio.create_task(writer.run()) for writer in self._writers.values()]
        self._tasks.append(asyncio.create_task(self._play()))

    async def resume(self) -> None:
        """Go on after `end`."""
        await self.begin()

    async def tell(self, ladder: Ladder | None = None) -> None:
        """Tell the facts about it; they live longer than any test."""
        self.ladder = ladder or self.ladder
        fact = {"protocol": "rtmp", "units": 3}
        await presence.tell(self._bus, presence.CAMERA, self.name, fact, ttl_ms=LONG_MS)
        told = self.ladder.to_json()
        await presence.tell(self._bus, presence.LADDER, self.name, told, ttl_ms=LONG_MS)

    async def end(self) -> None:
        """Stop sending; the facts stay."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _play(self) -> None:
        self.resumed_at = -(-self._next // self._gop) * self._gop
        began = time.time() - self.resumed_at * FRAME_S
        for number in itertools.count(self.resumed_at):
            self._next = number + 1
            at = began + number * FRAME_S
            await asyncio.sleep(max(at - time.time(), 0))
            # After a time without a CPU it goes on at its pace: a burst is more than an edge takes.
            late = max(time.time() - at - FRAME_S, 0)
            began, at = began + late, at + late
            for index, (name, bps) in enumerate(self._rungs.items()):
                # The hundred millions tell the rung.
                unit = picture(
                    number % 1_000_000 + index * 10_000_000,
                    at,
                    keyframe=number % self._gop == 0,
                    size=int(bps * FRAME_S / 8),
                )
                self._writers[name].put(unit)
            self._writers[SOUND].put(sound(number % 1_000_000, at))


class House:
    """An edge, by its name on the bus."""

    def __init__(self, bus: Redis, name: str) -> None:
        self.bus = bus
        self.name = name
        self.viewers: list[WebViewer] = []
        self.edge: Edge | None = None
        """Where it runs in this process."""

    async def call(self, method: str, **body: Any) -> dict[str, Any]:
        """Call the edge, as the gateway does."""
        return await call(self.bus, self.name, method, body, timeout_s=HANG_S)

    async def open(self, offer: str, camera: str = "cam", **fields: Any) -> dict[str, Any]:
        """Open a session."""
        body = {
            "sdp": offer,
            "broadcast": "show",
            "camera": camera,
            "rendition": None,
            "host": "127.0.0.1",
            **fields,
        }
        return await self.call("open", **body)

    async def join(self, viewer: WebViewer | None = None, **fields: Any) -> WebViewer:
        """A connected viewer."""
        viewer = viewer or WebViewer()
        self.viewers.append(viewer)
        return await viewer.join(lambda offer: self.open(offer, **fields))

    async def fact(self) -> dict[str, Any]:
        """What the edge tells of itself."""
        return await presence.get(self.bus, presence.EDGE, self.name) or {}

    def close(self) -> None:
        """See all viewers off."""
        for viewer in self.viewers:
            viewer.close()


@asynccontextmanager
async def edge(bus: Redis, bus_url: str, core: CoreName = "auto") -> AsyncIterator[House]:
    """An edge on this test's loop."""
    name = f"edge-{next(_names)}-test"
    sock = open_socket("127.0.0.1", 0)
    # It takes everybody, however little of a CPU it gets.
    worker = Edge(
        name=name, bus_url=of_role(bus_url, "edge"), sock=sock, core=core, full_load=math.inf
    )
    ready = asyncio.Event()
    task = asyncio.create_task(worker.run(ready.set))
    house = House(bus, name)
    house.edge = worker
    try:
        done, _ = await asyncio.wait(
            [task, asyncio.create_task(ready.wait())],
            timeout=HANG_S,
            return_when=asyncio.FIRST_COMPLETED,
        )
        assert done
        assert not task.done(), task
        yield house
    finally:
        house.close()
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        sock.close()


class EdgeProcess(House):
    """An edge in a process of its own."""

    process: subprocess.Popen[bytes]

    @property
    def pid(self) -> int:
        """Its process id."""
        return self.process.pid


def _start(name: str, bus_url: str, folder: Path, core: CoreName) -> subprocess.Popen[bytes]:
    own = {
        "RELAY_BUS_URL": bus_url,
        "RELAY_DATA_DIR": str(folder),
        "RELAY_WEBRTC_PORT": str(free_port(socket.SOCK_DGRAM)),
        "RELAY_EDGE_CORE": core,
    }
    clean = {key: value for key, value in os.environ.items() if not key.startswith("RELAY_")}
    with (folder / f"{name}.log").open("ab") as log:
        return subprocess.Popen(
            [sys.executable, "-m", "relay", "edge", "--name", name],
            env=clean | own,
            cwd=folder,
            stdout=log,
            stderr=subprocess.STDOUT,
        )


@asynccontextmanager
async def edge_process(
    bus_url: str, folder: Path, core: CoreName = "auto"
) -> AsyncIterator[EdgeProcess]:
    """An edge in a process of its own."""
    bus = connect(bus_url)
    house = EdgeProcess(bus, f"edge-{next(_names)}-proc")
    house.process = _start(house.name, bus_url, folder, core)
    try:
        await eventually(house.fact, "the edge to be there", START_S)
        yield house
    finally:
        house.close()
        house.process.terminate()
        house.process.wait(HANG_S)
        await bus.aclose()
