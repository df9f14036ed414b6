"""The real RTMP server in this process, on a free port, and whoever listens to its cameras."""

from __future__ import annotations

import asyncio
import itertools
import subprocess
from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING

from redis.exceptions import RedisError

from relay.bus import demand, keys, presence, wire
from relay.bus.client import connect, connect_blocking, stream_entries
from relay.errors import StoreError
from relay.ingest.server import RtmpServer
from relay.media.codecs import Kind
from relay.state.models import Camera
from relay.state.registry import Registry
from tests.support.rtmp import Encoder, connected
from tests.support.server import of_role
from tests.support.stack import free_port
from tests.support.stalls import PATIENCE_S
from tests.support.waiting import eventually

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from redis.asyncio import Redis

    from relay.bus.presence import Fact
    from relay.media.unit import Unit


class Ingest:
    """A running server over one store that is both bus and state; see `running`."""

    def __init__(self, bus: Redis, state: Redis, server: RtmpServer) -> None:
        self.bus = bus
        self.registry = Registry(state)
        self.port = free_port()
        self.server = server

    async def camera(self, name: str) -> str:
        """Create a camera; returns its key."""
        return await self.registry.create_camera(Camera(id=name, name=name))

    async def fact(self, camera: str) -> Fact | None:
        """What is told of a live camera."""
        return await presence.get(self.bus, presence.CAMERA, camera)

    @asynccontextmanager
    async def encoder(
        self, key: str = "", *, program: str = "Handmade/1.0"
    ) -> AsyncIterator[Encoder]:
        """An encoder that publishes with `key`; without one it has only connected."""
        async with connected(self.port) as encoder:
            if key:
                await encoder.go_live(key, program=program)
            yield encoder

    def ffmpeg(self, key: str, clip: Path, *options: str) -> subprocess.Popen[bytes]:
        """The real ffmpeg, sending a clip in real time."""
        url = f"rtmp://127.0.0.1:{self.port}/live/{key}"
        send = ["-c", "copy", "-f", "flv", url]
        command = ["ffmpeg", "-nostdin", "-loglevel", "error", "-re", *options, "-i", str(clip)]
        return subprocess.Popen([*command, *send], stderr=subprocess.PIPE)


@asynccontextmanager
async def running(
    bus_url: str, state_url: str = "", name: str = "ingest-1"
) -> AsyncIterator[Ingest]:
    """A server that listens."""
    urls = bus_url, state_url or bus_url
    bus, state = map(connect, urls)
    its_bus, its_state = (connect(of_role(url, "ingest")) for url in urls)
    server = RtmpServer(registry=Registry(its_state), bus=its_bus, name=name)
    ingest = Ingest(bus, state, server)
    await ingest.server.start("127.0.0.1", ingest.port)
    try:
        yield ingest
    finally:
        await ingest.server.stop()
        for client in (bus, state, its_bus, its_state):
            await client.aclose()


class Listener:
    """Everything that is in a stream, and comes to it, while it listens; see `listening`."""

    def __init__(self, client: Redis, key: str) -> None:
        self._client = client
        self._key = key
        self._position = b"0"
        self.units: list[Unit] = []
        self.sequences: list[int] = []
        """The numbers that their writers gave them."""
        self.arrivals: list[int] = []
        """When they came to the store, ms of its clock."""

    async def run(self) -> None:
        while True:
            try:
                entries = await stream_entries(
                    self._client, self._key, self._position, count=1000, block_ms=1000
                )
            except (RedisError, OSError):  # a store that a test has ended, for a while
                await asyncio.sleep(0.02)
                continue
            for place, fields in entries:
                self._position = place
                self.arrivals.append(int(place.partition(b"-")[0]))
                sequence, unit = wire.decode(fields[wire.FIELD])
                self.sequences.append(sequence)
                self.units.append(unit)

    def kind(self, kind: Kind) -> list[Unit]:
        return [unit for unit in self.units if unit.kind is kind]

    @property
    def pictures(self) -> list[Unit]:
        return self.kind(Kind.VIDEO)

    @property
    def sounds(self) -> list[Unit]:
        return self.kind(Kind.AUDIO)

    async def until(
        self, count: int, kind: Kind = Kind.VIDEO, within_s: float = PATIENCE_S
    ) -> None:
        """Wait until there are so many units of a kind."""
        await eventually(lambda: len(self.kind(kind)) >= count, f"{count} units", within_s)

    def assert_one_timeline(self) -> None:
        """Decoding times do not decrease within a track, and nothing was lost."""
        for kind in Kind:
            times = [unit.dts for unit in self.kind(kind)]
            assert times == sorted(times), kind
        steps = {after - before for before, after in itertools.pairwise(self.sequences)}
        assert steps <= {1}


@asynccontextmanager
async def listening(url: str, camera: str, rendition: str = "") -> AsyncIterator[Listener]:
    """Listen to a camera's source, or to one of its renditions, which is wanted from now on."""
    client, bus = connect_blocking(url), connect(url)
    key = keys.rendition_units(camera, rendition) if rendition else keys.source_units(camera)
    listener = Listener(client, key)
    tasks = [asyncio.create_task(listener.run())]
    if rendition:
        await demand.want(bus, camera, [rendition])
        tasks.append(asyncio.create_task(_want(bus, camera, rendition)))
    try:
        yield listener
        assert not tasks[0].done(), tasks[0].exception()
    finally:
        for task in tasks:
            task.cancel()
        for task in tasks:
            with suppress(asyncio.CancelledError):
                await task
        await client.aclose()
        await bus.aclose()


async def _want(bus: Redis, camera: str, rendition: str) -> None:
    while True:
        await asyncio.sleep(1)
        with suppress(StoreError):
            await demand.want(bus, camera, [rendition])
