"""`relay bench viewers`: real sessions at 2 Mb/s, held by one edge on one core.

The edge has a core to itself; the bus, the camera and the load generator share the other. Viewers
come in steps; after each, what arrives is counted for a while. What one edge costs is its CPU, from
which follows how many a core holds where generator or machine give out before the edge does.

The edge takes as many as come, unless a limit is given: then it shows whether it turns viewers away
before those that it has lose anything.
"""

from __future__ import annotations

import asyncio
import tempfile
from contextlib import AsyncExitStack, ExitStack, asynccontextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from relay.bench.crowd import LoadGenerator
from relay.bench.footage import CAMERA, FPS, PACKETS, footage
from relay.bench.processes import MEASURED, OTHER, CoreTimes, Edge, Gateway, Usage, on_core, servers
from relay.bench.report import Figure, Report
from relay.bus.client import connect
from relay.state.models import Camera
from relay.state.registry import Registry
from relay.webrtc.dtls import REPEAT_S

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

    from relay.bench.footage import Footage

SETTLE_S: Final = REPEAT_S + 1.0
"""After the last join, until handshakes are over, which is after the GOPs that joiners are sent."""
ON_THEIR_WAY: Final = 2
"""Frames."""
AT_ONCE: Final = 24
PATIENCE_S: Final = 45.0
"""For so long viewers that are turned away come again."""
NO_LIMIT: Final = 2.0
BUSY: Final = 0.97
"""Share of a core from which the load generator is taken to be the limit."""


@dataclass(frozen=True)
class House:
    """What runs."""

    edge: Edge
    gateway: Gateway | None
    """None: viewers come to the edge itself."""
    camera: Footage
    crowd: LoadGenerator


@asynccontextmanager
async def house(
    *,
    packets: int = PACKETS,
    reports_per_s: float = 4.0,
    full_load: float = NO_LIMIT,
    through_gateway: bool = False,
) -> AsyncIterator[House]:
    """An edge on a core of its own, which it may share with a gateway; a camera, and a load
    generator without viewers.
    """
    async with AsyncExitStack() as later:
        stack = later.enter_context(ExitStack())
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="eva-bench-")))
        stack.enter_context(on_core(OTHER))
        state, bus = servers(folder, stack, OTHER)
        camera = await later.enter_async_context(footage(bus.url, packets))
        edge = await asyncio.to_thread(Edge, folder, bus.url, MEASURED, full_load=full_load)
        stack.callback(edge.stop)
        door = {"bus": bus.url, "edge": edge.name, "camera": CAMERA}
        gateway = None
        if through_gateway:
            await register(state.url)
            gateway = await asyncio.to_thread(Gateway, folder, state.url, bus.url, MEASURED)
            stack.callback(gateway.stop)
            door = {"whep": f"http://127.0.0.1:{gateway.port}/whep/{CAMERA}"}
        crowd = await LoadGenerator.start(door, reports_per_s=reports_per_s)
        later.push_async_callback(crowd.stop)
        yield House(edge, gateway, camera, crowd)


async def register(state_url: str) -> None:
    """Make the camera known."""
    state = connect(state_url)
    try:
        await Registry(state).create_camera(Camera(id=CAMERA, name="Bench"))
    finally:
        await state.aclose()


@dataclass(frozen=True)
class Window:
    """What was seen over some seconds."""

    arrived: int
    """Packets."""
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
    """Of the CPU that the edge's threads wanted, the part that they had at once."""
    generator_share: float
    """Of a core, of the load generator."""

    seconds: float
    """How long it was."""
    others_share: float = 0.0
    """Of the edge's core, what went to anybody else."""
    stolen_share: float = 0.0
    """Of the edge's core, what the host gave to other machines."""

    @property
    def us_per_packet(self) -> float:
        """CPU of the edge, all of it."""
        return self.core_share * self.seconds / max(self.arrived, 1) * 1e6


@dataclass(frozen=True)
class Step:
    """One number of viewers."""

    asked: int
    viewers: int
    """Those that got in."""
    counters: dict[str, int]
    """What the edge has counted while it was looked at, as it tells once a second."""
    refused: int
    """How often one was turned away."""
    failed: int
    """Those that were not let in, or did not connect."""
    windows: list[Window]


async def _now(made: House) -> tuple[Usage, int, dict[str, Any]]:
    counts = await made.crowd.ask("counts")
    return Usage.of(made.edge.pid), made.camera.written, counts


