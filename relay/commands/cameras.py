"""`relay camera …`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from relay import process
from relay.camera.worker import Worker
from relay.commands.common import given, on_registry, registry, settings_or_exit, valid
from relay.errors import Invalid, NotFound
from relay.ingest.pull import pull as pull_source
from relay.state.models import Camera, Projection, Pull
from relay.supervisor.serve import Urls

if TYPE_CHECKING:
    from relay.config import Settings
    from relay.state.registry import Registry

app = typer.Typer(help="Cameras: what sends pictures in.", no_args_is_help=True)

Id = Annotated[str, typer.Argument(help="The camera's id: a-z, 0-9 and -.")]
Name = Annotated[str | None, typer.Option(help="Its name for people.")]
PullUrl = Annotated[
    str | None,
    typer.Option("--pull", help="A file or URL to fetch; empty for a camera that sends itself."),
]
Loop = Annotated[
    bool | None, typer.Option("--loop/--once", help="Begin a pulled file again at its end.")
]
Shape = Annotated[Projection | None, typer.Option(help="How its picture maps to the world.")]


@app.command()
def add(
    camera_id: Id,
    name: Name = None,
    pull: PullUrl = None,
    loop: Loop = None,
    projection: Shape = None,
) -> None:
    """Create a camera and print its publish key, this once."""
    camera = valid(
        Camera,
        {
            "id": camera_id,
            "name": name or camera_id,
            "projection": projection or Projection.FLAT,
            "pull": pulled(None, pull, loop=loop),
        },
    )

    async def work(found: Registry, settings: Settings) -> None:
        print_key(camera_id, await found.create_camera(camera), settings.rtmp_port)

    on_registry(work)


@app.command("list")
def list_all() -> None:
    """List all cameras."""

    async def work(found: Registry, _settings: Settings) -> None:
        for camera in await found.cameras.all():
            source = "pulled" if camera.pull else "sends"
            print(f"{camera.id}\t{camera.name}\t{camera.projection}\t{source}")

    on_registry(work)


@app.command()
def change(
    camera_id: Id,
    name: Name = None,
    pull: PullUrl = None,
    loop: Loop = None,
    projection: Shape = None,
) -> None:
    """Change a camera; what is left out stays as it is."""
    fields = given(name=name, projection=projection)

    def changed(old: Camera) -> Camera:
        source = {"pull": pulled(old.pull, pull, loop=loop)}
        return valid(Camera, dict(old) | fields | source)

    async def work(found: Registry, _settings: Settings) -> None:
        await found.cameras.change(camera_id, changed)
        print(f"{camera_id} changed")

    on_registry(work)


@app.command()
def key(camera_id: Id) -> None:
    """Give a camera a new publish key and print it, this once; the old one is refused from now."""

    async def work(found: Registry, settings: Settings) -> None:
        print_key(camera_id, await found.rotate_key(camera_id), settings.rtmp_port)

    on_registry(work)


@app.command()
def remove(camera_id: Id) -> None:
    """Delete a camera and its key."""

    async def work(found: Registry, _settings: Settings) -> None:
        await found.delete_camera(camera_id)
        print(f"{camera_id} deleted")

    on_registry(work)


@app.command()
def run(camera_id: Id) -> None:
    """Run one live camera's worker (`relay serve` does this)."""
    settings = settings_or_exit()

    async def main() -> None:
        worker = Worker(camera=camera_id, bus_url=Urls(settings).bus, preset=settings.video_preset)
        process.ready()
        await worker.run()

    raise SystemExit(process.run(f"camera-{camera_id}", settings, main()))


@app.command()
def pull(camera_id: Id) -> None:
    """Fetch one pulled camera's source (`relay serve` does this)."""
    settings = settings_or_exit()

    async def main() -> None:
        async with registry(settings) as found:
            camera = await found.cameras.get(camera_id)
        if camera.pull is None:
            raise NotFound(f"camera {camera_id!r} is not pulled")
        process.ready()
        await pull_source(
            camera=camera_id,
            source=camera.pull,
            bus_url=Urls(settings).bus,
            allow_private=settings.pull_private,
        )

    raise SystemExit(process.run(f"pull-{camera_id}", settings, main()))


def pulled(old: Pull | None, url: str | None, *, loop: bool | None) -> Pull | None:
    """What a camera is to pull, after the options; what is left out stays as it is.

    Raises:
        Invalid: nothing is pulled that could be looped, or it cannot be pulled.
    """
    if url is None:
        url = old.url if old else ""
    if not url:
        if loop:
            raise Invalid("--loop: nothing is pulled; name it with --pull")
        return None
    if loop is None:
        loop = old.loop if old else False
    return valid(Pull, {"url": url, "loop": loop})


def print_key(camera_id: str, publish_key: str, port: int) -> None:
    """Tell where to send, this once."""
    print(f"camera       {camera_id}")
    print(f"publish key  {publish_key}")
    print(f"RTMP         rtmp://HOST:{port}/live/{publish_key}")
