"""`relay bench viewers`: real sessions at 2 Mb/s, held by one edge on one core.

The edge has a core to itself; the bus, the camera and the load generator share the other. Viewers
come in steps; after each, what arrives is counted for a while. What one edge costs is its CPU, from
which follows how many a core holds where generator or machine give out before the edge does.

The camera rests at both ends of what is counted, until nothing is under way any more: so each
packet that was written and has not come is seen, of frames that were dropped whole as well.

The edge takes as many as come, unless a limit is given: then it shows whether it turns viewers away
before those that it has lose anything.
"""

from __future__ import annotations

import asyncio
import tempfile
from contextlib import AsyncExitStack, ExitStack, asynccontextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from relay.bench.crowd import Habits, LoadGenerator
from relay.bench.footage import CAMERA, FPS, PACKETS, SOUNDS, footage
from relay.bench.processes import MEASURED, OTHER, CoreTimes, Edge, Gateway, Usage, on_core, servers
from relay.bench.report import Figure, Report
from relay.bus.client import connect
from relay.state.models import Broadcast, Camera
from relay.state.registry import Registry
from relay.webrtc.dtls import REPEAT_S

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

    from relay.bench.footage import Footage

SETTLE_S: Final = REPEAT_S + 1.0
"""After the last join, until handshakes are over, which is after the GOPs that joiners are sent."""
QUIET_S: Final = 0.5
"""If nothing comes for so long after the camera has stopped, nothing comes any more."""
LATEST_S: Final = 10.0
"""Nor is anything waited for that comes later than this."""
TOLD_S: Final = 1.2
"""An edge tells of itself once a second."""
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
    habits: Habits = Habits(),  # noqa: B008 - frozen
    with_sound: bool = False,
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
        camera = await later.enter_async_context(footage(bus.url, packets, with_sound=with_sound))
        edge = await asyncio.to_thread(Edge, folder, bus.url, MEASURED, full_load=full_load)
        stack.callback(edge.stop)
        door = {"bus": bus.url, "edge": edge.name, "camera": CAMERA}
        gateway = None
        if through_gateway:
            await register(state.url)
            gateway = await asyncio.to_thread(Gateway, folder, state.url, bus.url, MEASURED)
            stack.callback(gateway.stop)
            door = {"whep": f"http://127.0.0.1:{gateway.port}/whep/{CAMERA}"}
        crowd = await LoadGenerator.start(door, habits)
        later.push_async_callback(crowd.stop)
        yield House(edge, gateway, camera, crowd)


async def register(state_url: str) -> None:
    """Make the camera known, and a broadcast that shows it."""
    state = connect(state_url)
    try:
        found = Registry(state)
        await found.create_camera(Camera(id=CAMERA, name="Bench"))
        show = Broadcast(slug="show", title="Bench", cameras=(CAMERA,))
        await found.broadcasts.create(show.slug, show)
        await found.start_broadcast(show.slug, datetime.now(UTC))
    finally:
        await state.aclose()


@dataclass(frozen=True)
class Window:
    """What was seen over some seconds."""

    arrived: int
    """Packets."""
    lost: int
    """Packets that were written and have not come."""
    losers: int
    """Viewers that lost any."""
    pictures: int
    """Pictures of the sample that were right to the last byte."""
    wrong: int
    """Those that were not, sounds as well."""
    core_share: float
    """Of the edge."""
    granted: float
    """Of the CPU that the edge's threads wanted, the part that they had at once."""
    generator_share: float
    """Of a core, of the load generator."""
    seconds: float
    """How long the camera was at work."""
    skipped: int = 0
    """Pictures of the sample of which no packet has come, between those that have."""
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


async def _at_rest(made: House) -> dict[str, Any]:
    """Stop the camera, and wait until nothing is under way; the viewers' counts then."""
    made.camera.pause()
    before = await made.crowd.ask("counts")
    for _ in range(int(LATEST_S / QUIET_S)):
        await asyncio.sleep(QUIET_S)
        now = await made.crowd.ask("counts")
        if all(now[whose] == before[whose] for whose in ("counted", "sample")):
            break
        before = now
    return before


async def window(made: House, seconds: float) -> Window:
    """Look on for a while."""
    before = await _at_rest(made)
    written, core = made.camera.packets_written, CoreTimes.of(MEASURED)
    used, began = Usage.of(made.edge.pid), await made.crowd.ask("counts")
    made.camera.resume()
    await asyncio.sleep(seconds)
    made.camera.pause()
    await asyncio.sleep(1 / FPS)  # over which the last picture is spread
    usage, spent = Usage.of(made.edge.pid) - used, CoreTimes.of(MEASURED) - core
    over = await made.crowd.ask("counts")
    after = await _at_rest(made)
    written = made.camera.packets_written - written
    made.camera.resume()
    elapsed = over["at"] - began["at"]
    generator = Usage(**over["usage"]) - Usage(**began["usage"])
    return Window(
        **_outcome(before, after, written),
        core_share=usage.cpu_s / elapsed,
        granted=usage.cpu_s / max(usage.cpu_s + usage.waited_s, 1e-9),
        generator_share=generator.cpu_s / elapsed,
        seconds=elapsed,
        others_share=max(spent.busy_s - usage.cpu_s, 0.0) / elapsed,
        stolen_share=spent.stolen_s / elapsed,
    )