async def window(made: House, seconds: float) -> Window:
    """Look on for a while."""
    core = CoreTimes.of(MEASURED)
    used, written, before = await _now(made)
    await asyncio.sleep(seconds)
    used_then, written_then, after = await _now(made)
    spent = CoreTimes.of(MEASURED) - core
    usage, elapsed = used_then - used, after["at"] - before["at"]
    arrived = lost = losers = pictures = wrong = 0
    for then, now in zip(
        [*before["counted"], *before["sample"]], [*after["counted"], *after["sample"]], strict=True
    ):
        arrived += now[0] - then[0]
        lost += now[1] - then[1]
        losers += now[1] > then[1]
    for then, now in zip(before["sample"], after["sample"], strict=True):
        pictures += now[2] - then[2]
        wrong += now[3] - then[3]
    viewers = len(after["counted"]) + len(after["sample"])
    # What has stopped for good leaves no gaps. Frames on their way at either end are no losses.
    missing = (written_then - written - ON_THEIR_WAY) * PACKETS * viewers - arrived
    generator = Usage(**after["usage"]) - Usage(**before["usage"])
    return Window(
        arrived=arrived,
        lost=max(lost, missing),
        losers=losers,
        pictures=pictures,
        wrong=wrong,
        core_share=usage.cpu_s / elapsed,
        granted=usage.cpu_s / max(usage.cpu_s + usage.waited_s, 1e-9),
        generator_share=generator.cpu_s / elapsed,
        seconds=elapsed,
        others_share=max(spent.busy_s - usage.cpu_s, 0.0) / elapsed,
        stolen_share=spent.stolen_s / elapsed,
    )


async def step(
    made: House, asked: int, present: int, *, rounds: int, seconds: float, settle_s: float
) -> Step:
    """Let viewers join until there are `asked`, and look on."""
    joined = await made.crowd.ask(
        "join", count=asked - present, at_once=AT_ONCE, patience_s=PATIENCE_S
    )
    await asyncio.sleep(settle_s)
    before = _counters(made)
    windows = [await window(made, seconds) for _ in range(rounds)]
    return Step(
        asked=asked,
        viewers=present + joined["joined"],
        counters={name: count - before.get(name, 0) for name, count in _counters(made).items()},
        refused=joined["refused"],
        failed=joined["failed"],
        windows=windows,
    )


def _counters(made: House) -> dict[str, int]:
    fact = made.edge.fact()
    return {} if fact is None else dict(fact["counters"])


async def run(
    counts: Sequence[int],
    *,
    rounds: int,
    seconds: float,
    settle_s: float = SETTLE_S,
    full_load: float = NO_LIMIT,
) -> list[Step]:
    """All steps, one after another; ends early when the edge is full."""
    steps: list[Step] = []
    async with house(full_load=full_load) as made:
        present = 0
        for count in counts:
            steps.append(
                await step(made, count, present, rounds=rounds, seconds=seconds, settle_s=settle_s)
            )
            present = steps[-1].viewers
            if steps[-1].failed:
                break
    return steps


def bench(
    counts: Sequence[int],
    *,
    rounds: int,
    seconds: float,
    settle_s: float = SETTLE_S,
    full_load: float = NO_LIMIT,
) -> Report:
    """Run it."""
    report = Report(
        "viewers",
        [
            *("viewers", "edge: share of a core", "µs a packet", "got of the CPU it wanted"),
            *("packets", "lost", "viewers with losses", "pictures verified", "wrong"),
            *("turned away", "failed", "load generator: share of a core"),
            "edge's core: others, stolen by the host",
        ],
    )
    steps = asyncio.run(
        run(counts, rounds=rounds, seconds=seconds, settle_s=settle_s, full_load=full_load)
    )
    for each in steps:
        seen = each.windows
        report.rows.append(
            [
                str(each.viewers),
                str(Figure(tuple(w.core_share for w in seen))),
                str(Figure(tuple(w.us_per_packet for w in seen))),
                str(Figure(tuple(w.granted for w in seen))),
                *(str(sum(getattr(w, name) for w in seen)) for name in ("arrived", "lost")),
                str(max(w.losers for w in seen)),
                *(str(sum(getattr(w, name) for w in seen)) for name in ("pictures", "wrong")),
                *(str(each.refused), str(each.failed)),
                str(Figure(tuple(w.generator_share for w in seen))),
                ", ".join(
                    f"{Figure(tuple(getattr(w, name) for w in seen)).median:.2f}"
                    for name in ("others_share", "stolen_share")
                ),
            ]
        )
    report.notes = _notes(steps)
    if full_load <= 1:
        report.notes.append(f"From {full_load} of its core on the edge takes no more viewers.")
    report.data = {"steps": [asdict(each) for each in steps]}
    return report


def _notes(steps: list[Step]) -> list[str]:
    last = steps[-1]
    notes = [
        (
            f"{FPS} frames a second of {PACKETS} packets each; every viewer sends 4 reports a "
            "second (RR and REMB) and a consent check every 2.5 s."
        )
    ]
    clean = [
        each for each in steps if each.viewers and not any(w.lost or w.wrong for w in each.windows)
    ]
    if clean:
        best = clean[-1]
        share = Figure(tuple(w.core_share for w in best.windows)).median / best.viewers
        notes.append(
            f"Without loss up to {best.viewers} viewers; at {share * 1e6:.0f} µs of CPU a second "
            f"for each, a whole core is enough for {1 / share:.0f}."
        )
    if any(w.lost and w.generator_share > BUSY for each in steps for w in each.windows):
        notes.append("**The load generator was at its limit: losses there may be its own.**")
    if last.viewers < last.asked:
        notes.append(f"**{last.asked - last.viewers} of {last.asked} viewers were not let in.**")
    return notes
