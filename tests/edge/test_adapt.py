"""Which rung a viewer gets, over a simulated path with a queue and a browser's estimate."""

from __future__ import annotations

import pytest

from relay.edge.adapt import Adaptation, Wish
from tests.support.path import ANY, BPS, CHOICES, STEP_S, Path, Session


def test_a_good_path_gets_the_best_rung_and_keeps_it() -> None:
    session = Session(Path(bps=20e6))
    session.run(120)
    assert session.history == [(1000.0, "720p")]
    assert session.probe_bps == 0


def test_one_begins_where_most_can_and_rises() -> None:
    session = Session(Path(bps=20e6), start="240p")
    session.until("480p", 10)
    session.until("720p", 10)
    session.run(60)
    assert session.switches() == 2


@pytest.mark.parametrize("bps", [700e3, 1.0e6])
def test_a_link_that_falls_and_comes_back(bps: float) -> None:
    session = Session(Path(bps=4e6))
    session.run(30)
    assert session.switches() == 0
    session.path.bps = bps
    session.until("240p", 2.0)
    session.run(30)
    assert session.sent == "240p"
    session.path.bps = 4e6
    session.until("720p", 15.0)
    session.run(60)
    assert session.sent == "720p"


def test_a_path_between_two_rungs_is_not_tried_all_the_time() -> None:
    session = Session(Path(bps=2.2e6))
    session.run(30)
    assert session.sent == "480p"
    before = session.switches()
    session.run(300)
    assert session.sent == "480p"
    assert session.switches() - before <= 2


@pytest.mark.parametrize("queue_s", [0.25, 0.5, 1.0])
@pytest.mark.parametrize("bps", [1.7e6, 1.8e6, 2.0e6, 2.4e6])
def test_what_a_try_leaves_in_a_queue_costs_no_rung(bps: float, queue_s: float) -> None:
    session = Session(Path(bps=bps, queue_s=queue_s))
    session.run(300)
    assert session.switches() <= 2
    assert session.sent == "480p"


@pytest.mark.parametrize("bps", [700e3, 0.9e6, 1.2e6, 1.6e6, 2.2e6, 2.6e6])
def test_a_viewer_to_whom_nothing_can_be_repeated_goes_up_seldom(bps: float) -> None:
    session = Session(Path(bps=bps), rtx=False)
    session.run(300)
    assert session.switches() <= 16
    before = session.switches()
    session.run(600)
    assert session.switches() - before <= 12
    fits = [choice.name for choice in CHOICES if choice.bps < bps]
    assert session.sent == fits[0]
    assert session.probe_bps == 0


def test_it_does_go_up() -> None:
    session = Session(Path(bps=20e6), start="240p", rtx=False)
    session.until("720p", 30)
    session.path.bps = 700e3
    session.until("240p", 2.5)
    session.run(8)
    session.path.bps = 20e6
    session.until("720p", 40)


@pytest.mark.parametrize("bps", [1.5e6, 1.56e6, 1.58e6, 1.6e6])
def test_a_rung_that_takes_more_than_it_says_is_not_gone_up_to_all_the_time(bps: float) -> None:
    session = Session(Path(bps=bps), takes={"480p": 1.15})
    session.run(300)
    assert session.switches() <= 20
    before = session.switches()
    session.run(300)
    assert session.switches() - before <= 16


def test_a_rung_that_has_held_is_not_blamed_for_what_it_did_long_ago() -> None:
    session = Session(Path(bps=1.58e6), takes={"480p": 1.15})
    session.run(300)
    session.path.bps = 2.2e6
    session.run(160)
    assert (session.sent, session.now - session.history[-1][0] > 70) == ("480p", True)
    for held_s in (5, 20):
        session.path.bps = 700e3
        session.until("240p", 3.0)
        session.run(8)
        session.path.bps = 2.2e6
        session.until("480p", 15.0)
        session.run(held_s)


def fall_and_rise(session: Session, narrow_bps: float = 700e3) -> None:
    """A narrow phase of 8 seconds that comes by itself, and what is promised of it."""
    session.path.bps = narrow_bps
    took = session.until("240p", 2.0)
    session.run(8 - took)
    session.path.bps = 4e6
    session.until("720p", 15.0)


@pytest.mark.parametrize("held_s", [25, 90])
@pytest.mark.parametrize("narrow_bps", [400e3, 700e3, 1.0e6])
def test_narrow_phases_that_come_by_themselves_are_not_punished(
    narrow_bps: float, held_s: float
) -> None:
    session = Session(Path(bps=4e6))
    session.run(30)
    for _ in range(6):
        fall_and_rise(session, narrow_bps)
        session.run(held_s)
    assert session.sent == "720p"
    assert session.switches() <= 6 * 3


