"""Real pictures as encoders cut and describe them: whatever the tags, the same ones come out."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from relay.av.decode import Decoder
from relay.ingest.rtmp.events import MediaFault, MediaVideo
from relay.ingest.rtmp.publication import Publication
from relay.media.codecs import Codec
from relay.media.h264 import NAL_PPS, NAL_SPS, nal_type, split_annexb
from relay.media.unit import Unit
from tests.ingest.rtmp import encoder
from tests.ingest.rtmp.encoder import avcc
from tests.support.video import encode_h264

if TYPE_CHECKING:
    from collections.abc import Callable

    from relay.ingest.rtmp.message import Message

SMALL, LARGE = (320, 192), (640, 368)
FRAME_MS = 33
SEI = bytes.fromhex("0605101234567812345678123456789abcdef080")

Nals = list[bytes]


def pictures(size: tuple[int, int], frames: int = 20, *, x264: str = "bframes=0") -> list[Nals]:
    """The NAL units of each picture, with parameter sets in front of every tenth."""
    packets = encode_h264(*size, frames=frames, x264=f"keyint=10:{x264}")
    return [split_annexb(bytes(packet)) for packet in packets]


def is_set(nal: bytes) -> bool:
    return nal_type(nal) in (NAL_SPS, NAL_PPS)


def without_sets(nals: Nals) -> Nals:
    return [nal for nal in nals if not is_set(nal)]


def header(nals: Nals) -> bytes:
    """The sequence header of a keyframe's parameter sets."""
    (sps,), (pps,) = ([nal for nal in nals if nal_type(nal) == kind] for kind in (NAL_SPS, NAL_PPS))
    sizes = [len(each).to_bytes(2) for each in (sps, pps)]
    avc = b"\1" + sps[1:4] + b"\xff\xe1" + sizes[0] + sps + b"\1" + sizes[1] + pps
    return b"\x17\0\0\0\0" + avc


def tag(index: int, nals: Nals) -> Message:
    return encoder.video(index * FRAME_MS, b"\x17\1\0\0\0" + avcc(*nals))


def shown(messages: list[Message]) -> tuple[list[tuple[int, int]], list[MediaFault]]:
    """The sizes of the pictures that come out, and what is told."""
    publication, decoder = Publication(), Decoder(Codec.H264)
    events = [event for each in messages for event in publication.receive(each)]
    events += publication.end()
    sizes = []
    for event in events:
        if isinstance(event, MediaVideo):
            at = event.dts_ms * 90
            unit = Unit(Codec.H264, at, at, 0, event.keyframe, event.payload)
            sizes += [(frame.width, frame.height) for frame, _ in decoder.decode(unit)]
    return sizes, [event for event in events if isinstance(event, MediaFault)]


@pytest.mark.parametrize("how", ["none", "empty", "late"])
def test_parameter_sets_in_the_pictures(how: str):
    found = pictures(SMALL)
    messages = [tag(index, nals) for index, nals in enumerate(found)]
    if how == "empty":
        messages.insert(0, encoder.video(0, header(found[0])[:10] + b"\xe0\0"))
    if how == "late":
        messages.insert(5, encoder.video(5 * FRAME_MS, header(found[0])))
    assert shown(messages) == ([SMALL] * 20, [])


@pytest.mark.parametrize("how", ["header", "own-tag", "first-idr", "every-idr"])
def test_a_size_that_changes(how: str):
    before, after = pictures(SMALL), pictures(LARGE)
    messages = [encoder.video(0, header(before[0]))]
    messages += [tag(index, without_sets(nals)) for index, nals in enumerate(before)]
    if how == "header":
        messages.append(encoder.video(20 * FRAME_MS, header(after[0])))
    if how == "own-tag":
        messages.append(tag(20, list(filter(is_set, after[0]))))
    for index, nals in enumerate(after):
        has_sets = how == "every-idr" or (how == "first-idr" and index == 0)
        messages.append(tag(20 + index, nals if has_sets else without_sets(nals)))
    assert shown(messages) == ([SMALL] * 20 + [LARGE] * 20, [])


def slices_apart(nals: Nals) -> list[Nals]:
    slices = [nal for nal in nals if nal_type(nal) in (1, 5)]
    rest = [nal for nal in nals if nal not in slices]
    return [[*rest, slices[0]], *([each] for each in slices[1:])]


CUTS: dict[str, Callable[[Nals], list[Nals]]] = {
    "whole": lambda nals: [nals],
    "sei": lambda nals: [[SEI], nals],
    "slices": slices_apart,
    "all": lambda nals: [[nal] for nal in nals],
    "zero-nal": lambda nals: [[each for nal in nals for each in (b"", nal)] + [b""]],
}


@pytest.mark.parametrize("how", CUTS)
def test_a_picture_is_a_picture_however_it_is_cut(how: str):
    found = pictures(SMALL, x264="bframes=0:slices=4:sliced-threads=0")
    assert len(slices_apart(found[0])) == 4
    messages = [encoder.video(0, header(found[0]))]
    for index, nals in enumerate(found):
        messages += [tag(index, part) for part in CUTS[how](without_sets(nals))]
    sizes, told = shown(messages)
    is_cut = how in ("slices", "all")
    # The first picture of a source that is cut has gone out before that was known.
    assert sizes == [SMALL] * 20
    assert bool(told) == is_cut


def test_stray_bytes_behind_a_picture_are_told_and_cost_nothing():
    found = pictures(SMALL)
    messages = [encoder.video(0, header(found[0]))]
    for index, nals in enumerate(found):
        body = b"\x17\1\0\0\0" + avcc(*without_sets(nals)) + bytes(3)
        messages.append(encoder.video(index * FRAME_MS, body))
    sizes, told = shown(messages)
    assert sizes == [SMALL] * 20
    assert {fault.reason for fault in told} == {"bytes behind the last NAL unit of a message"}
