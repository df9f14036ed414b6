"""The demo camera as a process: paced, encoded, published to a real RTMP server, and ended."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING, cast

import av
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from relay.demo import timecode
from relay.demo.camera import EVA_S, GOP_S, Encoder, Timing, run
from relay.demo.marks import flash_centre, flash_radius
from relay.demo.sound import RATE, TICK_HZ, Sound
from relay.errors import OperatorError
from tests.support.stack import free_port
from tests.support.stalls import HANG_S
from tests.support.waiting import wait_until

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from relay.demo.scene import Camera

SECRET = "evk_not-for-the-log"
FPS = 30


@given(
    st.floats(1.7e9, 1.9e9), st.floats(0, 1e6), st.sampled_from([24, 25, 30, 60]), st.integers(0, 9)
)
def test_frames_are_due_on_the_missions_clock(
    wall_s: float, monotonic_s: float, fps: int, frame: int
) -> None:
    timing = Timing.starting(fps, wall_s, monotonic_s)
    ahead = timing.due(frame) - monotonic_s
    assert -1e-3 <= ahead <= (frame + 1) / fps + 1e-3
    # A frame whose number is a multiple of the rate is due when a second of the wall clock begins.
    at = wall_s + ahead
    expected = timing.number(frame) / fps
    assert (at - expected + 1) % EVA_S == pytest.approx(1, abs=1e-3)


def test_what_is_late_is_counted_and_left_out() -> None:
    timing = Timing.starting(30, 1_795_363_331.0, 1000.0)
    assert timing.late(10, timing.due(10)) == 0
    assert timing.late(10, timing.due(10) + 0.03) == 0
    assert timing.late(10, timing.due(10) - 5) == 0
    assert timing.late(10, timing.due(10) + 0.101) == 3


def test_the_spacewalk_begins_anew() -> None:
    timing = Timing.starting(30, EVA_S * 7 - 0.05, 0.0)
    numbers = [timing.number(frame) for frame in range(4)]
    assert numbers == [EVA_S * 30 - 1, 0, 1, 2]


def record(path: Path, camera: Camera, frames: list[int], first: int) -> None:
    """Encode some frames of a camera into a file, as if they came in time."""
    with av.open(str(path), "w", format="flv") as container:
        timing = Timing(FPS, first, 0.0)
        encoder = Encoder(container, camera, Sound("drone", FPS, marks=True), timing, marks=True)
        for frame in frames:
            encoder.frame(frame, 1_795_363_331_000 + frame * 1000 // FPS)
        encoder.finish()


# FLV has no negative times, so all are later by AAC's 1024 samples of priming.
PRIMING = 1024 / RATE


def keyframes(path: Path) -> list[float]:
    with av.open(str(path)) as container:
        packets = [packet for packet in container.demux(video=0) if packet.is_keyframe]
        return [float(packet.pts * packet.time_base) - PRIMING for packet in packets]


def test_keyframes_come_by_the_clock_whatever_is_left_out(
    tmp_path: Path, camera: Callable[[str, int, int], Camera]
) -> None:
    path = tmp_path / "cut.flv"
    # Frame 70 is the one that would be a keyframe; it and some more are too late.
    frames = [*range(65), *range(73, 200)]
    record(path, camera("drone", 426, 240), frames, first=50)
    assert keyframes(path) == pytest.approx([0, 10 / FPS, 73 / FPS, 130 / FPS, 190 / FPS], abs=2e-3)


def test_sound_keeps_up_with_the_picture(
    tmp_path: Path, camera: Callable[[str, int, int], Camera]
) -> None:
    path = tmp_path / "gap.flv"
    record(path, camera("drone", 426, 240), [*range(30), *range(150, 200)], first=0)
    with av.open(str(path)) as container:
        times = [float(p.pts * p.time_base) for p in container.demux(audio=0) if p.size]
    assert times[-1] - PRIMING == pytest.approx(200 / FPS, abs=0.06)
    steps = np.diff(times)
    assert np.sum(steps > 0.1) == 1
    assert np.median(steps) == pytest.approx(1024 / RATE, abs=1e-3)


def tick_times(path: Path) -> list[float]:
    """When the ticks begin, in the file's time."""
    samples, starts = [], []
    with av.open(str(path)) as container:
        for frame in container.decode(audio=0):
            samples.append(frame.to_ndarray()[0])
            starts.append(float(frame.pts * frame.time_base))
    wave, start = np.concatenate(samples), starts[0]
    window = RATE // 500
    turn = np.exp(-2j * np.pi * TICK_HZ / RATE * np.arange(len(wave)))
    level = np.abs(np.convolve(wave * turn, np.ones(window) / window, "same"))
    loud = level > 0.5 * np.percentile(level, 99.5)
    return [start + at / RATE for at in np.flatnonzero(loud[1:] & ~loud[:-1])]


