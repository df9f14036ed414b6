"""`relay bench fanout`: what its figures mean."""

from __future__ import annotations

import pytest

from relay.bench import fanout


def test_a_line_through_points_on_it():
    fit = fanout.line([(n, 0.02 + 0.0002 * n) for n in (1, 100, 3000)])
    assert (fit.start, fit.slope, fit.r_squared) == pytest.approx((0.02, 0.0002, 1.0))


def test_a_bend_is_seen():
    assert fanout.line([(n, (n / 3000) ** 4) for n in range(1, 3000, 300)]).r_squared < 0.9


def rounds(**changes: float) -> dict[str, float]:
    return {"us_per_packet": 1.0, "lost": 0, "core_share": 0.5, "granted": 1.0, **changes}


def test_a_core_that_drops_is_not_shown_as_cheap(monkeypatch: pytest.MonkeyPatch):
    """Its losses stand in the row, in how many rounds they were, and in a note."""
    found = {"floor": rounds(), "native": rounds(lost=14_000)}
    monkeypatch.setattr(fanout, "measure", lambda kind, *_: found[kind])
    report = fanout.bench([2000], rounds=2, seconds=1.0, twin=False)
    assert report.rows[0][4:6] == ["0", "0 of 3"]
    assert report.rows[1][4:6] == ["42000", "3 of 3"]
    assert [note for note in report.notes if "native at 2000 viewers lost" in note]
    assert not [note for note in report.notes if "floor" in note]


def test_a_slope_tells_what_python_takes_a_frame(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(
        fanout, "measure", lambda _, count, __: rounds(core_share=count / 100, push_us=50.0 + count)
    )
    report = fanout.slope([1, 2], rounds=2, seconds=1.0)
    at = report.columns.index("µs of Python a frame")
    assert [row[at] for row in report.rows] == ["51 (51–51)", "52 (52–52)"]
    assert report.data["line"]["slope"] == pytest.approx(0.01)


@pytest.mark.parametrize("kind", ["floor", "native", "python"])
def test_cpu_is_divided_by_what_arrived(kind: str):
    figures = fanout.measure(kind, 3, 0.2)
    assert figures["lost"] == figures["gaps"] == 0
    cpu_s = figures["core_share"] * 0.2
    assert figures["us_per_packet"] == pytest.approx(cpu_s / (3 * 6 * 7) * 1e6)
    assert 0 < figures["granted"] <= 1
    # The thread's own CPU, which is a part of the whole.
    assert 0 <= figures["push_us"] <= cpu_s / 6 * 1e6
    assert (figures["push_us"] > 0) == (kind != "floor")
