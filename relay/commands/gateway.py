"""`relay gateway`."""

from __future__ import annotations

import typer

from relay import process
from relay.bus import presence
from relay.commands.common import settings_or_exit
from relay.errors import cannot_listen
from relay.gateway.app import make_app
from relay.gateway.keys import BUS, DOORS
from relay.gateway.server import make_runner
from relay.ids import new_id
from relay.listening import Listener
from relay.supervisor.environment import Urls

app = typer.Typer(add_completion=False)


@app.command()
def gateway() -> None:
    """Run the HTTP gateway (`relay serve` does this)."""
    settings = settings_or_exit()
    urls = Urls(settings, "gateway")

    async def main() -> None:
        runner = make_runner(await make_app(settings, state_url=urls.state, bus_url=urls.bus))
        await runner.setup()
        assert runner.server is not None
        listener = runner.app[DOORS].listener = Listener(runner.server)
        try:
            listener.open(settings.http_host, settings.http_port)
        except OSError as error:
            host, port = settings.http_host, settings.http_port
            raise cannot_listen("HTTP", host, port, error) from None
        process.ready()
        try:
            # Its own counters are what it tells of itself at /metrics.
            await presence.keep_telling_process(runner.app[BUS], f"gateway-{new_id()}", dict)
        finally:
            listener.close()
            await runner.cleanup()

    raise SystemExit(process.run("gateway", settings, main()))
