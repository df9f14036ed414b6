"""The ladder as it is told on the bus."""

from __future__ import annotations

import json
from dataclasses import replace

from relay.media.ladder import Ladder, Rendition

LARGE = Rendition("720p", 1280, 720, 29.97, 2_500_000, "avc1.42C01F")
SMALL = Rendition("240p", 426, 240, 29.97, 400_000, "avc1.42C01F")
LADDER = Ladder((LARGE, SMALL), sound=True)


def test_round_trip():
    for ladder in (LADDER, Ladder((), sound=False)):
        assert Ladder.from_json(json.loads(json.dumps(ladder.to_json()))) == ladder


def test_rungs_are_found_by_name():
    assert LADDER.find("240p") == SMALL
    assert LADDER.find("1080p") is None


def test_viewers_begin_with_the_largest_rung_that_most_can_receive():
    huge = replace(LARGE, name="source", bitrate_bps=8_000_000)
    assert LADDER.default == LARGE
    assert Ladder((huge, LARGE, SMALL), sound=True).default == LARGE
    assert Ladder((huge,), sound=True).default == huge
    assert Ladder((), sound=True).default is None
