"""`relay bench latency`: glass to glass, and where the time goes.

A camera (`source`) writes the moment into each picture (`demo.timecode`), encodes 720p30 with x264
and publishes it over RTMP; the whole relay runs; Chromium shows it and reads the moment back. In
between, the bus is looked at: when each picture came in, and when its rendition did. Once through
the transcoder, once passed through; with a crowd of viewers beside Chromium, once more each.
"""

from __future__ import annotations

import asyncio
import json
import re
import socket
import tempfile
import threading
import time
import urllib.request
from bisect import bisect_left
from contextlib import ExitStack, contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Self

import numpy as np
import redis

from relay.bench import browser
from relay.bench.beside import crowd
from relay.bench.inspector import Skips
from relay.bench.processes import Process, free_port
from relay.bench.report import Report, percentile
from relay.bench.viewers import TOLD_S
from relay.bus import embedded, keys, presence, wire
from relay.bus.client import connect_blocking, stream_end, stream_entries
from relay.demo import show, timecode
from relay.errors import OperatorError
from relay.ids import new_admin_token
from relay.media.codecs import Kind
from relay.media.ladder import SOURCE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

CAMERA: Final = "bench"
TRANSCODED: Final = "720p"
GOALS: Final = {TRANSCODED: 120.0, SOURCE: 80.0}
SETTLE_S: Final = 8.0
"""After the first frame, until the browser's buffers have their size."""
STAGES: Final = (
    *("camera and ingest", "transcode", "bus", "edge and network", "jitter buffer"),
    *("decode", "display"),
)
OWN: Final = ("bus", "edge and network")
"""The relay's own share: after the encoder's work, before the browser's."""
CROWD_SETTLE_S: Final = 5.0
"""After the last of a crowd has joined, until GOPs and handshakes are over."""
_SAME_MS: Final = 10.0
"""Two moments of one picture differ by less."""
_START_S: Final = 30.0


class Relay:
    """A whole relay, with one camera."""

    def __init__(self, folder: Path, stack: ExitStack) -> None:
        self.folder = folder
        self.http_port, self.rtmp_port = (free_port(socket.SOCK_STREAM) for _ in range(2))
        self._token = new_admin_token()
        self._serve = Process(
            "serve",
            RELAY_DATA_DIR=str(folder / "data"),
            RELAY_HTTP_HOST="127.0.0.1",
            RELAY_HTTP_PORT=str(self.http_port),
            RELAY_RTMP_HOST="127.0.0.1",
            RELAY_RTMP_PORT=str(self.rtmp_port),
            RELAY_WEBRTC_PORT=str(free_port(socket.SOCK_DGRAM)),
            RELAY_ADMIN_TOKEN=self._token,
        )
        stack.callback(self._serve.stop)
        self._wait(self._is_ready, "the relay does not start")
        made = self._request("/api/v1/cameras", {"id": CAMERA, "name": "Bench"})
        begun = {"slug": "show", "title": "Bench", "cameras": [CAMERA]}
        self._request("/api/v1/broadcasts", begun)
        self._request("/api/v1/broadcasts/show/start", {})
        url = f"rtmp://127.0.0.1:{self.rtmp_port}/live/{made['publish_key']}"
        publisher = Process(module="relay.bench.source", environment={show.URL: url})
        stack.callback(publisher.stop)

    def _is_ready(self) -> bool:
        return not self._serve.ended and bool(self._request("/readyz", None)["ready"])

    def _request(self, path: str, body: Any) -> Any:
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.http_port}{path}",
            data=None if body is None else json.dumps(body).encode(),
            headers={
                "Authorization": f"Bearer {self._token}",
                "Content-Type": "application/json",
            },
        )
        with urllib.request.urlopen(request, timeout=10) as response:  # noqa: S310 - as above
            return json.loads(response.read())

    def _wait(self, condition: Any, complaint: str) -> None:
        deadline = time.monotonic() + _START_S
        while True:
            try:
                if condition():
                    return
            except OSError:
                pass
            if time.monotonic() > deadline:
                raise OperatorError(complaint)
            time.sleep(0.1)

    @property
    def bus_url(self) -> str:
        """Where the bus is."""
        return embedded.url(self.folder / "data", "bus")

    def dropped(self) -> int:
        """Frames that its edges have dropped; they tell once a second."""
        found = 0
        with redis.Redis.from_url(self.bus_url) as bus:
            for name in bus.smembers(keys.presence_members(presence.EDGE)):
                fact = bus.get(keys.presence(presence.EDGE, name.decode()))
                found += json.loads(fact)["counters"]["frames_dropped"] if fact else 0
        return found

    def whep(self, rendition: str) -> str:
        """Where viewers of a rendition come."""
        return f"http://127.0.0.1:{self.http_port}/whep/{CAMERA}?rendition={rendition}"

    def join(self, page: Any, rendition: str) -> None:
        """Have the page show a rendition, once there is one."""
        url = self.whep(rendition)
        deadline = time.monotonic() + _START_S
        while True:
            try:
                browser.join(page, url)
            except Exception as error:  # the browser's own, of many kinds
                if time.monotonic() > deadline or not re.search(r"\b(400|409|503)\b", str(error)):
                    raise
                time.sleep(0.5)
            else:
                return


