"""The benches with the load generator, and those in a browser, in sizes that take no time."""

from __future__ import annotations

import asyncio
import json
import re
import subprocess
import sys
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pylibsrtp
import pytest

from relay.bench import browser, bus, join, joins, latency, memory, viewers
from relay.bench.footage import GOP, PACKETS, picture
from relay.bench.peer import Identity, Inspector, Peer
from relay.bench.viewers import Step, Window
from relay.errors import OperatorError
from relay.webrtc.rtp import Extensions, HeaderWriter, packetise_h264

if TYPE_CHECKING:
    from pathlib import Path

KEY = bytes(range(28))


def test_every_packet_of_every_viewer_is_counted():
    (step,) = asyncio.run(viewers.run([20], rounds=1, seconds=0.5, settle_s=3.0))
    (seen,) = step.windows
    assert (step.viewers, step.refused, step.failed) == (20, 0, 0)
    assert (seen.lost, seen.losers, seen.wrong) == (0, 0, 0)
    # Half a second of frames, and one at either end that may be on its way.
    assert 20 * PACKETS * 13 <= seen.arrived <= 20 * PACKETS * 17
    assert seen.pictures >= 16 * 13
    assert 0 < seen.core_share <= 1


def test_a_bench_with_a_limit_tells_who_was_turned_away(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(viewers, "PATIENCE_S", 0.5)
    report = viewers.bench([20, 60], rounds=1, seconds=0.5, settle_s=1.0, full_load=1e-9)
    # The edge does not know yet how much it uses when the first ones come.
    last = report.data["steps"][-1]
    assert last["viewers"] <= 20
    assert last["refused"] >= last["failed"] == last["asked"] - last["viewers"]
    assert "takes no more viewers" in report.notes[-1]


WINDOW = Window(
    arrived=1000,
    lost=0,
    losers=0,
    pictures=9,
    wrong=0,
    core_share=0.5,
    granted=1.0,
    generator_share=0.5,
    seconds=1.0,
)


def test_what_was_lost_is_not_extrapolated(monkeypatch: pytest.MonkeyPatch):
    steps = [
        Step(1000, 1000, {}, 0, 0, [WINDOW] * 3),
        Step(2000, 2000, {}, 0, 0, [replace(WINDOW, lost=5, losers=2, generator_share=1.0)] * 3),
        Step(3000, 2500, {}, 500, 500, [replace(WINDOW, lost=5, losers=2)] * 3),
    ]

    async def run(*_: object, **__: object) -> list[Step]:
        return steps

    monkeypatch.setattr(viewers, "run", run)
    report = viewers.bench([1000, 2000, 3000], rounds=3, seconds=1.0)
    notes = " ".join(report.notes)
    assert "Without loss up to 1000 viewers" in notes
    assert "is enough for 2000." in notes
    assert "generator was at its limit" in notes
    assert "500 of 3000 viewers were not let in" in notes
    assert report.rows[1][5] == "15"


def sealed(number: int, *, key: bytes = KEY, first: int = 0) -> list[bytes]:
    """A picture's packets as an edge sends them."""
    policy = pylibsrtp.Policy(
        key,
        pylibsrtp.Policy.SSRC_ANY_OUTBOUND,
        srtp_profile=pylibsrtp.Policy.SRTP_PROFILE_AEAD_AES_128_GCM,
    )
    session = pylibsrtp.Session(policy)
    writer = HeaderWriter(7, 108, Extensions(abs_send_time=2), "0")
    payloads = packetise_h264(b"\0\0\0\1" + picture(number))
    assert len(payloads) == PACKETS
    return [
        session.protect(
            writer.write(first + at, 0, marker=each.marker, send_time=b"abc") + each.data
        )
        for at, each in enumerate(payloads)
    ]


@pytest.mark.parametrize("number", [0, 1, GOP - 1, 12_345])
def test_the_inspector_knows_every_byte(number: int):
    inspector = Inspector(KEY, 7)
    for packet in sealed(number):
        inspector.take(packet)
    assert (inspector.packets, inspector.lost) == (PACKETS, 0)
    assert (inspector.pictures, inspector.wrong) == (1, 0)


def test_the_inspector_misses_what_is_missing():
    inspector = Inspector(KEY, 7)
    packets = sealed(5)
    for packet in [*packets[:2], *packets[3:]]:
        inspector.take(packet)
    assert (inspector.lost, inspector.pictures, inspector.wrong) == (1, 0, 1)


def test_the_inspector_takes_nothing_with_another_key():
    inspector = Inspector(KEY, 7)
    for packet in sealed(5, key=KEY[::-1]):
        inspector.take(packet)
    assert (inspector.packets, inspector.wrong) == (0, PACKETS)


def test_viewers_offer_as_much_as_chromium():
    assert 4000 < len(Peer(Identity()).offer) < 8000


def test_memory_is_told_for_each_viewer():
    report = memory.bench(5, [5, 10], first=2, given_back_s=0.0)
    assert [total for total, _ in report.data["after"]] == [5, 10]
    assert all(size > 10 << 20 for _, size in report.data["after"])


def test_joins_come_in_by_both_doors():
    report = joins.bench(6, rounds=1, parts=3)
    assert len(report.rows) == 2
    for rounds in (value for name, value in report.data.items() if name != "parts_us"):
        assert all(each["failed"] == 0 and len(each["connected_ms"]) == 6 for each in rounds)
    assert all(value > 0 for value in report.data["parts_us"].values())


def test_each_reader_has_each_unit():
    report = bus.bench([2], rounds=1, seconds=0.4)
    assert [row[:2] for row in report.rows] == [["2", "relay"], ["2", "floor"]]
    for row, rounds in zip(report.rows, report.data.values(), strict=True):
        assert [len(ages) for ages in rounds] == [24, 24]
        assert row[-1] == "0"
        assert all(0 < age < 5_000 for ages in rounds for age in ages)


def run(name: str, folder: Path, *options: str) -> dict[str, Any]:
    """A bench as a command, because Playwright's greenlets are no good company for other tests;
    its raw values.
    """
    subprocess.run(
        [sys.executable, "-m", "relay", "bench", name, *options, "--json", str(folder)], check=True
    )
    data: dict[str, Any] = json.loads((folder / f"{name}.json").read_text())["data"]
    return data


@pytest.mark.slow
def test_joins_in_chromium_are_told_in_parts(tmp_path: Path):
    data = run("join", tmp_path, "--joins", "1")
    for (at,) in data.values():
        order = [at[station] for station in join.STATIONS]
        assert order[0] < order[1] < order[2] <= order[4]
    # Three round trips are needed whatever is done.
    assert data["50 ms RTT"][0]["first frame"] > 3 * join.RTT_S * 1000


@pytest.mark.slow
def test_latency_is_the_sum_of_its_parts(tmp_path: Path):
    for found in run("latency", tmp_path, "--frames", "20").values():
        assert len(found) >= 10
        for parts in found:
            whole = sum(parts[stage] for stage in latency.STAGES)
            assert parts["total"] == pytest.approx(whole, abs=0.01)


@pytest.mark.slow
def test_a_crowd_beside_the_browser_gets_packets_too(tmp_path: Path):
    found = run("latency", tmp_path, "--frames", "20", "--viewers", "5")
    assert len(found) == 4
    for parts in found["720p, 5 beside"]:
        assert parts["own"] == pytest.approx(sum(parts[stage] for stage in latency.OWN), abs=0.01)
    notes = json.loads((tmp_path / "latency.json").read_text())["notes"]
    (told,) = [note for note in notes if note.startswith("720p, 5 beside")]
    assert int(re.findall(r"got (\d+) packets", told)[0]) > 5 * 20


def test_without_playwright_it_is_said_how_to_get_it(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(sys.modules, "playwright.sync_api", None)
    with pytest.raises(OperatorError, match="pip install"), browser.page_of("http://127.0.0.1/"):
        pass
