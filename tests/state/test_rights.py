"""Who may watch what: the whole table of the one rule."""

from __future__ import annotations

import json
from itertools import product
from typing import Final

import pytest

from relay.state.models import Access
from relay.state.rights import (
    MEDIA,
    Asker,
    Pass,
    Phase,
    Show,
    Verdict,
    Way,
    may_watch,
    may_watch_camera,
    opens,
)

NOW: Final = 3
"""The generation of the broadcast and of its partner."""
HELD: Final = Pass("demo", NOW, "acme", NOW)
ASKERS: Final = {
    "anyone": Asker(),
    "holder": Asker(passes=(HELD,)),
    "a holder of before": Asker(passes=(Pass("demo", NOW - 1, "acme", NOW),)),
    "a holder of an old key's": Asker(passes=(Pass("demo", NOW, "acme", NOW - 1),)),
    "a holder of another partner's": Asker(passes=(Pass("demo", NOW, "evil", NOW),)),
    "another's holder": Asker(passes=(Pass("other", NOW),)),
    "site": Asker(site="acme"),
    "operator": Asker(operator=True),
}
ACCESSES: Final = {
    "open": (Access.OPEN, False),
    "partners_only": (Access.OPEN, True),
    "closed": (Access.CLOSED, False),
    "closed, partners_only": (Access.CLOSED, True),
}
PHASES: Final = {**{phase.value: phase for phase in Phase}, "deleted": None}


def show(phase: Phase | None, access: Access, *, partners_only: bool) -> Show | None:
    return None if phase is None else Show(
        "demo", phase, access, partners_only, ("helmet",), NOW, {"acme": NOW}
    )  # fmt: skip


def expected(phase: str, access: str, asker: str, way: Way) -> Verdict:
    """What the issue says, in the order in which it matters."""
    if way is Way.METRICS:
        return Verdict.YES if asker == "operator" else Verdict.CLOSED
    if phase == "deleted":
        return Verdict.GONE
    if asker == "operator":
        return Verdict.YES
    if "partners_only" in access and way in (Way.EMBED, Way.OEMBED) and asker != "site":
        return Verdict.PARTNERS
    if "closed" in access and asker != "holder":
        return Verdict.CLOSED
    if way in (Way.WHEP, Way.HINT, Way.STILL, Way.HLS) and phase != "live":
        return Verdict(phase)
    return Verdict.YES


CELLS: Final = list(product(PHASES, ACCESSES, ASKERS, Way))


def test_the_whole_table() -> None:
    wrong = []
    for phase, access, asker, way in CELLS:
        kind, partners_only = ACCESSES[access]
        known = show(PHASES[phase], kind, partners_only=partners_only)
        found = may_watch(known, ASKERS[asker], way)
        if found is not expected(phase, access, asker, way):
            wrong.append((phase, access, asker, way, found))
    assert not wrong
    assert len(CELLS) == 4 * 4 * 8 * 9


@pytest.mark.parametrize("way", sorted(MEDIA))
def test_a_camera_that_a_broadcast_does_not_show_is_not_there(way: Way) -> None:
    live = show(Phase.LIVE, Access.OPEN, partners_only=False)
    assert may_watch(live, Asker(), way, "helmet") is Verdict.YES
    for asker in ASKERS.values():
        assert may_watch(live, asker, way, "drone") is Verdict.GONE


@pytest.mark.parametrize(
    ("stands", "verdict"),
    [
        ([], Verdict.GONE),
        ([(Phase.LIVE, Access.OPEN)], Verdict.YES),
        ([(Phase.LIVE, Access.CLOSED)], Verdict.CLOSED),
        ([(Phase.BEFORE, Access.OPEN)], Verdict.BEFORE),
        ([(Phase.ENDED, Access.OPEN)], Verdict.ENDED),
        ([(Phase.ENDED, Access.OPEN), (Phase.LIVE, Access.CLOSED)], Verdict.CLOSED),
        ([(Phase.ENDED, Access.OPEN), (Phase.LIVE, Access.OPEN)], Verdict.YES),
    ],
)
def test_a_camera_by_itself_is_shown_by_any_broadcast(
    stands: list[tuple[Phase, Access]], verdict: Verdict
) -> None:
    shows = [each for phase, access in stands if (each := show(phase, access, partners_only=False))]
    assert may_watch_camera(shows, Asker(), Way.WHEP, "helmet") is verdict
    assert may_watch_camera(shows, Asker(), Way.WHEP, "drone") is Verdict.GONE
    assert may_watch_camera(shows, Asker(operator=True), Way.WHEP, "helmet") is Verdict.YES


def test_a_pass_of_later_than_is_known_is_good() -> None:
    """Another gateway has read more: generations only rise."""
    live = show(Phase.LIVE, Access.CLOSED, partners_only=False)
    assert live is not None
    assert opens(Pass("demo", NOW + 1, "acme", NOW + 1), live)
    assert opens(Pass("demo", NOW), live)  # an operator's is of no partner


def test_edges_read_what_gateways_tell() -> None:
    live = show(Phase.LIVE, Access.CLOSED, partners_only=True)
    assert live is not None
    assert Show.from_json(json.loads(json.dumps(live.to_json()))) == live
    holder = ASKERS["holder"]
    assert Asker.from_json(json.loads(json.dumps(holder.to_json()))) == holder
