"""One supervised process: started, waited for, started again, stopped."""

from __future__ import annotations

import asyncio
import functools
import os
import signal
import time
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from relay.errors import OperatorError
from relay.log import logger
from relay.process import EXIT_OPERATOR, READY_FD, die_with_parent
from relay.supervisor.backoff import Backoff
from relay.supervisor.environment import inherited

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

READY_S: Final = 60.0


@dataclass(frozen=True, slots=True)
class Program:
    """What a child runs."""

    name: str
    """Its name in logs."""
    command: list[str]
    """Its command line; secrets never stand in it."""
    environment: dict[str, str] = field(default_factory=dict)
    """Variables on top of those that say how programs run here."""
    may_end: bool = False
    """Whether it ends by itself when its work is done, with code 0."""
    tells_ready: bool = True
    """Whether it tells on READY_FD when it is ready."""
    check: Callable[[], Awaitable[None]] | None = None
    """Waits until it is ready, for programs that do not tell."""
    after_exit: Callable[[], Awaitable[None]] | None = None
    """Called each time it has ended by itself."""
    why: Callable[[], str] | None = None
    """What is known of why it has ended, besides its exit code."""


class Child:
    """Runs a program until `stop`, or until it has done its work.

    It leads a process group: whatever it started ends with it.
    """

    def __init__(self, program: Program) -> None:
        self.program = program
        self._process: asyncio.subprocess.Process | None = None
        self._stop_wanted = asyncio.Event()
        self._backoff = Backoff()
        self._keeper: asyncio.Task[None] | None = None

    @property
    def pid(self) -> int | None:
        """The process's id while it runs."""
        process = self._process
        return process.pid if process is not None and process.returncode is None else None

    @property
    def finished(self) -> bool:
        """Whether it has ended for good."""
        return self._keeper is not None and self._keeper.done()

    async def start(self) -> None:
        """Start the program, wait until it is ready, and keep it running from then on.

        Raises:
            OperatorError: it cannot be run, is not ready in 20 s, or ends before it is.
        """
        began = time.monotonic()
        await self._spawn()
        self._keeper = asyncio.create_task(self._keep(began))

    def begin(self) -> None:
        """Start the program without waiting for it; a start that fails is repeated."""
        self._keeper = asyncio.create_task(self._begin())

    async def _begin(self) -> None:
        began = await self._try_to_spawn()
        await self._keep(began)

    async def _keep(self, began: float) -> None:
        while not self._stop_wanted.is_set():
            code = await self._end()
            if self._stop_wanted.is_set():
                return
            ran_s = time.monotonic() - began
            await self._tell_exit()
            if code == 0 and self.program.may_end:
                logger().info("process finished", name=self.program.name)
                return
            pause_s = self._backoff.pause_s(ran_s)
            logger().error(
                "process ended",
                name=self.program.name,
                reason=self._reason(code),
                ran_s=round(ran_s, 1),
                again_in_s=pause_s,
            )
            with suppress(TimeoutError):
                async with asyncio.timeout(pause_s):
                    await self._stop_wanted.wait()
                return
            began = await self._try_to_spawn()
        await self._end()

    def _reason(self, code: int | None) -> str:
        if code is None:
            return "it could not be run"
        more = "" if self.program.why is None else f": {self.program.why()}"
        return f"{describe(code)}{more}"

    async def _end(self) -> int | None:
        """Wait for the process's end, and end what it leaves behind; None if there was none."""
        if self._process is None:
            return None
        code = await self._process.wait()
        self._signal_group(signal.SIGKILL)
        return code

    async def _tell_exit(self) -> None:
        if self.program.after_exit is None or self._process is None:
            return
        try:
            await self.program.after_exit()
        except Exception:  # noqa: BLE001 - the program is to be started again whatever happens
            logger().exception("the end of a process is not told", name=self.program.name)

    async def _try_to_spawn(self) -> float:
        """Returns when the process, if it is one that became ready, was started."""
        began = time.monotonic()
        try:
            await self._spawn()
        except OperatorError as error:
            if not self._stop_wanted.is_set():
                logger().error("process does not start", name=self.program.name, error=str(error))
            return time.monotonic()  # it has not run
        return began

    async def _spawn(self) -> None:
        self._process = None
        reader, writer = os.pipe()
        try:
            try:
                self._process = await self._execute(writer)
            finally:
                os.close(writer)
            if self._stop_wanted.is_set():
                self._signal_group(signal.SIGTERM)
            async with asyncio.timeout(READY_S):
                await self._until_ready(reader)
        except TimeoutError:
            await self._kill()
            raise OperatorError(f"{self.program.name} is not ready after {READY_S:g} s") from None
        except OSError as error:
            raise OperatorError(f"{self.program.name} cannot be run: {error}") from None
        except OperatorError:
            await self._kill()
            raise
        finally:
            os.close(reader)

    async def _execute(self, writer: int) -> asyncio.subprocess.Process:
        program = self.program
        environment = inherited() | program.environment
        if program.tells_ready:
            environment |= {READY_FD: str(writer)}
        return await asyncio.create_subprocess_exec(
            *program.command,
            env=environment,
            pass_fds=[writer] if program.tells_ready else [],
            stdin=asyncio.subprocess.DEVNULL,
            start_new_session=True,
            preexec_fn=functools.partial(die_with_parent, os.getpid()),
        )

    async def _until_ready(self, reader: int) -> None:
        assert self._process is not None
        if self.program.tells_ready:
            if await _read_word(reader):
                return
            # End of file without a word: the process has ended, or closed the pipe.
            code = await self._process.wait()
        elif self.program.check is not None:
            ended = asyncio.create_task(self._process.wait())
            checked = asyncio.ensure_future(self.program.check())
            try:
                await asyncio.wait({ended, checked}, return_when=asyncio.FIRST_COMPLETED)
                if checked.done():
                    await checked
                    return
                code = await ended
            finally:
                for task in (ended, checked):
                    task.cancel()
                await asyncio.gather(ended, checked, return_exceptions=True)
        else:
            return
        raise OperatorError(f"{self.program.name} ended at its start ({describe(code)})")

    def terminate(self) -> None:
        """Ask it to end, and do not start it again; harmless if that was done."""
        if not self._stop_wanted.is_set():
            self._stop_wanted.set()
            if self.pid is not None:
                self._signal_group(signal.SIGTERM)

    async def stop(self, within_s: float) -> None:
        """End it: SIGTERM, and SIGKILL to it and what it started if it is not gone in time.

        Harmless if that was done.
        """
        self.terminate()
        if self._keeper is None:  # it was never ready
            self._keeper = asyncio.create_task(self._keep(0.0))
        _, late = await asyncio.wait({self._keeper}, timeout=within_s)
        if late:
            if self.pid is not None:
                logger().error("process does not stop, killing it", name=self.program.name)
            await self._kill()
            self._keeper.cancel()
            await asyncio.gather(self._keeper, return_exceptions=True)
        logger().debug("process stopped", name=self.program.name)

    async def _kill(self) -> None:
        self._signal_group(signal.SIGKILL)
        if self._process is not None:
            await self._process.wait()

    def _signal_group(self, number: signal.Signals) -> None:
        if self._process is not None:
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(self._process.pid, number)


async def _read_word(reader: int) -> bytes:
    """What arrives in a pipe; empty at its end."""
    loop = asyncio.get_running_loop()
    os.set_blocking(reader, False)
    readable = asyncio.Event()
    loop.add_reader(reader, readable.set)
    try:
        await readable.wait()
    finally:
        loop.remove_reader(reader)
    return os.read(reader, 16)


def describe(code: int) -> str:
    """An exit code for people."""
    if code < 0:
        try:
            return f"killed by {signal.Signals(-code).name}"
        except ValueError:  # one of the real-time signals
            return f"killed by signal {-code}"
    return f"exit code {code}" + (", see its message above" if code == EXIT_OPERATOR else "")
