"""What is known of a source without decoding it, and what has to be decoded. Simulated time."""

from __future__ import annotations

from dataclasses import replace

import pytest

from relay.camera.ladder import nearest, plan
from relay.camera.need import NEAR, NOTHING, need
from relay.camera.source import Source
from relay.media.codecs import Codec
from relay.media.ladder import SOUND, SOURCE, Ladder
from relay.media.timebase import VIDEO_CLOCK
from relay.media.unit import Unit
from tests.support.camera import FRAME, pictures, repeated


def seen(*runs: list[Unit]) -> Source:
    """A source of which these publications were seen one after the other."""
    source = Source()
    at = 10 * VIDEO_CLOCK
    for publication, units in enumerate(runs):
        for unit in units:
            moved = replace(unit, pts=at + unit.pts, dts=at + unit.dts, publication=publication)
            source.watch(moved)
        at += units[-1].dts + FRAME
    return source


def slow(units: list[Unit], factor: int) -> list[Unit]:
    return [replace(unit, pts=unit.pts * factor, dts=unit.dts * factor) for unit in units]


def sound(at: int, publication: int = 0) -> Unit:
    return Unit(Codec.AAC, at, at, 0, True, b"-", publication)


def rungs(ladder: Ladder | None) -> list[tuple[str, int, int]]:
    assert ladder is not None
    return [(each.name, each.width, each.height) for each in ladder.video if each.name != SOURCE]


X264 = "bframes=0:crf=45"
WIDE = pictures(1280, 720, frames=30, x264=X264)
SMALL = pictures(640, 360, frames=30, x264=X264)
SQUARER = pictures(640, 480, frames=30, x264=X264)


def test_a_source_is_offered_without_any_of_it_decoded() -> None:
    ladder = seen(repeated(WIDE, 3)).ladder()
    assert rungs(ladder) == [("720p", 1280, 720), ("480p", 854, 480), ("240p", 426, 240)]
    assert ladder is not None
    assert ladder.find(SOURCE) is not None
    assert {each.fps for each in ladder.video} == {29.97}
    assert not ladder.sound


def test_a_second_encoder_has_the_ladder_of_its_own_size_and_rate() -> None:
    ladder = seen(repeated(WIDE, 3), slow(repeated(SMALL, 3), 3)).ladder()
    assert rungs(ladder) == [("360p", 640, 360), ("240p", 426, 240)]
    assert ladder is not None
    assert ladder.video[-1].fps == pytest.approx(10, rel=0.01)


def test_what_was_told_stays_until_a_second_encoder_is_known() -> None:
    assert seen(WIDE, SMALL[:2]).ladder() is None
    assert seen(WIDE, [sound(0)]).ladder() is None


def test_a_second_encoder_is_not_blamed_for_the_first() -> None:
    misbehaving = pictures(640, 360, frames=30, x264="bframes=2:b-adapt=0")
    source = seen(misbehaving, repeated(SMALL, 3))
    ladder = source.ladder()
    assert source.through.refusal is None
    assert ladder is not None
    assert ladder.find(SOURCE) is not None


@pytest.mark.parametrize("apart_s", [2, 10, 60])
def test_a_picture_once_in_many_seconds_has_rungs_too(apart_s: int) -> None:
    source = Source()
    for index, unit in enumerate(SMALL[:4]):
        at = index * apart_s * VIDEO_CLOCK
        source.watch(replace(unit, pts=at, dts=at))
    ladder = source.ladder()
    assert rungs(ladder) == [("360p", 640, 360), ("240p", 426, 240)]
    assert ladder is not None
    assert {rung.fps for rung in ladder.video} == {1.0}


def test_another_size_in_the_same_publication_is_another_ladder() -> None:
    source = seen(WIDE)
    at = 10 * VIDEO_CLOCK + WIDE[-1].dts + FRAME
    for unit in SQUARER:
        source.watch(replace(unit, pts=at + unit.pts, dts=at + unit.dts))
    assert rungs(source.ladder()) == [("480p", 640, 480), ("240p", 320, 240)]


def test_who_still_watches_a_rung_of_the_past_gets_the_nearest_that_is_no_larger() -> None:
    now = plan(640, 480, 30)
    assert nearest("720p", now).name == "480p"
    assert nearest("480p", now) is now[0]
    assert nearest("300p", now).name == "240p"
    assert nearest("100p", now).name == "240p"


@pytest.mark.parametrize("fps", [1, 10, 30, 60, 120])
def test_bitrates_do_not_depend_on_the_rate(fps: float) -> None:
    assert [rung.bitrate_bps for rung in plan(1280, 720, fps)] == [2_500_000, 1_200_000, 400_000]


def test_sound_is_offered_once_it_could_be_decoded_and_ends_with_a_publication_without() -> None:
    source = seen(WIDE)
    source.hear(0)
    ladder = source.ladder()
    assert ladder is not None
    assert ladder.sound
    at = 10 * VIDEO_CLOCK + WIDE[-1].dts + FRAME
    offered = []
    for unit in repeated(SMALL, 3):
        source.watch(replace(unit, pts=at + unit.pts, dts=at + unit.dts, publication=1))
        found = source.ladder()
        offered += [found.sound] if found else []
    assert offered[0]
    assert not offered[-1]
    source.hear(0)  # late word of the publication before
    ladder = source.ladder()
    assert ladder is not None
    assert not ladder.sound


# --- what has to be decoded ------------------------------------------------------------------


def test_for_nobody_nothing_is_decoded() -> None:
    for source in (seen(repeated(WIDE, 3)), seen(pictures(640, 360, frames=90, x264="bframes=2"))):
        found = need(set(), source)
        assert found == NOTHING
        assert found.idle


def test_a_rung_needs_all_pictures_and_sound_needs_none() -> None:
    source = seen(repeated(WIDE, 3))
    assert need({"480p"}, source).pictures
    assert not need({"480p"}, source).sound
    heard = need({SOUND}, source)
    assert heard.sound
    assert not heard.pictures
    assert not heard.idle


def test_a_source_whose_keyframes_are_far_apart_is_decoded_all_the_time() -> None:
    far = pictures(64, 48, frames=NEAR // FRAME + 10, gop=1000)
    assert not need(set(), seen(far[: NEAR // FRAME])).pictures
    assert need(set(), seen(far)).pictures
    assert need(set(), seen(far, SMALL)) == NOTHING
