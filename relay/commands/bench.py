"""`relay bench …`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from relay.bench.report import Report

app = typer.Typer(no_args_is_help=True)

Rounds = Annotated[int, typer.Option(help="Rounds; one more is run first and dropped.")]
Seconds = Annotated[float, typer.Option(help="Length of a round.")]
Folder = Annotated[Path, typer.Option("--json", help="Folder of the JSON files.")]
Viewers = Annotated[list[int] | None, typer.Option(help="Number of viewers; repeat it for more.")]

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
        finish(fanout_bench.slope(counts, rounds=rounds, seconds=seconds), folder)
        return
    if pacing:
        counts = viewers or [500]
        finish(fanout_bench.pacing(counts, rounds=rounds, seconds=seconds), folder)
        return
    report = fanout_bench.bench(viewers or [500, 2000], rounds=rounds, seconds=seconds, twin=True)
    finish(report, folder)


@app.command()
def votes(
    voters: Annotated[int, typer.Option(help="Number of voters.")] = 2000,
    rounds: Rounds = 5,
    seconds: Seconds = 5.0,
    folder: Folder = _FOLDER,
) -> None:
    """Acknowledged votes a second through one gateway, and across a kill -9 of the state."""
    from relay.bench import votes as votes_bench  # noqa: PLC0415 - only this command needs it

    finish(votes_bench.bench(voters, rounds=rounds, seconds=seconds), folder)


def finish(report: Report, folder: Path) -> None:
    """Print the table and write the JSON file."""
    print(report.show())
    print(f"\n{report.write(folder)}")
