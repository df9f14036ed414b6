"""A whole relay for tests: `relay serve` on free ports in a folder of its own."""

from __future__ import annotations

import itertools
import json
import os
import random
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import redis

from relay.bus import embedded
from tests.support.stalls import HANG_S, PATIENCE_S
from tests.support.waiting import wait_until

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

ADMIN_TOKEN = "evt_test-token-of-the-test-suite"
REPOSITORY = Path(__file__).parents[2]
START_S = 60.0
"""Within this on a quiet machine a relay with all its processes is ready."""
CLIP = REPOSITORY.parent / "shared" / "media" / "gopro-karma-drone.mp4"


def _own_ports() -> Iterator[int]:
    """Ports of this worker of the tests' and no other's, none twice before all have been named."""
    worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw")) % 8
    own = range(10_000 + worker * 2_750, 10_000 + (worker + 1) * 2_750)
    return itertools.cycle(random.sample(own, len(own)))


_ports = _own_ports()


def free_port(kind: socket.SocketKind = socket.SOCK_STREAM) -> int:
    """A port that nobody has at the moment, and that the system gives to nobody who does not ask
    for it: a relay that is started again finds it free.
    """
    for port in _ports:
        with socket.socket(socket.AF_INET, kind) as probe, suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port
    raise AssertionError("there is no end of ports")


def free_ports(count: int) -> int:
    """The first of `count` UDP ports in a row that nobody has at the moment."""
    while True:
        first = free_port(socket.SOCK_DGRAM)
        with ExitStack() as probes, suppress(OSError, OverflowError):
            for port in range(first, first + count):
                probe = probes.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
                probe.bind(("127.0.0.1", port))
            return first