class Watch:
    """What one stream of the bus has had: when each picture was written, and when it was read."""

    def __init__(self) -> None:
        self._captured: list[float] = []
        self._seen: list[tuple[float, float]] = []
        self.skips = Skips()
        """Pictures that are missing here already."""

    def add(self, captured_ms: float, written_ms: float, read_ms: float) -> None:
        """Note a picture; in order."""
        self._captured.append(captured_ms)
        self._seen.append((written_ms, read_ms))

    def find(self, captured_ms: float) -> tuple[float, float] | None:
        """When the picture of that moment was written and read."""
        at = bisect_left(self._captured, captured_ms - _SAME_MS)
        if at == len(self._captured) or self._captured[at] > captured_ms + _SAME_MS:
            return None
        return self._seen[at]


async def _follow(bus_url: str, rendition: str, watch: Watch) -> None:
    client = connect_blocking(bus_url)
    key = keys.rendition_units(CAMERA, rendition)
    position = await stream_end(client, key)
    try:
        while True:
            entries = await stream_entries(client, key, position, count=64, block_ms=1000)
            now = time.time() * 1000
            for entry_id, fields in entries:
                position = entry_id
                _, unit = wire.decode(fields[wire.FIELD])
                if unit.kind is Kind.VIDEO:
                    watch.skips.take(unit.pts)
                    watch.add(unit.captured_us / 1000, int(entry_id.split(b"-")[0]), now)
    finally:
        await client.aclose()


@contextmanager
def followed(bus_url: str, *renditions: str) -> Iterator[list[Watch]]:
    """Look at these streams meanwhile, from a thread of its own."""
    loop, watches = asyncio.new_event_loop(), [Watch() for _ in renditions]
    over = asyncio.Event()

    async def run() -> None:
        pairs = zip(renditions, watches, strict=True)
        tasks = [asyncio.create_task(_follow(bus_url, *pair)) for pair in pairs]
        await over.wait()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    thread = threading.Thread(target=lambda: loop.run_until_complete(run()), name="bus")
    thread.start()
    try:
        yield watches
    finally:
        loop.call_soon_threadsafe(over.set)
        thread.join(5)


def moment_of(line: list[int]) -> int | None:
    """The moment that a strip tells, in ms of the Unix clock; None where it cannot be read."""
    return timecode.read(np.tile(np.array(line, np.uint8), (36, 1)))


def parts_of(frame: dict[str, Any], source: Watch, rung: Watch) -> dict[str, float] | None:
    """Where one frame's time went, in ms; None where a station is not known."""
    taken = moment_of(frame["line"])
    if taken is None or frame["received"] is None:
        return None
    came, went = source.find(taken), rung.find(taken)
    if came is None or went is None:
        return None
    received, composed, seen = (
        frame["origin"] + frame[name] for name in ("received", "composed", "seen")
    )
    return {
        "total": seen - taken,
        "own": received - went[0],
        "camera and ingest": came[0] - taken,
        "transcode": went[0] - came[0],
        "bus": went[1] - went[0],
        "edge and network": received - went[1],
        "jitter buffer": composed - received - frame["decode"],
        "decode": frame["decode"],
        "display": seen - composed,
    }


