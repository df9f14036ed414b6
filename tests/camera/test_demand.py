"""Which rungs are encoded, in simulated time."""

from __future__ import annotations

from relay.camera.demand import AGAIN_S, LINGER_S, Demand
from relay.media.ladder import SOURCE, Ladder, Rendition


def rung(name: str, height: int, bps: int) -> Rendition:
    return Rendition(name, height * 16 // 9, height, 30.0, bps, "avc1.42C01F")


RUNGS = (rung("720p", 720, 2_500_000), rung("480p", 480, 1_200_000), rung("240p", 240, 400_000))
LADDER = Ladder(RUNGS, sound=True)


def test_without_an_audience_nothing_is_encoded() -> None:
    assert Demand().active(LADDER, 0.0) == set()


def test_what_is_wanted_is_encoded_and_nothing_else() -> None:
    demand = Demand()
    demand.see({"480p", "999p"}, 10.0)
    assert demand.active(LADDER, 10.0) == {"480p"}


def test_what_nobody_wants_any_more_ends() -> None:
    demand = Demand()
    demand.see({"480p"}, 10.0)
    demand.see({"720p"}, 10.0 + LINGER_S)
    assert demand.active(LADDER, 10.0 + LINGER_S) == {"480p", "720p"}
    assert demand.active(LADDER, 10.1 + LINGER_S) == {"720p"}
    assert demand.active(LADDER, 10.1 + 2 * LINGER_S) == set()


def test_a_bus_that_is_away_ends_nothing() -> None:
    demand = Demand()
    demand.see({"480p"}, 10.0)
    for second in range(11, 60):
        demand.unseen(float(second))
        assert "480p" in demand.active(LADDER, float(second))


def test_after_an_outage_wishes_have_the_time_to_be_told_again() -> None:
    demand = Demand()
    demand.see({"480p"}, 10.0)
    demand.unseen(20.0)
    demand.see(set(), 20.0)
    assert demand.active(LADDER, 20.0 + AGAIN_S + LINGER_S) == {"480p"}
    assert demand.active(LADDER, 20.1 + AGAIN_S + LINGER_S) == set()


def test_the_source_is_not_encoded() -> None:
    ladder = Ladder((rung(SOURCE, 1080, 3_900_000), *RUNGS), sound=True)
    demand = Demand()
    demand.see({SOURCE, "240p"}, 10.0)
    assert demand.active(ladder, 10.0) == {"240p"}


def test_a_ladder_without_a_picture() -> None:
    demand = Demand()
    demand.see({"opus"}, 10.0)
    assert demand.active(Ladder((), sound=True), 10.0) == {"opus"}
    assert Demand().active(None, 10.0) == set()


def test_sound_is_made_for_listeners_only() -> None:
    demand = Demand()
    assert "opus" not in demand.active(LADDER, 0.0)
    demand.see({"opus"}, 10.0)
    assert demand.active(LADDER, 10.0) == {"opus"}
    assert demand.active(Ladder(RUNGS, sound=False), 10.5) == {"opus"}, "it goes on"
    assert demand.active(LADDER, 10.1 + LINGER_S) == set()


def test_a_rung_that_is_offered_no_more_goes_on_while_it_is_watched() -> None:
    demand = Demand()
    demand.see({"720p", "240p"}, 10.0)
    demand.active(LADDER, 10.0)
    smaller = Ladder(RUNGS[1:], sound=True)
    assert demand.active(smaller, 10.5) == {"720p", "240p"}
    demand.see({"240p"}, 12.0)
    assert demand.active(smaller, 12.0) == {"240p"}
    demand.see({"720p"}, 12.5)
    assert demand.active(smaller, 12.5) == {"240p"}, "it has ended"
