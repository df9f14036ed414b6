"""The native core as it is used: calls do not wait for its thread, and overlap with its work."""

from __future__ import annotations

import os
import threading
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING

import pytest

from relay.edge.core import Behind
from relay.media.codecs import Kind
from relay.webrtc.dtls import SrtpKeys
from tests.edge.cores import native_core
from tests.support import feedback
from tests.support.stage import Stage, open_udp, track
from tests.support.waiting import eventually

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.stage import Seat


@pytest.fixture
def stage() -> Iterator[Stage]:
    made = Stage(native_core)
    yield made
    made.close()


def check(stage: Stage, seat: Seat) -> None:
    """Nothing was refused, numbers and time stamps go on, and pictures are whole."""
    seat.receive()
    seat.check_continuity()
    pictures = seat.pictures()
    stats = stage.core.stats(seat.number)
    assert stats.packets == sum(len(seat.media(kind)) for kind in seat.tracks)
    assert len(pictures) == len(seat.timestamps())


def test_it_says_which_stream_it_has_fallen_behind_with(stage: Stage) -> None:
    """What it drops is everything up to a keyframe: somebody has to ask for one."""
    streams = [stage.open() for _ in range(2)]
    seat = stage.seat(track(Kind.VIDEO))
    seat.watch(streams[1], at_once=True)
    for stream in streams:
        stage.core.push(stream, stage.unit(stream, keyframe=True), stage.now)
    for _ in range(64):  # at once, so that the paced first one holds up the others
        unit = stage.unit(streams[1], keyframe=False, size=60_000)
        stage.core.push(streams[1], unit, stage.now)
    stage.core.flush()
    assert stage.core.counters()["frames_dropped"] > 0
    assert stage.core.tick(stage.now) == [Behind(streams[1])]
    assert stage.core.tick(stage.now) == []


@pytest.mark.parametrize("seed", range(20))
def test_calls_that_overlap_with_its_work(stage: Stage, seed: int) -> None:
    """Switches, replays and closings in the middle of paced frames and of other replays."""
    random = Random(seed)
    streams = [stage.open() for _ in range(3)]
    seats = [stage.seat(track(Kind.VIDEO, first_sequence=65_000)) for _ in range(4)]
    for seat in seats:
        seat.watch(streams[0])
    for step in range(150):
        for stream in list(streams):
            large = random.choice([500, 3000, 30_000])
            unit = stage.unit(stream, keyframe=random.random() < 0.2, size=large)
            stage.core.push(stream, unit, stage.now)
        seat = random.choice(seats)
        match random.randrange(8):
            case 0 | 1:
                seat.watch(random.choice(streams), at_once=True)
            case 2:
                seat.watch(random.choice(streams))
            case 3:
                stage.core.replay(seat.number, stage.now)
            case 4:
                stage.core.unwatch(seat.number, Kind.VIDEO)
            case 5 if step % 10 == 0:
                old = streams.pop(0)
                stage.core.close_stream(old)
                streams.append(stage.open())
            case 6 if seat.media():
                ssrc = seat.tracks[Kind.VIDEO].ssrc
                lost = [p.sequence for p in seat.media()[-20:]]
                seat.socket.sendto(seat.seal(feedback.nack(ssrc, *lost)), stage.address)
        for each in seats:
            each.receive()
        stage.now += 1 / 30
    stage.core.flush()
    for seat in seats:
        check(stage, seat)
    counters = stage.core.counters()
    assert counters["send_failures"] == counters["srtcp_rejected"] == 0


def test_nobody_who_reads_counters_is_in_the_way(stage: Stage) -> None:
    """Three threads read as fast as they can, while another asks for things."""
    video = stage.open()
    seats = [stage.seat(track(Kind.VIDEO)) for _ in range(3)]
    for seat in seats:
        seat.watch(video)
    done = threading.Event()

    def look(number: int) -> None:
        # Totals follow a viewer's counters when its batch is sent, so the two are not compared.
        last = total = 0
        while not done.is_set():
            packets, sent = stage.core.stats(number).packets, stage.core.counters()["packets_sent"]
            assert packets >= last
            assert sent >= total
            last, total = packets, sent

    faults: list[object] = []
    threads = [threading.Thread(target=look, args=(seat.number,)) for seat in seats]
    hook, threading.excepthook = threading.excepthook, faults.append
    try:
        for thread in threads:
            thread.start()
        for _ in range(200):
            stage.play(video, size=4000)
            stage.core.flush()
    finally:
        done.set()
        for thread in threads:
            thread.join()
        threading.excepthook = hook
    assert faults == []
    for seat in seats:
        check(stage, seat)
        assert seat.pictures() == list(range(200))


async def test_a_fault_of_the_thread_is_the_owners_at_its_next_tick(stage: Stage) -> None:
    """A socket that is gone stands for any: the edge must not go on as if it served."""
    video = stage.open()
    seat = stage.seat(track(Kind.VIDEO))
    seat.watch(video)
    stage.core.flush()
    spare = stage.socket.detach()
    os.close(spare)
    stage.core.push(video, stage.unit(video, keyframe=True), stage.now)

    def has_told() -> bool:
        try:
            stage.core.tick(stage.now)
        except RuntimeError as error:
            return "the native core has ended" in str(error)
        return False

    await eventually(has_told, "the fault to be told")
    with pytest.raises(RuntimeError, match="Bad file descriptor"):
        stage.core.flush()
    stage.core.remove_viewer(seat.number)
    stage.core.stop()
    with pytest.raises(RuntimeError):
        stage.core.tick(stage.now)


def resident_kib() -> int:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGESIZE") // 1024


def test_nothing_is_left_of_viewers_that_have_gone(stage: Stage) -> None:
    """Ten thousand who come, watch, ask again and go, among others who stay."""
    video = stage.open()
    stays = stage.seat(track(Kind.VIDEO))
    stays.watch(video)
    stage.play(video, frames=3, gop=1000)
    params = [track(Kind.VIDEO), track(Kind.AUDIO)]
    keys = SrtpKeys("AEAD_AES_128_GCM", bytes(28), bytes(28))
    with open_udp() as sink:
        address = sink.getsockname()

        def come_and_go(number: int) -> None:
            stage.core.add_viewer(number, address, keys, params)
            stage.core.watch(number, video, stage.now, at_once=True)
            stage.core.replay(number, stage.now)
            if number % 100 == 0:
                stage.play(video, gop=1000, size=4_000)
                stage.core.tick(stage.now)
            stage.core.remove_viewer(number)

        def cycle(first: int, count: int) -> int:
            for number in range(first, first + count):
                come_and_go(number)
                if number % 50 == 0:
                    stage.core.flush()
            stage.core.flush()
            return resident_kib()

        before = cycle(1_000, 2_000)
        after = cycle(3_000, 10_000)
    sizes = stage.core.sizes()  # type: ignore[attr-defined]
    assert sizes == {"viewers": 1, "addresses": 1, "streams": 1, "followers": 1, "replays": 0}
    # 10,000 viewers have some 100 MiB; the frames that are kept here meanwhile have less than one.
    assert after - before < 4096
    check(stage, stays)
