"""The relay's processes for benches: real ones, on cores of their choice, and what they use."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final, Self, cast

import redis

from relay.bus import embedded, keys, presence
from relay.edge.waits import scheduled_s
from relay.errors import OperatorError
from relay.ids import new_admin_token

if TYPE_CHECKING:
    from collections.abc import Iterator
    from contextlib import ExitStack

_START_S: Final = 20.0
MEASURED: Final = 0
"""Core of what is measured."""
OTHER: Final = 1
"""Core of all else."""


@contextmanager
def on_core(core: int | None) -> Iterator[None]:
    """What is started here runs on that core only, if there is more than one; None: on any."""
    count = os.cpu_count() or 1
    if core is None or count == 1 or not hasattr(os, "sched_setaffinity"):
        yield
        return
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {core % count})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


@dataclass(frozen=True, slots=True)
class Usage:
    """What a process has used."""

    cpu_s: float
    """User and system time."""
    waited_s: float
    """Time its threads could have run and others did; 0 where the system does not tell."""

    @classmethod
    def of(cls, pid: int | str = "self") -> Self:
        """Of a process that lives, since it began; of its threads that live."""
        threads = scheduled_s(Path(f"/proc/{pid}/task")).values()
        return cls(sum(ran for ran, _ in threads), sum(waited for _, waited in threads))

    @classmethod
    def now(cls) -> Self:
        """Of this process, since it began; of threads that have ended as well."""
        return cls(time.process_time(), cls.of().waited_s)

    def __sub__(self, before: Usage) -> Usage:
        return Usage(self.cpu_s - before.cpu_s, self.waited_s - before.waited_s)


@dataclass(frozen=True, slots=True)
class CoreTimes:
    """What a core has done since the machine began, in seconds; zeros where it is not told."""

    busy_s: float
    """At work for anybody, the kernel included."""
    stolen_s: float
    """Given to other machines by the one that all of them run on."""

    @classmethod
    def of(cls, core: int) -> Self:
        """Of this core."""
        tick = os.sysconf("SC_CLK_TCK")
        with suppress(OSError):
            for line in Path("/proc/stat").read_text().splitlines():
                name, *values = line.split()
                if name == f"cpu{core}":
                    user, nice, system, _, _, irq, softirq, stolen, *_ = map(int, values)
                    busy = user + nice + system + irq + softirq
                    return cls(busy / tick, stolen / tick)
        return cls(0.0, 0.0)

    def __sub__(self, before: CoreTimes) -> CoreTimes:
        return CoreTimes(self.busy_s - before.busy_s, self.stolen_s - before.stolen_s)


def resident(pid: int) -> int:
    """Resident bytes of a process."""
    text = Path(f"/proc/{pid}/smaps_rollup").read_text()
    line = next(line for line in text.splitlines() if line.startswith("Rss:"))
    return int(line.split()[1]) * 1024


def free_port(kind: socket.SocketKind) -> int:
    """A port that nobody has at the moment."""
    with socket.socket(socket.AF_INET, kind) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Process:
    """A relay process."""

    def __init__(
        self,
        *arguments: str,
        core: int | None = None,
        module: str = "relay",
        environment: dict[str, str] | None = None,
        **settings: str,
    ) -> None:
        own = {name: value for name, value in os.environ.items() if not name.startswith("RELAY_")}
        own |= {"RELAY_LOG_LEVEL": "error", "RELAY_ADMIN_TOKEN": new_admin_token()}
        with on_core(core):
            self._process = subprocess.Popen(
                [sys.executable, "-m", module, *arguments], env=own | settings | (environment or {})
            )

    @property
    def pid(self) -> int:
        """Its id."""
        return self._process.pid

    @property
    def ended(self) -> bool:
        """Whether it has ended."""
        return self._process.poll() is not None

    @property
    def cpu_s(self) -> float:
        """User and system time so far."""
        return Usage.of(self.pid).cpu_s

    def stop(self) -> None:
        """End it."""
        if not self.ended:
            self._process.send_signal(signal.SIGTERM)
            try:
                self._process.wait(10)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait(10)


class Store:
    """An embedded server in a folder of its own."""

    def __init__(self, folder: Path, name: str, special: dict[str, str]) -> None:
        self._command = embedded.server_command(embedded.write_config(folder, name, special))
        self.url = embedded.url(folder, name)
        self._process: subprocess.Popen[bytes] | None = None

    def start(self, core: int | None = None) -> None:
        """Start it, and wait until it answers."""
        with on_core(core):
            self._process = subprocess.Popen(self._command, stdout=subprocess.DEVNULL)
        deadline = time.monotonic() + _START_S
        with redis.Redis.from_url(self.url) as client:
            while True:
                try:
                    client.ping()
                except redis.RedisError:
                    if time.monotonic() > deadline:
                        raise OperatorError("the embedded server does not start") from None
                    time.sleep(0.02)
                else:
                    return

    def kill(self) -> None:
        """SIGKILL."""
        if self._process is not None:
            self._process.kill()
            self._process.wait(10)
            self._process = None


def servers(folder: Path, stack: ExitStack, core: int | None = None) -> Iterator[Store]:
    """A durable state, and a bus."""
    for name, special in (("state", embedded.STATE), ("bus", embedded.BUS)):
        server = Store(folder, name, special)
        stack.callback(server.kill)
        server.start(core)
        yield server


class Gateway(Process):
    """A gateway."""

    def __init__(
        self,
        folder: Path,
        state_url: str,
        bus_url: str,
        core: int | None = None,
        *,
        trusted_proxies: str = "",
    ) -> None:
        self.port = free_port(socket.SOCK_STREAM)
        super().__init__(
            "gateway",
            core=core,
            RELAY_STATE_URL=state_url,
            RELAY_BUS_URL=bus_url,
            RELAY_DATA_DIR=str(folder),
            RELAY_HTTP_HOST="127.0.0.1",
            RELAY_HTTP_PORT=str(self.port),
            RELAY_TRUSTED_PROXIES=trusted_proxies,
            RELAY_VOTE_PACE="0",  # voters of a bench vote more often than people do
        )
        deadline = time.monotonic() + _START_S
        while not self._answers():
            if time.monotonic() > deadline or self.ended:
                self.stop()
                raise OperatorError("the gateway does not start")
            time.sleep(0.05)

    def _answers(self) -> bool:
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0


class Edge(Process):
    """An edge."""

    def __init__(
        self, folder: Path, bus_url: str, core: int | None = None, *, full_load: float = 0.85
    ) -> None:
        self.name = "edge-bench"
        self.port = free_port(socket.SOCK_DGRAM)
        super().__init__(
            *("edge", "--name", self.name),
            core=core,
            RELAY_BUS_URL=bus_url,
            RELAY_DATA_DIR=str(folder),
            RELAY_WEBRTC_PORT=str(self.port),
            RELAY_EDGE_LOAD=str(full_load),
        )
        self._client = redis.Redis.from_url(bus_url)
        deadline = time.monotonic() + _START_S
        while not self.fact():
            if time.monotonic() > deadline or self.ended:
                self.stop()
                raise OperatorError("the edge does not start")
            time.sleep(0.05)

    def fact(self) -> presence.Fact | None:
        """What it tells of itself, once a second."""
        told = cast("bytes | None", self._client.get(keys.presence(presence.EDGE, self.name)))
        return None if told is None else cast("presence.Fact", json.loads(told))

    def stop(self) -> None:  # noqa: D102 - as in Process
        self._client.close()
        super().stop()
