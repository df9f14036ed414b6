"""`relay camera …`."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING, Annotated, Final

import typer

from relay import process
from relay.bus import presence
from relay.bus.client import connect
from relay.commands.common import (
    bus_of,
    given,
    on_registry,
    registry,
    settings_or_exit,
    valid,
)
from relay.commands.output import AsJson, Yes, print_list, require_yes, rtmp_url
from relay.commands.source import source
from relay.commands.states import camera_states
from relay.confine import confine
from relay.errors import Invalid, MediaError, NotFound
from relay.ingest.fetch import is_url
from relay.ingest.files import Files, real
from relay.state.models import Camera, Projection, Pull
from relay.supervisor.environment import Urls

if TYPE_CHECKING:
    from pathlib import Path

    from relay.config import Settings
    from relay.state.registry import Registry

_REPLACED_S: Final = 1.0

app = typer.Typer(
    help="Cameras: what sends pictures in.", no_args_is_help=True, add_completion=False
)

Id = Annotated[str, typer.Argument(help="The camera's id: a-z, 0-9 and -.")]
Name = Annotated[str | None, typer.Option(help="Its name for people.")]
PullUrl = Annotated[
    str | None,
    typer.Option("--pull", help="A file or URL to fetch; empty for a camera that sends itself."),
]
Loop = Annotated[
    bool | None, typer.Option("--loop/--once", help="Begin a pulled file again at its end.")
]


def _projection(text: str) -> Projection:
    try:
        return Projection(text)
    except ValueError:
        allowed = " or ".join(Projection)
        raise Invalid(f"--projection {text}: must be {allowed}") from None


Shape = Annotated[
    Projection | None,
    typer.Option(
        help="How its picture maps to the world.", parser=_projection, metavar="|".join(Projection)
    ),
]


@app.command()
def add(
    camera_id: Id,
    name: Name = None,
    pull: PullUrl = None,
    loop: Loop = None,
    projection: Shape = None,
) -> None:
    """Create a camera and print its publish key, this once."""
    fields = {"id": camera_id, "name": name or camera_id}
    camera = valid(Camera, fields | {"projection": projection or Projection.FLAT})
    url = source(pull, option="--pull", elsewhere=is_shared()) if pull else pull
    wanted = pulled(None, url, loop=loop)

    async def work(found: Registry, settings: Settings) -> None:
        made = camera.model_copy(update={"pull": wanted})
        if await found.cameras.find(camera_id) is None:
            name_file(settings, camera_id, url)  # first: whoever pulls begins at once
        print_key(camera_id, await found.create_camera(made), settings)

    on_registry(work, makes=True)


@app.command("list")
def list_all(as_json: AsJson = False) -> None:
    """List all cameras: whether they send, what they send, and what is wrong with them."""

    async def work(found: Registry, settings: Settings) -> None:
        async with bus_of(settings) as bus:
            cameras = await camera_states(found, bus)
        headers = ("id", "name", "state", "picture", "sound", "source", "wrong")
        print_list(
            headers,
            [each.row() for each in cameras],
            [each.to_json() for each in cameras],
            as_json=as_json,
            empty="There are no cameras yet; `relay camera add ID` makes one.",
        )

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
    if not fields and pull is None and loop is None:
        raise Invalid("nothing to change: name an option, such as --name")
    wanted = source(pull, option="--pull", elsewhere=is_shared()) if pull else pull

    def changed(old: Camera) -> Camera:
        return valid(Camera, dict(old) | fields | {"pull": pulled(old.pull, wanted, loop=loop)})

    async def work(found: Registry, settings: Settings) -> None:
        await found.cameras.get(camera_id)
        name_file(settings, camera_id, wanted)  # first: whoever pulls begins at once
        await found.cameras.change(camera_id, changed)
        print(f"{camera_id} changed")

    on_registry(work)


@app.command()
def key(camera_id: Id) -> None:
    """Give a camera a new publish key and print it, this once; the old one is refused from now."""

    async def work(found: Registry, settings: Settings) -> None:
        print_key(camera_id, await found.rotate_key(camera_id), settings)

    on_registry(work)


@app.command()
def remove(camera_id: Id, yes: Yes = False) -> None:
    """Delete a camera and its key."""

    async def work(found: Registry, settings: Settings) -> None:
        await found.cameras.get(camera_id)
        require_yes(f"Delete camera {camera_id!r} and its publish key?", yes=yes)
        await found.delete_camera(camera_id)
        Files.of(settings).forget(camera_id)
        print(f"{camera_id} deleted")

    on_registry(work)


@app.command()
def run(camera_id: Id) -> None:
    """Run one live camera's worker (`relay serve` does this)."""
    from relay.camera.worker import Worker  # noqa: PLC0415 - PyAV takes as long as all the rest

    settings = settings_or_exit()
    confine()

    async def main() -> None:
        worker = Worker(
            camera=camera_id, bus_url=Urls(settings, "camera").bus, preset=settings.video_preset
        )
        process.ready()
        await worker.run()

    raise SystemExit(process.run(f"camera-{camera_id}", settings, main()))


