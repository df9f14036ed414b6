"""What every process of the relay does at its start and end."""

from __future__ import annotations

import asyncio
import ctypes
import os
import signal
import sys
from contextlib import suppress
from typing import TYPE_CHECKING, Final

import uvloop

from relay import log
from relay.errors import OperatorError

if TYPE_CHECKING:
    from collections.abc import Coroutine

    from relay.config import Settings

READY_FD: Final = "RELAY_READY_FD"
"""Environment variable with the descriptor on which a process tells that it is ready."""

EXIT_OPERATOR: Final = 2
"""Exit code of an error that only the operator can mend: starting again would not help."""

_PR_SET_PDEATHSIG: Final = 1


def die_with_parent(parent: int) -> None:
    """Ask the kernel for SIGTERM when the process `parent` dies, however it dies (Linux only).

    To be called in the child, between fork and exec; the wish outlives exec.
    """
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
    if os.getppid() != parent:  # it died before the kernel was asked
        os._exit(1)


def ready() -> None:
    """Tell the supervisor, if there is one, that this process does its work."""
    descriptor = os.environ.pop(READY_FD, None)
    if descriptor is not None:
        with suppress(OSError):
            os.write(int(descriptor), b"ready\n")
            os.close(int(descriptor))


def run(name: str, settings: Settings, main: Coroutine[None, None, None]) -> int:
    """Run `main` until it ends or SIGTERM or SIGINT cancels it; returns the exit code."""
    log.configure(process=name, json=settings.log_format == "json", level=settings.log_level)
    try:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(_until_signalled(main))
    except OperatorError as error:
        sys.stderr.write(f"relay: {error}\n")
        return EXIT_OPERATOR
    return 0


async def _until_signalled(main: Coroutine[None, None, None]) -> None:
    loop = asyncio.get_running_loop()
    task = asyncio.ensure_future(main)
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, task.cancel)
    with suppress(asyncio.CancelledError):
        try:
            await task
        except* OperatorError as group:
            raise _first(group) from None


def _first(group: BaseExceptionGroup[BaseException]) -> BaseException:
    error = group.exceptions[0]
    return _first(error) if isinstance(error, BaseExceptionGroup) else error
