"""The benches with the load generator, and those in a browser, in sizes that take no time."""

from __future__ import annotations

import asyncio
import json
import platform
import re
import subprocess
import sys
from dataclasses import replace
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

import pylibsrtp
import pytest

from relay.bench import browser, bus, join, joins, latency, memory, viewers
from relay.bench.footage import GOP, PACKETS, SOUNDS, picture, sound
from relay.bench.inspector import Inspector, Observer, Skips
from relay.bench.join import GOP_S, phase_of, phases
from relay.bench.peer import Identity, Peer, inbound
from relay.bench.report import Report, machine
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
    assert (seen.lost, seen.losers, seen.wrong, seen.skipped) == (0, 0, 0, 0)
    # Half a second of frames, and nothing of any is under way.
    assert seen.arrived in [20 * PACKETS * frames for frames in range(13, 18)]
    assert seen.pictures * PACKETS * 20 == seen.arrived * 16
    assert step.counters["frames_dropped"] == 0
    assert 0 < seen.core_share <= 1


@pytest.mark.slow
def test_sound_is_counted_as_well():
    (step,) = asyncio.run(viewers.run([20], rounds=1, seconds=0.5, settle_s=3.0, with_sound=True))
    (seen,) = step.windows
    assert (seen.lost, seen.losers, seen.wrong, seen.skipped) == (0, 0, 0, 0)
    sounds = seen.arrived // 20 - PACKETS * seen.pictures // 16
    assert SOUNDS * 0.4 <= sounds <= SOUNDS * 0.6


def test_frames_that_are_dropped_whole_are_lost_to_everybody():
    """The numbers of packets tell nothing of them: they are given to what is sent."""
    before = {"counted": [[100, 0], [100, 0]], "sample": [[100, 0, 10, 0, 0]]}
    after = {"counted": [[170, 0], [240, 5]], "sample": [[163, 0, 19, 1, 0]]}
    found = viewers._outcome(before, after, 70)
    assert found["arrived"] == 70 + 140 + 63
    assert (found["lost"], found["losers"]) == (5 + 7, 2)
    assert (found["pictures"], found["skipped"], found["wrong"]) == (9, 1, 0)


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
        Step(
            2000,
            2000,
            {"frames_dropped": 3},
            0,
            0,
            [replace(WINDOW, lost=5, losers=2, generator_share=1.0)] * 3,
        ),
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
    assert report.rows[1][7] == "3"
    assert "no sound" in notes


def sealed(number: int, *, key: bytes = KEY, first: int = 0) -> list[bytes]:
    """A picture's packets as an edge sends them."""
    writer = HeaderWriter(7, 108, Extensions(abs_send_time=2), "0")
    payloads = packetise_h264(b"\0\0\0\1" + picture(number))
    assert len(payloads) == PACKETS
    session = sealing(key)
    return [
        session.protect(
            writer.write((first + at) & 0xFFFF, number * 3000, marker=each.marker, send_time=b"abc")
            + each.data
        )
        for at, each in enumerate(payloads)
    ]


def sealing(key: bytes = KEY) -> pylibsrtp.Session:
    policy = pylibsrtp.Policy(
        key,
        pylibsrtp.Policy.SSRC_ANY_OUTBOUND,
        srtp_profile=pylibsrtp.Policy.SRTP_PROFILE_AEAD_AES_128_GCM,
    )
    return pylibsrtp.Session(policy)


@pytest.mark.parametrize("number", [0, 1, GOP - 1, 12_345])
def test_the_inspector_knows_every_byte(number: int):
    inspector = Inspector(inbound(KEY), 7)
    for packet in sealed(number):
        inspector.take(packet)
    assert (inspector.packets, inspector.lost) == (PACKETS, 0)
    assert (inspector.pictures, inspector.wrong) == (1, 0)


def test_the_inspector_misses_what_is_missing():
    inspector = Inspector(inbound(KEY), 7)
    packets = sealed(5)
    for packet in [*packets[:2], *packets[3:]]:
        inspector.take(packet)
    assert (inspector.lost, inspector.pictures, inspector.wrong) == (1, 0, 1)


