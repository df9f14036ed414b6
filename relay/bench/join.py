"""`relay bench join`: from the click to the first frame, in Chromium.

A camera with real pictures and a GOP of two seconds is on the bus; the page is loaded and warm.
Viewers click at random phases of the GOP: on loopback, and through a network of 50 ms round trips.
"""

from __future__ import annotations

import asyncio
import random
import tempfile
import threading
from contextlib import ExitStack, contextmanager
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import av
import numpy as np

from relay.bench import browser
from relay.bench.delay import delayed
from relay.bench.footage import CAMERA, FPS, GOP, footage
from relay.bench.processes import Edge, Gateway, servers
from relay.bench.report import Figure, Report, percentile
from relay.bench.viewers import register

if TYPE_CHECKING:
    from collections.abc import Iterator

RTT_S: Final = 0.05
FRAME_MS: Final = 1000 / FPS
LEEWAY_MS: Final = 20.0
STATIONS: Final = ("offer", "answer", "connected", "first packet", "first frame")
_SIZE: Final = (1280, 720)
_BPS: Final = 2_000_000


def real_pictures() -> list[bytes]:
    """One GOP of H.264 that browsers can show: Annex B access units."""
    width, height = _SIZE
    encoder = av.CodecContext.create("libx264", "w")
    encoder.width, encoder.height, encoder.pix_fmt = width, height, "yuv420p"
    encoder.bit_rate = _BPS
    encoder.framerate = Fraction(FPS)
    encoder.options = {
        "preset": "superfast",
        "tune": "zerolatency",
        "profile": "baseline",
        "g": str(GOP),
        "sc_threshold": "0",
        "x264-params": "repeat-headers=1",
    }
    units: list[bytes] = []
    columns, rows = np.meshgrid(np.arange(width), np.arange(height))
    for number in range(GOP):
        grey = ((columns + 4 * number) ^ (rows + 2 * number)).astype(np.uint8)
        frame = av.VideoFrame.from_ndarray(np.stack([grey] * 3, 2), "rgb24")
        frame = frame.reformat(format="yuv420p")
        frame.pts = number
        units += [bytes(packet) for packet in encoder.encode(frame)]
    units += [bytes(packet) for packet in encoder.encode(None)]
    assert len(units) == GOP
    return units


@contextmanager
def camera(bus_url: str) -> Iterator[None]:
    """The camera, in a thread of its own."""
    loop, live, pictures = asyncio.new_event_loop(), threading.Event(), real_pictures()
    over = asyncio.Event()

    async def run() -> None:
        async with footage(bus_url, pictures=pictures):
            live.set()
            await over.wait()

    thread = threading.Thread(target=lambda: loop.run_until_complete(run()), name="camera")
    thread.start()
    try:
        live.wait(10)
        yield
    finally:
        loop.call_soon_threadsafe(over.set)
        thread.join(10)


@contextmanager
def house() -> Iterator[tuple[Edge, Gateway]]:
    """An edge, a gateway, and the camera."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="eva-join-")))
        state, bus = servers(folder, stack)
        asyncio.run(register(state.url))
        stack.enter_context(camera(bus.url))
        edge = Edge(folder, bus.url)
        stack.callback(edge.stop)
        gateway = Gateway(folder, state.url, bus.url)
        stack.callback(gateway.stop)
        yield edge, gateway


def measure(http_port: int, media_port: int, joins: int, seed: int) -> list[dict[str, float]]:
    """So many joins, each at a random phase of the GOP, after one that warms everything up."""
    phases = random.Random(seed)  # noqa: S311 - phases need no secrecy
    found = []
    with browser.page_of(f"http://127.0.0.1:{http_port}/healthz") as page:
        url = f"http://127.0.0.1:{http_port}/whep/{CAMERA}"
        for number in range(joins + 1):
            at = browser.join(page, url, media_port)
            browser.leave(page)
            if number:
                found.append(at)
            page.wait_for_timeout(200 + phases.random() * GOP / FPS * 1000)
    return found


def bench(joins: int, *, seed: int = 1) -> Report:
    """Run it."""
    report = Report("join", ["network", *(f"{each} ms" for each in STATIONS), "p90 ms", "goal ms"])
    with house() as (edge, gateway):
        rows: dict[str, Any] = {"loopback": measure(gateway.port, 0, joins, seed)}
        with delayed(gateway.port, edge.port, RTT_S / 2) as path:
            rows["50 ms RTT"] = measure(path.tcp, path.udp, joins, seed)
    goals = {"loopback": 100.0, "50 ms RTT": 4000 * RTT_S + FRAME_MS + LEEWAY_MS}
    for name, found in rows.items():
        figures = [
            str(Figure(tuple(at[station] for at in found if station in at))) for station in STATIONS
        ]
        worst = percentile([at["first frame"] for at in found], 0.9)
        report.rows.append([name, *figures, f"{worst:.0f}", f"{goals[name]:.0f}"])
    report.data = rows
    report.notes.append(
        f"Each of {joins} joins at a random phase of a GOP of {GOP / FPS:.0f} s; the page is "
        "loaded and has joined once before. Times since the click: median (least–most)."
    )
    return report
