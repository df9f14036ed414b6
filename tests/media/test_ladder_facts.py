"""The ladder as it is told on the bus."""

from __future__ import annotations

import json

from relay.media.ladder import Ladder, Rendition

LARGE = Rendition("720p", 1280, 720, 29.97, 2_500_000, "avc1.42C01F")
SMALL = Rendition("240p", 426, 240, 29.97, 400_000, "avc1.42C01F")
LADDER = Ladder((LARGE, SMALL), sound=True)


def test_round_trip():
    for ladder in (LADDER, Ladder((), sound=False)):
        assert Ladder.from_json(json.loads(json.dumps(ladder.to_json()))) == ladder


def test_rungs_are_found_by_name():
    assert LADDER.find("240p") == SMALL
    assert LADDER.find(None) == LARGE
    assert LADDER.find("1080p") is None
    assert Ladder((), sound=True).find(None) is None