def test_a_rung_that_has_just_been_reached_may_fall_once() -> None:
    session = Session(Path(bps=4e6))
    session.run(30)
    fall_and_rise(session)
    session.run(5)
    fall_and_rise(session)


def test_a_choice_that_fails_is_not_gone_back_to_all_the_time() -> None:
    session = Session(Path(bps=1e6), rtx=False)
    session.until("240p", 10)
    session.wish(Wish(rung="480p"))
    session.until("480p", 1.0)
    before = session.switches()
    session.run(300)
    assert session.switches() - before <= 11


def test_a_page_that_comes_back_asks_for_no_more_than_before() -> None:
    session = Session(Path(bps=20e6), start="240p", rtx=False)
    session.wish(Wish(hidden=True))
    session.run(30)
    session.wish(Wish())
    session.run(8)
    assert session.sent == "240p"


def test_what_nobody_sees_does_not_hold() -> None:
    session = Session(Path(bps=1.2e6), rtx=False)
    session.run(600)
    session.until("480p", 300)
    session.wish(Wish(hidden=True))
    session.run(70)
    session.wish(Wish())
    session.until("240p", 5)
    before = session.switches()
    session.run(300)
    assert session.switches() - before <= 4


@pytest.mark.parametrize("loss", [0.02, 0.05, 0.08, 0.15])
def test_loss_that_retransmission_mends_costs_no_rung(loss: float) -> None:
    session = Session(Path(bps=20e6, loss=loss))
    session.run(120)
    assert session.sent == "720p"


def test_heavy_loss_does() -> None:
    session = Session(Path(bps=20e6, loss=0.2))
    session.until("240p", 10)


def test_where_not_even_the_smallest_rung_gets_through_there_is_sound() -> None:
    session = Session(Path(bps=20e6))
    session.run(5)
    session.path.bps = 180e3
    session.until("240p", 5)
    session.until(None, 10)
    assert BPS[None] < session.path.bps
    session.path.bps = 4e6
    session.until("240p", 20)
    session.until("720p", 30)


def test_a_queue_is_noticed_before_it_is_full() -> None:
    session = Session(Path(bps=20e6, queue_s=5.0))
    session.run(10)
    session.worst_s = 0.0
    session.path.bps = 2.0e6
    session.until("240p", 2.0)
    session.until("480p", 12)
    assert session.worst_s < 2.0


def test_a_viewers_choice_wins() -> None:
    session = Session(Path(bps=20e6))
    session.run(5)
    session.wish(Wish(rung="240p"))
    session.until("240p", 1.0)
    session.run(60)
    assert session.sent == "240p"
    session.wish(Wish(rung="720p"))
    assert session.until("720p", 1.0)
    session.run(60)
    assert session.sent == "720p"


def test_a_choice_that_the_path_cannot_take_is_gone_back_from() -> None:
    session = Session(Path(bps=1e6))
    session.until("240p", 10)
    session.wish(Wish(rung="720p"))
    session.until("720p", 1.0)
    session.until("240p", 5)


def test_no_larger_than_shown() -> None:
    session = Session(Path(bps=20e6), Wish(height=400))
    session.run(30)
    assert session.sent == "480p"
    session.wish(Wish(height=200))
    session.until("240p", 1.0)
    session.wish(Wish(height=1080))
    session.until("720p", 10)


def test_data_savers_get_the_smallest() -> None:
    session = Session(Path(bps=20e6), Wish(data_saver=True))
    session.run(30)
    assert session.history == [(1000.0, "240p")]


def test_hidden_pages_get_sound_and_their_picture_back_at_once() -> None:
    session = Session(Path(bps=20e6))
    session.run(5)
    session.wish(Wish(hidden=True))
    session.until(None, 0.1)
    session.run(60)
    session.wish(Wish())
    assert session.until("720p", 0.1) <= STEP_S


def test_a_rung_that_is_gone_is_left() -> None:
    session = Session(Path(bps=20e6))
    session.run(5)
    session.offer(CHOICES[1:])
    session.until("480p", 1.0)
    session.offer(CHOICES)
    session.until("720p", 10)


@pytest.mark.parametrize("moves", [True, False])
def test_another_path_has_its_own_round_trip(*, moves: bool) -> None:
    """From Wi-Fi to a mobile network, whose round trip is no queue."""
    adaptation, now = Adaptation(CHOICES, ANY, 1000.0), 1000.0
    for _ in range(20):
        now += 0.25
        adaptation.report(0.0, 0.02, now)
        assert adaptation.decide(now).rung == "720p"
    if moves:
        adaptation.moved(now)
    rungs = set()
    for _ in range(40):
        now += 0.25
        adaptation.report(0.0, 0.35, now)
        rungs.add(adaptation.decide(now).rung)
    assert (rungs == {"720p"}) == moves
