"""`relay bench join`: from the click to the first frame, in Chromium.

A camera with real pictures and a GOP of two seconds is on the bus; the page is loaded and warm.
Viewers click at phases that divide the GOP evenly, in a random order: on loopback, and through a
network of 50 ms round trips.
"""

from __future__ import annotations

import asyncio
import random
import tempfile
import threading
import time
from contextlib import ExitStack, contextmanager
from fractions import Fraction
from functools import partial
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

    from playwright.sync_api import Page

    from relay.bench.footage import Footage

RTT_S: Final = 0.05
FRAME_MS: Final = 1000 / FPS
LEEWAY_MS: Final = 20.0
GOP_S: Final = GOP / FPS
APART_S: Final = 0.2
"""Between one viewer's leaving and the next one's click, at least."""
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
def camera(bus_url: str) -> Iterator[Footage]:
    """The camera, in a thread of its own."""
    loop, live, pictures = asyncio.new_event_loop(), threading.Event(), real_pictures()
    found: list[Footage] = []
    over = asyncio.Event()

    async def run() -> None:
        async with footage(bus_url, pictures=pictures) as made:
            found.append(made)
            live.set()
            await over.wait()

    thread = threading.Thread(target=lambda: loop.run_until_complete(run()), name="camera")
    thread.start()
    try:
        live.wait(10)
        yield found[0]
    finally:
        loop.call_soon_threadsafe(over.set)
        thread.join(10)


@contextmanager
def house() -> Iterator[tuple[Edge, Gateway, Footage]]:
    """An edge, a gateway, and the camera."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="eva-join-")))
        state, bus = servers(folder, stack)
        asyncio.run(register(state.url))
        film = stack.enter_context(camera(bus.url))
        edge = Edge(folder, bus.url)
        stack.callback(edge.stop)
        gateway = Gateway(folder, state.url, bus.url)
        stack.callback(gateway.stop)
        yield edge, gateway, film


def phases(joins: int, seed: int) -> list[float]:
    """A phase (0 to 1) of the GOP for each join, so that together they cover it, in any order."""
    found = [(number + 0.5) / joins for number in range(joins)]
    random.Random(seed).shuffle(found)  # noqa: S311 - phases need no secrecy
    return found


def phase_of(at_s: float, gop_at_s: float) -> float:
    """At what phase of a GOP a moment is, where one began at another moment."""
    return (at_s - gop_at_s) / GOP_S % 1


def measure(ports: tuple[int, int], film: Footage, joins: int, seed: int) -> list[dict[str, float]]:
    """So many joins by the ports of HTTP and media, after one that warms everything up: when what
    happened, and the phases at which they were to click and did.
    """
    http_port, media_port = ports
    found = []
    with browser.page_of(f"http://127.0.0.1:{http_port}/healthz") as page:
        url = f"http://127.0.0.1:{http_port}/whep/{CAMERA}"
        browser.join(page, url, media_port)
        for planned in phases(joins, seed):
            browser.leave(page)
            page.wait_for_timeout(APART_S * 1000)
            at = browser.join(page, url, media_port, partial(_wait_for, page, film, planned))
            clicked = at.pop("clicked") / 1000
            found.append({**at, "planned": planned, "phase": phase_of(clicked, film.gop_at)})
        browser.leave(page)
    return found


def _wait_for(page: Page, film: Footage, phase: float) -> None:
    away = (phase - phase_of(time.time(), film.gop_at)) % 1
    page.wait_for_timeout(away * GOP_S * 1000)


def bench(joins: int, *, seed: int = 1) -> Report:
    """Run it."""
    report = Report(
        "join",
        [
            *("network", *(f"{each} ms" for each in STATIONS)),
            *("p90 ms", "worst ms", "goal ms", "phase of the worst"),
        ],
    )
    with house() as (edge, gateway, film):
        rows: dict[str, Any] = {"loopback": measure((gateway.port, 0), film, joins, seed)}
        with delayed(gateway.port, edge.port, RTT_S / 2) as path:
            rows["50 ms RTT"] = measure((path.tcp, path.udp), film, joins, seed)
    goals = {"loopback": 100.0, "50 ms RTT": 4000 * RTT_S + FRAME_MS + LEEWAY_MS}
    for name, found in rows.items():
        figures = [
            str(Figure(tuple(at[station] for at in found if station in at))) for station in STATIONS
        ]
        most = percentile([at["first frame"] for at in found], 0.9)
        worst = max(found, key=lambda at: at["first frame"])
        report.rows.append(
            [
                *(name, *figures, f"{most:.0f}", f"{worst['first frame']:.0f}"),
                *(f"{goals[name]:.0f}", f"{worst['phase']:.2f}"),
            ]
        )
    report.data = rows
    report.notes.append(
        f"{joins} joins, one at each of as many phases that divide a GOP of {GOP_S:.0f} s evenly, "
        "in a random order; the page is loaded and has joined once before. Times since the click: "
        "median (least–most)."
    )
    return report