def test_tick_and_flash_come_together(
    tmp_path: Path, camera: Callable[[str, int, int], Camera]
) -> None:
    path = tmp_path / "sync.flv"
    record(path, camera("drone", 640, 360), list(range(100)), first=7)
    x, y = flash_centre(640, 360)
    reach = int(flash_radius(360) / 2)
    flashes = []
    with av.open(str(path)) as container:
        for frame in container.decode(video=0):
            luma = frame.to_ndarray(format="gray")
            if luma[y - reach : y + reach, x - reach : x + reach].min() > 200:
                flashes.append(float(frame.pts * frame.time_base) - PRIMING)
    assert flashes == pytest.approx([23 / FPS, 53 / FPS, 83 / FPS], abs=2e-3)
    ticks = tick_times(path)
    assert len(ticks) == 3
    # AAC and FLV's milliseconds blur the edge a little: half a frame is in sync.
    assert ticks == pytest.approx(np.array(flashes) + PRIMING, abs=0.5 / FPS)


@pytest.mark.parametrize("url", ["http://127.0.0.1/evk_x", "/tmp/evk_x", ""])
def test_only_rtmp_is_an_address(url: str) -> None:
    with pytest.raises(OperatorError, match="rtmp://") as caught:
        run("drone", url, (640, 360), FPS)
    assert "evk_" not in str(caught.value)


class Filming:
    """A demo camera in its own process, with what it says."""

    def __init__(self, url: str, log: Path) -> None:
        self._log = log
        code = (
            "import sys; from relay.demo.camera import run; "
            "run('drone', sys.argv[1], (640, 360), 30, marks=True)"
        )
        with log.open("wb") as out:
            self.process = subprocess.Popen(
                [sys.executable, "-c", code, url], stdout=out, stderr=subprocess.STDOUT
            )

    def said(self) -> str:
        return self._log.read_text()

    def wait_for(self, text: str) -> None:
        def is_said() -> bool:
            assert self.process.poll() is None, self.said()
            return text in self.said()

        wait_until(is_said, lambda: f"{text!r} after {self.said()}")


@pytest.fixture
def address() -> tuple[int, str]:
    port = free_port()
    return port, f"rtmp://127.0.0.1:{port}/live/{SECRET}"


@pytest.fixture
def filming(address: tuple[int, str], tmp_path: Path) -> Iterator[Filming]:
    filming = Filming(address[1], tmp_path / "camera.log")
    yield filming
    if filming.process.poll() is None:
        filming.process.kill()
    filming.process.wait()


def serve(port: int, path: Path, seconds: float) -> subprocess.Popen[bytes]:
    """FFmpeg as the RTMP server: takes one publisher, and hangs up after some seconds of it."""
    program = shutil.which("ffmpeg")
    if program is None:
        pytest.fail("ffmpeg is missing; run: apt-get install ffmpeg")
    return subprocess.Popen(
        [
            *(program, "-v", "error", "-nostdin", "-y"),
            *("-listen", "1", "-i", f"rtmp://127.0.0.1:{port}/live/{SECRET}"),
            *("-t", str(seconds), "-c", "copy", os.fspath(path)),
        ],
        stderr=subprocess.DEVNULL,
    )


