"""`relay demo`: the whole relay with live cameras, for the first look and for trying things out."""

from __future__ import annotations

import asyncio
import os
import sys
import time
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final, NoReturn

import typer

from relay import process
from relay.bus import presence
from relay.bus.client import connect
from relay.commands.cameras import name_file
from relay.commands.common import fail, settings_or_exit, valid
from relay.config import primary_address
from relay.demo import show
from relay.demo.scene import AROUND, KINDS
from relay.errors import Conflict, MediaError, NotFound, OperatorError, StoreError
from relay.ingest.fetch import is_url
from relay.ingest.pull import open_source
from relay.ingest.tracks import tracks_of
from relay.log import logger
from relay.media.codecs import Kind
from relay.state.models import Broadcast, Camera, Marker, Projection, Pull
from relay.state.registry import Registry
from relay.supervisor.child import Child, Program
from relay.supervisor.environment import of_role
from relay.supervisor.serve import relay, relay_command

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable

    from redis.asyncio import Redis

    from relay.config import Settings

_FIRST_PICTURE_S: Final = 20.0
_LOOK_S: Final = 0.1
_STOP_S: Final = 1.0
_TURN_LOOK_S: Final = 30.0
"""How often the demo looks whether its pictures have begun anew."""

Input = Annotated[
    str | None,
    typer.Option("--input", help="Show this file or URL instead of the drawn cameras."),
]


app = typer.Typer(add_completion=False)


@app.command()
def demo(source: Input = None) -> None:
    """Run the whole relay with live demo cameras, and say where to look."""
    # A newcomer's terminal shows addresses, and whatever goes wrong.
    usual = {"log_level": "warning"}
    if source is not None:
        # Whoever can type this may fetch from wherever this machine may.
        usual["pull_private"] = "true"
        source = _checked(source)
    chosen = settings_or_exit().model_fields_set
    for name in usual.keys() - chosen:
        os.environ[f"RELAY_{name.upper()}"] = usual[name]  # for all processes
    settings = settings_or_exit()
    raise SystemExit(process.run("demo", settings, _demo(settings, source)))


def _checked(source: str) -> str:
    """An input that can be shown, and that the relay's processes find wherever they run."""
    if not is_url(source):
        path = Path(source).expanduser().resolve()
        if not path.is_file():
            fail(OperatorError(f"--input {source}: there is no such file"))
        source = str(path)
    reason = _objection(source)
    if reason is not None:
        # A URL may hold a password, so it is not repeated.
        name = "--input" if is_url(source) else f"--input {source}"
        fail(OperatorError(f"{name} cannot be shown: {reason}; give a video in H.264"))
    return source


def _objection(source: str) -> str | None:
    """Why an input cannot be shown; None if it can."""
    try:
        with open_source(source, allow_private=True) as container:
            found = tracks_of(container).found.values()
    except MediaError as error:
        return str(error)
    pictures = any(track.codec.kind is Kind.VIDEO for track in found)
    return None if pictures else "it has no picture"


async def _demo(settings: Settings, source: str | None) -> None:
    async with relay(settings) as urls:
        state, bus = connect(urls.state), connect(urls.bus)
        try:
            registry = Registry(state)
            drawn = [] if source else list(KINDS)
            keys = {name: await _camera(registry, name) for name in [*drawn, show.YOURS]}
            if source:
                name_file(settings, show.INPUT, source)
                await _camera(registry, show.INPUT, Pull(url=source, loop=True))
            shown = [*(drawn or [show.INPUT]), show.YOURS]
            await show_broadcast(registry, shown, time.time())
            async with _cameras(settings, {name: keys[name] for name in drawn}) as cameras:
                # One after the other: the first is there sooner, and what the page shows first.
                for camera in cameras[:1]:
                    camera.begin()
                await _until_live(bus, shown[0])
                for camera in cameras[1:]:
                    camera.begin()
                door = show.Door(
                    address=primary_address(),
                    http_port=settings.http_port,
                    rtmp_port=settings.rtmp_port,
                    key=keys[show.YOURS],
                )
                sys.stdout.write(door.text())
                sys.stdout.flush()
                await keep_up(registry, shown)
        finally:
            await state.aclose()
            await bus.aclose()


async def _camera(registry: Registry, name: str, pull: Pull | None = None) -> str:
    """Make a camera, or give the one of an earlier demo a new key; returns the key."""
    shape = Projection.EQUIRECTANGULAR if name in AROUND else Projection.FLAT
    made = valid(Camera, {"id": name, "name": show.NAMES[name], "pull": pull, "projection": shape})
    try:
        return await registry.create_camera(made)
    except Conflict:
        await registry.cameras.change(name, lambda old: old.model_copy(update={"pull": pull}))
        return await registry.rotate_key(name)


async def keep_up(
    registry: Registry,
    cameras: list[str],
    clock: Callable[[], float] = time.time,
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
) -> NoReturn:
    """Whenever the pictures begin anew, the broadcast does: for ever."""
    began = show.starts_at(clock())
    while True:
        # By the wall clock, as the pictures go: it may have been set, or the machine have slept.
        await sleep(min(show.left_s(clock()), _TURN_LOOK_S))
        now = clock()
        if show.starts_at(now) == began:
            continue
        try:
            await show_broadcast(registry, cameras, now)
        except StoreError as error:  # the next look tries again
            logger().warning("the demo could not begin anew", error=str(error))
        else:
            began = show.starts_at(now)


async def show_broadcast(registry: Registry, cameras: list[str], now: float) -> None:
    """Make the broadcast; one of an earlier demo begins anew, and keeps what was made of it."""
    made = valid(Broadcast, show.broadcast(cameras, now))
    again = {"cameras": made.cameras, "starts_at": made.starts_at, "ended_at": None}
    try:
        await registry.broadcasts.create(made.slug, made)
    except Conflict:
        await registry.broadcasts.change(made.slug, lambda old: old.model_copy(update=again))
    markers = registry.markers(made.slug)
    for marker in [valid(Marker, fields) for fields in show.markers(cameras, now)]:
        with suppress(NotFound):
            await markers.delete(marker.id)
        await markers.create(marker.id, marker)


@asynccontextmanager
async def _cameras(settings: Settings, keys: dict[str, str]) -> AsyncIterator[list[Child]]:
    """Demo cameras that publish once they have begun, each with its key; ended with the context."""
    address = f"rtmp://127.0.0.1:{settings.rtmp_port}/live"
    children = [
        Child(
            Program(
                f"demo-{name}",
                relay_command("demo-camera", name),
                {**of_role(settings, "demo"), show.URL: f"{address}/{key}"},
            )
        )
        for name, key in keys.items()
    ]
    try:
        yield children
    finally:
        for child in children:
            child.terminate()
        await asyncio.gather(*(child.stop(_STOP_S) for child in children))


async def _until_live(bus: Redis, camera: str) -> None:
    """Wait for a camera's pictures; gives up without a word, since supervision goes on."""
    for _ in range(int(_FIRST_PICTURE_S / _LOOK_S)):
        if camera in await presence.members(bus, presence.LADDER):
            return
        await asyncio.sleep(_LOOK_S)