@pytest.mark.parametrize("headers_only", [False, True])
def test_pictures_that_never_came_are_counted(headers_only: bool):
    """Their packets have no numbers, so that nothing is missing between the others."""
    observer = Observer(7, 0) if headers_only else Inspector(inbound(KEY), 7)
    for at, number in enumerate([3, 4, 7, 8, 10]):
        for packet in sealed(number, first=at * PACKETS):
            assert observer.take(packet)
    assert (observer.packets, observer.lost, observer.wrong) == (5 * PACKETS, 0, 0)
    assert (observer.pictures, observer.skipped) == (5, 3)


def test_a_picture_that_was_wrong_is_not_missing_as_well():
    inspector = Inspector(inbound(KEY), 7)
    packets = [
        *sealed(3),
        *sealed(4, first=PACKETS)[1:],
        *sealed(6, first=2 * PACKETS),
    ]
    for packet in packets:
        inspector.take(packet)
    assert (inspector.pictures, inspector.wrong, inspector.skipped) == (2, 1, 1)


def test_times_tell_what_is_missing_however_late_and_over_the_wrap():
    skips = Skips()
    found = [skips.take(at & 0xFFFFFFFF) for at in (-3000, -3000, 30, 2970, 12_000, 9000)]
    assert found == [True, False, True, True, True, False]
    assert skips.count == 2


def test_sounds_are_looked_at_like_pictures():
    inspector = Inspector(inbound(KEY), 7, 9)
    writer, session = HeaderWriter(9, 111, Extensions(), "1"), sealing()
    for number, unit in enumerate([sound(5), sound(6), sound(7)[:-1], sound(9)]):
        header = writer.write(number, number * 960, marker=False, send_time=b"abc")
        assert not inspector.take(session.protect(header + unit))
    assert (inspector.packets, inspector.pictures, inspector.wrong) == (4, 0, 1)


def test_the_inspector_takes_nothing_with_another_key():
    inspector = Inspector(inbound(KEY), 7)
    for packet in sealed(5, key=KEY[::-1]):
        inspector.take(packet)
    assert (inspector.packets, inspector.wrong) == (0, PACKETS)


def test_viewers_offer_as_much_as_chromium():
    assert 4000 < len(Peer(Identity()).offer) < 8000


def test_memory_is_told_for_each_viewer(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(memory, "HABITS", replace(memory.HABITS, packets_for_each_asked=5))
    report = memory.bench(5, [5, 10], first=2, given_back_s=0.5)
    assert [total for total, _ in report.data["after"]] == [5, 10]
    assert all(size > 10 << 20 for _, size in report.data["after"])

    assert report.data["asked_again"] == report.data["sent_again"] > 0


def test_memory_of_viewers_that_were_not_let_in_is_not_told():
    class Crowd:
        async def ask(self, *_: object, **__: object) -> dict[str, int]:
            return {"joined": 4}

    house = cast("viewers.House", SimpleNamespace(crowd=Crowd()))
    with pytest.raises(OperatorError, match="4 of 5"):
        asyncio.run(memory.join_all(house, 5, stay=True))


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


@pytest.mark.parametrize("joins", [1, 4, 15])
def test_joins_cover_a_gop(joins: int):
    found = phases(joins, seed=1)
    assert sorted(found) == [(number + 0.5) / joins for number in range(joins)]
    assert found == phases(joins, seed=1)
    assert joins < 3 or found != sorted(found)


def test_a_phase_is_told_from_any_gop():
    assert phase_of(100 + 0.25 * GOP_S, 100.0) == pytest.approx(0.25)
    assert phase_of(100 - 3.25 * GOP_S, 100.0) == pytest.approx(0.75)


def test_every_table_says_on_what_machine_it_was_measured():
    shown = Report("any", ["figure"], [["1"]]).show()
    assert machine() in shown
    assert platform.release().split("-")[0] in shown


@pytest.mark.slow
def test_joins_in_chromium_are_told_in_parts(tmp_path: Path):
    data = run("join", tmp_path, "--joins", "1")
    for (at,) in data.values():
        assert at["planned"] == 0.5
        assert at["phase"] == pytest.approx(0.5, abs=0.2)
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
    assert int(re.findall(r"got (\d+) pictures", told)[0]) > 4 * 10


def test_without_playwright_it_is_said_how_to_get_it(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(sys.modules, "playwright.sync_api", None)
    with pytest.raises(OperatorError, match="pip install"), browser.page_of("http://127.0.0.1/"):
        pass
