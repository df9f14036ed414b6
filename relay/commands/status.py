"""`relay status`: what runs, who is live, who watches, and what is wrong."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import typer

from relay.bus import presence
from relay.bus.client import connect
from relay.bus.embedded import is_listening, socket_path
from relay.commands.common import bus_of, on_connected, settings_or_exit
from relay.commands.folder import check_folder
from relay.commands.output import AsJson, page_url, print_json, print_table
from relay.commands.states import BroadcastState, CameraState, broadcast_states, camera_states
from relay.errors import OperatorError
from relay.state.registry import Registry
from relay.state.rights import Phase
from relay.supervisor.environment import Urls

if TYPE_CHECKING:
    from redis.asyncio import Redis

    from relay.bus.presence import Fact
    from relay.config import Settings

app = typer.Typer(add_completion=False)


@app.command()
def status(as_json: AsJson = False) -> None:
    """Say what runs, who is live, who watches, and what is wrong."""
    settings = settings_or_exit()
    urls = Urls(settings)

    async def work() -> None:
        check_folder(settings, makes=False)
        is_embedded = not settings.bus_url.get_secret_value()
        if is_embedded and not is_listening(socket_path(settings.data_dir, "bus")):
            raise OperatorError(f"no relay runs on {settings.data_dir}; `relay serve` starts it")
        state = connect(urls.state)
        try:
            async with bus_of(settings) as bus:
                await _tell(Registry(state), bus, settings, as_json=as_json)
        finally:
            await state.aclose()

    on_connected(work)


async def _tell(registry: Registry, bus: Redis, settings: Settings, *, as_json: bool) -> None:
    cameras = await camera_states(registry, bus)
    broadcasts = await broadcast_states(registry, bus)
    edges = await presence.members(bus, presence.EDGE)
    processes = await presence.members(bus, presence.PROCESS)
    wrong = troubles(cameras, broadcasts, edges, processes)
    if as_json:
        print_json(
            {
                "data_dir": str(settings.data_dir),
                "edges": edges,
                "processes": processes,
                "cameras": [each.to_json() for each in cameras],
                "broadcasts": [each.to_json() for each in broadcasts],
                "wrong": wrong,
            }
        )
        return
    print(f"Data folder  {settings.data_dir}")
    _print_edges(edges, processes)
    _print_live(cameras, broadcasts, settings)
    print()
    print("Nothing is wrong." if not wrong else "What is wrong:")
    for line in wrong:
        print(f"  {line}")


def troubles(
    cameras: list[CameraState],
    broadcasts: list[BroadcastState],
    edges: dict[str, Fact],
    processes: dict[str, Fact],
) -> list[str]:
    """What somebody should look at, a line each, in plain words."""
    found = []
    if not any(name.startswith("ingest-") for name in processes):
        found.append("No ingest runs: no camera can send. `relay serve` starts one.")
    if not any(name.startswith("gateway-") for name in processes):
        found.append("No gateway runs: no page is served, no API. `relay serve` starts one.")
    if any(fact["counters"].get("disk_full") for fact in processes.values()):
        found.append(
            "The disk of the data folder is full: votes, comments and changes are refused. "
            "Make room on it; all goes on by itself then."
        )
    if not edges:
        found.append("No edge runs: nobody can watch. `relay serve` starts one.")
    found += [
        f"Edge {name} is full: it takes no more viewers (load {fact['load']:.0%})."
        for name, fact in edges.items()
        if fact.get("full")
    ]
    found += [f"{each.camera.name}: {each.verdict}." for each in cameras if each.faults]
    found += [
        f"{each.camera.name}: {each.fact['dropped']} units were dropped: the bus is too slow."
        for each in cameras
        if each.fact is not None and each.fact.get("dropped")
    ]
    found += [
        f"{each.broadcast.slug} is live and no camera of it sends. "
        f"If it is over: relay broadcast end {each.broadcast.slug}"
        for each in broadcasts
        if each.phase is Phase.LIVE and not each.live
    ]
    return found


def _print_edges(edges: dict[str, Fact], processes: dict[str, Fact]) -> None:
    names = sorted({name.rpartition("-")[0] or name for name in processes})
    print(f"Processes    {', '.join(names) or 'none'}")
    if edges:
        print()
        rows = [
            [name, str(fact["viewers"]), f"{fact['load']:.0%}", "full" if fact["full"] else "open"]
            for name, fact in edges.items()
        ]
        print_table(("edge", "viewers", "load", "room"), rows)


def _print_live(
    cameras: list[CameraState], broadcasts: list[BroadcastState], settings: Settings
) -> None:
    rows: list[Any] = [each.row()[:-1] for each in cameras]
    if rows:
        print()
        print_table(("camera", "name", "state", "picture", "sound", "source"), rows)
    rows = [
        [*each.row()[:1], *each.row()[2:], page_url(settings, each.broadcast.slug)]
        for each in broadcasts
        if each.phase is not Phase.ENDED
    ]
    if rows:
        print()
        print_table(("broadcast", "state", "viewers", "cameras", "page"), rows)