class Stack:
    """A running relay. Not started on construction; use `running`."""

    def __init__(self, folder: Path, **settings: str) -> None:
        self.folder = folder
        self.http_port = free_port()
        self.rtmp_port = free_port()
        self.webrtc_port = free_ports(int(settings.get("RELAY_EDGES", "1")))
        self.log = folder / "relay.log"
        self.environment = {
            name: value for name, value in os.environ.items() if not name.startswith("RELAY_")
        } | {
            "RELAY_DATA_DIR": str(folder / "data"),
            "RELAY_HTTP_HOST": "127.0.0.1",
            "RELAY_HTTP_PORT": str(self.http_port),
            "RELAY_RTMP_HOST": "127.0.0.1",
            "RELAY_RTMP_PORT": str(self.rtmp_port),
            "RELAY_WEBRTC_PORT": str(self.webrtc_port),
            "RELAY_ADMIN_TOKEN": ADMIN_TOKEN,
            **settings,
        }
        self._process: subprocess.Popen[bytes] | None = None
        self._publishers = ExitStack()

    @property
    def url(self) -> str:
        """Where the pages are."""
        return f"http://127.0.0.1:{self.http_port}"

    @property
    def pid(self) -> int:
        """The supervisor's process id."""
        assert self._process is not None
        return self._process.pid

    # --- life ------------------------------------------------------------------------------

    @contextmanager
    def running(self) -> Iterator[Stack]:
        """Start, wait until viewers can be served, and stop at the end."""
        self.start()
        try:
            yield self
        finally:
            self.close()

    def close(self) -> None:
        """End its publishers, and stop it."""
        self._publishers.close()
        self.stop()

    def start(self, *arguments: str) -> None:
        """Start `relay serve`, or another command, and wait until viewers can be served."""
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "relay", *(arguments or ("serve",))],
                env=self.environment,
                cwd=self.folder,
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        try:
            self.wait(self.is_ready, "the relay to be ready", START_S)
        except BaseException:
            self.stop()
            raise

    def is_ready(self) -> bool:
        """Whether viewers can be served."""
        assert self._process is not None
        if self._process.poll() is not None:
            raise AssertionError(f"the relay ended:\n{self.log.read_text()}")
        try:
            return bool(self.get("/readyz")["ready"])
        except (OSError, ValueError):
            return False

    def stop(self) -> int:
        """Stop it; returns the exit code."""
        assert self._process is not None
        refused = self.refused_rights()
        if self._process.poll() is None:
            self._process.terminate()
        code = self._process.wait(HANG_S)
        assert refused == [], f"a role lacks a right: {refused}; see relay/bus/roles.py"
        return code

    def refused_rights(self) -> list[dict[str, Any]]:
        """What the embedded servers have refused to the relay's roles, as far as they run."""
        found: list[dict[str, Any]] = []
        for name in ("bus", "state"):
            url = embedded.url(Path(self.environment["RELAY_DATA_DIR"]), name)
            with redis.Redis.from_url(url) as client, suppress(redis.RedisError):
                found += client.acl_log()
        return found

    def wait_ended(self) -> int:
        """Wait until it has ended; returns the exit code."""
        assert self._process is not None
        return self._process.wait(HANG_S)

    def end_publishers(self) -> None:
        """End all that `publish` has started."""
        self._publishers.close()

    def kill_everything(self) -> None:
        """SIGKILL to every process of this relay, all at once."""
        assert self._process is not None
        victims = [self.pid, *self.children()]
        for pid in victims:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self._process.wait(HANG_S)

    def children(self, *needles: str) -> list[int]:
        """Ids of the supervisor's children whose command line has all the `needles`."""
        found = []
        for entry in Path("/proc").glob("[0-9]*"):
            with suppress(OSError, IndexError, ValueError):
                parent = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
                line = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode()
                if parent == self.pid and all(needle in line for needle in needles):
                    found.append(int(entry.name))
        return found

    # --- HTTP ------------------------------------------------------------------------------

    def request(self, method: str, path: str, body: Any = None, **headers: str) -> Any:
        """A JSON request with the admin's token; returns the answer's JSON, None if it is empty."""
        request = urllib.request.Request(
            self.url + path,
            method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers={
                "Content-Type": "application/json",
                "Authorization": f"Bearer {ADMIN_TOKEN}",
                **headers,
            },
        )
        with urllib.request.urlopen(request, timeout=HANG_S) as response:
            raw = response.read()
        return json.loads(raw) if raw else None

    def get(self, path: str) -> Any:
        """GET some JSON, whatever its status."""
        try:
            return self.request("GET", path)
        except urllib.error.HTTPError as error:
            return json.loads(error.read())

    def text(self, path: str) -> str:
        """GET some text, as the admin."""
        headers = {"Authorization": f"Bearer {ADMIN_TOKEN}"}
        request = urllib.request.Request(self.url + path, headers=headers)
        with urllib.request.urlopen(request, timeout=HANG_S) as response:
            return str(response.read().decode())

    def camera(self, camera_id: str, **fields: Any) -> str:
        """Create a camera; returns its publish key."""
        fields = {"id": camera_id, "name": camera_id.title(), **fields}
        created = self.request("POST", "/api/v1/cameras", fields)
        return str(created["publish_key"])

    def camera_anew(self, camera_id: str, **fields: Any) -> str:
        """A camera that nobody sends to, even if the same test has left it in another browser;
        returns its publish key.
        """
        if self.get(f"/api/v1/cameras/{camera_id}").get("status") == 404:
            return self.camera(camera_id, **fields)
        return str(self.request("POST", f"/api/v1/cameras/{camera_id}/key")["publish_key"])

    def broadcast(self, slug: str, cameras: list[str], **fields: Any) -> None:
        """Create a broadcast."""
        self.request(
            "POST",
            "/api/v1/broadcasts",
            {"slug": slug, "title": slug.title(), "cameras": cameras, **fields},
        )

    def anew(self, slug: str, cameras: list[str], **fields: Any) -> None:
        """Create a broadcast, in place of what the same test has left in another browser."""
        self._forget(f"/api/v1/broadcasts/{slug}")
        self.broadcast(slug, cameras, **fields)

    def partner(self, partner_id: str, name: str, *origins: str) -> None:
        """Let sites embed the player, and those alone if a test has let others."""
        self._forget(f"/api/v1/partners/{partner_id}")
        self.request(
            "POST", "/api/v1/partners", {"id": partner_id, "name": name, "origins": origins}
        )

    def _forget(self, path: str) -> None:
        with suppress(urllib.error.HTTPError):
            self.request("DELETE", path)

    # --- cameras ---------------------------------------------------------------------------

    def publish(self, key: str, source: Path, *options: str) -> subprocess.Popen[bytes]:
        """Send a file over RTMP in real time, looped, with the real ffmpeg; ends with the relay."""
        log = (self.folder / "ffmpeg.log").open("ab")
        process = subprocess.Popen(
            [
                *("ffmpeg", "-nostdin", "-loglevel", "warning", "-re", "-stream_loop", "-1"),
                *("-i", str(source), *(options or ("-c", "copy")), "-f", "flv"),
                f"rtmp://127.0.0.1:{self.rtmp_port}/live/{key}",
            ],
            stdout=log,
            stderr=log,
        )
        log.close()

        def end() -> None:
            process.kill()
            process.wait()

        self._publishers.callback(end)
        return process

    def wait_live(self, slug: str, camera: str, within_s: float = PATIENCE_S) -> None:
        """Wait until a camera of a broadcast has renditions."""

        def live() -> bool:
            cameras = self.get(f"/api/v1/broadcasts/{slug}")["cameras"]
            return any(c["id"] == camera and c["renditions"] for c in cameras)

        self.wait(live, f"{camera} to be live", within_s)

    def wait(self, condition: Callable[[], Any], what: str, within_s: float = PATIENCE_S) -> float:
        """Poll until `condition()` is true; returns how long that took, in seconds."""
        began = time.monotonic()
        wait_until(condition, lambda: f"{what}\n{self.log.read_text()}", within_s)
        return time.monotonic() - began
