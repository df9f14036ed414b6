"""`relay bench fanout`: CPU per delivered SRTP packet, against a floor that encrypts and sends.

Each round sends the same frames to the same number of sockets: 30 a second, 7 packets of 1204 bytes
each (2 Mb/s), AES-128-GCM. The sockets are in another process, on another core where there is one;
it counts what arrives. They take GSO batches whole, as a network card would.

CPU is divided by the packets that arrived: work that was dropped may not look cheap. A core that
gets too little of a shared machine drops whole frames, where the floor only comes late; each row
says how much of the CPU that it wanted it got, and rounds with losses are counted, not left out.
"""

from __future__ import annotations

import json
import os
import resource
import secrets
import socket
import statistics
import subprocess
import sys
import time
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Final

from relay.bench.processes import Usage
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

    from relay.edge.core import Core

GOP: Final = 60
TWIN_VIEWERS: Final = 500
"""More than the twin can serve in time."""
TWIN_S: Final = 4.0
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
        assert self._process.stdout is not None
        self._process.stdout.close()


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


@dataclass(frozen=True, slots=True)
class Pattern:
    """What is sent."""

    fps: int = 30
    """Frames a second."""
    packets: int = 7
    """Packets of a frame."""


ORDINARY: Final = Pattern()
LARGE: Final = Pattern(fps=5, packets=42)
"""The same bits a second in frames as large as keyframes."""


@dataclass(frozen=True, slots=True)
class Spent:
    """What a round took."""

    usage: Usage
    """Of the whole process."""
    pushing_s: float = 0.0
    """CPU of the Python thread while it gave frames to the core."""


def run_floor(ports: list[int], frames: int, pattern: Pattern) -> Spent:
    """What is used by the floor program for so many frames."""
    from relay import _native  # noqa: PLC0415 - only this process needs it

    began = Usage.now()
    _native.floor(ports, frames, float(pattern.fps), pattern.packets, MAX_PAYLOAD)
    return Spent(Usage.now() - began)


def make_core(kind: str, sock: socket.socket) -> Core:
    """The core of that name."""
    if kind == "python":
        return PythonCore(sock)
    return NativeCore(sock, gso=kind != "without GSO", paced=kind != "unpaced")


def run_core(kind: str, ports: list[int], frames: int, pattern: Pattern) -> Spent:
    """What is used by a core for so many frames to one viewer a port."""
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.setblocking(False)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 8 << 20)
    sock.bind(("127.0.0.1", 0))
    core = make_core(kind, sock)
    core.open_stream(0, Kind.VIDEO)
    for viewer, port in enumerate(ports):
        keys = SrtpKeys("AEAD_AES_128_GCM", secrets.token_bytes(28), secrets.token_bytes(28))
        core.add_viewer(viewer, ("127.0.0.1", port), keys, [_track(viewer)])
        core.watch(viewer, 0, time.time(), at_once=False)
    core.flush()
    units = [_unit(pattern, keyframe=True), _unit(pattern, keyframe=False)]
    began, start, pushing_s = Usage.now(), time.monotonic(), 0.0
    for frame in range(frames):
        time.sleep(max(start + frame / pattern.fps - time.monotonic(), 0.0))
        before = time.thread_time()
        core.push(0, _at(units[frame % GOP != 0], frame, pattern.fps), time.time())
        pushing_s += time.thread_time() - before
    core.flush()
    spent = Spent(Usage.now() - began, pushing_s)
    core.stop()
    sock.close()
    return spent


def _track(viewer: int) -> TrackParams:
    extensions = Extensions(abs_send_time=2, playout_delay=5, mid=9)
    return TrackParams(
        Kind.VIDEO, 2 * viewer + 2, 108, 2 * viewer + 3, 109, extensions, "0", 100, viewer
    )


def _unit(pattern: Pattern, *, keyframe: bool) -> Unit:
    body = bytes(1 + byte % 255 for byte in os.urandom((MAX_PAYLOAD - 2) * pattern.packets))
    payload = b"\0\0\0\1" + (b"\x65" if keyframe else b"\x41") + body
    return Unit(Codec.H264, 0, 0, 0, keyframe, payload)


