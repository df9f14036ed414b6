"""What the commands share: errors for people, and the way to the state."""

from __future__ import annotations

import asyncio
import sys
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar

from pydantic import ValidationError

from relay import config, log
from relay.bus.client import connect
from relay.bus.embedded import FolderLock
from relay.errors import Invalid, OperatorError, RelayError, RequestError
from relay.process import EXIT_OPERATOR
from relay.state.models import Model, explain
from relay.state.registry import Registry
from relay.supervisor.serve import Urls, stores

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Coroutine

    from relay.config import Settings


M = TypeVar("M", bound=Model)


def fail(error: RelayError) -> NoReturn:
    """Print an error for people and exit: 2 for what only the operator can mend, else 1."""
    for line in str(error).splitlines():
        print(f"relay: {line}", file=sys.stderr)
    raise SystemExit(EXIT_OPERATOR if isinstance(error, OperatorError | RequestError) else 1)


def settings_or_exit() -> Settings:
    """The settings; wrong ones end the program with a line for each."""
    try:
        return config.load()
    except OperatorError as error:
        fail(error)


def run_short(work: Coroutine[Any, Any, None]) -> None:
    """Run a command that looks something up or changes it, and ends."""
    log.configure(process="command", json=False, level="warning")
    try:
        asyncio.run(work)
    except RelayError as error:
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


@asynccontextmanager
async def registry(settings: Settings) -> AsyncIterator[Registry]:
    """The registry: of the relay that runs on this data folder, or, where none does, of a state
    server started for the moment.

    Raises:
        OperatorError: the server does not start.
    """
    if settings.state_url.get_secret_value() or _relay_runs(settings):
        async with _connected(Urls(settings).state) as found:
            yield found
    else:
        async with stores(settings) as urls, _connected(urls.state) as found:
            yield found


@asynccontextmanager
async def _connected(url: str) -> AsyncIterator[Registry]:
    state = connect(url)
    try:
        yield Registry(state)
    finally:
        await state.aclose()


def _relay_runs(settings: Settings) -> bool:
    lock = FolderLock(settings.data_dir)
    try:
        lock.acquire()
    except OperatorError:
        return True
    lock.release()
    return False