def _outcome(before: dict[str, Any], after: dict[str, Any], written: int) -> dict[str, int]:
    """What became of so many packets for each viewer."""
    found = dict.fromkeys(("arrived", "lost", "losers", "pictures", "skipped", "wrong"), 0)
    for then, now in zip(
        [*before["counted"], *before["sample"]], [*after["counted"], *after["sample"]], strict=True
    ):
        arrived, gaps = now[0] - then[0], now[1] - then[1]
        # A packet that came twice may not make up for one that did not come.
        lost = max(written - arrived, gaps)
        found["arrived"] += arrived
        found["lost"] += lost
        found["losers"] += lost > 0
    for then, now in zip(before["sample"], after["sample"], strict=True):
        for at, name in enumerate(("pictures", "skipped", "wrong"), 2):
            found[name] += now[at] - then[at]
    return found


async def step(
    made: House, asked: int, present: int, *, rounds: int, seconds: float, settle_s: float
) -> Step:
    """Let viewers join until there are `asked`, and look on."""
    joined = await made.crowd.ask(
        "join", count=asked - present, at_once=AT_ONCE, patience_s=PATIENCE_S
    )
    await asyncio.sleep(settle_s)
    before = counters(made)
    windows = [await window(made, seconds) for _ in range(rounds)]
    await asyncio.sleep(TOLD_S)
    return Step(
        asked=asked,
        viewers=present + joined["joined"],
        counters={name: count - before.get(name, 0) for name, count in counters(made).items()},
        refused=joined["refused"],
        failed=joined["failed"],
        windows=windows,
    )


def counters(made: House) -> dict[str, int]:
    """What the edge has counted, as it told last."""
    fact = made.edge.fact()
    return {} if fact is None else dict(fact["counters"])


async def run(
    counts: Sequence[int],
    *,
    rounds: int,
    seconds: float,
    settle_s: float = SETTLE_S,
    full_load: float = NO_LIMIT,
    with_sound: bool = False,
) -> list[Step]:
    """All steps, one after another; ends early when the edge is full."""
    steps: list[Step] = []
    async with house(full_load=full_load, with_sound=with_sound) as made:
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
    with_sound: bool = False,
) -> Report:
    """Run it."""
    report = Report(
        "viewers",
        [
            *("viewers", "edge: share of a core", "µs a packet", "got of the CPU it wanted"),
            *("packets", "lost", "viewers with losses", "frames dropped by the edge"),
            *("pictures verified", "wrong", "skipped"),
            *("turned away", "failed", "load generator: share of a core"),
            "edge's core: others, stolen by the host",
        ],
    )
    steps = asyncio.run(
        run(
            counts,
            rounds=rounds,
            seconds=seconds,
            settle_s=settle_s,
            full_load=full_load,
            with_sound=with_sound,
        )
    )
    report.rows = [_row(each) for each in steps]
    report.notes = _notes(steps, with_sound=with_sound)
    if full_load <= 1:
        report.notes.append(f"From {full_load} of its core on the edge takes no more viewers.")
    report.data = {"steps": [asdict(each) for each in steps]}
    return report


def _row(each: Step) -> list[str]:
    seen = each.windows

    def total(name: str) -> str:
        return str(sum(getattr(w, name) for w in seen))

    return [
        str(each.viewers),
        str(Figure(tuple(w.core_share for w in seen))),
        str(Figure(tuple(w.us_per_packet for w in seen))),
        str(Figure(tuple(w.granted for w in seen))),
        *(total("arrived"), total("lost"), str(max(w.losers for w in seen))),
        str(each.counters.get("frames_dropped", 0)),
        *(total("pictures"), total("wrong"), total("skipped")),
        *(str(each.refused), str(each.failed)),
        str(Figure(tuple(w.generator_share for w in seen))),
        ", ".join(
            f"{Figure(tuple(getattr(w, name) for w in seen)).median:.2f}"
            for name in ("others_share", "stolen_share")
        ),
    ]


def _notes(steps: list[Step], *, with_sound: bool) -> list[str]:
    last = steps[-1]
    sound = f"{SOUNDS} packets of sound a second" if with_sound else "no sound"
    notes = [
        (
            f"{FPS} frames a second of {PACKETS} packets each, {sound}; every viewer sends 4 "
            "reports a second (RR and REMB) and a consent check every 2.5 s. Lost is what was "
            "written and has not come to a viewer, to the packet; skipped are pictures of which "
            "a viewer of the sample got nothing, and the edge's drops are told for all at once."
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
