"""What the ladder plans, and what the encoder makes of it."""

from __future__ import annotations

import pytest

from relay.av.rung import Picture, Rung
from relay.camera.ladder import plan
from relay.media import h264
from relay.media.sps import parse_sps
from tests.support.video import picture


@pytest.mark.parametrize(("fps", "level"), [(29.97, 0x1F), (60, 0x20)])
def test_a_rungs_name_states_a_level_that_it_keeps_to(fps: float, level: int):
    stated = {rung.name: rung.codec for rung in plan(1920, 1080, fps)}
    assert stated == {
        "720p": f"avc1.42C0{level:02X}",
        "480p": "avc1.42C01F",
        "240p": "avc1.42C01F",
    }
    for rendition in plan(1920, 1080, fps):
        frame = picture(rendition.width, rendition.height).reformat(format="yuv420p")
        frame.pts = 0
        (unit,) = Rung(rendition, "ultrafast").encode(Picture(frame, 0, keyframe=True))
        nals = h264.split_annexb(unit.payload)
        sps = parse_sps(next(nal for nal in nals if h264.nal_type(nal) == h264.NAL_SPS))
        assert sps.codec_string[:9] == rendition.codec[:9]
        assert sps.level <= int(rendition.codec[9:], 16)
