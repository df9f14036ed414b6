"""What real encoders sent, against what FFmpeg makes of the same packets."""

from __future__ import annotations

import io
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

import av
import pytest
from av.bitstream import BitStreamFilterContext
from hypothesis import given, settings
from hypothesis import strategies as st

from relay.av.decode import Decoder
from relay.ingest.rtmp.events import (
    ConfigChanged,
    MediaAudio,
    MediaFault,
    MediaVideo,
    MetaData,
    PublishRequested,
    Unpublished,
)
from relay.ingest.rtmp.session import Session
from relay.media.aac import split_unit
from relay.media.codecs import Codec, Kind
from relay.media.h264 import NAL_AUD, NAL_FILLER, nal_type, split_annexb
from relay.media.sps import parse_sps
from relay.media.unit import Unit

if TYPE_CHECKING:
    from relay.ingest.rtmp.events import Event

CAPTURES = Path(__file__).parents[2] / "captures"
WITH_REFERENCE = ["plain", "bframes", "extended", "31bit"]
ALL = [*WITH_REFERENCE, "hevc", "multitrack"]


def replay(data: bytes, pieces: list[bytes]) -> list[Event]:
    """Feed pieces to a session that accepts, as the relay would, once it is asked."""
    assert b"".join(pieces) == data
    session, events = Session(), []
    for piece in pieces:
        found = session.receive(piece, 0.0)
        if any(isinstance(event, PublishRequested) for event in found):
            session.accept()
        events += found
        session.take_output()
    return events


def publish_ends(data: bytes) -> int:
    """Where the encoder stopped to wait for the answer to its publish."""
    session = Session()
    for index in range(len(data)):
        if session.receive(data[index : index + 1], 0.0):
            return index + 1
    raise AssertionError("nobody published")


@dataclass
class Capture:
    data: bytes
    asked: int
    """Bytes up to the end of `publish`."""
    events: list[Event]

    def split(self, cuts: list[int]) -> list[bytes]:
        edges = sorted({0, self.asked, len(self.data), *(cut % len(self.data) for cut in cuts)})
        return [self.data[a:b] for a, b in pairwise(edges)]


def load(name: str) -> Capture:
    data = (CAPTURES / f"rtmp_{name}.bin").read_bytes()
    asked = publish_ends(data)
    return Capture(data, asked, replay(data, [data[:asked], data[asked:]]))


@pytest.fixture(scope="module")
def captures() -> dict[str, Capture]:
    return {name: load(name) for name in ALL}


def video_of(events: list[Event]) -> list[MediaVideo]:
    return [event for event in events if isinstance(event, MediaVideo)]


def audio_of(events: list[Event]) -> list[MediaAudio]:
    return [event for event in events if isinstance(event, MediaAudio)]


@pytest.mark.parametrize("name", ALL)
def test_byte_by_byte_is_the_same(captures: dict[str, Capture], name: str):
    capture = captures[name]
    pieces = [bytes((byte,)) for byte in capture.data]
    assert replay(capture.data, pieces) == capture.events


@pytest.mark.parametrize("name", ALL)
@given(cuts=st.lists(st.integers(0, 1 << 20), max_size=40))
@settings(max_examples=25)
def test_random_pieces_are_the_same(captures: dict[str, Capture], name: str, cuts: list[int]):
    capture = captures[name]
    assert replay(capture.data, capture.split(cuts)) == capture.events


@pytest.mark.parametrize("name", ALL)
def test_a_session_has_its_order(captures: dict[str, Capture], name: str):
    request, metadata, *_, last = captures[name].events
    assert isinstance(request, PublishRequested)
    assert (request.app, request.stream_key) == ("live", "capture-key")
    assert request.tc_url.startswith("rtmp://127.0.0.1:")
    assert "Lavf" in request.encoder
    assert isinstance(metadata, MetaData)
    assert metadata.values["height"] in (120.0, 128.0)
    assert metadata.device.startswith("Lavf")
    assert last == Unpublished()


def no_delimiters(stream: bytes) -> list[bytes]:
    return [nal for nal in split_annexb(stream) if nal_type(nal) not in (NAL_AUD, NAL_FILLER)]


