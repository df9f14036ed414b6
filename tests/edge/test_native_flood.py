"""Ten thousand forged datagrams a second, half of them from viewers' own addresses."""

from __future__ import annotations

import threading
import time
from random import Random
from typing import TYPE_CHECKING

import pytest

from relay.media.codecs import Kind
from tests.edge.cores import native_core
from tests.support.stage import Stage, open_udp, track

if TYPE_CHECKING:
    from tests.support.stage import Seat

SECONDS, RATE, FPS = 30, 10_000, 30


class Flood(threading.Thread):
    """Sends what is meant to look like SRTCP, DTLS, STUN and SRTP."""

    def __init__(self, stage: Stage, seats: list[Seat]) -> None:
        super().__init__()
        self._address = stage.address
        self._seats = seats
        self.sent = 0
        self.took_s = 0.0

    def run(self) -> None:
        random = Random(1)
        heads = [b"\x80\xc9\0\1", b"\x81\xcd\0\3", b"\x80\x60", b"\0\1\0\0", b"\x16\xfe\xfd", b""]
        forged = [
            random.choice(heads) + random.randbytes(random.randrange(300)) for _ in range(997)
        ]
        began = time.monotonic()
        with open_udp() as stranger:
            sockets = [stranger] * len(self._seats) + [seat.socket for seat in self._seats]
            while self.sent < SECONDS * RATE:
                for _ in range(RATE // 100):
                    datagram = forged[self.sent % len(forged)]
                    sockets[self.sent % len(sockets)].sendto(datagram, self._address)
                    self.sent += 1
                time.sleep(max(began + self.sent / RATE - time.monotonic(), 0.0))
        self.took_s = time.monotonic() - began


@pytest.mark.slow
@pytest.mark.timeout(SECONDS * 3)
def test_a_flood_of_forgeries_loses_viewers_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    stage = Stage(native_core)
    video, audio = stage.open(), stage.open(Kind.AUDIO)
    seats = [stage.seat(track(Kind.VIDEO), track(Kind.AUDIO)) for _ in range(10)]
    for seat in seats:
        seat.watch(video)
        seat.watch(audio)
    flood = Flood(stage, seats)
    flood.start()
    handed, began, frame = 0, time.monotonic(), 0
    while flood.is_alive():
        for stream in (video, audio):
            keyframe = frame % 60 == 0
            unit = stage.unit(stream, keyframe=keyframe, size=60_000 if keyframe else 7_000)
            stage.core.push(stream, unit, stage.now)
        while found := stage.core.read(stage.now):
            handed += len(found)
        assert stage.core.tick(stage.now) == []
        for seat in seats:
            seat.receive()
        frame += 1
        stage.now += 1 / FPS
        time.sleep(max(began + frame / FPS - time.monotonic(), 0.0))
    stage.core.flush()
    handed += sum(len(found) for found in iter(lambda: stage.core.read(stage.now), []))
    counters = stage.core.counters()
    for seat in seats:
        seat.receive()
        assert seat.pictures() == seat.sounds() == list(range(frame))
        seat.check_continuity()
    rejected, strays = counters["srtcp_rejected"], counters["strays"]
    dropped = counters["inbox_dropped"]
    with capsys.disabled():
        print(
            f"\n{flood.sent} forged datagrams in {flood.took_s:.1f} s: {rejected} rejected, "
            f"{strays} strays, {handed} handed over, {dropped} dropped unread; "
            f"{len(seats)} viewers, {frame} frames each, {counters['packets_sent']} packets, 0 lost"
        )
    assert counters["send_failures"] == 0
    assert handed + rejected + strays + dropped == flood.sent
    stage.close()
