"""What the commands share: errors for people, and the way to the state."""

from __future__ import annotations

import asyncio
import time
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from typing import TYPE_CHECKING, Any, Final, NoReturn, TypeVar

from pydantic import ValidationError

from relay import config, log, process
from relay.bus import keys
from relay.bus.client import connect, store_errors
from relay.bus.embedded import FolderLock
from relay.bus.events import publish
from relay.commands.folder import check_folder
from relay.errors import FolderInUse, Invalid, OperatorError, RelayError, StoreError
from relay.state.models import Model, explain
from relay.state.registry import Registry
from relay.supervisor.environment import Urls
from relay.supervisor.serve import stores

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Coroutine

    from redis.asyncio import Redis

    from relay.config import Settings


M = TypeVar("M", bound=Model)

_REACH_S: Final = 10.0
"""Time for other commands to end, and for a relay's state to come up."""
_ANSWER_S: Final = 1.0
_POLL_S: Final = 0.05


def fail(error: RelayError) -> NoReturn:
    """Print an error for people and exit: 2 for what only the operator can mend, else 1."""
    raise SystemExit(process.explain(error))


def settings_or_exit() -> Settings:
    """The settings; wrong ones end the program with a line for each."""
    try:
        return config.load()
    except OperatorError as error:
        fail(error)


def valid(model: type[M], fields: dict[str, Any]) -> M:
    """A document of these fields.

    Raises:
        Invalid: with every wrong field.
    """
    try:
        return model.model_validate(fields)
    except ValidationError as error:
        raise Invalid(explain(error)) from None


def on_registry(
    work: Callable[[Registry, Settings], Coroutine[Any, Any, None]], *, makes: bool = False
) -> None:
    """Run a command that looks something up in the registry or changes it, and ends.

    `makes` says that there need be no data yet: it makes the first.
    """
    settings = settings_or_exit()

    async def connected() -> None:
        check_folder(settings, makes=makes)
        async with registry(settings) as found:
            await work(found, settings)
            with suppress(StoreError):  # a relay that runs hears of it within a second
                async with bus_of(settings) as bus:
                    await publish(bus, keys.REGISTRY_EVENTS, {})

    on_connected(connected)


def on_connected(work: Callable[[], Coroutine[Any, Any, None]]) -> None:
    """Run a command that ends, with its errors told in a line."""
    log.configure(process="command", json=False, level="warning")
    try:
        asyncio.run(work())
    except RelayError as error:
        fail(error)


def given(**fields: Any) -> dict[str, Any]:
    """Those of a command's options that were named."""
    return {name: value for name, value in fields.items() if value is not None}


@asynccontextmanager
async def registry(settings: Settings) -> AsyncIterator[Registry]:
    """The registry: of the relay that runs on this data folder, or, where none does, of a state
    server started for the moment.

    Raises:
        OperatorError: the server does not start.
    """
    async with AsyncExitStack() as stack:
        if not settings.state_url.get_secret_value():
            await _reach_state(settings, stack)
        yield await stack.enter_async_context(_connected(Urls(settings).state))


async def _reach_state(settings: Settings, stack: AsyncExitStack) -> None:
    """Wait for a running relay's state, or run one until `stack` is closed. Commands that run one
    take turns: none uses another's, which ends with it.
    """
    turn = FolderLock(settings.data_dir, "command.lock")
    stack.callback(turn.release)
    deadline = time.monotonic() + _REACH_S
    while True:
        try:
            if not turn.held:
                turn.acquire()
            await stack.enter_async_context(stores(settings))
        except FolderInUse:
            if turn.held and await _answers(Urls(settings).state):
                turn.release()
                return
            if time.monotonic() > deadline:
                raise
        else:
            return
        await asyncio.sleep(_POLL_S)


async def _answers(url: str) -> bool:
    state = connect(url)
    try:
        async with store_errors("asking for the state", timeout_s=_ANSWER_S):
            await state.ping()
    except StoreError:
        return False
    else:
        return True
    finally:
        await state.aclose()


@asynccontextmanager
async def bus_of(settings: Settings) -> AsyncIterator[Redis]:
    """The bus, while the registry is open."""
    bus = connect(Urls(settings).bus)
    try:
        yield bus
    finally:
        await bus.aclose()


@asynccontextmanager
async def _connected(url: str) -> AsyncIterator[Registry]:
    state = connect(url)
    try:
        yield Registry(state)
    finally:
        await state.aclose()
