"""A bad network between clients and one UDP port: losses, delay, a narrow link, outages, rebinding.

Each client has a path of its own, with a link for each direction (`tests.support.link`) and a port
of its own towards the server. It works in a thread, and can be changed while it does. By hand:

    python -m tests.impair --listen 9000 --to 127.0.0.1:8189 --loss 2 --burst 4 --delay 25

Then lines on standard input change it: options as above, `rebind`, or `outage 5`. What is not named
stays as it is.
"""

from __future__ import annotations

import argparse
import selectors
import shlex
import socket
import sys
import threading
import time
from contextlib import contextmanager, suppress
from dataclasses import replace
from typing import TYPE_CHECKING, Final, Literal

from tests.support.link import CLEAR, Impairment, Link, Losses

if TYPE_CHECKING:
    from collections.abc import Iterator

    Address = tuple[str, int]
    Direction = Literal["both", "up", "down"]

MAX_PATHS: Final = 4096
"""Clients at a time; of more the one that has said nothing for longest is forgotten."""
_BUFFER: Final = 4 << 20
_BATCH: Final = 64
_IDLE_S: Final = 1.0


class _Path:
    """One client's way to the server and back."""

    def __init__(self, client: Address, server: Address, up: Link, down: Link) -> None:
        self.client = client
        self.up = up
        self.down = down
        self.server = server
        self.socket = _open()

    def rebind(self) -> socket.socket:
        """Another port towards the server; returns the old one's socket."""
        old, self.socket = self.socket, _open()
        return old


def _open(port: int | None = None) -> socket.socket:
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.setblocking(False)
    for option in (socket.SO_RCVBUF, socket.SO_SNDBUF):
        sock.setsockopt(socket.SOL_SOCKET, option, _BUFFER)
    sock.bind(("127.0.0.1", port or 0))
    return sock


class Impair:
    """See the module. Use `running`, or `start` and `stop`."""

    def __init__(self, server: Address, *, port: int | None = None, seed: int = 1) -> None:
        """`server` is where clients' datagrams go; `port` is ours, by default any that is free."""
        self._server = server
        self._seed = seed
        self._up = self._down = CLEAR
        self._paths: dict[Address, _Path] = {}
        self._made = 0
        self._socket = _open(port)
        self.port: int = self._socket.getsockname()[1]
        """Where clients send to."""
        self._selector = selectors.DefaultSelector()
        self._selector.register(self._socket, selectors.EVENT_READ, None)
        self._bell, self._ear = socket.socketpair()
        self._ear.setblocking(False)
        self._selector.register(self._ear, selectors.EVENT_READ, None)
        self._lock = threading.Lock()
        self._ends = False
        self._thread = threading.Thread(target=self._run, name="impair")

    # --- for everybody ---------------------------------------------------------------------

    @contextmanager
    def running(self) -> Iterator[Impair]:
        """Work as long as the context is open."""
        self.start()
        try:
            yield self
        finally:
            self.stop()

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """End; what is under way is lost."""
        self._ends = True
        self._bell.send(b"x")
        self._thread.join()
        for path in self._paths.values():
            path.socket.close()
        self._selector.close()
        for each in (self._socket, self._bell, self._ear):
            each.close()

    def impairment(self, direction: Direction) -> Impairment:
        """How a direction is; of both, the server's to its clients."""
        return self._up if direction == "up" else self._down

    def set(self, direction: Direction = "both", impairment: Impairment = CLEAR) -> None:
        """Let a direction be like this from now on, for clients to come as well."""
        with self._lock:
            now = time.monotonic()
            if direction != "down":
                self._up = impairment
            if direction != "up":
                self._down = impairment
            for path in self._paths.values():
                path.up.change(self._up, now)
                path.down.change(self._down, now)
        self._bell.send(b"x")

    def rebind(self) -> None:
        """Give every client another port towards the server; what comes to the old one is lost."""
        with self._lock:
            for path in self._paths.values():
                old = path.rebind()
                self._selector.unregister(old)
                old.close()
                self._selector.register(path.socket, selectors.EVENT_READ, path)

    @property
    def clients(self) -> int:
        """Number of clients that have sent something."""
        return len(self._paths)

    def counts(self, direction: Direction) -> dict[str, int]:
        """What became of all clients' datagrams; see `Link.counts`."""
        with self._lock:
            links = [path.up if direction == "up" else path.down for path in self._paths.values()]
            return {name: sum(link.counts[name] for link in links) for name in Link("").counts}

    # --- the thread ------------------------------------------------------------------------

    def _run(self) -> None:
        while not self._ends:
            with self._lock:
                wait_s = self._deliver(time.monotonic())
            # The selector counts in whole milliseconds, which a path's many ways would add up.
            whole_s = int(wait_s * 1000) / 1000
            if not whole_s:
                time.sleep(wait_s)
            for key, _ in self._selector.select(whole_s):
                if key.fileobj is self._ear:
                    with suppress(BlockingIOError):
                        self._ear.recv(4096)
                    continue
                with self._lock:
                    self._receive(key.data)

    def _receive(self, path: _Path | None) -> None:
        """Take what has come from clients, or for the client of `path`."""
        for _ in range(_BATCH):
            try:
                datagram, source = (path.socket if path else self._socket).recvfrom(4096)
            except OSError:  # nothing more; or it was rebound, or nobody listens there
                return
            now = time.monotonic()
            if path is not None:
                path.down.put(datagram, now)
            else:
                self._path(source).up.put(datagram, now)

    def _path(self, client: Address) -> _Path:
        path = self._paths.pop(client, None)
        if path is None:
            if len(self._paths) >= MAX_PATHS:
                oldest = self._paths.pop(next(iter(self._paths)))
                self._selector.unregister(oldest.socket)
                oldest.socket.close()
            self._made += 1
            up = Link((self._seed, self._made, "up"), self._up)
            down = Link((self._seed, self._made, "down"), self._down)
            path = _Path(client, self._server, up, down)
            self._selector.register(path.socket, selectors.EVENT_READ, path)
        self._paths[client] = path  # the last to have said something comes last
        return path

    def _deliver(self, now: float) -> float:
        """Send on what is due; returns how long to wait for more, in seconds."""
        wait_s = _IDLE_S
        for path in self._paths.values():
            for datagram in path.up.take(now):
                _send(path.socket, datagram, path.server)
            for datagram in path.down.take(now):
                _send(self._socket, datagram, path.client)
            for due in (path.up.due(), path.down.due()):
                if due is not None:
                    wait_s = min(wait_s, max(due - now, 0.0))
        return wait_s


