"""`relay bench bus`: from writing a unit to the bus until readers have it.

One camera writes pictures of 2 Mb/s as a worker does, and processes read them as edges do, each
with a client of its own. Both sides look at the machine's clock. The floor is the same server and
the same pictures between bare sockets: what the machine itself takes, by turns with the relay.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import socket
import statistics
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Final
from urllib.parse import unquote, urlsplit

import hiredis
import uvloop

from relay.bench.footage import FPS, GOP, PACKETS, unit
from relay.bench.processes import servers
from relay.bench.report import Report, figure, percentile
from relay.bus import keys, wire
from relay.bus.client import connect, connect_blocking
from relay.bus.reader import Start, StreamReader
from relay.bus.writer import StreamWriter

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

    from relay.media.unit import Unit

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


def _read_bare(url: str) -> list[float]:
    """Be a reader of the floor: a blocking socket, and a parser in C."""
    parser, position = hiredis.Reader(), b"$"
    ages: list[float] = []
    with _bare(url) as line:
        print("ready", flush=True)
        while True:
            line.sendall(_command(b"XREAD", b"BLOCK", b"0", b"STREAMS", _STREAM.encode(), position))
            while (reply := parser.gets()) is False:
                parser.feed(line.recv(1 << 16))
            now = time.time()
            for place, (_, data) in reply[0][1]:
                position = place
                _, each = wire.decode(data)
                if each.captured_us < 0:
                    return ages[_WARM:]
                ages.append(now - each.captured_us / 1e6)


def _bare(url: str) -> socket.socket:
    line, parts = socket.socket(socket.AF_UNIX), urlsplit(url)
    line.connect(unquote(parts.path))
    if parts.username:
        login = unquote(parts.username).encode(), unquote(parts.password or "").encode()
        line.sendall(_command(b"AUTH", *login))
        line.recv(1 << 10)
    return line


def _command(*words: bytes) -> bytes:
    return b"*%d\r\n" % len(words) + b"".join(b"$%d\r\n%b\r\n" % (len(w), w) for w in words)


async def _footage(count: int) -> AsyncIterator[Unit]:
    """So many pictures in real time, after those that warm it up, and one that ends it."""
    began = time.time()
    for number in range(_WARM + count):
        await asyncio.sleep(max(began + number / FPS - time.time(), 0.0))
        yield unit(number, time.time())
    await asyncio.sleep(0.1)
    yield unit(0, -1.0)


async def _write(url: str, count: int) -> None:
    bus = connect(url)
    writer = StreamWriter(bus, _STREAM)
    task = asyncio.create_task(writer.run())
    async for each in _footage(count):
        writer.put(each)
    await writer.flush(5.0)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    await bus.aclose()


async def _write_bare(url: str, count: int) -> None:
    add, number = (b"XADD", _STREAM.encode(), b"MAXLEN", b"~", b"%d" % GOP, b"*", wire.FIELD), 0
    with _bare(url) as line:
        async for each in _footage(count):
            number += 1
            line.sendall(_command(*add, wire.encode(each, number)))
            line.recv(1 << 10)


async def measure(url: str, readers: int, seconds: float, *, bare: bool) -> list[list[float]]:
    """One round: for each reader the ages of the units, in milliseconds."""
    arguments = ("-m", "relay.bench.bus", url, *(["bare"] if bare else []))
    processes = [
        await asyncio.create_subprocess_exec(
            *(sys.executable, *arguments), stdout=asyncio.subprocess.PIPE
        )
        for _ in range(readers)
    ]
    for process in processes:
        assert process.stdout is not None
        await process.stdout.readline()
    await asyncio.sleep(0.2)  # until each has begun to wait for the next unit
    write = _write_bare if bare else _write
    await write(url, max(int(seconds * FPS), 1))
    outputs = await asyncio.gather(*(process.communicate() for process in processes))
    return [[age * 1000 for age in json.loads(out)] for out, _ in outputs]


def bench(readers: Sequence[int], *, rounds: int, seconds: float) -> Report:
    """Run it."""
    columns = ["readers", "who", "p50 ms", "p99 ms", "worst ms", "units", "missing"]
    report = Report("bus", columns)
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="eva-bus-")))
        _, bus = servers(folder, stack)
        for count in readers:
            results: dict[str, list[list[list[float]]]] = {"relay": [], "floor": []}
            for _, (who, found) in itertools.product(range(rounds + 1), results.items()):
                bare = who == "floor"
                found.append(uvloop.run(measure(bus.url, count, seconds, bare=bare)))
            for who, found in results.items():
                _add(report, count, who, found, wanted=count * max(int(seconds * FPS), 1))
    report.notes.append(
        f"{FPS} units a second of {PACKETS} packets' size; the embedded server, over its socket. "
        "The floor is the same between bare sockets, by turns."
    )
    return report


def _add(
    report: Report, count: int, who: str, results: list[list[list[float]]], *, wanted: int
) -> None:
    ages = [[age for reader in each for age in reader] for each in results]
    report.rows.append(
        [
            str(count),
            who,
            str(figure([statistics.median(each) for each in ages])),
            str(figure([percentile(each, 0.99) for each in ages])),
            str(figure([max(each) for each in ages])),
            str(sum(map(len, ages[1:]))),
            str(sum(wanted - len(each) for each in ages[1:])),
        ]
    )
    report.data[f"{count} {who}"] = ages


if __name__ == "__main__":
    _bare_one = sys.argv[2:] == ["bare"]
    print(json.dumps(_read_bare(sys.argv[1]) if _bare_one else uvloop.run(_read(sys.argv[1]))))