def check_recording(path: Path, began_ms: int) -> None:
    stamps, times, keys = [], [], []
    with av.open(str(path)) as container:
        video, audio = container.streams.video[0], container.streams.audio[0]
        assert (video.codec.name, video.profile) == ("h264", "High")
        assert (video.width, video.height, video.codec_context.has_b_frames) == (640, 360, False)
        assert (audio.codec.name, audio.rate, audio.channels) == ("aac", RATE, 2)
        for frame in container.decode(video=0):
            stamps.append(timecode.read(frame.to_ndarray(format="gray")))
            times.append(float(frame.pts * frame.time_base))
            if frame.key_frame:
                keys.append(times[-1])
    with av.open(str(path)) as container:
        sound = [p for p in container.demux(audio=0) if p.size]
    # How many come in time is the machine's affair.
    assert len(times) > 20
    assert len(sound) > 20
    assert None not in stamps
    assert (np.diff(stamps) > 0).all()
    assert began_ms < stamps[0] < stamps[-1] < time.time_ns() // 1_000_000
    # Time stamps lie on the frames' grid; on a busy machine frames may be missing.
    on_grid = (np.array(times) - times[0]) * FPS
    assert np.abs(on_grid - np.rint(on_grid)).max() < 0.05
    # The clock in the picture runs with the time stamps, give or take a late drawing.
    drift = np.array(stamps) / 1000 - np.array(times)
    assert np.ptp(drift) < 1.0
    assert np.diff(keys)[1:] == pytest.approx(GOP_S, abs=0.2)
    assert 0 < np.diff(keys)[0] <= GOP_S + 0.05


@pytest.mark.alone
def test_it_publishes_comes_back_and_ends(
    filming: Filming, address: tuple[int, str], tmp_path: Path
) -> None:
    port, _ = address
    # At first there is no server; then one that hangs up; then another one.
    filming.wait_for("no server")
    for number in (1, 2):
        began_ms = time.time_ns() // 1_000_000
        path = tmp_path / f"{number}.flv"
        server = serve(port, path, 4.5)
        assert server.wait(90) == 0
        check_recording(path, began_ms)
    filming.process.send_signal(signal.SIGTERM)
    assert filming.process.wait(HANG_S) == -signal.SIGTERM
    said = filming.said()
    assert said.count("is live") == 2
    assert SECRET not in said
    assert "Traceback" not in said


def test_what_nobody_watches_is_drawn_seldom_and_sent_at_the_same_rate(
    tmp_path: Path, camera: Callable[[str, int, int], Camera]
) -> None:
    path = tmp_path / "unwatched.flv"
    filmed = camera("drone", 426, 240)
    drawn: list[float] = []

    class Counted:
        width, height, fps = filmed.width, filmed.height, filmed.fps
        buffer = filmed.buffer

        def frame(self, t_seconds: float, wall_ms: int | None) -> None:
            drawn.append(t_seconds)
            filmed.frame(t_seconds, wall_ms)

    with av.open(str(path), "w", format="flv") as container:
        encoder = Encoder(
            container, cast("Camera", Counted()), Sound("drone", FPS), Timing(FPS, 0, 0.0)
        )
        for frame in range(120):
            encoder.frame(frame, 0, watched=frame >= 100)
        encoder.finish()
    # Twice a second at first, and at once when somebody comes.
    assert drawn == pytest.approx([0, 0.5, 1, 1.5, 2, 2.5, 3, *np.arange(100, 120) / FPS])
    with av.open(str(path)) as container:
        packets = [packet for packet in container.demux(video=0) if packet.size]
    assert len(packets) == 120
    assert keyframes(path) == pytest.approx([0, 2], abs=2e-3)
    # A picture that is sent again takes next to nothing.
    sizes = [packet.size for packet in packets]
    assert max(size for number, size in enumerate(sizes[:100]) if number % 15) < 200
    assert min(sizes[100:]) > 200
