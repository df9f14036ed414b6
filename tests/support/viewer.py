"""A viewer of an edge as a browser is one: ICE, DTLS, SRTP and RTCP on a real socket.

Its socket may be replaced (`move`) and it may vanish, so that tests can do what networks do.
"""

from __future__ import annotations

import asyncio
import re
import secrets
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from aioice import stun

from relay.media.codecs import Kind
from relay.webrtc.ice import Credentials
from tests.support import feedback
from tests.support.dtls_peer import DtlsPeer, certificate_fingerprint
from tests.support.offers import CHROMIUM_LIKE
from tests.support.reception import Reception
from tests.support.stage import open_udp, track
from tests.support.stalls import PATIENCE_S
from tests.support.waiting import eventually

if TYPE_CHECKING:
    import socket
    from collections.abc import Awaitable, Callable

    from tests.support.offers import Recipe

TICK_S = 0.02
CHECK_S = 0.5
"""Between consent checks; browsers leave some seconds."""
REPORT_S = 0.2


class WebViewer:
    """See the module. Not connected on construction; use `join`."""

    def __init__(
        self,
        recipe: Recipe = CHROMIUM_LIKE,
        *,
        use_candidate: bool = True,
        keep: bool = True,
        answers: bool = True,
    ) -> None:
        """Without `keep` it forgets media at once; without `answers` the edge's checks get none;
        one that offers `passive` is DTLS's server.
        """
        self.local = Credentials(secrets.token_hex(4), secrets.token_hex(12))
        self.offer = recipe.but(
            ufrag=self.local.ufrag,
            password=self.local.password,
            fingerprint=certificate_fingerprint().value,
        ).text()
        self.session = ""
        self.etag = ""
        self.socket = open_udp()
        self.dtls = DtlsPeer(server=recipe.setup == "passive")
        self.reception: Reception | None = None
        self.checks_answered = 0
        self.remb_bps: int | None = None
        """What it tells of its path; None: nothing."""
        self.lost = 0.0
        """Share of packets that it says were lost."""
        self.lsr = 0
        self._keep = keep
        self._answers = answers
        self._use_candidate = use_candidate
        self._remote = Credentials("", "")
        self._edge = ("127.0.0.1", 0)
        self._tracks: list[Any] = []
        self._loop = asyncio.get_running_loop()
        self._next_check = self._next_report = 0.0
        self._task: asyncio.Task[None] | None = None

    # --- life ------------------------------------------------------------------------------

    async def join(
        self, open_session: Callable[[str], Awaitable[dict[str, Any]]], within_s: float = PATIENCE_S
    ) -> WebViewer:
        """Open a session and connect; `open_session` takes the offer to the edge."""
        answer = await open_session(self.offer)
        self.answered(answer["sdp"])
        self.session, self.etag = answer["session"], answer["etag"]
        self.appear()
        await eventually(lambda: self.reception is not None, "the viewer to connect", within_s)
        return self

    def answered(self, sdp: str) -> None:
        """Take the edge's answer."""

        def first(name: str) -> str:
            found = re.search(rf"a={name}:(\S+)", sdp)
            assert found is not None, name
            return found[1]

        self._remote = Credentials(first("ice-ufrag"), first("ice-pwd"))
        candidate = re.search(r"a=candidate:1 1 udp \d+ (\S+) (\d+) typ host", sdp)
        assert candidate is not None
        self._edge = (candidate[1], int(candidate[2]))
        self._tracks = []
        for section in sdp.split("m=")[1:]:
            ssrcs = list(dict.fromkeys(re.findall(r"a=ssrc:(\d+)", section)))
            if ssrcs:
                kind = Kind(section.split()[0])
                rtx = int(ssrcs[1]) if len(ssrcs) > 1 else 0
                self._tracks.append(track(kind, ssrc=int(ssrcs[0]), rtx_ssrc=rtx))

    def restarted(self, remote: Credentials, local: Credentials, etag: str) -> None:
        """Go on with the credentials of an ICE restart."""
        self._remote, self.local, self.etag = remote, local, etag
        self._next_check = 0.0

    def appear(self) -> None:
        """Be there: receive, check, report."""
        self._loop.add_reader(self.socket, self._readable)
        if self._task is None:
            self._task = asyncio.create_task(self._live())

    def vanish(self) -> None:
        """Say nothing any more, as one whose network is gone."""
        if self._task is not None:
            self._task.cancel()
            self._task = None
        self._loop.remove_reader(self.socket)

    def move(self) -> None:
        """Another port, as after a router forgot this one."""
        self._loop.remove_reader(self.socket)
        self.socket.close()
        self.socket = open_udp()
        self._loop.add_reader(self.socket, self._readable)

    def leave(self) -> None:
        """Say goodbye over DTLS, as a closed page does, and be gone."""
        for datagram in self.dtls.close():
            self._send(datagram)
        self.close()

    def close(self) -> None:
        """Be gone."""
        if self.socket.fileno() >= 0:
            self.vanish()
            self.socket.close()

    # --- what it has got -------------------------------------------------------------------

    @property
    def got(self) -> Reception:
        """All that has come since it connected."""
        assert self.reception is not None
        return self.reception

    async def pictures(self) -> list[int]:
        """The numbers of all pictures so far, once the last one is whole."""
        await eventually(
            lambda: self.got.media() and self.got.media()[-1].marker, "a whole picture"
        )
        return self.got.pictures()

    def tell(self, *rtcp: bytes) -> None:
        """Send RTCP."""
        self._send(self.got.seal(b"".join(rtcp)))

    # --- wire ------------------------------------------------------------------------------

    async def _live(self) -> None:
        while True:
            now = self._loop.time()
            if now >= self._next_check:
                self._next_check = now + (CHECK_S if self.reception is not None else 0.05)
                self._send(self.check())
            if self.reception is not None and now >= self._next_report:
                self._next_report = now + REPORT_S
                self._report()
            elif self.reception is None and (wait := self.dtls.timeout()) is not None and wait <= 0:
                for datagram in self.dtls.repeat():
                    self._send(datagram)
            await asyncio.sleep(TICK_S)

    def check(self) -> bytes:
        """A connectivity check."""
        message = stun.Message(stun.Method.BINDING, stun.Class.REQUEST)
        message.attributes["USERNAME"] = f"{self._remote.ufrag}:{self.local.ufrag}"
        message.attributes["PRIORITY"] = 1
        message.attributes["ICE-CONTROLLING"] = 1
        if self._use_candidate:
            message.attributes["USE-CANDIDATE"] = None
        message.add_message_integrity(self._remote.password.encode())
        return bytes(message)

    def _answer_check(self, datagram: bytes) -> None:
        request = stun.parse_message(datagram)
        key, names = self.local.password.encode(), (self.local.ufrag, self._remote.ufrag)
        if not self._answers or request.attributes["USERNAME"] != ":".join(names):
            return
        assert request.check_message_integrity(key)
        answer = stun.Message(stun.Method.BINDING, stun.Class.RESPONSE, request.transaction_id)
        answer.attributes["XOR-MAPPED-ADDRESS"] = self._edge
        answer.add_message_integrity(key)
        self._send(bytes(answer))

    def _report(self) -> None:
        blocks = [
            feedback.block(each.ssrc, lost=int(self.lost * 256), lsr=self.lsr)
            for each in self._tracks
        ]
        parts = [feedback.receiver_report(*blocks)]
        if self.remb_bps is not None:
            parts.append(feedback.remb(self.remb_bps, *(each.ssrc for each in self._tracks)))
        self.tell(*parts)

    def _send(self, datagram: bytes) -> None:
        with suppress(OSError):
            self.socket.sendto(datagram, self._edge)

    def _readable(self) -> None:
        sock: socket.socket = self.socket
        while True:
            try:
                datagram = sock.recv(4096)
            except OSError:
                return
            self._take(datagram)

    def _take(self, datagram: bytes) -> None:
        first = datagram[0]
        if datagram[:2] == b"\x00\x01":
            self._answer_check(datagram)
        elif first < 4:
            self.checks_answered += 1
            if self.reception is None and self.checks_answered == 1:
                for flight in self.dtls.advance():
                    self._send(flight)
        elif 20 <= first < 64:
            for flight in self.dtls.receive(datagram):
                self._send(flight)
            if self.reception is None and self.dtls.keys is not None:
                # The peer's keys are named from its side: swap them for ours.
                ours = self.dtls.keys
                theirs = type(ours)(ours.profile, ours.receive, ours.send)
                self.reception = Reception(theirs, self._tracks)
        elif self.reception is not None:
            self.reception.take(datagram)
            if not self._keep:
                self.reception.forget()
