"""What parses H.264, AAC and Opus, packetises them, and reads them off the bus."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from relay.bus import wire
from relay.errors import MediaError, ProtocolError
from relay.ingest.rtmp.message import MessageType
from relay.media.aac import AacConfig, split_adts, split_unit
from relay.media.access_unit import AccessUnits
from relay.media.codecs import Codec
from relay.media.h264 import (
    AvcConfig,
    join_annexb,
    nal_type,
    split_annexb,
    split_avcc,
)
from relay.media.opus import packet_samples
from relay.media.sps import crop_sps, parse_sps
from relay.media.unit import Unit
from relay.webrtc.rtp import MAX_PAYLOAD, MAX_SOUND, packetise_h264, packetise_opus
from tests.fuzz.captured import bodies
from tests.fuzz.mutation import COST, TIMEOUT_S, fuzz
from tests.ingest.rtmp.encoder import AVCC, IDR, PPS, SLICE, SPS, avcc
from tests.media.test_sps import GOPRO
from tests.support.rtp import nal_units
from tests.support.sps import HIGH, Fields, Hrd, Vui

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable

pytestmark = pytest.mark.timeout(TIMEOUT_S)

TAGS = bodies(MessageType.VIDEO)
CONFIGS = [AVCC, *(tag[5:] for tag in TAGS if tag[:2] == b"\x17\x00")]
PICTURES = [tag[5:] for tag in TAGS if tag[1:2] == b"\x01"]
UNITS = [join_annexb(split_avcc(picture, 4)[0]) for picture in PICTURES if picture[0] == 0]
START_CODES = [b"\x00\x00\x01", b"\x00\x00\x00\x01", b"\x00\x00\x03", b"\x00\x00"]


def test_avc_configurations(figure: Callable[[str], None]) -> None:
    def check(data: bytes) -> Hashable:
        config = AvcConfig.parse(data)
        sets = config.sps + config.pps
        assert all(sets)
        assert sum(map(len, sets)) + 2 * len(sets) <= len(data)
        return config.length_size, len(config.sps), len(config.pps)

    figure(fuzz("AvcConfig.parse", 60_000, CONFIGS, check, refusal=MediaError, words=[SPS, PPS]))


@pytest.mark.parametrize("size", [1, 2, 4])
def test_pictures(figure: Callable[[str], None], size: int) -> None:
    config = AvcConfig.parse(AVCC)
    sets = sum(map(len, config.sps + config.pps))

    def check(data: bytes) -> Hashable:
        nals, rest = split_avcc(data, size)
        assert all(nals)
        assert rest <= len(data)
        units = AccessUnits()
        units.configure(config.sps, config.pps)
        found = [*units.add(nals, dts=0, offset=0), *units.flush()]
        keyframes = sum(unit.keyframe for unit in found)
        # Parameter sets that come along stand before each keyframe behind them.
        most = 8 * len(data) + keyframes * (sets + len(data) + 8)
        assert sum(len(unit.payload) for unit in found) <= most
        return keyframes, len(found), len(nals), rest > 0, *sorted(units.counters)

    units = [b"".join(len(n).to_bytes(size, "big") + n for n in (SPS, IDR, SLICE, b"\x09\xf0"))]
    units += [b"\x00" * (size - 1) + picture[3:] for picture in (avcc(SLICE, PPS), avcc(IDR))]
    units += PICTURES if size == 4 else []
    figure(fuzz(f"AccessUnits, {size}", 25_000, units, check, words=[SLICE]))


PARAMETERS = [
    GOPRO,
    SPS,
    *(Fields(profile=profile, chroma=index % 4).nal() for index, profile in enumerate(HIGH)),
    Fields(order=1, cycle=3, interlaced=True, crop=(0, 3, 0, 1)).nal(),
    Fields(profile=100, scaling=True, vui=Vui(sar=(4, 3), ticks=(1, 50), hrd=Hrd(2))).nal(),
    Fields(vui=Vui(colour=True, ticks=(1001, 60_000), reorder=2)).nal(),
]


def test_sequence_parameter_sets(figure: Callable[[str], None]) -> None:
    def check(nal: bytes) -> Hashable:
        said = parse_sps(nal)
        assert 0 < said.width <= 16_384
        assert 0 < said.height <= 16_384
        assert said.fps is None or said.fps >= 0
        assert min(said.pixel_aspect) > 0
        cropped = crop_sps(nal, said.width - 2, said.height - 2)
        wanted = replace(said, width=said.width - 2, height=said.height - 2)
        if cropped != nal:
            assert parse_sps(cropped) == wanted
            assert crop_sps(cropped, wanted.width, wanted.height) == cropped
            assert len(cropped) <= 2 * len(nal) + 16
        return said.fps is None, said.max_reorder is None, said.pixel_aspect, cropped == nal

    # Each is read several times over, and comes only from who has a key.
    cost = (1.5e-3, COST[1])
    words = START_CODES
    figure(fuzz("SPS", 30_000, PARAMETERS, check, refusal=MediaError, words=words, cost=cost))


def test_access_units_as_packets(figure: Callable[[str], None]) -> None:
    def check(unit: bytes) -> Hashable:
        payloads = packetise_h264(unit)
        nals = [nal for nal in split_annexb(unit) if 1 <= nal_type(nal) < 24]
        assert nal_units([payload.data for payload in payloads]) == nals
        assert all(0 < len(payload.data) <= MAX_PAYLOAD for payload in payloads)
        assert [p.marker for p in payloads] == [
            n == len(payloads) for n in range(1, len(payloads) + 1)
        ]
        sound = packetise_opus(unit)
        assert bool(sound) == (0 < len(unit) <= MAX_SOUND)
        return len(nals), len(payloads)

    seeds = [*UNITS, join_annexb([SPS, PPS, IDR * 700]), join_annexb([SLICE * 290, SLICE * 291])]
    figure(fuzz("packetise_h264", 30_000, seeds, check, words=START_CODES, most=8192))


def test_sound(figure: Callable[[str], None]) -> None:
    def aac(data: bytes) -> Hashable:
        config = AacConfig.parse(data[:2])
        assert split_unit(config.unit(data[2:])) == (data[:2], data[2:])
        assert config.sample_rate >= 7350
        found = split_adts(data)
        assert found is None or (found[1] and data.endswith(found[1]))
        return config

    def opus(data: bytes) -> Hashable:
        samples = packet_samples(data)
        assert 0 < samples <= 5760
        assert samples % 120 == 0
        return samples

    frames = [b"\x12\x08" + body[2:] for body in bodies(MessageType.AUDIO) if body[1] == 1]
    figure(fuzz("AAC", 30_000, [*frames, b"\x11\x90" + bytes(40)], aac, refusal=MediaError))
    packets = [bytes([toc, 2, 0]) for toc in range(0, 256, 7)]
    figure(fuzz("Opus", 30_000, packets, opus, refusal=MediaError, most=64))


def test_units_from_the_bus(figure: Callable[[str], None]) -> None:
    def check(data: bytes) -> Hashable:
        sequence, unit = wire.decode(data)
        again = wire.encode(unit, sequence)
        # A flag that is not known, and a byte that says nothing, are not kept.
        assert again[:2] + again[4:] == data[:2] + data[4:]
        assert wire.decode(again) == (sequence, unit)
        return unit.codec, unit.keyframe, bool(unit.payload)

    units = [Unit(codec, 1 << 40, -1, 3, codec != Codec.H264, b"\x00\x01\x65") for codec in Codec]
    seeds = [wire.encode(unit, number) for number, unit in enumerate(units)]
    figure(fuzz("wire.decode", 60_000, seeds, check, refusal=ProtocolError))
