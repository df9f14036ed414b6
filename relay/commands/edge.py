"""`relay edge`."""

from __future__ import annotations

from typing import Annotated

import typer

from relay import process
from relay.commands.common import settings_or_exit
from relay.commands.numbers import whole
from relay.confine import confine
from relay.edge.cpus import available_cpus
from relay.edge.process import Edge, open_socket
from relay.errors import OperatorError
from relay.supervisor.environment import Urls

app = typer.Typer(add_completion=False)


@app.command()
def edge(
    index: Annotated[
        int, typer.Option(help="Which of this machine's edges.", **whole("--index", 0))
    ] = 0,
    name: Annotated[str, typer.Option(help="Its name on the bus.")] = "edge-0",
) -> None:
    """Run a WebRTC edge (`relay serve` does this)."""
    settings = settings_or_exit()
    confine()
    urls = Urls(settings, "edge")

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
                cpus=available_cpus() / settings.edges,
            )
            await worker.run(process.ready)

    raise SystemExit(process.run(name, settings, main()))
