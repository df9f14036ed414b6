"""The `relay` command."""

from __future__ import annotations

import asyncio
from typing import Annotated

import typer
from aiohttp import web

from relay import process
from relay.bus.client import connect
from relay.commands import bench, broadcasts, cameras, demo
from relay.commands.common import fail, settings_or_exit
from relay.edge.process import Edge, open_socket
from relay.errors import OperatorError, RelayError
from relay.gateway.app import make_app
from relay.gateway.server import make_runner
from relay.ids import new_id
from relay.ingest.server import RtmpServer
from relay.state.registry import Registry
from relay.supervisor.serve import Urls
from relay.supervisor.serve import serve as serve_all

app = typer.Typer(
    help="EVA Relay: a live broadcast relay for spacewalks.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)
app.add_typer(cameras.app, name="camera")
app.add_typer(broadcasts.app, name="broadcast")
app.add_typer(bench.app, name="bench")
app.command()(demo.demo)
app.command("demo-camera", hidden=True)(demo.demo_camera)


@app.command()
def serve() -> None:
    """Run the whole relay on this machine."""
    settings = settings_or_exit()
    raise SystemExit(process.run("serve", settings, serve_all(settings)))


@app.command()
def gateway() -> None:
    """Run the HTTP gateway (`relay serve` does this)."""
    settings = settings_or_exit()
    urls = Urls(settings)

    async def main() -> None:
        runner = make_runner(await make_app(settings, state_url=urls.state, bus_url=urls.bus))
        await runner.setup()
        try:
            await web.TCPSite(
                runner, settings.http_host, settings.http_port, reuse_address=True
            ).start()
        except OSError as error:
            raise OperatorError(f"RELAY_HTTP_PORT={settings.http_port}: {error}") from None
        process.ready()
        try:
            await asyncio.Event().wait()
        finally:
            await runner.cleanup()

    raise SystemExit(process.run("gateway", settings, main()))


@app.command()
def ingest() -> None:
    """Run the RTMP server (`relay serve` does this)."""
    settings = settings_or_exit()
    urls = Urls(settings)

    async def main() -> None:
        state, bus = connect(urls.state), connect(urls.bus)
        server = RtmpServer(registry=Registry(state), bus=bus, name=f"ingest-{new_id()}")
        try:
            await server.start(settings.rtmp_host, settings.rtmp_port)
            process.ready()
            await asyncio.Event().wait()
        finally:
            await server.stop()
            await state.aclose()
            await bus.aclose()

    raise SystemExit(process.run("ingest", settings, main()))


@app.command()
def edge(
    index: Annotated[int, typer.Option(help="Which of this machine's edges.")] = 0,
    name: Annotated[str, typer.Option(help="Its name on the bus.")] = "edge-0",
) -> None:
    """Run a WebRTC edge (`relay serve` does this)."""
    settings = settings_or_exit()
    urls = Urls(settings)

    async def main() -> None:
        port = settings.edge_port(index)
        try:
            sock = open_socket("0.0.0.0", port)  # noqa: S104 - viewers come from anywhere
        except OSError as error:
            raise OperatorError(f"RELAY_WEBRTC_PORT={port}: {error}") from None
        with sock:
            worker = Edge(
                name=name,
                bus_url=urls.bus,
                sock=sock,
                core=settings.edge_core,
                full_load=settings.edge_load,
            )
            await worker.run(process.ready)

    raise SystemExit(process.run(name, settings, main()))


def main() -> None:
    """The entry point: errors of ours end with one line instead of a traceback."""
    try:
        app()
    except RelayError as error:
        fail(error)
