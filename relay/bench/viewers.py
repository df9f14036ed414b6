"""`relay bench viewers`: real sessions at 2 Mb/s, held by one edge on one core.

The edge has a core to itself; the bus, the camera and the load generator share the other. Viewers
come in steps; after each, what arrives is counted for a while. What one edge costs is its CPU, from
which follows how many a core holds where generator or machine give out before the edge does.
"""

from __future__ import annotations

import asyncio
import tempfile
import time
from contextlib import AsyncExitStack, ExitStack, asynccontextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from relay.bench.crowd import LoadGenerator
from relay.bench.footage import CAMERA, FPS, PACKETS, footage
from relay.bench.processes import MEASURED, OTHER, Edge, Usage, on_core, servers
from relay.bench.report import Report

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

    from relay.bench.footage import Footage

SETTLE_S: Final = 3.0
"""After the last join, until GOPs that joiners are sent have gone out."""
AT_ONCE: Final = 24
PATIENCE_S: Final = 45.0
"""For so long viewers that are turned away come again."""
BUSY: Final = 0.97
"""Share of a core from which the load generator is taken to be the limit."""


@dataclass(frozen=True)
class House:
    """What runs."""

    edge: Edge
    camera: Footage
    crowd: LoadGenerator


@asynccontextmanager
async def house(
    *, packets: int = PACKETS, reports_per_s: float = 4.0, full_load: float = 1.0
) -> AsyncIterator[House]:
    """An edge on a core of its own, a camera, and a load generator without viewers."""
    async with AsyncExitStack() as later:
        stack = later.enter_context(ExitStack())
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="eva-bench-")))
        stack.enter_context(on_core(OTHER))
        _, bus = servers(folder, stack, OTHER)
        camera = await later.enter_async_context(footage(bus.url, packets))
        edge = await asyncio.to_thread(Edge, folder, bus.url, MEASURED, full_load=full_load)
        stack.callback(edge.stop)
        door = {"bus": bus.url, "edge": edge.name, "camera": CAMERA}
        crowd = await LoadGenerator.start(door, reports_per_s=reports_per_s)
        later.push_async_callback(crowd.stop)
        yield House(edge, camera, crowd)


@dataclass(frozen=True)
class Step:
    """One number of viewers."""

    asked: int
    viewers: int
    """Those that got in."""
    refused: int
    """How often one was turned away."""
    failed: int
    """Those that were not let in, or did not connect."""
    joins_per_s: float
    arrived: int
    """Packets that arrived in the time."""
    expected: int
    lost: int
    """Packets missing between others, or for good."""
    losers: int
    """Viewers that lost any."""
    pictures: int
    """Pictures of the sample that were right to the last byte."""
    wrong: int
    """Those that were not."""
    core_share: float
    """Of the edge."""
    granted: float
    """Of the CPU that the edge wanted."""
    generator_share: float
    us_per_packet: float


def _counts(before: dict[str, Any], after: dict[str, Any]) -> tuple[list[int], list[int]]:
    """What arrived between, and what is missing, for each viewer, the sample included."""
    arrived, lost = [], []
    for kind in ("counted", "sample"):
        known = before[kind] + [[0, 0, 0, 0]] * (len(after[kind]) - len(before[kind]))
        for then, now in zip(known, after[kind], strict=True):
            arrived.append(now[0] - then[0])
            lost.append(now[1] - then[1])
    return arrived, lost


async def step(made: House, asked: int, present: int, seconds: float) -> Step:
    """Let viewers join until there are `asked`, and look on for a while."""
    joined = await made.crowd.ask(
        "join", count=asked - present, at_once=AT_ONCE, patience_s=PATIENCE_S
    )
    await asyncio.sleep(SETTLE_S)
    used, frames, before = await _now(made)
    await asyncio.sleep(seconds)
    used_then, frames_then, after = await _now(made)
    arrived, gaps = _counts(before, after)
    usage = used_then - used
    elapsed = after["at"] - before["at"]
    # A frame may be on its way at either end.
    expected = (frames_then - frames) * PACKETS * len(arrived)
    pictures, wrong = (
        sum(now[k] for now in after["sample"]) - sum(then[k] for then in before["sample"])
        for k in (2, 3)
    )
    generator = Usage(**after["usage"]) - Usage(**before["usage"])
    return Step(
        asked=asked,
        viewers=present + joined["joined"],
        refused=joined["refused"],
        failed=joined["failed"],
        joins_per_s=joined["joined"] / joined["seconds"] if joined["seconds"] else 0.0,
        arrived=sum(arrived),
        expected=expected,
        lost=sum(gaps),
        losers=sum(1 for gap in gaps if gap),
        pictures=pictures,
        wrong=wrong,
        core_share=usage.cpu_s / elapsed,
        granted=usage.cpu_s / max(usage.cpu_s + usage.waited_s, 1e-9),
        generator_share=generator.cpu_s / elapsed,
        us_per_packet=usage.cpu_s / max(sum(arrived), 1) * 1e6,
    )


async def _now(made: House) -> tuple[Usage, int, dict[str, Any]]:
    counts = await made.crowd.ask("counts")
    return Usage.of(made.edge.pid), made.camera.written, counts


async def run(counts: Sequence[int], seconds: float) -> list[Step]:
    """All steps, one after another; ends early when an edge is full."""
    steps: list[Step] = []
    async with house() as made:
        present = 0
        for count in counts:
            steps.append(await step(made, count, present, seconds))
            present = steps[-1].viewers
            if steps[-1].failed:
                break
    return steps


def bench(counts: Sequence[int], *, seconds: float) -> Report:
    """Run it."""
    report = Report(
        "viewers",
        [
            *("viewers", "turned away", "edge: share of a core", "got of the CPU it wanted"),
            *("µs a packet", "packets", "lost", "viewers with losses", "pictures verified"),
            *("wrong", "load generator: share of a core"),
        ],
    )
    began = time.monotonic()
    steps = asyncio.run(run(counts, seconds))
    for each in steps:
        report.rows.append(
            [
                *(f"{each.viewers}", f"{each.refused + each.failed}", f"{each.core_share:.3f}"),
                *(f"{each.granted:.2f}", f"{each.us_per_packet:.2f}", f"{each.arrived}"),
                *(f"{each.lost}", f"{each.losers}", f"{each.pictures}", f"{each.wrong}"),
                f"{each.generator_share:.2f}",
            ]
        )
    report.notes = _notes(steps)
    report.data = {"steps": [asdict(each) for each in steps], "took_s": time.monotonic() - began}
    return report


def _notes(steps: list[Step]) -> list[str]:
    last = steps[-1]
    notes = [
        f"{FPS} frames a second of {PACKETS} packets each; every viewer sends 4 reports a second "
        "(RR and REMB) and a consent check every 2.5 s."
    ]
    clean = [each for each in steps if not each.lost and not each.wrong and each.viewers]
    if clean:
        best = clean[-1]
        each = best.core_share / best.viewers
        notes.append(
            f"Without loss up to {best.viewers} viewers; at {each * 1e6:.0f} µs of CPU a second "
            f"each, one core holds {1 / each:.0f}."
        )
    if last.generator_share > BUSY:
        notes.append("**The load generator was the limit: its losses are not the edge's.**")
    if last.viewers < last.asked:
        notes.append(f"**{last.asked - last.viewers} of {last.asked} viewers were not let in.**")
    return notes
