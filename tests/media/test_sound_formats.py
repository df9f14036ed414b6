"""AAC's configuration and headers, and the durations of Opus packets."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

import av
import pytest
from av.audio.codeccontext import AudioCodecContext
from av.audio.frame import AudioFrame
from av.audio.layout import AudioLayout
from hypothesis import given
from hypothesis import strategies as st

from relay.av.decode import Decoder
from relay.errors import MediaError
from relay.media.aac import CHANNELS, RATES, AacConfig, split_adts, split_unit
from relay.media.codecs import Codec
from relay.media.opus import packet_samples
from relay.media.unit import Unit
from tests.support.video import tone

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
    data = specific(kind, 6, 1, b"\x08\x00")
    data = (int.from_bytes(data, "big") | 3 << 15 | 2 << 10).to_bytes(4, "big")
    found = AacConfig.parse(data)
    assert (found.kind, found.sample_rate, found.channels) == (2, 24000, 1)


def test_a_rate_that_is_spelled_out():
    bits = f"{2:05b}{15:04b}{48_000:024b}{2:04b}000"
    found = AacConfig.parse(int(bits, 2).to_bytes(5, "big"))
    assert (found.kind, found.sample_rate, found.channels) == (2, 48_000, 2)


def test_channels_that_a_program_config_element_tells():
    assert AacConfig.parse(specific(2, 3, 0, bytes(12))).channels == 0


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
        specific(2, 15, 0, bytes(4)),
        specific(2, 3, 8),
        specific(2, 3, 2, bytes(300)),
    ],
)
def test_what_is_not_decoded_is_refused(wrong: bytes):
    with pytest.raises(MediaError):
        AacConfig.parse(wrong)


@given(st.binary(max_size=12), st.binary(max_size=9000))
def test_any_bytes_are_a_unit_or_an_error(config: bytes, frame: bytes):
    try:
        data = AacConfig.parse(config).unit(frame)
    except MediaError:
        return
    assert split_unit(data) == (config, frame)


@given(st.binary(max_size=300))
def test_any_bytes_are_split_or_an_error(data: bytes):
    try:
        config, frame = split_unit(data)
    except MediaError:
        return
    assert data == bytes((len(config),)) + config + frame
    assert config
    assert frame


@pytest.mark.parametrize("rate", RATES)
@pytest.mark.parametrize("channels", CHANNELS[1:])
def test_what_is_plain_is_read_as_it_was_written(rate: int, channels: int):
    made = AacConfig.plain(rate, channels)
    assert AacConfig.parse(made.data) == made
    assert (made.kind, made.sample_rate, CHANNELS[made.channels]) == (2, rate, channels)


@pytest.mark.parametrize(("rate", "channels"), [(48_000, 0), (48_000, 7), (47_999, 2), (0, 2)])
def test_what_is_not_plain(rate: int, channels: int):
    with pytest.raises(MediaError):
        AacConfig.plain(rate, channels)


def encoded(rate: int, layout: str) -> tuple[AacConfig, list[bytes]]:
    """What FFmpeg's encoder makes of a tone, and its configuration."""
    encoder = AudioCodecContext.create("aac", "w")
    encoder.sample_rate, encoder.layout, encoder.format = rate, layout, "fltp"
    encoder.time_base = Fraction(1, rate)
    encoder.open()
    packets = []
    for index in range(8):
        frame = tone(1024, rate=rate, layout=layout)
        frame.pts = index * 1024
        packets += encoder.encode(frame)
    assert encoder.extradata is not None
    return AacConfig.parse(bytes(encoder.extradata)), [bytes(packet) for packet in packets]


def decoded(units: list[bytes]) -> list[AudioFrame]:
    decoder = Decoder(Codec.AAC)
    frames = []
    for number, payload in enumerate(units):
        found = decoder.decode(Unit(Codec.AAC, number * 1920, number * 1920, 0, True, payload))
        frames += [frame for frame, _ in found if isinstance(frame, AudioFrame)]
    return frames


@pytest.mark.parametrize(
    ("rate", "layout"),
    [(48000, "stereo"), (44100, "stereo"), (22050, "mono"), (48000, "5.1"), (48000, "5.1(side)")],
)
def test_the_decoder_decodes_it(rate: int, layout: str):
    config, packets = encoded(rate, layout)
    frames = decoded([config.unit(packet) for packet in packets])
    assert config.sample_rate == rate
    assert (config.channels == 0) is (layout == "5.1(side)"), "FFmpeg tells that one by an element"
    channels = AudioLayout(layout).nb_channels
    assert {frame.sample_rate for frame in frames} == {rate}
    assert {frame.layout.nb_channels for frame in frames} == {channels}
    assert sum(frame.samples for frame in frames) >= 7 * 1024


@pytest.mark.parametrize(("told", "heard"), [(48_000, 48_000), (44_056, 44_100)])
def test_the_decoder_decodes_a_rate_that_is_spelled_out(told: int, heard: int):
    _, packets = encoded(heard, "stereo")
    bits = f"{2:05b}{15:04b}{told:024b}{2:04b}000"
    config = AacConfig.parse(int(bits, 2).to_bytes(5, "big"))
    frames = decoded([config.unit(packet) for packet in packets])
    assert {(frame.sample_rate, frame.layout.name) for frame in frames} == {(heard, "stereo")}
    assert len(frames) >= 7


def test_the_decoder_follows_a_change():
    first, second = encoded(48000, "stereo"), encoded(44100, "mono")
    frames = decoded([config.unit(each) for config, packets in (first, second) for each in packets])
    forms = [(frame.sample_rate, frame.layout.name) for frame in frames]
    assert sorted(set(forms)) == [(44100, "mono"), (48000, "stereo")]
    assert forms == sorted(forms, reverse=True)


def test_the_clips_sound(clip: Path):
    with av.open(str(clip)) as container:
        stream = container.streams.audio[0]
        config = AacConfig.parse(bytes(stream.codec_context.extradata))
        packets = [p for p in container.demux(stream) if p.dts is not None][:20]
        frames = decoded([config.unit(bytes(packet)) for packet in packets])
    assert {(frame.sample_rate, frame.layout.name) for frame in frames} == {(48000, "stereo")}


def adts(frame: bytes, *, checked: bool = False) -> bytes:
    """An ADTS frame: LC, 48 kHz, stereo."""
    size = len(frame) + (9 if checked else 7)
    head = 0xFFF << 44 | (not checked) << 40 | 1 << 38 | 3 << 34 | 2 << 30 | size << 13 | 0x7FF << 2
    return head.to_bytes(7, "big") + bytes(2 * checked) + frame


@pytest.mark.parametrize("checked", [False, True])
def test_adts_headers_are_understood(checked: bool):
    found = split_adts(adts(b"a frame", checked=checked))
    assert found is not None
    config, frame = found
    assert frame == b"a frame"
    assert (config.kind, config.sample_rate, config.channels) == (2, 48_000, 2)
    assert AacConfig.parse(config.data) == config


@given(st.binary(max_size=40))
def test_what_is_no_whole_adts_frame_is_none(data: bytes):
    assert split_adts(data) is None or data[0] == 0xFF
    assert split_adts(adts(b"a frame") + b"-") is None
    assert split_adts(adts(b"a frame")[:-1]) is None
    assert split_adts(adts(b"")) is None


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
