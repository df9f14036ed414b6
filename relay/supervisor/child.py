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

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

READY_S: Final = 20.0


@dataclass(frozen=True, slots=True)
class Program:
    """What a child runs."""

    name: str
    """Its name in logs."""
    command: list[str]
    """Its command line; secrets never stand in it."""
    environment: dict[str, str] = field(default_factory=dict)
    """Variables on top of the supervisor's own."""
    may_end: bool = False
    """Whether it ends by itself when its work is done, with code 0."""
    tells_ready: bool = True
    """Whether it tells on READY_FD when it is ready."""
    check: Callable[[], Awaitable[None]] | None = None
    """Waits until it is ready, for programs that do not tell."""
    after_exit: Callable[[], Awaitable[None]] | None = None
    """Called each time it has ended by itself."""


class Child:
    """Runs a program until `stop`, or until it has done its work."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self._process: asyncio.subprocess.Process | None = None
        self._stopping = False
        self._backoff = Backoff()
        self._keeper: asyncio.Task[None] | None = None

    @property
    def pid(self) -> int | None:
        """The process's id while it runs."""
        return self._process.pid if self._process is not None else None

    @property
    def finished(self) -> bool:
        """Whether it has ended for good."""
        return self._keeper is not None and self._keeper.done()

    async def start(self) -> None:
        """Start the program, wait until it is ready, and keep it running from then on.

        Raises:
            OperatorError: it is not ready in 20 s, or ends before it is.
        """
        began = time.monotonic()
        await self._spawn()
        self._keeper = asyncio.create_task(self._keep(began))

    async def _spawn(self) -> None:
        program = self.program
        reader, writer = os.pipe()
        environment = os.environ | program.environment
        if program.tells_ready:
            environment |= {READY_FD: str(writer)}
        try:
            self._process = await asyncio.create_subprocess_exec(
                *program.command,
                env=environment,
                pass_fds=[writer] if program.tells_ready else [],
                stdin=asyncio.subprocess.DEVNULL,
                start_new_session=True,
                preexec_fn=functools.partial(die_with_parent, os.getpid()),
            )
        finally:
            os.close(writer)
        try:
            async with asyncio.timeout(READY_S):
                if program.tells_ready:
                    await self._wait_told(reader)
                elif program.check is not None:
                    await program.check()
        except TimeoutError:
            await self._kill()
            raise OperatorError(f"{program.name} is not ready after {READY_S:.0f} s") from None
        finally:
            os.close(reader)

    async def _wait_told(self, reader: int) -> None:
        assert self._process is not None
        loop = asyncio.get_running_loop()
        os.set_blocking(reader, False)
        readable = asyncio.Event()
        loop.add_reader(reader, readable.set)
        try:
            await readable.wait()
        finally:
            loop.remove_reader(reader)
        # End of file without a word: the process has ended, or closed the pipe.
        if not os.read(reader, 16):
            code = await self._process.wait()
            raise OperatorError(f"{self.program.name} ended at its start ({describe(code)})")

    async def _keep(self, began: float) -> None:
        assert self._process is not None
        while True:
            code = await self._process.wait()
            if self._stopping:
                return
            ran = time.monotonic() - began
            program = self.program
            if program.after_exit is not None:
                await program.after_exit()
            if code == 0 and program.may_end:
                logger().info("process finished", name=self.program.name)
                return
            pause = self._backoff.pause_s(ran)
            logger().error(
                "process ended",
                name=self.program.name,
                reason=describe(code),
                ran_s=round(ran, 1),
                again_in_s=pause,
            )
            await asyncio.sleep(pause)
            began = time.monotonic()
            try:
                await self._spawn()
            except OperatorError as error:
                logger().error("process does not start", name=self.program.name, error=str(error))

    def terminate(self) -> None:
        """Ask it to end, and do not start it again; harmless if that was done."""
        if self._stopping:
            return
        self._stopping = True
        if self._keeper is not None and (
            self._process is None or self._process.returncode is not None
        ):
            self._keeper.cancel()  # it waits for its next start
        self._signal(signal.SIGTERM)

    async def stop(self, within_s: float) -> None:
        """End it: SIGTERM, and SIGKILL to it and what it started if it is not gone in time.

        Harmless if that was done.
        """
        self.terminate()
        if self._process is not None:
            try:
                async with asyncio.timeout(within_s):
                    await self._process.wait()
            except TimeoutError:
                logger().error("process does not stop, killing it", name=self.program.name)
                await self._kill()
        if self._keeper is not None:
            self._keeper.cancel()
            await asyncio.gather(self._keeper, return_exceptions=True)
        logger().debug("process stopped", name=self.program.name)

    async def _kill(self) -> None:
        assert self._process is not None
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        await self._process.wait()

    def _signal(self, number: signal.Signals) -> None:
        if self._process is not None and self._process.returncode is None:
            with suppress(ProcessLookupError):
                self._process.send_signal(number)


def describe(code: int) -> str:
    """An exit code for people."""
    if code < 0:
        return f"killed by {signal.Signals(-code).name}"
    return f"exit code {code}" + (", see its message above" if code == EXIT_OPERATOR else "")
