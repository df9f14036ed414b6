from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relay.errors import MediaError
from relay.ingest.rtmp.flv import AudioFrame, TagDecoder, VideoNals, is_sequence_start
from relay.media.aac import AacConfig, split_unit
from relay.media.codecs import Kind
from relay.media.h264 import AvcConfig, join_annexb

from .encoder import (
    ASC,
    AUDIO_CONFIG,
    AUDIO_FRAME,
    AVCC,
    IDR,
    PPS,
    SLICE,
    SPS,
    VIDEO_CONFIG,
    avcc,
    picture,
)

NANOSECONDS = b"\x02\x00\x01\x02"  # three bytes of ModEx data, then its type 0 and the packet type


@pytest.fixture
def decoder() -> TagDecoder:
    decoder = TagDecoder()
    decoder.video(VIDEO_CONFIG)
    decoder.audio(AUDIO_CONFIG)
    return decoder


def test_sequence_headers_configure_the_codecs():
    decoder = TagDecoder()
    assert decoder.video(VIDEO_CONFIG) == AvcConfig(4, (SPS,), (PPS,))
    assert decoder.audio(AUDIO_CONFIG) == AacConfig.parse(ASC)


def test_only_a_new_configuration_is_told(decoder: TagDecoder):
    assert decoder.video(VIDEO_CONFIG) is None
    assert decoder.audio(AUDIO_CONFIG) is None
    other = decoder.audio(b"\xaf\x00\x12\x10")
    assert isinstance(other, AacConfig)
    assert other.channels == 2
    assert isinstance(decoder.video(VIDEO_CONFIG[:-1] + b"\xb3"), AvcConfig)


@pytest.mark.parametrize("cts", [0, 1, 66, 0x7FFFFF, -1, -40, -0x800000])
def test_pictures_carry_a_signed_composition_time(decoder: TagDecoder, cts: int):
    assert decoder.video(picture(IDR, cts=cts)) == VideoNals([IDR], cts)


def test_whole_nal_units_are_kept_and_the_rest_is_counted(decoder: TagDecoder):
    assert decoder.video(picture(SLICE) + b"\x00\x00\x00") == VideoNals([SLICE], 0, 3)


def test_pictures_may_come_without_a_sequence_header():
    assert TagDecoder().video(picture(SPS, PPS, IDR)) == VideoNals([SPS, PPS, IDR], 0)


def test_an_encoder_may_send_start_codes_instead_of_lengths(decoder: TagDecoder):
    body = picture(SLICE)[:5] + join_annexb([SPS, IDR])
    assert decoder.video(body) == VideoNals([SPS, IDR], 0)


def test_sound_stands_behind_its_configuration(decoder: TagDecoder):
    frame = decoder.audio(AUDIO_FRAME)
    assert isinstance(frame, AudioFrame)
    assert split_unit(frame.payload) == (ASC, AUDIO_FRAME[2:])


# Enhanced RTMP v2, "ExVideoTagHeader" and "ExVideoTagBody".
@pytest.mark.parametrize(
    ("body", "cts"),
    [
        (b"\x91avc1\x00\x00\x2a" + avcc(IDR), 42),
        (b"\x91avc1\xff\xff\xd6" + avcc(IDR), -42),
        (b"\x93avc1" + avcc(IDR), 0),
        (b"\x97" + NANOSECONDS + b"\x03avc1" + avcc(IDR), 0),
        (b"\x97\xff\x00\xff" + bytes(256) + b"\x01avc1\x00\x00\x2a" + avcc(IDR), 42),
        (b"\x97\x00\x00\x17\x00\x00\x03avc1" + avcc(IDR), 0),
        (b"\x96\x01avc1\x00\x00\x00\x2a" + avcc(IDR), 42),
        (b"\x96\x03avc1\x00" + avcc(IDR), 0),
        (b"\x97" + NANOSECONDS + b"\x06\x03avc1\x00" + avcc(IDR), 0),
    ],
)
def test_enhanced_pictures(decoder: TagDecoder, body: bytes, cts: int):
    assert decoder.video(body) == VideoNals([IDR], cts)


@pytest.mark.parametrize("head", [b"\x90avc1", b"\x97\x00\x00\x00avc1", b"\x96\x00avc1\x00"])
def test_enhanced_avc_configuration(head: bytes):
    assert TagDecoder().video(head + AVCC) == AvcConfig(4, (SPS,), (PPS,))


@pytest.mark.parametrize("head", [b"mp4a", NANOSECONDS + b"\x01mp4a", b"\x01mp4a\x00"])
def test_enhanced_sound(decoder: TagDecoder, head: bytes):
    first = {b"m": b"\x91", b"\x02": b"\x97", b"\x01": b"\x95"}[head[:1]]
    assert decoder.audio(first + head + AUDIO_FRAME[2:]) == decoder.audio(AUDIO_FRAME)
    assert isinstance(TagDecoder().audio(b"\x90mp4a" + ASC), AacConfig)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"\x17\x02",
        b"\x17\x02\x00\x00\x00",
        b"\x57\x00",
        b"\xd1\x00",
        b"\x92avc1",
        b"\x94avc1\x02\x00\x09colorInfo\x06",
        b"\xd4avc1\x02\x00\x09colorInfo\x06",
        b"\x17\x01\x00\x00\x00",
    ],
    ids=[
        "empty", "end", "end with time", "command", "enhanced command", "enhanced end", "metadata",
        "metadata in a command frame", "no NAL units",
    ],
)  # fmt: skip
def test_video_of_no_use_is_passed_over(decoder: TagDecoder, body: bytes):
    assert decoder.video(body) is None