def _send(sock: socket.socket, datagram: bytes, address: Address) -> None:
    with suppress(OSError):  # a full buffer or a closed port: networks lose datagrams
        sock.sendto(datagram, address)


# --- by hand -------------------------------------------------------------------------------


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        "python -m tests.impair",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--listen", type=int, metavar="PORT", help="where clients send to")
    parser.add_argument("--to", metavar="HOST:PORT", help="the server")
    parser.add_argument("--seed", type=int, default=1, help="of all chance")
    parser.add_argument("--direction", choices=("both", "up", "down"), default="both")
    parser.add_argument("--loss", type=float, metavar="%", help="share of datagrams lost")
    parser.add_argument("--burst", type=float, metavar="N", help="mean length of a run of losses")
    for name, metavar, text in (
        ("delay", "MS", "how long each takes"),
        ("jitter", "MS", "by how much it may take longer"),
        ("reorder", "%", "share that others overtake"),
        ("duplicate", "%", "share that comes twice"),
        ("rate", "KBPS", "what the bottleneck takes; 0: everything"),
        ("queue", "KB", "what may wait there"),
    ):
        parser.add_argument(f"--{name}", type=float, metavar=metavar, help=text)
    return parser


def applied(before: Impairment, options: argparse.Namespace) -> Impairment:
    """What options make of an impairment; those that were not given leave it as it is."""
    given = {name: value for name, value in vars(options).items() if value is not None}
    changes: dict[str, object] = {}
    if "loss" in given or "burst" in given:
        length = given.get("burst", 1 / before.losses.leave)
        share = given["loss"] / 100 if "loss" in given else before.losses.share
        changes["losses"] = Losses.bursts(share, length)
    for option, name, unit in (
        ("delay", "delay_s", 1e-3),
        ("jitter", "jitter_s", 1e-3),
        ("reorder", "reordered", 1e-2),
        ("duplicate", "duplicated", 1e-2),
    ):
        if option in given:
            changes[name] = given[option] * unit
    if "queue" in given:
        changes["queue_bytes"] = round(given["queue"] * 1e3)
    if "rate" in given:
        changes["rate_bps"] = given["rate"] * 1e3 or None
    return replace(before, **changes)  # type: ignore[arg-type]


def _apply(impair: Impair, options: argparse.Namespace) -> None:
    both: tuple[Direction, ...] = ("up", "down")
    for direction in both if options.direction == "both" else (options.direction,):
        impair.set(direction, applied(impair.impairment(direction), options))


def _obey(impair: Impair, words: list[str], parser: argparse.ArgumentParser) -> None:
    if words == ["rebind"]:
        impair.rebind()
    elif words[0] == "outage" and words[1:] and words[1].isdecimal():
        before = {way: impair.impairment(way) for way in ("up", "down")}
        for way, how in before.items():
            impair.set(way, replace(how, outage=True))  # type: ignore[arg-type]
        time.sleep(float(words[1]))
        for way, how in before.items():
            impair.set(way, how)  # type: ignore[arg-type]
    else:
        _apply(impair, parser.parse_args(words))


def main() -> None:
    """Work until standard input ends, or ^C."""
    parser = _parser()
    options = parser.parse_args()
    if options.listen is None or options.to is None:
        parser.error("--listen and --to are needed")
    host, _, port = options.to.rpartition(":")
    impair = Impair((host, int(port)), port=options.listen, seed=options.seed)
    with impair.running(), suppress(KeyboardInterrupt):
        _apply(impair, options)
        for line in sys.stdin:
            # The parser says itself what it does not understand, and would end the program then.
            with suppress(SystemExit):
                words = shlex.split(line)
                if words:
                    _obey(impair, words, parser)


if __name__ == "__main__":
    main()
