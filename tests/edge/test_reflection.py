"""Through a real edge: who only names an address has nothing sent there."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.support.house import Camera, House, edge
from tests.support.offers import CHROMIUM_LIKE
from tests.support.stage import drain, open_udp
from tests.support.viewer import WebViewer
from tests.support.waiting import eventually

if TYPE_CHECKING:
    import socket
    from collections.abc import AsyncIterator, Iterator

    from redis.asyncio import Redis

    from relay.config import CoreName

pytestmark = pytest.mark.parametrize("store_kind", ["valkey"], indirect=True)


@pytest.fixture(params=["python", "native"])
async def house(
    store: Redis, store_url: str, request: pytest.FixtureRequest
) -> AsyncIterator[House]:
    core_name: CoreName = request.param
    camera = Camera(store, "cam", rungs={"240p": 400_000})
    await camera.begin()
    async with edge(store, store_url, core_name) as made:
        yield made
    await camera.end()


@pytest.fixture
def victim() -> Iterator[socket.socket]:
    """One whose address somebody writes into a datagram: it answers nothing."""
    with open_udp() as sock:
        yield sock


async def test_a_victim_gets_no_media_and_the_viewer_goes_on(
    house: House, victim: socket.socket
) -> None:
    viewer = await house.join()
    await eventually(viewer.got.media, "a picture")
    checks = [viewer.check() for _ in range(5)]
    for check in checks:
        victim.sendto(check, viewer._edge)
    seen = len(viewer.got.media())
    await eventually(lambda: len(viewer.got.media()) > seen + 60, "the picture to go on")
    got = drain(victim)
    assert all(datagram[0] < 4 for datagram in got), "nothing but STUN"
    assert sum(map(len, got)) <= 3 * sum(map(len, checks))
    viewer.got.check_reception()


async def test_an_answer_that_the_attacker_makes_up_moves_nothing(
    house: House, victim: socket.socket
) -> None:
    """It has all the passwords, and not the number that was sent to the victim."""
    viewer = await house.join()
    victim.sendto(viewer.check(), viewer._edge)
    assert house.edge is not None
    refused = house.edge._roster.refused
    forged = bytearray(await _question(victim))
    forged[0] = 1
    forged[8:20] = bytes(12)
    victim.sendto(forged, viewer._edge)
    await eventually(lambda: house.edge._roster.refused > refused, "it to be counted")  # type: ignore[union-attr]
    seen = len(viewer.got.media())
    await eventually(lambda: len(viewer.got.media()) > seen + 30, "the picture to go on")
    assert all(datagram[0] < 4 for datagram in drain(victim))


async def _question(victim: socket.socket) -> bytes:
    found: list[bytes] = []

    def asked() -> bool:
        found.extend(each for each in drain(victim) if each[:2] == b"\0\1")
        return bool(found)

    await eventually(asked, "the edge's check")
    return found[0]


@pytest.mark.parametrize("setup", ["actpass", "passive"])
async def test_half_a_handshake_brings_a_victim_at_most_three_times_its_bytes(
    house: House, victim: socket.socket, setup: str
) -> None:
    attacker = WebViewer(CHROMIUM_LIKE.but(setup=setup))
    attacker.answered((await house.open(attacker.offer))["sdp"])
    sent = [attacker.check(), *(attacker.dtls.advance() if setup == "actpass" else [])]
    got: list[bytes] = []

    def all_came() -> bool:
        got.extend(drain(victim))
        return len(got) >= 2

    victim.sendto(sent[0], attacker._edge)
    await eventually(all_came, "an answer and a check")
    for datagram in sent[1:]:
        victim.sendto(datagram, attacker._edge)
    assert house.edge is not None
    session = next(iter(house.edge._roster))
    await eventually(lambda: session.dtls is not None, "the handshake to begin")
    other = await house.join()  # which takes longer than what is to come
    await eventually(lambda: len(other.got.media()) > 45, "time to pass")
    got.extend(drain(victim))
    assert sum(map(len, got)) <= 3 * sum(map(len, sent))
    attacker.close()


async def test_who_answers_no_checks_proves_its_address_by_the_handshake(house: House) -> None:
    """Players other than browsers may leave ours unanswered; they can be watched with, as long
    as they stay where they are."""
    viewer = await house.join(WebViewer(answers=False))
    await eventually(lambda: len(viewer.got.media()) > 30, "its picture")
    viewer.move()
    seen = len(viewer.got.media())
    other = await house.join()
    await eventually(lambda: len(other.got.media()) > 30, "time to pass")
    assert len(viewer.got.media()) == seen
