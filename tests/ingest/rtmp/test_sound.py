"""AAC as encoders send it: without its header, with headers of another format."""

from __future__ import annotations

import pytest

from relay.errors import MediaError
from relay.ingest.rtmp.sound import PATIENCE, AacFrames
from relay.media.aac import AacConfig, split_unit

STEREO = AacConfig.plain(48_000, 2)
PAIR = b"\x21\x10\x05"
SINGLE = b"\x01\x10\x05"


def adts(frame: bytes) -> bytes:
    head = 0xFFF1 << 40 | 1 << 38 | 3 << 34 | 2 << 30 | (len(frame) + 7) << 13 | 0x7FF << 2
    return head.to_bytes(7, "big") + frame


def test_a_header_and_frames() -> None:
    sound = AacFrames()
    assert sound.configure(STEREO.data) == STEREO
    assert sound.configure(STEREO.data) is None
    assert sound.payload(PAIR) == STEREO.unit(PAIR)
    assert sound.take_notes() == []


def test_a_configuration_goes_on_as_it_is() -> None:
    odd = bytes.fromhex("1180") + bytes(14)  # its channels are in a program config element
    sound = AacFrames()
    sound.configure(odd)
    payload = sound.payload(PAIR)
    assert payload is not None
    assert split_unit(payload) == (odd, PAIR)


@pytest.mark.parametrize("with_header", [True, False])
def test_adts_headers_are_taken_off_and_told_once(with_header: bool) -> None:
    sound = AacFrames()
    if with_header:
        sound.configure(STEREO.data)
    for _ in range(3):
        assert sound.payload(adts(PAIR)) == STEREO.unit(PAIR)
    (note,) = sound.take_notes()
    assert "ADTS" in note
    assert sound.take_notes() == []


@pytest.mark.parametrize(
    ("said", "frame", "config"),
    [
        ({"audiosamplerate": 48_000.0, "audiochannels": 2.0}, PAIR, STEREO),
        ({"audiosamplerate": 44_100.0}, PAIR, AacConfig.plain(44_100, 2)),
        ({"audiosamplerate": 44_100.0, "stereo": True}, SINGLE, AacConfig.plain(44_100, 1)),
    ],
)
def test_without_a_header_metadata_tell(
    said: dict[str, object], frame: bytes, config: AacConfig
) -> None:
    sound = AacFrames()
    sound.describe(said)
    for _ in range(PATIENCE - 1):
        assert sound.payload(frame) is None
        assert sound.take_notes() == []
    assert sound.payload(frame) == config.unit(frame)
    (note,) = sound.take_notes()
    assert "no sequence header" in note
    assert str(config.sample_rate) in note
    # A header that comes after all is right.
    late = AacConfig.plain(32_000, 1)
    assert sound.configure(late.data) == late
    assert sound.payload(frame) == late.unit(frame)


def test_a_header_that_comes_a_little_late_is_waited_for() -> None:
    sound = AacFrames()
    sound.describe({"audiosamplerate": 44_100.0})
    for _ in range(PATIENCE - 1):
        assert sound.payload(PAIR) is None
    sound.configure(STEREO.data)
    assert sound.payload(PAIR) == STEREO.unit(PAIR)
    assert sound.take_notes() == []


@pytest.mark.parametrize("said", [{}, {"audiosamplerate": "48000"}, {"audiosamplerate": 1e300}])
def test_what_nothing_tells_of_is_refused(said: dict[str, object]) -> None:
    sound = AacFrames()
    sound.describe(said)
    for _ in range(PATIENCE - 1):
        assert sound.payload(PAIR) is None
    for _ in range(2):
        with pytest.raises(MediaError):
            sound.payload(PAIR)
