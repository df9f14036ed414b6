"""`relay serve`: everything on this machine, started in order, kept running, stopped in order."""

from __future__ import annotations

import asyncio
import functools
import os
import secrets
import sys
from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING, Final

from relay import confine, process
from relay.bus import embedded, keys, presence
from relay.bus.client import check_rights, connect, connect_blocking
from relay.bus.events import publish
from relay.errors import StoreError
from relay.log import logger
from relay.state.registry import Registry
from relay.state.secret import admin_token_told, make_admin_token
from relay.supervisor.cameras import CameraKeeper
from relay.supervisor.child import Child, Program
from relay.supervisor.disk import CLOSED, DiskKeeper
from relay.supervisor.environment import Urls, of_role

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from redis.asyncio import Redis

    from relay.config import Settings

_STOP_S: Final = 2.5
"""For all processes but the stores, which get what is left of five seconds."""
_STOP_STORES_S: Final = 1.4


def relay_command(*arguments: str) -> list[str]:
    """The command line of another relay process of this installation."""
    return [sys.executable, "-m", "relay", *arguments]


def embedded_stores(settings: Settings) -> dict[str, dict[str, str]]:
    """Names and options of the embedded servers that the settings call for."""
    urls = {"bus": settings.bus_url, "state": settings.state_url}
    options = {"bus": embedded.BUS, "state": embedded.STATE}
    return {name: options[name] for name, url in urls.items() if not url.get_secret_value()}


def _store_program(folder: Path, name: str, options: dict[str, str], disk: DiskKeeper) -> Program:
    is_state = name == "state"
    config = embedded.write_config(folder, name, options | (CLOSED if is_state else {}))

    async def check() -> None:
        await embedded.wait_until_up(folder, name)
        if is_state:
            state = connect(embedded.url(folder, name))
            try:
                await disk.apply(state)
            finally:
                await state.aclose()

    return Program(
        name,
        embedded.server_command(config),
        tells_ready=False,
        check=check,
        after_exit=disk.after_exit if is_state else None,
        why=disk.why if is_state else None,
    )


def role_program(settings: Settings, role: str) -> Program:
    """The one process of a role."""
    return Program(role, relay_command(role), of_role(settings, role))


def edge_program(settings: Settings, index: int, bus: Redis) -> Program:
    """An edge; when it dies its viewers are told at once."""
    name = f"edge-{index}-{secrets.token_hex(4)}"

    async def lost() -> None:
        with suppress(StoreError):
            await presence.withdraw(bus, presence.EDGE, name)
            await publish(bus, keys.EDGE_EVENTS, {"edge": name})

    command = relay_command("edge", "--index", str(index), "--name", name)
    environment = of_role(settings, "edge")
    return Program(f"edge-{index}", command, environment, after_exit=lost)


def camera_program(settings: Settings, kind: str, camera: str) -> Program:
    """A camera's worker ("camera"), or its puller ("pull")."""
    command = relay_command("camera", "run" if kind == "camera" else "pull", camera)
    environment = of_role(settings, kind)
    return Program(f"{kind}-{camera}", command, environment, may_end=kind == "pull")


@asynccontextmanager
async def stores(settings: Settings, disk: DiskKeeper | None = None) -> AsyncIterator[Urls]:
    """The embedded servers, running for as long as the context is open.

    Raises:
        OperatorError: the data folder is in use, or a server does not start.
    """
    lock = embedded.FolderLock(settings.data_dir)
    disk = disk or DiskKeeper(settings.data_dir / "state")
    children: list[Child] = []
    try:
        wanted = embedded_stores(settings)
        if wanted:
            lock.acquire()
        for name, options in wanted.items():
            await embedded.evict_orphan(settings.data_dir, name)
            child = Child(_store_program(settings.data_dir, name, options, disk))
            children.append(child)
            await child.start()
        yield Urls(settings)
    finally:
        await _stop(children, _STOP_STORES_S)
        lock.release()


async def _stop(children: list[Child], within_s: float) -> None:
    for child in children:
        child.terminate()
    await asyncio.gather(*(child.stop(within_s) for child in children))


@asynccontextmanager
async def relay(settings: Settings) -> AsyncIterator[Urls]:
    """The whole relay, serving for as long as the context is open.

    Raises:
        OperatorError: something cannot be started; its message says what.
    """
    disk = DiskKeeper(settings.data_dir / "state")
    if not confine.version():
        logger().warning(
            "processes that parse what strangers send may read all that this user may",
            reason="the system has no Landlock, or does not allow it",
        )
    async with stores(settings, disk) as urls:
        for url, setting in ((urls.state, "RELAY_STATE_URL"), (urls.bus, "RELAY_BUS_URL")):
            await check_rights(url, setting)
        state, bus, blocking = connect(urls.state), connect(urls.bus), connect_blocking(urls.bus)
        children: list[Child] = []
        try:
            # Before the gateway starts, which reads it; told when all has started.
            token = None
            if not settings.admin_token.get_secret_value():
                token = await make_admin_token(state)
            programs = [
                role_program(settings, "ingest"),
                *(edge_program(settings, index, bus) for index in range(settings.edges)),
                role_program(settings, "gateway"),
            ]
            for program in programs:
                child = Child(program)
                children.append(child)
                await child.start()
            keeper = CameraKeeper(
                name=f"host-{os.getpid()}-{secrets.token_hex(4)}",
                bus=bus,
                blocking=blocking,
                registry=Registry(state),
                program=functools.partial(camera_program, settings),
            )
            keeping = [process.vital(keeper.run(), "camera keeper")]
            if "state" in embedded_stores(settings):
                looking = disk.run(state, bus, f"supervisor-{secrets.token_hex(4)}")
                keeping.append(process.vital(looking, "disk keeper"))
            try:
                if token is not None:
                    await _print_admin_token(state, token)
                yield urls
            finally:
                for task in keeping:
                    task.cancel()
                await asyncio.gather(*keeping, _stop(children, _STOP_S), return_exceptions=True)
        finally:
            await _stop(children, _STOP_S)
            for client in (state, bus, blocking):
                await client.aclose()


async def _print_admin_token(state: Redis, token: str) -> None:
    if not await admin_token_told(state, token):
        return  # another host's start has made one meanwhile, and tells that
    sys.stdout.write(
        f"Admin token, shown only this once: {token}\n"
        "Keep it, or set one of your own with RELAY_ADMIN_TOKEN.\n"
    )
    sys.stdout.flush()


async def serve(settings: Settings) -> None:
    """Run the whole relay until cancelled.

    Raises:
        OperatorError: something cannot be started; its message says what.
    """
    async with relay(settings):
        logger().info("the relay is up", url=f"http://localhost:{settings.http_port}/")
        await asyncio.Event().wait()