@pytest.mark.parametrize("name", WITH_REFERENCE)
def test_pictures_are_those_ffmpeg_finds(captures: dict[str, Capture], name: str):
    pictures = video_of(captures[name].events)
    with av.open(CAPTURES / f"rtmp_{name}.flv") as container:
        stream = container.streams.video[0]
        to_annexb = BitStreamFilterContext("h264_mp4toannexb", stream)
        packets = [packet for packet in container.demux(stream) if packet.dts is not None]
        # A filtered packet says nothing of its source's time, so that is taken first.
        times = [(packet.dts, packet.pts, packet.is_keyframe) for packet in packets]
        expected = [bytes(filtered) for p in packets for filtered in to_annexb.filter(p)]

    assert len(pictures) == 30
    for ours, theirs, (dts, pts, keyframe) in zip(pictures, expected, times, strict=True):
        assert sorted(no_delimiters(ours.payload)) == sorted(no_delimiters(theirs))
        assert (ours.dts_ms - dts) % (1 << 31) == 0
        assert ours.cts_ms == pts - dts
        assert ours.keyframe == keyframe


@pytest.mark.parametrize("name", WITH_REFERENCE)
def test_sound_is_what_ffmpeg_finds(captures: dict[str, Capture], name: str):
    frames = audio_of(captures[name].events)
    with av.open(CAPTURES / f"rtmp_{name}.flv") as container:
        packets = [p for p in container.demux(audio=0) if p.dts is not None]
        expected = [(p.dts, bytes(p)) for p in packets]

    assert len(frames) == 88
    for ours, (dts, theirs) in zip(frames, expected, strict=True):
        assert split_unit(ours.payload)[1] == theirs
        assert (ours.dts_ms - dts) % (1 << 31) == 0


@pytest.mark.parametrize("name", WITH_REFERENCE)
def test_what_comes_out_decodes_to_the_same_pictures(captures: dict[str, Capture], name: str):
    stream = b"".join(picture.payload for picture in video_of(captures[name].events))
    with av.open(io.BytesIO(stream), format="h264") as ours:
        found = [frame.to_ndarray().tobytes() for frame in ours.decode(video=0)]
    with av.open(CAPTURES / f"rtmp_{name}.flv") as theirs:
        assert found == [frame.to_ndarray().tobytes() for frame in theirs.decode(video=0)]
    assert len(found) == 30


@pytest.mark.parametrize("name", WITH_REFERENCE)
def test_what_comes_out_decodes_to_the_same_sound(captures: dict[str, Capture], name: str):
    decoder, found = Decoder(Codec.AAC), []
    for index, each in enumerate(audio_of(captures[name].events)):
        unit = Unit(Codec.AAC, index, index, 0, True, each.payload)
        found += [frame.to_ndarray().tobytes() for frame, _ in decoder.decode(unit)]
    with av.open(CAPTURES / f"rtmp_{name}.flv") as theirs:
        assert found == [frame.to_ndarray().tobytes() for frame in theirs.decode(audio=0)]
    assert len(found) >= 86


@pytest.mark.parametrize("name", WITH_REFERENCE)
def test_configurations_describe_the_stream(captures: dict[str, Capture], name: str):
    configs = [event for event in captures[name].events if isinstance(event, ConfigChanged)]
    assert [event.codec for event in configs] == [Codec.H264, Codec.AAC]
    sps = parse_sps(configs[0].config.sps[0])
    assert (sps.width, sps.height) == (160, 120)
    assert (configs[1].config.sample_rate, configs[1].config.channels) == (44100, 1)


def test_b_frames_have_composition_times(captures: dict[str, Capture]):
    assert len({picture.cts_ms for picture in video_of(captures["bframes"].events)}) > 2


def test_extended_timestamps_are_above_24_bits(captures: dict[str, Capture]):
    times = [picture.dts_ms for picture in video_of(captures["extended"].events)]
    assert times[0] > 1 << 24
    assert {b - a for a, b in pairwise(times)} <= {66, 67}


def test_the_31_bit_wrap_is_not_seen(captures: dict[str, Capture]):
    times = [picture.dts_ms for picture in video_of(captures["31bit"].events)]
    assert times[0] < 1 << 31 < times[-1]
    assert {b - a for a, b in pairwise(times)} <= {66, 67}


def test_hevc_is_named_and_its_sound_is_heard(captures: dict[str, Capture]):
    events = captures["hevc"].events
    faults = [event for event in events if isinstance(event, MediaFault)]
    assert set(faults) == {MediaFault(Kind.VIDEO, "not supported yet: HEVC (hvc1)", "HEVC (hvc1)")}
    assert len(audio_of(events)) > 40


def test_of_several_tracks_the_first_is_taken(captures: dict[str, Capture]):
    events, plain = captures["multitrack"].events, captures["plain"].events
    faults = [event for event in events if isinstance(event, MediaFault)]
    assert set(faults) == {MediaFault(Kind.VIDEO, "not supported yet: multitrack, track 1")}
    assert video_of(events) == video_of(plain)
    assert audio_of(events) == audio_of(plain)
