"""`relay bench idle`: CPU of a live camera's worker, watched by nobody and with one rung watched.

The camera's pictures and sound are encoded beforehand and written to the bus in real time by this
process; what is measured is the worker's alone.
"""

from __future__ import annotations

import asyncio
import itertools
import tempfile
import time
from contextlib import ExitStack, suppress
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Final

import av
import numpy as np

from relay.bench.processes import MEASURED, OTHER, Process, on_core, servers
from relay.bench.report import Report, figure
from relay.bus import demand, keys, presence
from relay.bus.client import connect
from relay.bus.writer import StreamWriter
from relay.errors import OperatorError
from relay.media import aac
from relay.media.codecs import Codec
from relay.media.ladder import SOURCE, Ladder
from relay.media.timebase import VIDEO_CLOCK, us_to_ticks
from relay.media.unit import Unit

if TYPE_CHECKING:
    from redis.asyncio import Redis

CAMERA: Final = "idle"
FPS: Final = 30
SIZE: Final = (1920, 1080)
BPS: Final = 5_000_000
LENGTH_S: Final = 2
"""So much is encoded, and sent over and over."""
SETTLE_S: Final = 6.0
"""From a worker's start until it is measured: its ladder is told, and its first still made."""
_ENOUGH: Final = 0.95
_RATE: Final = 48_000
_SAMPLES: Final = 1024

Case = tuple[str, int, str | None]
"""A name, the source's B-frames, and the rung that is wanted."""
CASES: Final[tuple[Case, ...]] = (
    ("passed through, nobody watches", 0, None),
    ("not passed through, nobody watches", 2, None),
    ("passed through, 720p is watched", 0, "720p"),
)


