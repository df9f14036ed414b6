"""Keys that are rotated, and cameras that are deleted, while their publishers are on air."""

from __future__ import annotations

import asyncio
import logging
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from relay.ingest import connection as server_module
from relay.state.models import Broadcast
from tests.support.ingest import listening, running
from tests.support.waiting import eventually

if TYPE_CHECKING:
    from tests.support.ingest import Ingest
    from tests.support.rtmp import Encoder
    from tests.support.server import Server

pytestmark = [
    pytest.mark.usefixtures("store"),
    pytest.mark.parametrize("store_kind", ["valkey"], indirect=True),
]


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server_module, "KEY_CHECK_S", 0.1)


@pytest.mark.parametrize("what", ["rotated", "deleted"])
async def test_a_key_that_is_taken_away_ends_its_publisher(
    what: str,
    ingest: Ingest,
    store_url: str,
    logged: list[dict[str, Any]],
    caplog: pytest.LogCaptureFixture,
):
    key = await ingest.camera("helmet")
    async with listening(store_url, "helmet") as heard, ingest.encoder(key) as encoder:
        encoder.picture()
        await heard.until(1)
        if what == "rotated":
            await ingest.registry.rotate_key("helmet")
        else:
            await ingest.registry.delete_camera("helmet")

        def is_cut_off() -> bool:
            for _ in range(20):  # it does not stop by itself
                encoder.picture()
            return "its key was changed" in str(logged)

        await eventually(is_cut_off, "its end")
        await encoder.hung_up()
    async with ingest.encoder() as again:
        await again.connect()
        again.publish(key)
        assert await again.status() == "NetStream.Publish.Unauthorized"
    # What it went on sending disturbs nobody.
    assert [each for each in caplog.records if each.levelno >= logging.ERROR] == []


async def test_the_new_key_is_taken_at_once(ingest: Ingest):
    await ingest.camera("helmet")
    async with ingest.encoder(await ingest.registry.rotate_key("helmet")):
        pass


async def test_a_state_that_hangs_holds_up_no_picture(
    own_state: Server, store_url: str, monkeypatch: pytest.MonkeyPatch
):
    async with running(store_url, own_state.url, "ingest-9") as ingest:
        key = await ingest.camera("helmet")
        async with listening(store_url, "helmet") as heard, ingest.encoder(key) as encoder:
            encoder.picture()
            await heard.until(1)
            monkeypatch.setattr(server_module, "KEY_CHECK_S", 0.0)
            own_state.pause()
            try:
                for number in range(2, 12):
                    encoder.picture()
                    # The look at the key gives up after 5 s.
                    await heard.until(number, within_s=2.0)
            finally:
                own_state.resume()


async def test_whoever_is_on_air_stays_there_without_the_state(own_state: Server, store_url: str):
    async with running(store_url, own_state.url, "ingest-9") as ingest:
        key = await ingest.camera("helmet")
        async with listening(store_url, "helmet") as heard, ingest.encoder(key) as encoder:
            encoder.picture()
            await heard.until(1)
            own_state.kill()
            for number in range(2, 12):
                encoder.picture()
                await heard.until(number)
            # A new one is not let in, since nobody can say whether its key is right.
            async with ingest.encoder() as other:
                await other.connect()
                other.publish(key)
                await other.hung_up()


async def test_a_camera_that_was_let_go_is_hung_up_on_and_refused_until_it_is_wanted(
    ingest: Ingest,
):
    key = await ingest.camera("helmet")
    show = Broadcast(slug="eva", title="EVA 42", cameras=("helmet",))
    await ingest.registry.broadcasts.create("eva", show)
    words = "helmet: the broadcast 'EVA 42' has ended, and its cameras were let go"
    async with ingest.encoder(key) as encoder:
        encoder.picture()
        await ingest.registry.end_broadcast("eva", datetime.now(UTC), release=False)
        await ingest.registry.end_broadcast("eva", datetime.now(UTC), release=True)
        sending = asyncio.create_task(send_on(encoder))
        said = await encoder.told()
        sending.cancel()
        assert (said["code"], said["description"]) == ("NetStream.Publish.Rejected", words)
        await encoder.hung_up()
    async with ingest.encoder() as encoder:
        await encoder.connect()
        encoder.publish(key)
        said = await encoder.told()
        assert (said["code"], said["description"]) == ("NetStream.Publish.Rejected", words)
    await ingest.registry.reopen_broadcast("eva")
    async with ingest.encoder(key) as encoder:
        encoder.picture()
        await eventually(lambda: ingest.fact("helmet"), "the camera on air again")


async def send_on(encoder: Encoder) -> None:
    while True:
        encoder.picture()
        await asyncio.sleep(0.05)
