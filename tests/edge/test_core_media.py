"""What a core sends: packets that decrypt, read, and carry the units on the right clock."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from relay.edge.core import COUNTERS
from relay.media.codecs import Codec, Kind
from relay.media.timebase import rescale
from relay.webrtc.dtls import SrtpKeys
from relay.webrtc.rtp import MAX_PAYLOAD, Extensions, abs_send_time
from tests.support.reception import PROFILES
from tests.support.rtp import nal_units
from tests.support.stage import EXTENSIONS, FRAME_S, track
from tests.support.units import sound

if TYPE_CHECKING:
    from relay.edge.core import Core
    from relay.media.unit import Unit
    from tests.support.rtp import Packet
    from tests.support.stage import Stage


@pytest.mark.parametrize("profile", sorted(PROFILES))
def test_pictures_and_sound_arrive_as_they_were_pushed(stage: Stage, profile: str) -> None:
    video, audio = stage.open(), stage.open(Kind.AUDIO)
    seat = stage.seat(profile=profile)
    seat.watch(video)
    seat.watch(audio)
    stage.play(video, audio, frames=70, size=3000)
    assert seat.pictures() == list(range(70))
    assert seat.sounds() == list(range(70))
    seat.check_continuity()


def test_headers_are_the_tracks(stage: Stage) -> None:
    video, audio = stage.open(), stage.open(Kind.AUDIO)
    seat = stage.seat()
    seat.watch(video)
    seat.watch(audio)
    stage.play(video, audio, frames=3, size=5000)
    for kind in Kind:
        params = seat.tracks[kind]
        packets = seat.media(kind)
        assert {p.payload_type for p in packets} == {params.payload_type}
        assert {p.extensions[9] for p in packets} == {params.mid.encode()}
        assert packets[0].sequence == params.first_sequence
        assert len({p.header_length for p in packets}) == 1
    assert [p.marker for p in seat.frames()[1]] == [False] * 4 + [True]
    assert not any(p.marker for p in seat.media(Kind.AUDIO))


def test_time_stamps_are_the_units_on_their_own_clocks(stage: Stage, core: Core) -> None:
    video, audio = stage.open(), stage.open(Kind.AUDIO)
    seat = stage.seat()
    seat.watch(video)
    seat.watch(audio)
    units: dict[Kind, list[Unit]] = {kind: [] for kind in Kind}
    for number in range(20):
        for stream, kind in ((video, Kind.VIDEO), (audio, Kind.AUDIO)):
            unit = stage.unit(stream, keyframe=number == 0)
            units[kind].append(unit)
            stage.push(stream, unit)
        stage.now += FRAME_S * (1 + number % 3)  # a variable frame rate
    for kind, clock in ((Kind.VIDEO, 90_000), (Kind.AUDIO, 48_000)):
        offset = seat.tracks[kind].timestamp_offset
        expected = [(offset + rescale(u.pts, 90_000, clock)) % 2**32 for u in units[kind]]
        assert [t % 2**32 for t in seat.timestamps(kind)] == expected


def sent_after(packet: Packet, now: float) -> float:
    """How long after `now` a packet says that it was sent."""
    stamps = [int.from_bytes(stamp, "big") for stamp in (packet.extensions[2], abs_send_time(now))]
    return (stamps[0] - stamps[1]) % 2**24 / 2**18


def test_send_times_are_when_packets_are_sent(stage: Stage) -> None:
    video = stage.open()
    seat = stage.seat(track(Kind.VIDEO))
    seat.watch(video)
    for number in range(5):
        stage.push(video, stage.unit(video, keyframe=number == 0))
        assert all(stage.is_now(stage.now + sent_after(p, stage.now)) for p in seat.packets)
        seat.forget()
        stage.now += FRAME_S


def test_send_times_are_those_of_the_frame_where_packets_are_repeated_as_they_are(
    stage: Stage,
) -> None:
    video = stage.open()
    seat = stage.seat(track(Kind.VIDEO, rtx=None))
    seat.watch(video)
    for _ in range(5):
        now = stage.now
        stage.play(video)
        assert {p.extensions[2] for p in seat.packets} == {abs_send_time(now)}
        seat.forget()


@pytest.mark.parametrize(
    "extensions", [Extensions(), Extensions(abs_send_time=1), Extensions(mid=14, playout_delay=3)]
)
def test_only_extensions_that_were_negotiated(stage: Stage, extensions: Extensions) -> None:
    video = stage.open()
    seat = stage.seat(track(Kind.VIDEO, extensions=extensions))
    seat.watch(video)
    stage.play(video, frames=2)
    ids = {extensions.abs_send_time, extensions.mid, extensions.playout_delay} - {None}
    assert {tuple(sorted(p.extensions)) for p in seat.packets} == {tuple(sorted(ids))}  # type: ignore[type-var]


@pytest.mark.parametrize(("waits", "delay"), [(False, b"\0\0\0"), (True, b"\0\x61\x90")])
def test_a_picture_with_sound_may_wait_for_it(stage: Stage, waits: bool, delay: bytes) -> None:
    """From 60 ms to 4 s; else it is to be shown at once."""
    video = stage.open()
    seat = stage.seat(track(Kind.VIDEO, extensions=Extensions(playout_delay=3, waits=waits)))
    seat.watch(video)
    stage.play(video, frames=2)
    assert {packet.extensions[3] for packet in seat.packets} == {delay}


def test_every_viewer_has_its_own_stream(stage: Stage) -> None:
    video = stage.open()
    seats = [
        stage.seat(track(Kind.VIDEO, rtx=None if n % 2 else 97), profile=sorted(PROFILES)[n % 2])
        for n in range(6)
    ]
    for seat in seats:
        seat.watch(video)
    stage.play(video, frames=40)
    assert {tuple(seat.pictures()) for seat in seats} == {tuple(range(40))}
    for seat in seats:
        seat.check_continuity()
        assert {p.ssrc for p in seat.packets} == {seat.tracks[Kind.VIDEO].ssrc}
    assert len({seat.packets[0].sequence for seat in seats}) > 1


def test_one_ssrc_for_two_streams_is_refused(core: Core) -> None:
    """All are sealed with one key: their nonces would be the same."""
    keys = SrtpKeys("AEAD_AES_128_GCM", bytes(28), bytes(28))
    for pair in (
        (track(Kind.VIDEO, ssrc=5), track(Kind.AUDIO, ssrc=5)),
        (track(Kind.VIDEO, ssrc=5, rtx_ssrc=6), track(Kind.AUDIO, ssrc=7, rtx_ssrc=6)),
        (track(Kind.VIDEO, ssrc=5, rtx_ssrc=5), track(Kind.AUDIO)),
    ):
        with pytest.raises(ValueError, match="SSRC"):
            core.add_viewer(1, ("127.0.0.1", 9), keys, list(pair))


def test_a_viewer_without_the_track_gets_nothing_of_it(stage: Stage, core: Core) -> None:
    video, audio = stage.open(), stage.open(Kind.AUDIO)
    deaf, blind = stage.seat(track(Kind.VIDEO)), stage.seat(track(Kind.AUDIO))
    for seat in (deaf, blind):
        seat.watch(video, at_once=True)
        seat.watch(audio, at_once=True)
        core.replay(seat.number, stage.now)
    stage.play(video, audio, frames=5)
    core.unwatch(deaf.number, Kind.AUDIO)
    stage.play(video, audio, frames=5)
    assert deaf.pictures() == list(range(10))
    assert blind.sounds() == list(range(10))
    assert not deaf.refused
    assert {p.ssrc for p in deaf.packets} == {deaf.tracks[Kind.VIDEO].ssrc}
    assert {p.ssrc for p in blind.packets} == {blind.tracks[Kind.AUDIO].ssrc}


def test_silence_after_unwatching_and_after_the_streams_end(stage: Stage, core: Core) -> None:
    video, audio = stage.open(), stage.open(Kind.AUDIO)
    seat = stage.seat()
    seat.watch(video)
    seat.watch(audio)
    stage.play(video, audio, frames=3)
    core.unwatch(seat.number, Kind.VIDEO)
    stage.play(video, audio, frames=3)
    core.close_stream(audio)
    stage.play(video, frames=3)
    assert seat.pictures() == [0, 1, 2]
    assert seat.sounds() == list(range(6))


def test_counters(stage: Stage, core: Core) -> None:
    video, audio = stage.open(), stage.open(Kind.AUDIO)
    seats = [stage.seat() for _ in range(3)]
    for seat in seats:
        seat.watch(video)
        seat.watch(audio)
    stage.play(video, audio, frames=20)
    for seat in seats:
        stats = core.stats(seat.number)
        assert stats.packets == len(seat.packets)
        assert stats.octets == sum(len(p.payload) for p in seat.packets)
        assert (stats.requested, stats.resent, stats.heard_at) == (0, 0, 0)
        assert stats.rtt_s is None
    totals = core.counters()
    assert totals["packets_sent"] == sum(len(seat.packets) for seat in seats)
    assert totals["bytes_sent"] == sum(len(d) for seat in seats for d in seat.sealed)
    assert totals["send_failures"] == totals["strays"] == totals["srtcp_rejected"] == 0
    with pytest.raises(KeyError):
        core.stats(1)


@pytest.mark.parametrize(
    "payload", [b"", b"\0", b"\xff" * 40, b"\0\0\1", b"\0\0\1\x7c", b"\0" * 99]
)
@pytest.mark.parametrize("keyframe", [False, True])
def test_units_without_a_picture_in_them(stage: Stage, payload: bytes, keyframe: bool) -> None:
    """Nobody may lose the stream because of one: the push would end the feed of all."""
    video = stage.open()
    seat = stage.seat(track(Kind.VIDEO))
    seat.watch(video)
    stage.play(video, frames=3)
    stage.push(video, replace(stage.unit(video), payload=payload, keyframe=keyframe))
    stage.now += FRAME_S
    stage.play(video, frames=3)
    late = stage.seat(track(Kind.VIDEO))
    late.watch(video, at_once=True)
    stage.play(video, frames=3)
    assert seat.pictures() == [0, 1, 2, *range(4, 10)]
    assert late.pictures() == seat.pictures(), "a keyframe without a picture is none"
    seat.check_continuity()
    late.check_continuity()


@pytest.mark.parametrize("size", [1, 1275, 1300, 1400, 1500, 3825, 70_000])
def test_sound_of_any_size(stage: Stage, core: Core, size: int) -> None:
    """Opus packets of 120 ms can be longer than a datagram: they are left out, not the stream."""
    audio = stage.open(Kind.AUDIO)
    seats = [stage.seat(track(Kind.AUDIO), profile=profile) for profile in sorted(PROFILES)]
    for seat in seats:
        seat.watch(audio)
    stage.play(audio, frames=2)
    unit = sound(2, stage.now, size=size)
    stage.push(audio, replace(unit, payload=unit.payload[:size]))
    for seat in seats:
        found = [p.payload for p in seat.media(Kind.AUDIO)][2:]
        assert found == [unit.payload[:size]] * (size <= 1275)
        seat.forget()
    stage.now += 0.02
    stage.play(audio, frames=2)
    for seat in seats:
        assert len(seat.sounds()) == 2
        seat.check_continuity()


def test_a_picture_of_many_packets(stage: Stage) -> None:
    """More than one call with GSO takes: 64 segments, 64 KB."""
    video = stage.open()
    seat = stage.seat(track(Kind.VIDEO))
    seat.watch(video)
    stage.play(video, frames=3, gop=2, size=300_000)
    assert seat.pictures() == [0, 1, 2]
    for frame in seat.frames():
        payloads = [p.payload for p in frame]
        assert max(map(len, payloads)) <= MAX_PAYLOAD
        assert len(nal_units(payloads)[-1]) == 300_000
    seat.check_continuity()


def test_other_codecs_numbers_do_not_matter(stage: Stage) -> None:
    """The stream's kind was told when it was opened."""
    audio = stage.open(Kind.AUDIO)
    seat = stage.seat(track(Kind.AUDIO, extensions=EXTENSIONS))
    seat.watch(audio)
    stage.push(audio, replace(sound(0, stage.now), codec=Codec.OPUS))
    assert seat.sounds() == [0]


def test_all_cores_count_the_same(core: Core) -> None:
    assert core.counters() == dict.fromkeys(COUNTERS, 0)