@dataclass(frozen=True)
class Beside:
    """What viewers beside the browser have got."""

    arrived: int = 0
    """Packets."""
    lost: int = 0
    """Packets missing between them."""
    looked_at: int = 0
    """Viewers of whom the rest is told."""
    pictures: int = 0
    skipped: int = 0
    """Pictures that are missing between those, of which no packet has come."""

    @classmethod
    def of(cls, counts: dict[str, Any]) -> Self:
        """What a load generator counts."""
        sample = counts["sample"]
        each = [*counts["counted"], *sample]
        arrived, lost = (sum(one[at] for one in each) for at in (0, 1))
        pictures, skipped = (sum(one[at] for one in sample) for at in (2, 3))
        return cls(arrived, lost, len(sample), pictures, skipped)

    def __sub__(self, before: Beside) -> Beside:
        return Beside(
            self.arrived - before.arrived,
            self.lost - before.lost,
            self.looked_at,
            self.pictures - before.pictures,
            self.skipped - before.skipped,
        )


@dataclass(frozen=True)
class Measured:
    """What was seen of one rendition with so many viewers beside."""

    rendition: str
    viewers: int
    asked: int
    """Frames that were looked at."""
    parts: list[dict[str, float]]
    """Where the time of those went whose strip could be read."""
    dropped: int
    """Frames that the edge dropped meanwhile."""
    beside: Beside
    """What the others got meanwhile."""
    skipped: int
    """Pictures that were missing on the bus."""


def measure(relay: Relay, rendition: str, frames: int, settle_s: float, viewers: int) -> Measured:
    """The parts of so many frames, of those whose strip can be read."""
    with (
        browser.page_of(f"http://127.0.0.1:{relay.http_port}/healthz") as page,
        followed(relay.bus_url, SOURCE, rendition) as (source, rung),
    ):
        relay.join(page, rendition)  # also waits until there is such a rendition
        with crowd(relay.whep(rendition), viewers) if viewers else nullcontext() as counts:
            page.wait_for_timeout((settle_s + (CROWD_SETTLE_S if viewers else 0)) * 1000)
            before, dropped, skipped = _so_far(counts), relay.dropped(), rung.skips.count
            seen = browser.watch(page, frames)
            others, skipped = _so_far(counts) - before, rung.skips.count - skipped
            page.wait_for_timeout(TOLD_S * 1000)
            dropped = relay.dropped() - dropped
        browser.leave(page)
    parts = [parts for frame in seen if (parts := parts_of(frame, source, rung)) is not None]
    if not parts:
        raise OperatorError(f"no strip of {rendition} could be read")
    return Measured(rendition, viewers, frames, parts, dropped, others, skipped)


def _so_far(counts: Callable[[], dict[str, Any]] | None) -> Beside:
    return Beside() if counts is None else Beside.of(counts())


def bench(frames: int, viewers: int = 0, *, settle_s: float = SETTLE_S) -> Report:
    """Run it; with `viewers` beside, once without them and once with."""
    report = Report(
        "latency",
        [
            *("rendition", "viewers beside", "ms", "goal p50", "glass to glass", *STAGES),
            *("own share", "frames dropped by the edge"),
        ],
    )
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="eva-latency-")))
        relay = Relay(folder, stack)
        for rendition in GOALS:
            for beside in dict.fromkeys((0, viewers)):
                _tell(report, measure(relay, rendition, frames, settle_s, beside))
    report.notes.append(
        "Times are of the machine's clock. `camera and ingest` is from the moment that a picture "
        "is taken until it is on the bus: its encoder and RTMP. `own share` is "
        f"{' and '.join(OWN)}, of each picture. A percentile of the whole is not the sum of its "
        "parts'."
    )
    return report


def _tell(report: Report, found: Measured) -> None:
    """A measurement's rows and notes."""
    name = found.rendition if not found.viewers else f"{found.rendition}, {found.viewers} beside"
    report.data[name] = found.parts
    for percent, share in (("p50", 0.5), ("p99", 0.99)):
        columns = [
            f"{percentile([parts[stage] for parts in found.parts], share):.1f}"
            for stage in ("total", *STAGES, "own")
        ]
        once = share == 0.5
        goal = f"{GOALS[found.rendition]:.0f}" if once else ""
        dropped = str(found.dropped) if once else ""
        report.rows.append([found.rendition, str(found.viewers), percent, goal, *columns, dropped])
    note = f"{name}: {len(found.parts)} of {found.asked} frames could be read"
    others = found.beside
    if found.viewers:
        note += (
            f"; the others got {others.arrived} packets and missed {others.lost}; "
            f"{others.looked_at} of them, who are looked at, got {others.pictures} pictures and "
            f"missed {others.skipped} whole, of which {others.looked_at} × {found.skipped} were "
            "missing on the bus"
        )
    report.notes.append(f"{note}.")
