"""`relay bench bus`: from writing a unit to the bus until readers have it.

One camera writes pictures of 2 Mb/s as a worker does, and processes read them as edges do, each
with a client of its own. Both sides look at the machine's clock.
"""

from __future__ import annotations

import asyncio
import json
import statistics
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Final

import uvloop

from relay.bench.footage import FPS, PACKETS, unit
from relay.bench.processes import servers
from relay.bench.report import Report, figure, percentile
from relay.bus import keys
from relay.bus.client import connect, connect_blocking
from relay.bus.reader import Start, StreamReader
from relay.bus.writer import StreamWriter

if TYPE_CHECKING:
    from collections.abc import Sequence

_STREAM: Final = keys.rendition_units("bench", "720p")
_WARM: Final = 15
"""Units at the start that are not counted."""
_END: Final = -1
"""The capture time of the last unit is before its predecessors': readers end with it."""


async def _read(url: str) -> list[float]:
    """Be a reader: how long each unit was on its way, in seconds, until the last one."""
    client = connect_blocking(url)
    reader = StreamReader(client, _STREAM, Start.LIVE)
    ages: list[float] = []
    await client.ping()
    print("ready", flush=True)
    try:
        while True:
            units = await reader.read()
            now = time.time()
            for each in units:
                if each.captured_us < 0:
                    return ages[_WARM:]
                ages.append(now - each.captured_us / 1e6)
    finally:
        await client.aclose()


async def _write(url: str, count: int) -> None:
    """Write so many pictures in real time, after those that warm it up, and one that ends it."""
    bus = connect(url)
    writer = StreamWriter(bus, _STREAM)
    task = asyncio.create_task(writer.run())
    began = time.time()
    for number in range(_WARM + count):
        await asyncio.sleep(max(began + number / FPS - time.time(), 0.0))
        writer.put(unit(number, time.time()))
    await asyncio.sleep(0.1)
    writer.put(unit(0, -1.0))
    await writer.flush(5.0)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    await bus.aclose()


async def measure(url: str, readers: int, seconds: float) -> list[list[float]]:
    """One round: for each reader the ages of the units, in milliseconds."""
    processes = [
        await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "relay.bench.bus", url), stdout=asyncio.subprocess.PIPE
        )
        for _ in range(readers)
    ]
    for process in processes:
        assert process.stdout is not None
        await process.stdout.readline()
    await asyncio.sleep(0.2)  # until each has begun to wait for the next unit
    await _write(url, max(int(seconds * FPS), 1))
    outputs = await asyncio.gather(*(process.communicate() for process in processes))
    return [[age * 1000 for age in json.loads(out)] for out, _ in outputs]


def bench(readers: Sequence[int], *, rounds: int, seconds: float) -> Report:
    """Run it."""
    report = Report("bus", ["readers", "p50 ms", "p99 ms", "worst ms", "units", "missing"])
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="eva-bus-")))
        _, bus = servers(folder, stack)
        for count in readers:
            results = [uvloop.run(measure(bus.url, count, seconds)) for _ in range(rounds + 1)]
            ages = [[age for reader in each for age in reader] for each in results]
            wanted = count * max(int(seconds * FPS), 1)
            report.rows.append(
                [
                    str(count),
                    str(figure([statistics.median(each) for each in ages])),
                    str(figure([percentile(each, 0.99) for each in ages])),
                    str(figure([max(each) for each in ages])),
                    str(sum(map(len, ages[1:]))),
                    str(sum(wanted - len(each) for each in ages[1:])),
                ]
            )
            report.data[str(count)] = ages
    report.notes.append(
        f"{FPS} units a second of {PACKETS} packets' size; the embedded server, over its socket."
    )
    return report


if __name__ == "__main__":
    print(json.dumps(uvloop.run(_read(sys.argv[1]))))
