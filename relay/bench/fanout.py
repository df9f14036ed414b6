"""`relay bench fanout`: CPU per delivered SRTP packet, against a floor that encrypts and sends.

Each round sends the same frames to the same number of sockets: 30 a second, 7 packets of 1204 bytes
each (2 Mb/s), AES-128-GCM. The sockets are in another process, on another core where there is one;
it counts what arrives. They take GSO batches whole, as a network card would.
"""

from __future__ import annotations

import json
import os
import resource
import secrets
import socket
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Any, Final

from relay.bench.report import Report, figure
from relay.edge.core import TrackParams
from relay.edge.fanout import PythonCore
from relay.edge.native import NativeCore
from relay.errors import OperatorError
from relay.media.codecs import Codec, Kind
from relay.media.unit import Unit
from relay.webrtc.dtls import SrtpKeys
from relay.webrtc.rtp import MAX_PAYLOAD, Extensions

if TYPE_CHECKING:
    from collections.abc import Sequence

FPS: Final = 30
PACKETS: Final = 7
GOP: Final = 60
PACKET_BYTES: Final = 28 + MAX_PAYLOAD + 16


def allow_descriptors(count: int) -> None:
    """Raise the limit of open descriptors.

    Raises:
        OperatorError: the system does not allow so many.
    """
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY and hard < count:
        raise OperatorError(f"this needs {count} open files, the limit is {hard} (ulimit -Hn)")
    resource.setrlimit(resource.RLIMIT_NOFILE, (count, hard))


def pin(core: int) -> None:
    """Run on one core, if there is more than one and the system can do that."""
    if hasattr(os, "sched_setaffinity") and (os.cpu_count() or 1) > 1:
        os.sched_setaffinity(0, {core % (os.cpu_count() or 1)})


