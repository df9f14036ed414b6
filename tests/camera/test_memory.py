"""Decoded pictures are let go at once, not when Python looks for cycles."""

from __future__ import annotations

import gc

from relay.camera.pictures import _Whole
from relay.media.codecs import Codec
from tests.support.camera import pictures


def test_pictures_are_let_go_as_soon_as_they_are_shown() -> None:
    decoder, kept = _Whole(Codec.H264), 0
    units = pictures(64, 64, frames=60, gop=30)
    gc.collect()
    gc.disable()
    try:
        for unit in units:
            decoder.shown(unit)
        kept = sum(type(each).__name__ == "VideoFrame" for each in gc.get_objects())
    finally:
        gc.enable()
    # Of a keyframe, its side data has been looked at.
    assert kept <= 2 + 2
