"""`relay ingest`."""

from __future__ import annotations

import asyncio

import typer

from relay import process
from relay.bus import presence
from relay.bus.client import connect, connect_blocking
from relay.commands.common import settings_or_exit
from relay.confine import confine
from relay.ids import new_id
from relay.ingest.server import RtmpServer
from relay.state.registry import Registry
from relay.supervisor.environment import Urls

app = typer.Typer(add_completion=False)


@app.command()
def ingest() -> None:
    """Run the RTMP server (`relay serve` does this)."""
    settings = settings_or_exit()
    confine()
    urls = Urls(settings, "ingest")

    async def main() -> None:
        state, bus, blocking = connect(urls.state), connect(urls.bus), connect_blocking(urls.bus)
        name = f"ingest-{new_id()}"
        server = RtmpServer(
            registry=Registry(state), bus=bus, name=name, standby_s=settings.standby_s
        )
        try:
            await server.start(settings.rtmp_host, settings.rtmp_port)
            process.ready()
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(server.hear_wishes(blocking))
                tasks.create_task(presence.keep_telling_process(bus, name, server.told))
        finally:
            await server.stop()
            for client in (state, bus, blocking):
                await client.aclose()

    raise SystemExit(process.run("ingest", settings, main()))
