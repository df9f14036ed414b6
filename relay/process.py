"""What every process of the relay does at its start and end."""

from __future__ import annotations

import asyncio
import ctypes
import gc
import os
import resource
import signal
import sys
from contextlib import suppress
from typing import TYPE_CHECKING, Final

import uvloop

from relay import log
from relay.errors import OperatorError, RelayError, RequestError

if TYPE_CHECKING:
    from collections.abc import Coroutine, Iterator

    from relay.config import Settings

READY_FD: Final = "RELAY_READY_FD"
"""Environment variable with the descriptor on which a process tells that it is ready."""

EXIT_OPERATOR: Final = 2
"""Exit code of an error that only the operator can mend: starting again would not help."""

_FILES: Final = 65_536
_PR_SET_PDEATHSIG: Final = 1
# Loaded here, because loading takes a lock that another thread may hold at the fork.
_LIBC: Final = ctypes.CDLL(None) if sys.platform == "linux" else None


def die_with_parent(parent: int) -> None:
    """Ask the kernel for SIGKILL when the process `parent` dies, however it dies (Linux only).

    To be called in the child, between fork and exec; the wish outlives exec. Not SIGTERM: nobody
    is left to end a child that does not listen, and every process may be killed at any moment.
    """
    if _LIBC is not None:
        _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:  # it died before the kernel was asked
        os._exit(1)


def trim_memory() -> None:
    """Give freed memory back to the system, where the C library keeps it (glibc)."""
    trim = getattr(_LIBC, "malloc_trim", None)
    if trim is not None:
        trim(0)


def ready() -> None:
    """Tell the supervisor, if there is one, that this process does its work."""
    descriptor = os.environ.pop(READY_FD, None)
    if descriptor is not None:
        with suppress(OSError):
            os.write(int(descriptor), b"ready\n")
            os.close(int(descriptor))


def vital(work: Coroutine[None, None, None], name: str) -> asyncio.Task[None]:
    """Begin work without which this process is of no use.

    When it fails, that is logged and the process ends in good order, with exit code 1: whoever
    started it starts it again. Half a process that looks whole would help nobody.
    """

    def ended(task: asyncio.Task[None]) -> None:
        if task.cancelled():
            return
        error = task.exception()
        if error is not None:
            global _has_failed  # noqa: PLW0603 - the process has one fate
            _has_failed = True
            log.logger().error("a part has failed, the process ends", part=name, exc_info=error)
            os.kill(os.getpid(), signal.SIGTERM)

    task = asyncio.create_task(work, name=name)
    task.add_done_callback(ended)
    return task


_has_failed = False


def run(name: str, settings: Settings, main: Coroutine[None, None, None]) -> int:
    """Run `main` until it ends or SIGTERM or SIGINT cancels it; returns the exit code.

    An error of ours ends it with a line instead of a traceback, alone or in a group.
    """
    log.configure(process=name, json=settings.log_format == "json", level=settings.log_level)
    _allow_many_files()
    gc.freeze()  # modules stay for good: collections need not go through them each time
    try:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(_until_signalled(main))
    except RelayError as error:
        return explain(error)
    except BaseExceptionGroup as group:
        errors = list(_leaves(group))
        if not all(isinstance(error, RelayError) for error in errors):
            raise
        return explain(errors[0])
    return 1 if _has_failed else 0


def _allow_many_files() -> None:
    """Take what the system lets us have: every viewer's page holds a socket."""
    now, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = _FILES if most == resource.RLIM_INFINITY else min(_FILES, most)
    if now != resource.RLIM_INFINITY and now < wanted:
        with suppress(OSError, ValueError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, most))


def explain(error: BaseException) -> int:
    """Tell people of an error of ours, a line each; returns the exit code that goes with it."""
    for line in str(error).splitlines():
        sys.stderr.write(f"relay: {line}\n")
    return EXIT_OPERATOR if isinstance(error, OperatorError | RequestError) else 1


async def _until_signalled(main: Coroutine[None, None, None]) -> None:
    loop = asyncio.get_running_loop()
    task = asyncio.ensure_future(main)
    stopping = False

    def stop() -> None:
        # Only once: to be cancelled again would cut off the end that the first one began.
        nonlocal stopping
        if not stopping:
            stopping = True
            task.cancel()

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop)
    with suppress(asyncio.CancelledError):
        await task


def _leaves(group: BaseExceptionGroup[BaseException]) -> Iterator[BaseException]:
    for error in group.exceptions:
        if isinstance(error, BaseExceptionGroup):
            yield from _leaves(error)
        else:
            yield error
