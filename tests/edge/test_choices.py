"""Which rungs of a ladder viewers are given to choose from."""

from __future__ import annotations

from dataclasses import replace

from relay.edge.steering import choices
from relay.media.ladder import SOURCE, Ladder, Rendition

HIGH = Rendition("720p", 1280, 720, 30.0, 2_500_000, "avc1.42C01F")
LOW = Rendition("240p", 426, 240, 30.0, 400_000, "avc1.42C01F")
OWN = replace(HIGH, name=SOURCE, bitrate_bps=3_000_000)


def names(*video: Rendition, chosen: str | None = None) -> list[str]:
    return [choice.name for choice in choices(Ladder(video, sound=True), chosen)]


def test_without_the_cameras_own_picture_all_are_offered() -> None:
    assert names(HIGH, LOW) == ["720p", "240p"]


def test_the_cameras_own_picture_stands_in_for_a_rung_of_its_size() -> None:
    assert names(OWN, HIGH, LOW) == [SOURCE, "240p"]


def test_but_not_for_one_that_takes_much_less() -> None:
    assert names(replace(OWN, bitrate_bps=8_000_000), HIGH, LOW) == [SOURCE, "720p", "240p"]
    assert names(replace(OWN, width=1920, height=1080), HIGH, LOW) == [SOURCE, "720p", "240p"]


def test_nor_for_one_that_the_viewer_has_chosen() -> None:
    assert names(OWN, HIGH, LOW, chosen="720p") == [SOURCE, "720p", "240p"]


def test_they_take_the_sound_and_headers_along() -> None:
    with_sound, without = (choices(Ladder((LOW,), sound=sound)) for sound in (True, False))
    assert with_sound[0].bps > without[0].bps > LOW.bitrate_bps
