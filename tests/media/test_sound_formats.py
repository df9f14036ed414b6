"""AAC's configuration and headers, and the durations of Opus packets."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

import av
import pytest
from av.audio.codeccontext import AudioCodecContext
from hypothesis import given
from hypothesis import strategies as st

from relay.errors import MediaError
from relay.media.aac import AacConfig
from relay.media.opus import packet_samples
from tests.support.video import decode_sound, tone

if TYPE_CHECKING:
    from pathlib import Path


def specific(kind: int, rate_index: int, channels: int, tail: bytes = b"") -> bytes:
    """An AudioSpecificConfig."""
    bits = kind << 11 | rate_index << 7 | channels << 3
    return bits.to_bytes(2, "big") + tail


@pytest.mark.parametrize(
    ("index", "rate"),
    [(0, 96000), (3, 48000), (4, 44100), (7, 22050), (11, 8000), (12, 7350)],
)
def test_rates(index: int, rate: int):
    assert AacConfig.parse(specific(2, index, 2)).sample_rate == rate


@pytest.mark.parametrize("kind", [5, 29])
def test_high_efficiency_is_its_core(kind: int):
    found = AacConfig.parse(specific(kind, 6, 1, b"\x08\x00"))
    assert (found.profile, found.sample_rate, found.channels) == (2, 24000, 1)


@pytest.mark.parametrize(
    "wrong",
    [
        b"",
        b"\x12",
        specific(0, 3, 2),
        specific(6, 3, 2),
        specific(31, 3, 2),
        specific(2, 13, 2),
        specific(2, 15, 2),
        specific(2, 3, 0),
        specific(2, 3, 8),
    ],
)
def test_what_adts_cannot_carry_is_refused(wrong: bytes):
    with pytest.raises(MediaError):
        AacConfig.parse(wrong)


@given(st.binary(max_size=12), st.binary(max_size=9000))
def test_any_bytes_are_a_frame_or_an_error(config: bytes, frame: bytes):
    try:
        data = AacConfig.parse(config).adts(frame)
    except MediaError:
        return
    assert data[7:] == frame
    assert data[:2] == b"\xff\xf1"
    assert (int.from_bytes(data[3:6], "big") >> 5) & 0x1FFF == len(data)


def test_the_longest_frame():
    config = AacConfig.parse(specific(2, 3, 2))
    assert len(config.adts(bytes(8184))) == 8191
    with pytest.raises(MediaError):
        config.adts(bytes(8185))
    with pytest.raises(MediaError):
        config.adts(b"")


@pytest.mark.parametrize(
    ("rate", "layout"), [(48000, "stereo"), (44100, "stereo"), (22050, "mono"), (48000, "5.1")]
)
def test_ffmpeg_decodes_what_stands_behind_the_header(rate: int, layout: str):
    encoder = AudioCodecContext.create("aac", "w")
    encoder.sample_rate, encoder.layout, encoder.format = rate, layout, "fltp"
    encoder.time_base = Fraction(1, rate)
    encoder.open()
    packets = []
    for index in range(8):
        frame = tone(1024, rate=rate, layout=layout)
        frame.pts = index * 1024
        packets += encoder.encode(frame)
    config = AacConfig.parse(bytes(encoder.extradata))

    frames = decode_sound("aac", [config.adts(bytes(packet)) for packet in packets])

    assert config.sample_rate == rate
    assert {(frame.sample_rate, frame.layout.name) for frame in frames} == {(rate, layout)}
    assert sum(frame.samples for frame in frames) >= 7 * 1024


def test_the_clips_sound(clip: Path):
    with av.open(str(clip)) as container:
        stream = container.streams.audio[0]
        config = AacConfig.parse(bytes(stream.codec_context.extradata))
        packets = [p for p in container.demux(stream) if p.dts is not None][:20]
        frames = decode_sound("aac", [config.adts(bytes(packet)) for packet in packets])
    assert {(frame.sample_rate, frame.layout.name) for frame in frames} == {(48000, "stereo")}


@given(st.binary(max_size=8))
def test_any_bytes_are_an_opus_duration_or_an_error(packet: bytes):
    try:
        samples = packet_samples(packet)
    except MediaError:
        return
    assert 120 <= samples <= 5760
    assert samples % 120 == 0


@pytest.mark.parametrize(
    ("packet", "samples"),
    [
        (b"\x00", 480),  # SILK, 10 ms
        (b"\x18", 2880),  # SILK, 60 ms
        (b"\x60", 480),  # hybrid, 10 ms
        (b"\x80", 120),  # CELT, 2.5 ms
        (b"\x9c", 960),  # CELT, 20 ms, stereo
        (b"\x9d", 1920),  # two frames
        (b"\x9f\x06", 5760),  # six frames, counted
        (b"\x83\x30", 5760),  # 48 frames of 2.5 ms
    ],
)
def test_durations(packet: bytes, samples: int):
    assert packet_samples(packet) == samples


@pytest.mark.parametrize("packet", [b"", b"\x9f", b"\x9f\x00", b"\x9f\x07", b"\x83\x31"])
def test_impossible_durations(packet: bytes):
    with pytest.raises(MediaError):
        packet_samples(packet)


@pytest.mark.parametrize("milliseconds", ["2.5", "5", "10", "20", "40", "60"])
def test_an_encoders_packets_last_as_long_as_it_was_told(milliseconds: str):
    encoder = AudioCodecContext.create("libopus", "w")
    encoder.sample_rate, encoder.layout, encoder.format = 48000, "stereo", "s16"
    encoder.options = {"frame_duration": milliseconds}
    encoder.time_base = Fraction(1, 48000)
    encoder.open()
    frame = av.AudioFrame("s16", "stereo", 48 * 60)
    frame.sample_rate, frame.pts = 48000, 0
    for plane in frame.planes:
        plane.update(bytes(plane.buffer_size))
    packets = [*encoder.encode(frame), *encoder.encode(None)]
    assert {packet_samples(bytes(p)) for p in packets} == {round(48 * float(milliseconds))}
