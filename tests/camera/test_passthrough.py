"""Which sources can be shown as they are: real H.264, and what encoders do wrong."""

from __future__ import annotations

from dataclasses import replace

import pytest

from relay.camera.passthrough import MAX_BPS, MAX_GOP, PassThrough
from relay.media.codecs import Codec
from relay.media.unit import Unit
from tests.support.video import encode_h264

FPS = 30
FILLER = b"\0\0\0\1\x0c" + b"\xff" * 50_000


def source(
    *, size: tuple[int, int] = (320, 240), frames: int = 90, x264: str = "", **options: str
) -> list[Unit]:
    packets = encode_h264(
        *size, frames=frames, fps=FPS, x264=f"keyint={FPS}:{x264}", options=options
    )
    units = []
    for packet in packets:
        assert packet.pts is not None
        assert packet.dts is not None
        pts, dts = (90_000 * (10 * FPS + each) // FPS for each in (packet.pts, packet.dts))
        units.append(Unit(Codec.H264, pts, dts, 0, packet.is_keyframe, bytes(packet)))
    return units


def watched(units: list[Unit]) -> PassThrough:
    through = PassThrough()
    for unit in units:
        through.watch(unit)
    return through


@pytest.mark.parametrize("profile", ["baseline", "main", "high"])
def test_what_browsers_show_is_passed_through(profile: str) -> None:
    through = watched(source(profile=profile, x264="bframes=0"))
    assert through.refusal is None
    assert through.sps is not None
    assert (through.sps.width, through.sps.height) == (320, 240)
    assert through.bps is not None
    assert 1_000 < through.bps < MAX_BPS


def test_nothing_is_passed_through_before_its_first_keyframe() -> None:
    through = PassThrough()
    assert not through.watch(source(x264="bframes=0")[1])
    assert through.refusal == "no keyframe yet"


@pytest.mark.parametrize(
    ("units", "reason"),
    [
        pytest.param(lambda: source(x264="bframes=2"), "B-frames", id="b-frames"),
        pytest.param(
            lambda: source(size=(2560, 1440), frames=2, x264="bframes=0"), "larger", id="size"
        ),
        pytest.param(
            lambda: source(frames=2, x264="bframes=0:sar=16/11"), "not square", id="pixels"
        ),
        pytest.param(
            lambda: source(frames=150, x264="bframes=0:keyint=1000"),
            "keyframes are more than 4 s apart",
            id="gop",
        ),
        pytest.param(
            lambda: [
                replace(unit, payload=unit.payload + FILLER) for unit in source(x264="bframes=0")
            ],
            "Mb/s",
            id="bitrate",
        ),
    ],
)
def test_what_browsers_or_links_cannot_take_is_not(units: object, reason: str) -> None:
    through = watched(units())  # type: ignore[operator]
    assert through.refusal is not None
    assert reason in through.refusal


def test_a_source_that_misbehaved_once_is_not_trusted_again() -> None:
    units = source(x264="bframes=0")
    last = units[-1]
    early = replace(last, pts=last.pts - 1, dts=last.dts + 1, keyframe=False)
    through = watched([*units, early])
    assert through.refusal == "it has B-frames"
    again = [replace(unit, pts=unit.pts + MAX_GOP, dts=unit.dts + MAX_GOP) for unit in units]
    assert not any(through.watch(unit) for unit in again)


def test_a_keyframe_in_some_seconds_changes_no_rate() -> None:
    """A ladder that followed it would send viewers to an encoder's rung and back."""
    unit = source(x264="bframes=0", frames=1)[0]
    through = PassThrough()
    rates = set()
    for frame in range(20 * FPS):
        keyframe = frame % (3 * FPS) == 0
        payload = unit.payload + FILLER[: 30_000 if keyframe else 1_000] * (4 if keyframe else 1)
        at = unit.dts + 90_000 * frame // FPS
        through.watch(replace(unit, pts=at, dts=at, keyframe=keyframe, payload=payload))
        if frame >= 8 * FPS:
            rates.add(through.bps)
    assert through.refusal is None
    assert max(rates) < 1.2 * min(rates)