class Sink:
    """The process with the sockets that count."""

    def __init__(self, count: int) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "relay.bench.fanout", "sink", str(count)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self.ports: list[int] = self._answer()

    def _answer(self) -> Any:
        assert self._process.stdout is not None
        return json.loads(self._process.stdout.readline())

    def counts(self) -> tuple[int, int, int]:
        """Packets, bytes, and packets missing, so far."""
        assert self._process.stdin is not None
        print("counts", file=self._process.stdin, flush=True)
        packets, size, lost = self._answer()
        return packets, size, lost

    def close(self) -> None:
        """End it."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait(10)


def serve_sink(count: int) -> None:
    """Be that process: print the ports, then counts whenever a line is read."""
    from relay import _native  # noqa: PLC0415 - only this process needs it

    pin(1)
    allow_descriptors(count + 100)
    sockets = [socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(count)]
    for sock in sockets:
        sock.bind(("127.0.0.1", 0))
    ports = [sock.getsockname()[1] for sock in sockets]
    sink = _native.Sink([sock.detach() for sock in sockets])
    print(json.dumps(ports), flush=True)
    for _ in sys.stdin:
        print(json.dumps(sink.counts()), flush=True)
    sink.stop()


def run_floor(ports: list[int], frames: int) -> float:
    """CPU seconds of the floor program for so many frames."""
    from relay import _native  # noqa: PLC0415 - only this process needs it

    began = time.process_time()
    _native.floor(ports, frames, float(FPS), PACKETS, MAX_PAYLOAD)
    return time.process_time() - began


def run_core(kind: str, ports: list[int], frames: int) -> float:
    """CPU seconds of a core for so many frames to one viewer a port."""
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.setblocking(False)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 8 << 20)
    sock.bind(("127.0.0.1", 0))
    core = NativeCore(sock) if kind == "native" else PythonCore(sock)
    core.open_stream(0, Kind.VIDEO)
    for viewer, port in enumerate(ports):
        keys = SrtpKeys("AEAD_AES_128_GCM", secrets.token_bytes(28), secrets.token_bytes(28))
        core.add_viewer(viewer, ("127.0.0.1", port), keys, [_track(viewer)])
        core.watch(viewer, 0, time.time(), at_once=False)
    core.flush()
    units = [_unit(keyframe=True), _unit(keyframe=False)]
    began, start = time.process_time(), time.monotonic()
    for frame in range(frames):
        time.sleep(max(start + frame / FPS - time.monotonic(), 0.0))
        core.push(0, _at(units[frame % GOP != 0], frame), time.time())
    core.flush()
    spent = time.process_time() - began
    core.stop()
    sock.close()
    return spent


def _track(viewer: int) -> TrackParams:
    extensions = Extensions(abs_send_time=2, playout_delay=5, mid=9)
    return TrackParams(
        Kind.VIDEO, 2 * viewer + 2, 108, 2 * viewer + 3, 109, extensions, "0", 100, viewer
    )


def _unit(*, keyframe: bool) -> Unit:
    body = bytes(1 + byte % 255 for byte in os.urandom((MAX_PAYLOAD - 2) * PACKETS))
    payload = b"\0\0\0\1" + (b"\x65" if keyframe else b"\x41") + body
    return Unit(Codec.H264, 0, 0, 0, keyframe, payload)


def _at(unit: Unit, frame: int) -> Unit:
    pts = frame * 90_000 // FPS
    return Unit(unit.codec, pts, pts, frame * 1_000_000 // FPS, unit.keyframe, unit.payload)


def measure(kind: str, viewers: int, frames: int) -> dict[str, float]:
    """One round of `floor`, `native` or `python`, in processes of its own."""
    sink = Sink(viewers)
    try:
        worker = subprocess.run(
            [sys.executable, "-m", "relay.bench.fanout", kind, str(frames)],
            input=json.dumps(sink.ports),
            capture_output=True,
            text=True,
            check=True,
        )
        time.sleep(0.2)
        arrived, _, lost = sink.counts()
    finally:
        sink.close()
    sent = viewers * frames * PACKETS
    cpu = float(worker.stdout)
    return {
        "us_per_packet": cpu / sent * 1e6,
        "lost": sent - arrived + lost,
        "core_share": cpu / (frames / FPS),
    }


def bench(viewers: Sequence[int], *, rounds: int, seconds: float, twin: bool) -> Report:
    """Compare floor, native core and Python twin at each number of viewers."""
    report = Report(
        "fanout",
        ["viewers", "what", "µs a packet", "to the floor", "packets lost", "share of a core"],
    )
    for count in viewers:
        kinds = ["floor", "native"] + (["python"] if twin and count <= 500 else [])
        results: dict[str, list[dict[str, float]]] = {kind: [] for kind in kinds}
        for _ in range(rounds + 1):
            for kind in kinds:
                frames = int((seconds if kind != "python" else min(seconds, 4.0)) * FPS)
                results[kind].append(measure(kind, count, frames))
        for kind in kinds:
            ratios = [
                mine["us_per_packet"] / floor["us_per_packet"]
                for mine, floor in zip(results[kind], results["floor"], strict=True)
            ]
            report.rows.append(
                [
                    str(count),
                    kind,
                    str(figure([r["us_per_packet"] for r in results[kind]])),
                    str(figure(ratios)),
                    str(int(sum(r["lost"] for r in results[kind]))),
                    str(figure([r["core_share"] for r in results[kind]])),
                ]
            )
        report.data[str(count)] = results
    report.notes.append(
        f"{FPS} frames a second, {PACKETS} packets of {PACKET_BYTES} bytes each, AES-128-GCM."
    )
    return report


def slope(viewers: Sequence[int], *, rounds: int, seconds: float) -> Report:
    """The native core's CPU over the number of viewers, and how straight that line is."""
    report = Report("fanout-slope", ["viewers", "share of a core", "µs a packet", "packets lost"])
    points: list[tuple[int, float]] = []
    for count in viewers:
        results = [measure("native", count, int(seconds * FPS)) for _ in range(rounds + 1)]
        share = figure([r["core_share"] for r in results])
        points.append((count, share.median))
        report.rows.append(
            [
                str(count),
                str(share),
                str(figure([r["us_per_packet"] for r in results])),
                str(int(sum(r["lost"] for r in results))),
            ]
        )
        report.data[str(count)] = results
    report.notes.append(f"A straight line explains {_straightness(points):.4f} of it (R²).")
    return report


def _straightness(points: list[tuple[int, float]]) -> float:
    """R² of the least-squares line."""
    n = len(points)
    mean_x = sum(x for x, _ in points) / n
    mean_y = sum(y for _, y in points) / n
    covariance = sum((x - mean_x) * (y - mean_y) for x, y in points)
    spread_x = sum((x - mean_x) ** 2 for x, _ in points)
    spread_y = sum((y - mean_y) ** 2 for _, y in points)
    return covariance**2 / (spread_x * spread_y) if spread_x and spread_y else 1.0


def _main(arguments: list[str]) -> None:
    kind, number = arguments[0], int(arguments[1])
    if kind == "sink":
        serve_sink(number)
        return
    pin(0)
    ports = json.load(sys.stdin)
    print(run_floor(ports, number) if kind == "floor" else run_core(kind, ports, number))


if __name__ == "__main__":
    _main(sys.argv[1:])