def _at(unit: Unit, frame: int, fps: int) -> Unit:
    pts = frame * 90_000 // fps
    return Unit(unit.codec, pts, pts, frame * 1_000_000 // fps, unit.keyframe, unit.payload)


def measure(
    kind: str, viewers: int, seconds: float, pattern: Pattern = ORDINARY
) -> dict[str, float]:
    """One round of a kind, such as `floor`, `native` or `python`, in processes of its own."""
    frames = max(int(seconds * pattern.fps), 1)
    sink = Sink(viewers)
    try:
        worker = subprocess.run(
            [sys.executable, "-m", "relay.bench.fanout", kind, str(frames)],
            input=json.dumps({"ports": sink.ports, **asdict(pattern)}),
            capture_output=True,
            text=True,
            check=True,
        )
        time.sleep(0.2)
        arrived, _, lost = sink.counts()
    finally:
        sink.close()
    spent = json.loads(worker.stdout)
    usage = Usage(**spent["usage"])
    # What is missing between two numbers is missing from the arrivals too.
    return {
        "us_per_packet": usage.cpu_s / max(arrived, 1) * 1e6,
        "lost": viewers * frames * pattern.packets - arrived,
        "gaps": lost,
        "core_share": usage.cpu_s / (frames / pattern.fps),
        "granted": usage.cpu_s / (usage.cpu_s + usage.waited_s),
        "push_us": spent["pushing_s"] / frames * 1e6,
    }


def bench(viewers: Sequence[int], *, rounds: int, seconds: float, twin: bool) -> Report:
    """Compare floor, native core and Python twin at each number of viewers."""
    report = _comparison("fanout", "to the floor")
    for count in viewers:
        kinds = ["floor", "native"] + (["python"] if twin and count <= TWIN_VIEWERS else [])
        _compare(report, kinds, count, rounds, seconds, ORDINARY)
    report.notes.append(
        f"{ORDINARY.fps} frames a second, {ORDINARY.packets} packets of {PACKET_BYTES} bytes "
        "each, AES-128-GCM."
    )
    return report


def pacing(viewers: Sequence[int], *, rounds: int, seconds: float) -> Report:
    """What it costs to spread frames as large as keyframes, against sending them at once."""
    report = _comparison("fanout-pacing", "to unpaced")
    for count in viewers:
        _compare(report, ["unpaced", "native"], count, rounds, seconds, LARGE)
    report.notes.append(f"{LARGE.fps} frames a second of {LARGE.packets} packets each.")
    return report


def _comparison(name: str, ratio: str) -> Report:
    return Report(
        name,
        [
            *("viewers", "what", "µs a delivered packet", ratio, "packets lost"),
            *("rounds with losses", "share of a core", "got of the CPU it wanted"),
        ],
    )


def _compare(
    report: Report, kinds: list[str], count: int, rounds: int, seconds: float, pattern: Pattern
) -> None:
    """Add rows: each kind against the first, in turns."""
    results: dict[str, list[dict[str, float]]] = {kind: [] for kind in kinds}
    for _ in range(rounds + 1):
        for kind in kinds:
            length = min(seconds, TWIN_S) if kind == "python" else seconds
            results[kind].append(measure(kind, count, length, pattern))
    for kind in kinds:
        ratios = [
            mine["us_per_packet"] / first["us_per_packet"]
            for mine, first in zip(results[kind], results[kinds[0]], strict=True)
        ]
        report.rows.append(
            [
                str(count),
                kind,
                str(figure([r["us_per_packet"] for r in results[kind]])),
                str(figure(ratios)),
                *_losses(results[kind]),
                str(figure([r["core_share"] for r in results[kind]])),
                str(figure([r["granted"] for r in results[kind]])),
            ]
        )
        if any(r["lost"] for r in results[kind]):
            report.notes.append(
                f"**{kind} at {count} viewers lost packets: what it cost there is not what it "
                "costs to serve them all.**"
            )
    report.data[str(count)] = results


def _losses(rounds: list[dict[str, float]]) -> list[str]:
    """Packets lost in all rounds, the first included, and in how many of them."""
    lost = [int(r["lost"]) for r in rounds]
    return [str(sum(lost)), f"{sum(map(bool, lost))} of {len(lost)}"]


def slope(viewers: Sequence[int], *, rounds: int, seconds: float) -> Report:
    """The native core's CPU over the number of viewers, and how straight that line is."""
    report = Report(
        "fanout-slope",
        [
            "viewers",
            "share of a core",
            "µs a delivered packet",
            "µs of Python a frame",
            "packets lost",
            "rounds with losses",
            "got of the CPU it wanted",
        ],
    )
    points: list[tuple[int, float]] = []
    for count in viewers:
        results = [measure("native", count, seconds) for _ in range(rounds + 1)]
        share = figure([r["core_share"] for r in results])
        points.append((count, share.median))
        report.rows.append(
            [
                str(count),
                str(share),
                str(figure([r["us_per_packet"] for r in results])),
                str(figure([r["push_us"] for r in results])),
                *_losses(results),
                str(figure([r["granted"] for r in results])),
            ]
        )
        if any(r["lost"] for r in results):
            report.notes.append(f"**At {count} viewers packets were lost: the point is too low.**")
        report.data[str(count)] = results
    fit = line(points)
    report.data["line"] = asdict(fit)
    report.notes.append(
        f"A line explains {fit.r_squared:.4f} of it (R²): {fit.start * 100:.2f} % of a core, and "
        f"{fit.slope * 1e6:.1f} µs a second for each viewer. "
        "Python a frame is the CPU of the thread that pushes frames, whoever they are for."
    )
    return report


@dataclass(frozen=True, slots=True)
class Line:
    """A least-squares line."""

    start: float
    """Its value at 0."""
    slope: float
    """What each one adds."""
    r_squared: float
    """Share of the variance that it explains."""


def line(points: Sequence[tuple[int, float]]) -> Line:
    """The line through points, of which there are at least two."""
    fit = statistics.linear_regression(*zip(*points, strict=True))
    r = statistics.correlation(*zip(*points, strict=True))
    return Line(fit.intercept, fit.slope, r * r)


def _main(arguments: list[str]) -> None:
    kind, number = arguments[0], int(arguments[1])
    if kind == "sink":
        serve_sink(number)
        return
    pin(0)
    task = json.load(sys.stdin)
    ports = task.pop("ports")
    pattern = Pattern(**task)
    if kind == "floor":
        spent = run_floor(ports, number, pattern)
    else:
        spent = run_core(kind, ports, number, pattern)
    print(json.dumps(asdict(spent)))


if __name__ == "__main__":
    _main(sys.argv[1:])
