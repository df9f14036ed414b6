"""`relay bench …`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from relay.commands.common import fail
from relay.commands.numbers import above_zero, whole
from relay.errors import OperatorError

if TYPE_CHECKING:
    from collections.abc import Callable

    from relay.bench.report import Report

app = typer.Typer(no_args_is_help=True, add_completion=False)

Rounds = Annotated[
    int, typer.Option(help="Rounds; one more is run first and dropped.", **whole("--rounds"))
]
Seconds = Annotated[float, typer.Option(help="Length of a round.", **above_zero("--seconds"))]
Folder = Annotated[Path, typer.Option("--json", help="Folder of the JSON files.")]
Viewers = Annotated[
    list[int] | None,
    typer.Option(help="Number of viewers; repeat it for more.", **whole("--viewers")),
]

_FOLDER = Path("bench")


@app.callback()
def bench() -> None:
    """Measure, each figure against a floor or a peer."""


@app.command()
def fanout(
    viewers: Viewers = None,
    rounds: Rounds = 5,
    seconds: Seconds = 5.0,
    slope: Annotated[bool, typer.Option(help="One line from 1 to 3000 viewers.")] = False,
    pacing: Annotated[bool, typer.Option(help="Large frames, spread and at once.")] = False,
    folder: Folder = _FOLDER,
) -> None:
    """CPU per delivered SRTP packet, against a floor that only encrypts and sends."""
    from relay.bench import fanout as fanout_bench  # noqa: PLC0415 - it needs the native core

    if slope:
        counts = viewers or [1, 100, 500, 1000, 1500, 2000, 2500, 3000]
        finish(lambda: fanout_bench.slope(counts, rounds=rounds, seconds=seconds), folder)
        return
    if pacing:
        counts = viewers or [500]
        finish(lambda: fanout_bench.pacing(counts, rounds=rounds, seconds=seconds), folder)
        return
    counts = viewers or [500, 2000]
    finish(lambda: fanout_bench.bench(counts, rounds=rounds, seconds=seconds, twin=True), folder)


@app.command()
def votes(
    voters: Annotated[int, typer.Option(help="Number of voters.", **whole("--voters"))] = 2000,
    rounds: Rounds = 5,
    seconds: Seconds = 5.0,
    folder: Folder = _FOLDER,
) -> None:
    """Acknowledged votes a second through one gateway, and across a kill -9 of the state; fails if
    one was lost or doubled.
    """
    from relay.bench import votes as votes_bench  # noqa: PLC0415 - only this command needs it

    report = finish(lambda: votes_bench.bench(voters, rounds=rounds, seconds=seconds), folder)
    if not votes_bench.is_whole(report):
        print("votes were lost or doubled", file=sys.stderr)
        raise typer.Exit(1)


@app.command()
def viewers(
    viewers: Viewers = None,
    seconds: Seconds = 5.0,
    rounds: Rounds = 3,
    full_load: Annotated[
        float,
        typer.Option(
            help="RELAY_EDGE_LOAD; more than 1: the edge takes all that come.",
            **above_zero("--full-load"),
        ),
    ] = 2.0,
    sound: Annotated[bool, typer.Option(help="Send sound beside the picture.")] = False,
    folder: Folder = _FOLDER,
) -> None:
    """Viewers of 2 Mb/s that one edge holds on one core, with real ICE, DTLS and SRTP."""
    from relay.bench import viewers as viewers_bench  # noqa: PLC0415 - it needs the native core

    counts = viewers or [500, 1000, 2000, 2500, 3000]

    def run() -> Report:
        return viewers_bench.bench(
            counts, rounds=rounds, seconds=seconds, full_load=full_load, with_sound=sound
        )

    finish(run, folder)


@app.command()
def memory(
    viewers: Annotated[
        int, typer.Option(help="Viewers that are connected at a time.", **whole("--viewers"))
    ] = 1000,
    sessions: Annotated[
        int, typer.Option(help="Joins and leaves in all.", **whole("--sessions", 5))
    ] = 10_000,
    folder: Folder = _FOLDER,
) -> None:
    """Memory of an edge for each connected viewer, and after many that have left."""
    from relay.bench import memory as memory_bench  # noqa: PLC0415 - it needs the native core

    marks = [sessions // 5, sessions * 3 // 5, sessions]
    finish(lambda: memory_bench.bench(viewers, marks), folder)


@app.command()
def joins(
    count: Annotated[int, typer.Option(help="Joins of a round.", **whole("--count"))] = 1500,
    rounds: Rounds = 3,
    folder: Folder = _FOLDER,
) -> None:
    """Sessions established a second by one core, and what a join costs in parts."""
    from relay.bench import joins as joins_bench  # noqa: PLC0415 - it needs the native core

    finish(lambda: joins_bench.bench(count, rounds=rounds), folder)


@app.command()
def bus(
    readers: Annotated[
        list[int] | None, typer.Option(help="Reader processes.", **whole("--readers"))
    ] = None,
    rounds: Rounds = 5,
    seconds: Seconds = 5.0,
    folder: Folder = _FOLDER,
) -> None:
    """From writing a unit to the bus until readers have it."""
    from relay.bench import bus as bus_bench  # noqa: PLC0415 - only this command needs it

    finish(lambda: bus_bench.bench(readers or [1, 8], rounds=rounds, seconds=seconds), folder)


@app.command()
def idle(
    rounds: Rounds = 3,
    seconds: Seconds = 30.0,
    folder: Folder = _FOLDER,
) -> None:
    """CPU of a live camera's worker that nobody watches, and of one whose 720p rung is watched."""
    from relay.bench import idle as idle_bench  # noqa: PLC0415 - only this command needs it

    finish(lambda: idle_bench.bench(rounds=rounds, seconds=seconds), folder)


@app.command()
def join(
    joins: Annotated[int, typer.Option(help="Joins on each network.", **whole("--joins"))] = 15,
    folder: Folder = _FOLDER,
) -> None:
    """From the click to the first frame in Chromium: loopback, and 50 ms round trips."""
    from relay.bench import join as join_bench  # noqa: PLC0415 - only this command needs it

    finish(lambda: join_bench.bench(joins), folder)


@app.command()
def latency(
    frames: Annotated[
        int, typer.Option(help="Frames of each rendition.", **whole("--frames"))
    ] = 600,
    viewers: Annotated[
        int, typer.Option(help="Viewers beside Chromium; 0: it is alone.", **whole("--viewers", 0))
    ] = 0,
    folder: Folder = _FOLDER,
) -> None:
    """Glass to glass in Chromium, by stage: transcoded, and passed through."""
    from relay.bench import latency as latency_bench  # noqa: PLC0415 - only this command needs it

    finish(lambda: latency_bench.bench(frames, viewers), folder)


def finish(run: Callable[[], Report], folder: Path) -> Report:
    """Run a bench, print its table and write the JSON file; returns the outcome."""
    try:
        report = run()
    except OperatorError as error:
        fail(error)
    print(report.show())
    print(f"\n{report.write(folder)}")
    return report