@pytest.mark.parametrize("body", [b"", b"\xaf\x01", b"\x92mp4a", b"\x94mp4a\x01\x02"])
def test_audio_of_no_use_is_passed_over(decoder: TagDecoder, body: bytes):
    assert decoder.audio(body) is None


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"\x90hvc1", "not supported yet: HEVC (hvc1)"),
        (b"\x91av01\x00", "not supported yet: AV1 (av01)"),
        (b"\x93vp09\x00", "not supported yet: VP9 (vp09)"),
        (b"\x96\x00hvc1\x00", "not supported yet: HEVC (hvc1)"),
        (b"\x91abcd", "not supported yet: codec b'abcd'"),
        (b"\x1c\x00\x00\x00\x00", "not supported yet: HEVC (codec id 12)"),
        (b"\x12\x00", "not supported yet: Sorenson H.263"),
        (b"\x19\x00", "not supported yet: video codec id 9"),
        (b"\x96\x01avc1\x01\x00\x00\x00", "not supported yet: multitrack, track 1"),
        (b"\x96\x11avc1\x00", "not supported yet: several tracks in one message"),
        (b"\x96\x21\x00", "not supported yet: several tracks in one message"),
        (b"\x95avc1", "video packet type 5"),
        (b"\x17\x07\x00\x00\x00", "video packet type 7"),
        (b"\x17", "truncated media message"),
        (b"\x17\x01\x00", "truncated media message"),
        (b"\x91avc", "truncated media message"),
        (b"\x91avc1\x00", "truncated media message"),
        (b"\x97\x05\x00", "truncated media message"),
        (b"\x17\x01\x00\x00\x00\x00\x00\x00\x09\x65", "H.264 NAL unit is longer"),
        (b"\x17\x00\x00\x00\x00\x01", "not an AVCDecoderConfigurationRecord"),
    ],
)
def test_video_that_cannot_be_used_says_why(decoder: TagDecoder, body: bytes, reason: str):
    with pytest.raises(MediaError) as caught:
        decoder.video(body)
    assert reason in str(caught.value)


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"\x90Opus", "not supported yet: Opus"),
        (b"\x91ac-3", "not supported yet: AC-3"),
        (b"\x2f\x00", "not supported yet: MP3"),
        (b"\xcf\x00", "not supported yet: sound format 12"),
        (b"\x95\x01mp4a\x07", "not supported yet: multitrack, track 7"),
        (b"\xaf\x09", "audio packet type 9"),
        (b"\xaf", "truncated media message"),
        (b"\xaf\x00\x12", "truncated AudioSpecificConfig"),
        (b"\xaf\x01" + bytes(9000), "AAC frame of 9000 bytes"),
    ],
)
def test_audio_that_cannot_be_used_says_why(decoder: TagDecoder, body: bytes, reason: str):
    with pytest.raises(MediaError) as caught:
        decoder.audio(body)
    assert reason in str(caught.value)


def test_sound_waits_for_its_sequence_header():
    assert TagDecoder().audio(AUDIO_FRAME) is None  # see `sound`


def test_a_broken_configuration_leaves_the_one_before(decoder: TagDecoder):
    with pytest.raises(MediaError):
        decoder.video(b"\x17\x00\x00\x00\x00\x02")
    assert decoder.video(picture(IDR)) == VideoNals([IDR], 0)


def test_sequence_starts_are_told_apart():
    assert is_sequence_start(Kind.VIDEO, VIDEO_CONFIG)
    assert is_sequence_start(Kind.VIDEO, b"\x90avc1" + AVCC)
    assert not is_sequence_start(Kind.VIDEO, picture(IDR))
    assert not is_sequence_start(Kind.VIDEO, b"\x91avc1")
    assert is_sequence_start(Kind.AUDIO, AUDIO_CONFIG)
    assert is_sequence_start(Kind.AUDIO, b"\x90mp4a" + ASC)
    assert not is_sequence_start(Kind.AUDIO, AUDIO_FRAME)
    assert not is_sequence_start(Kind.AUDIO, b"")


heads = st.sampled_from(
    [b"\x17", b"\x27", b"\x90", b"\x91", b"\x93", b"\x96", b"\x97", b"\xaf", b"\x95", b""]
)


@given(heads, st.sampled_from([b"", b"avc1", b"mp4a", b"\x00avc1\x00"]), st.binary(max_size=60))
def test_any_body_is_media_or_a_media_error(head: bytes, four_cc: bytes, data: bytes):
    decoder = TagDecoder()
    for body in (VIDEO_CONFIG, AUDIO_CONFIG, head + four_cc + data):
        for decode in (decoder.video, decoder.audio):
            with suppress(MediaError):
                decode(body)
