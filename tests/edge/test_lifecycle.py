"""A session's life through a real edge: consent, addresses, restarts, ends, and the count."""

from __future__ import annotations

import asyncio
import re
import secrets
from typing import TYPE_CHECKING

import pytest

from relay.bus import sessions
from relay.bus.rpc import Refused
from relay.edge import viewer
from relay.edge.viewer import ESTABLISH_S, SILENT_S
from relay.media.codecs import Kind
from relay.webrtc.ice import CONSENT_S, Credentials
from tests.support import feedback
from tests.support.house import Camera, edge
from tests.support.offers import CHROMIUM, CHROMIUM_LIKE
from tests.support.stage import drain
from tests.support.viewer import WebViewer
from tests.support.waiting import eventually

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from redis.asyncio import Redis

    from relay.config import CoreName
from tests.support.house import House

pytestmark = pytest.mark.parametrize("store_kind", ["valkey"], indirect=True)


@pytest.fixture(params=["python", "native"])
def core_name(request: pytest.FixtureRequest) -> CoreName:
    return request.param


@pytest.fixture
async def camera(store: Redis) -> AsyncIterator[Camera]:
    made = Camera(store, "cam", rungs={"240p": 400_000})
    await made.begin()
    yield made
    await made.end()


@pytest.fixture
async def house(
    store: Redis, store_url: str, core_name: CoreName, camera: Camera
) -> AsyncIterator[House]:
    async with edge(store, store_url, core_name) as made:
        yield made


async def test_a_viewer_that_vanishes_does_not_count_after_five_seconds(
    house: House, store: Redis
) -> None:
    staying, vanishing = await asyncio.gather(house.join(), house.join())

    async def count() -> int:
        return await sessions.count(store, "show")

    async def is_two() -> bool:
        return await count() == 2

    await eventually(is_two, "both to count")
    vanishing.vanish()

    async def is_one() -> bool:
        return await count() == 1

    await eventually(is_one, "one to count")
    # Its session goes on, in case it comes back, as after a short outage.
    assert (await house.fact())["sessions"] == 2
    vanishing.appear()
    await eventually(is_two, "both to count again")
    assert staying.got.media()


