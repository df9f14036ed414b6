"""Which rungs of `house.Camera` a viewer is sent."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING

from tests.support.rtp import nal_units
from tests.support.units import number_of

if TYPE_CHECKING:
    from tests.support.rtp import Packet
    from tests.support.viewer import WebViewer


def rungs(viewer: WebViewer) -> set[int]:
    """The rungs whose pictures a viewer has got: 0 is the largest."""
    return {
        number_of(nal_units([packet.payload for packet in frame])) // 10_000_000
        for frame in whole(viewer)
    }


def whole(viewer: WebViewer) -> list[list[Packet]]:
    """The whole pictures that a viewer has got; a rung that congests the path is cut off in one."""
    media = viewer.got.media()
    frames = [list(group) for _, group in groupby(media, key=lambda packet: packet.timestamp)]
    return [
        frame
        for frame, before in zip(frames[1:], frames, strict=False)
        if frame[-1].marker and frame[0].sequence == (before[-1].sequence + 1) % 65_536
    ]