def pictures(b_frames: int) -> list[Unit]:
    """1080p30 for `LENGTH_S`, at `BPS`, a keyframe every two seconds."""
    context = av.CodecContext.create("libx264", "w")
    context.width, context.height = SIZE
    context.pix_fmt, context.bit_rate = "yuv420p", BPS
    context.time_base, context.framerate = Fraction(1, FPS), Fraction(FPS)
    params = f"keyint={2 * FPS}:scenecut=0:bframes={b_frames}:log=none"
    context.options = {"preset": "superfast", "profile": "high", "x264-params": params}
    rows, columns = np.mgrid[0 : SIZE[1], 0 : SIZE[0]]
    rng = np.random.default_rng(7)
    grain = rng.integers(0, 12, SIZE[::-1])
    packets = []
    for number in range(LENGTH_S * FPS):
        luma = (((rows * 3 + columns * 2) >> 3) + number * 3) % 200 + np.roll(grain, number, 1)
        planes = np.full((SIZE[1] * 3 // 2, SIZE[0]), 128, np.uint8)
        planes[: SIZE[1]] = luma + 16
        frame = av.VideoFrame.from_ndarray(planes, format="yuv420p")
        frame.pts = number
        packets += context.encode(frame)
    packets += context.encode(None)
    first = packets[0].dts or 0
    frame_ticks = VIDEO_CLOCK // FPS
    return [
        Unit(
            Codec.H264,
            ((packet.pts or 0) - first) * frame_ticks,
            ((packet.dts or 0) - first) * frame_ticks,
            0,
            packet.is_keyframe,
            bytes(packet),
        )
        for packet in packets
    ]


def sounds() -> list[Unit]:
    """AAC in stereo for `LENGTH_S`."""
    context = av.CodecContext.create("aac", "w")
    context.sample_rate, context.layout, context.format = _RATE, "stereo", "fltp"
    context.bit_rate, context.time_base = 128_000, Fraction(1, _RATE)
    context.open()
    config = aac.AacConfig.parse(bytes(context.extradata or b""))
    rng = np.random.default_rng(7)
    packets = []
    for number in range(LENGTH_S * _RATE // _SAMPLES):
        noise = rng.normal(0, 0.1, (2, _SAMPLES)).astype(np.float32)
        frame = av.AudioFrame.from_ndarray(noise, format="fltp", layout="stereo")
        frame.sample_rate, frame.pts = _RATE, number * _SAMPLES
        packets += context.encode(frame)
    units = []
    for number, packet in enumerate(packets):
        at = number * _SAMPLES * VIDEO_CLOCK // _RATE
        units.append(Unit(Codec.AAC, at, at, 0, True, config.unit(bytes(packet))))
    return units


async def _send(bus: Redis, units: list[Unit], sent: list[float]) -> None:
    """Be the camera, until cancelled; notes in `sent` up to when it has sent, in seconds."""
    writer = StreamWriter(bus, keys.source_units(CAMERA))
    began_us = time.time_ns() // 1000
    began, zero = time.monotonic(), us_to_ticks(began_us)
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(writer.run())
        for round_number in itertools.count():
            for unit in units:
                shift = round_number * LENGTH_S * VIDEO_CLOCK
                due = began + (unit.dts + shift) / VIDEO_CLOCK
                await asyncio.sleep(max(due - time.monotonic(), 0))
                pts, dts = (at + shift + zero for at in (unit.pts, unit.dts))
                now_us = time.time_ns() // 1000
                writer.put(Unit(unit.codec, pts, dts, now_us, unit.keyframe, unit.payload))
                sent[0] = (unit.dts + shift) / VIDEO_CLOCK


async def _watch(bus: Redis, rung: str) -> None:
    while True:
        await demand.want(bus, CAMERA, [rung, "opus"])
        await asyncio.sleep(1)


async def _ladder(bus: Redis) -> Ladder | None:
    fact = await presence.get(bus, presence.LADDER, CAMERA)
    return None if fact is None else Ladder.from_json(fact)


async def _measure(case: Case, bus_url: str, folder: Path, seconds: float) -> tuple[float, bool]:
    """The worker's CPU in cores, and whether the source was offered as it is.

    Raises:
        OperatorError: the camera could not be sent in real time, so that this says nothing.
    """
    _, b_frames, rung = case
    bus = connect(bus_url)
    await bus.flushall()
    units = sorted([*pictures(b_frames), *sounds()], key=lambda unit: unit.dts)
    sent = [0.0]
    tasks = [asyncio.create_task(_send(bus, units, sent))]
    if rung is not None:
        tasks.append(asyncio.create_task(_watch(bus, rung)))
    worker = Process(
        *("camera", "run", CAMERA),
        core=MEASURED,
        RELAY_BUS_URL=bus_url,
        RELAY_STATE_URL=bus_url,
        RELAY_DATA_DIR=str(folder),
    )
    try:
        while await _ladder(bus) is None:  # noqa: ASYNC110 - another process tells
            await asyncio.sleep(0.1)
        await asyncio.sleep(SETTLE_S)
        before, began, first = worker.cpu_s, time.monotonic(), sent[0]
        await asyncio.sleep(seconds)
        share = (sent[0] - first) / (time.monotonic() - began)
        if share < _ENOUGH:
            raise OperatorError(f"the camera was sent at {share:.0%} of its rate")
        used = (worker.cpu_s - before) / (time.monotonic() - began)
        ladder = await _ladder(bus)
        return used, ladder is not None and ladder.find(SOURCE) is not None
    finally:
        worker.stop()
        for task in tasks:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task
        await bus.aclose()


def bench(*, rounds: int, seconds: float) -> Report:
    """Measure each case in turn, so many rounds."""
    report = Report("idle", ["1080p30 at 5 Mb/s with AAC", "offered as it is", "% of a core"])
    with tempfile.TemporaryDirectory() as name, ExitStack() as stack, on_core(OTHER):
        folder = Path(name)
        _, store = servers(folder, stack, OTHER)
        found: dict[str, list[tuple[float, bool]]] = {}
        for case in [each for _ in range(rounds) for each in CASES]:
            measured = asyncio.run(_measure(case, store.url, folder, seconds))
            found.setdefault(case[0], []).append(measured)
    for label, values in found.items():
        used = [100 * each for each, _ in values]
        passed = "yes" if all(is_through for _, is_through in values) else "no"
        report.rows.append([label, passed, str(figure(used))])
        report.data[label] = used
    report.notes.append(
        f"User and system time of the worker's process over {seconds:.0f} s, stills on."
    )
    return report