@app.command()
def pull(camera_id: Id) -> None:
    """Fetch one pulled camera's source (`relay serve` does this)."""
    from relay.ingest.pull import pull as pull_source  # noqa: PLC0415 - PyAV, as in `run`

    settings = settings_or_exit()
    name = f"pull-{camera_id}"
    sources: list[Pull] = []

    async def ask() -> None:
        async with registry(settings) as found:
            camera = await found.cameras.get(camera_id)
        if camera.pull is None:
            raise NotFound(f"camera {camera_id!r} is not pulled")
        sources.append(camera.pull)

    async def main(wanted: Pull, file: Path | None) -> None:
        process.ready()
        bus_url = Urls(settings, "pull").bus
        bus = connect(bus_url)
        watching = [asyncio.create_task(presence.keep_telling_process(bus, name, dict))]
        if file is not None:
            watching.append(asyncio.create_task(until_replaced(file)))
        pulling = asyncio.create_task(
            pull_source(
                camera=camera_id,
                source=wanted,
                bus_url=bus_url,
                allow_private=settings.pull_private,
                files=Files.of(settings),
            )
        )
        try:
            done, _ = await asyncio.wait([pulling, *watching], return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                await task
        finally:
            for task in (pulling, *watching):
                task.cancel()
            await asyncio.gather(pulling, *watching, return_exceptions=True)
            await bus.aclose()

    # Whoever asks has threads, which would not be confined: they end with their loop.
    code = process.run(name, settings, ask())
    if not sources:
        raise SystemExit(code)
    file: Path | None = None
    with suppress(MediaError):  # whoever opens it tells
        file = None if is_url(sources[0].url) else real(sources[0].url)
    confine([] if file is None else [file])
    raise SystemExit(process.run(name, settings, main(sources[0], file)))


async def until_replaced(file: Path) -> None:
    """Wait until another file is in its place, which a confined process may not read.

    Raises:
        MediaError: always; the process has to start anew.
    """
    before = _identity(file)
    while _identity(file) in (before, None):  # noqa: ASYNC110 - the system tells nobody
        await asyncio.sleep(_REPLACED_S)
    raise MediaError(f"{file} is another file now")


def _identity(file: Path) -> tuple[int, int] | None:
    try:
        found = file.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino


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


def name_file(settings: Settings, camera_id: str, source: str | None) -> None:
    """Let a camera pull the file that was named here; None: nothing was said of that."""
    if source is None:
        return
    files = Files.of(settings)
    if not source or is_url(source):
        files.forget(camera_id)
    elif real(source).is_file():
        files.name(camera_id, source)
    else:
        files.forget(camera_id)
        print(f"note: {source} is not on this machine; whichever pulls it has to name its folder")
        print("      in RELAY_PULL_FOLDERS")


def is_shared() -> bool:
    """Whether machines share this state, so that another one may pull."""
    return bool(settings_or_exit().state_url.get_secret_value())


def print_key(camera_id: str, publish_key: str, settings: Settings) -> None:
    """Tell where to send, this once."""
    print(f"camera       {camera_id}")
    print(f"publish key  {publish_key}    (shown only this once)")
    print(f"RTMP         {rtmp_url(settings)}/{publish_key}")