async def test_sending_stops_without_consent(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    leaving, staying = await asyncio.gather(house.join(), house.join())
    assert CONSENT_S == 30.0

    async def two() -> bool:
        return (await house.fact())["sessions"] == 2

    await eventually(two, "both to be told of")
    monkeypatch.setattr(viewer, "CONSENT_S", 1.5)  # time is the loop's here
    leaving.vanish()
    sent: list[bytes] = []

    def goes_on() -> bool:
        sent.extend(drain(leaving.socket))
        return len(sent) > 20

    await eventually(goes_on, "sending to go on for a while")

    async def one() -> bool:
        return (await house.fact())["sessions"] == 1

    await eventually(one, "the session to end")
    drain(leaving.socket)
    staying.got.forget()
    await eventually(lambda: len(staying.got.media()) > 60, "the other one to be sent more")
    assert drain(leaving.socket) == []


async def test_a_session_that_never_connects_is_forgotten(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(viewer, "ESTABLISH_S", 0.5)
    session = (await house.open(CHROMIUM))["session"]

    async def gone() -> bool:
        try:
            await house.call("hint", session=session)
        except Refused as refusal:
            return refusal.kind == "NotFound"
        return False

    await eventually(gone, "the session to be forgotten")
    assert ESTABLISH_S == 20.0


async def test_a_new_address_is_followed_at_once(house: House) -> None:
    moving = await house.join()
    await eventually(moving.got.media, "a picture")
    for _ in range(3):
        moving.move()
        seen = len(moving.got.media())
        await eventually(lambda n=seen: len(moving.got.media()) > n + 10, "more")
    moving.got.check_reception()


async def test_a_new_address_is_followed_without_a_nomination_once_the_old_one_is_silent(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(viewer, "SILENT_S", 0.8)
    moving = await house.join(WebViewer(use_candidate=False))
    await eventually(moving.got.media, "a picture")
    moving.move()
    seen = len(moving.got.media())
    await eventually(lambda: len(moving.got.media()) > seen + 10, "more", 4.0)
    assert SILENT_S > 5.0


async def test_nobody_else_can_take_a_session_over(house: House) -> None:
    """An address without the session's password gets nothing, whatever it sends."""
    viewer_, stranger = await house.join(), WebViewer()
    stranger._edge, stranger._remote = viewer_._edge, Credentials(viewer_._remote.ufrag, "x" * 24)
    stranger.local = viewer_.local
    for _ in range(20):
        stranger._send(stranger.check())
        stranger._send(viewer_.got.seal(b"\x80\xc9\x00\x01\x00\x00\x00\x01"))
    seen = len(viewer_.got.media())
    await eventually(lambda: len(viewer_.got.media()) > seen + 20, "the picture to go on")
    with pytest.raises(BlockingIOError):
        stranger.socket.recv(2048)
    stranger.close()
    assert await house.call("hint", session=viewer_.session) == {}


async def test_an_address_that_another_session_took_is_given_back(house: House) -> None:
    """A neighbour's authentic check from one's own address, as after a router mixed them up."""
    owner, neighbour = await house.join(), await house.join()
    await eventually(owner.got.media, "a picture")
    neighbour.vanish()
    owner.socket.sendto(neighbour.check(), owner._edge)
    seen = len(owner.got.media())
    await eventually(lambda: len(owner.got.media()) > seen + 20, "the picture to go on")
    # What the owner says is heard again after its next check.
    video = owner.got.tracks[Kind.VIDEO].ssrc

    def answered() -> bool:
        last = owner.got.media()[-1].sequence
        owner.tell(feedback.receiver_report(), feedback.nack(video, last))
        return bool(owner.got.resent())

    await eventually(answered, "an answer to the owner")


async def test_port_0_is_nobodys(house: House) -> None:
    assert house.edge is not None
    viewer_ = await house.join()
    house.edge._contact._check(next(iter(house.edge._roster)), viewer_.check(), ("127.0.0.1", 0))
    assert house.edge._roster.refused == 1


async def test_ice_restarts_while_media_goes_on(house: House) -> None:
    restarting = await house.join()
    for _ in range(2):
        local = Credentials(secrets.token_hex(4), secrets.token_hex(12))
        fragment = f"a=ice-ufrag:{local.ufrag}\r\na=ice-pwd:{local.password}\r\n"
        stale = restarting.etag
        answer = await house.call(
            "patch", session=restarting.session, fragment=fragment, etag=f'"{restarting.etag}"'
        )
        found = re.search(r"a=ice-ufrag:(\S+)\r\na=ice-pwd:(\S+)", answer["fragment"])
        assert found is not None
        restarting.restarted(Credentials(found[1], found[2]), local, answer["etag"])
        restarting.move()  # a restart is what one does on another network
        seen = len(restarting.got.media())
        await eventually(lambda n=seen: len(restarting.got.media()) > n + 10, "more")
        with pytest.raises(Refused) as caught:
            await house.call("patch", session=restarting.session, fragment=ANOTHER, etag=stale)
        assert caught.value.kind == "PreconditionFailed"
    restarting.got.check_reception()


async def test_a_restart_whose_answer_is_lost_is_asked_for_again(house: House) -> None:
    restarting = await house.join()
    stale, local = restarting.etag, Credentials(secrets.token_hex(4), secrets.token_hex(12))
    asked = {
        "session": restarting.session,
        "fragment": f"a=ice-ufrag:{local.ufrag}\r\na=ice-pwd:{local.password}\r\n",
        "etag": stale,
    }
    first = await house.call("patch", **asked)
    answered = restarting.checks_answered
    await eventually(
        lambda: restarting.checks_answered > answered + 2, "checks with what is in use go on"
    )
    assert await house.call("patch", **asked) == first
    assert await house.call("patch", **asked | {"etag": first["etag"]}) == {}, "that is a trickle"
    found = re.search(r"a=ice-ufrag:(\S+)\r\na=ice-pwd:(\S+)", first["fragment"])
    assert found is not None
    restarting.restarted(Credentials(found[1], found[2]), local, first["etag"])
    answered = restarting.checks_answered
    await eventually(lambda: restarting.checks_answered > answered + 2, "checks with the new ones")
    assert await house.call("patch", **asked) == {}, "the restart is over"


async def test_a_viewer_that_waits_for_us_to_begin_dtls(house: House) -> None:
    waiting = await house.join(WebViewer(CHROMIUM_LIKE.but(setup="passive")))
    await eventually(lambda: len(waiting.got.media(Kind.VIDEO)) > 30, "its picture")
    waiting.got.check_reception()


ANOTHER = "a=ice-ufrag:other\r\na=ice-pwd:another-password-of-24ch\r\n"


async def test_trickled_candidates_change_nothing(house: House) -> None:
    trickling = await house.join()
    candidates = "a=candidate:1 1 udp 1 10.0.0.1 9 typ host\r\na=end-of-candidates\r\n"
    for etag in (None, "*", "stale"):
        assert (
            await house.call("patch", session=trickling.session, fragment=candidates, etag=etag)
            == {}
        )
    with pytest.raises(Refused) as caught:
        await house.call("patch", session=trickling.session, fragment=ANOTHER, etag=None)
    assert caught.value.kind == "PreconditionRequired"


async def test_a_deleted_session_ends_at_once(house: House, store: Redis) -> None:
    leaving = await house.join()
    await house.call("close", session=leaving.session)
    await eventually(lambda: leaving.got.goodbyes() and leaving.dtls.closed, "two goodbyes")
    with pytest.raises(Refused) as caught:
        await house.call("close", session=leaving.session)
    assert caught.value.kind == "NotFound"
    assert await sessions.count(store, "show") == 0
    assert (await house.join()).session != leaving.session
