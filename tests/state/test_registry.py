"""Cameras, their publish keys, and secrets."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from relay.bus import keys
from relay.errors import Conflict, NotFound, StoreError
from relay.ids import hash_key, new_publish_key
from relay.state import secret
from relay.state.models import Camera
from relay.state.registry import Registry

if TYPE_CHECKING:
    from redis.asyncio import Redis

HELMET = Camera(id="helmet", name="Helmet")


@pytest.fixture
def registry(store: Redis) -> Registry:
    return Registry(store)


async def owner(registry: Registry, key: str) -> str | None:
    camera = await registry.camera_of_key(key)
    return None if camera is None else camera.id


async def test_a_key_stands_for_its_camera(registry: Registry):
    helmet = await registry.create_camera(HELMET)
    drone = await registry.create_camera(Camera(id="drone", name="Drone"))
    assert helmet != drone
    assert await owner(registry, helmet) == "helmet"
    assert await owner(registry, drone) == "drone"
    for wrong in ("", "helmet", helmet[:-1], helmet + "x", hash_key(helmet), new_publish_key()):
        assert await owner(registry, wrong) is None


async def test_keys_are_stored_hashed_only(registry: Registry, store: Redis):
    first = await registry.create_camera(HELMET)
    second = await registry.rotate_key("helmet")
    for name in (keys.CAMERAS, keys.PUBLISH_KEYS):
        stored = repr(await store.hgetall(name))
        assert hash_key(second) in stored
        assert first not in stored
        assert second not in stored


async def test_a_rotated_key_is_refused(registry: Registry, store: Redis):
    first = await registry.create_camera(HELMET)
    await registry.cameras.change("helmet", lambda c: c.model_copy(update={"name": "H"}))
    second = await registry.rotate_key("helmet")
    assert await owner(registry, first) is None
    assert await owner(registry, second) == "helmet"
    assert (await registry.cameras.get("helmet")).name == "H"
    assert await store.hlen(keys.PUBLISH_KEYS) == 1


async def test_of_concurrent_rotations_one_key_is_right(registry: Registry, store: Redis):
    await registry.create_camera(HELMET)
    found = await asyncio.gather(*(registry.rotate_key("helmet") for _ in range(10)))
    owners = [await owner(registry, key) for key in found]
    assert sorted(map(str, owners)) == ["None"] * 9 + ["helmet"]
    assert await store.hlen(keys.PUBLISH_KEYS) == 1


class Dying:
    """A state that is out of reach after so many commands."""

    def __init__(self, store: Redis, commands: int) -> None:
        self._store = store
        self._left = commands

    def __getattr__(self, name: str) -> object:
        self._left -= 1
        if self._left < 0:
            raise ConnectionError("killed")
        return getattr(self._store, name)


async def test_a_rotation_that_is_cut_off_leaves_one_key_that_works(
    registry: Registry, store: Redis
):
    key = await registry.create_camera(HELMET)
    outcomes = []
    for commands in range(6):
        camera = await registry.cameras.get("helmet")
        try:
            key = await Registry(Dying(store, commands)).rotate_key("helmet")  # type: ignore[arg-type]
        except StoreError:
            # Nobody was told a new key, so the old one has to be right.
            assert await registry.cameras.get("helmet") == camera
            outcomes.append("refused")
        else:
            outcomes.append("rotated")
        assert await owner(registry, key) == "helmet"
    assert {"refused", "rotated"} == set(outcomes)


async def test_a_camera_is_created_once(registry: Registry, store: Redis):
    outcomes = await asyncio.gather(
        *(registry.create_camera(HELMET) for _ in range(10)), return_exceptions=True
    )
    (key,) = [each for each in outcomes if isinstance(each, str)]
    assert sum(isinstance(each, Conflict) for each in outcomes) == 9
    assert await owner(registry, key) == "helmet"
    assert await store.hlen(keys.PUBLISH_KEYS) == 1


async def test_a_deleted_cameras_key_is_refused_for_ever(registry: Registry, store: Redis):
    first = await registry.create_camera(HELMET)
    await registry.delete_camera("helmet")
    assert await owner(registry, first) is None
    second = await registry.create_camera(HELMET)
    assert await owner(registry, first) is None
    assert await owner(registry, second) == "helmet"
    assert await store.hlen(keys.PUBLISH_KEYS) == 1


async def test_what_is_not_there(registry: Registry, store: Redis):
    with pytest.raises(NotFound):
        await registry.rotate_key("helmet")
    with pytest.raises(NotFound):
        await registry.delete_camera("helmet")
    assert await store.hlen(keys.PUBLISH_KEYS) == 0


async def test_secrets_are_made_once(store: Redis):
    made = await asyncio.gather(*(secret.signing_key(store, "viewers") for _ in range(10)))
    assert len(set(made)) == 1
    assert len(made[0]) == 32
    assert await secret.signing_key(store, "other") != made[0]


async def hashed(store: Redis) -> str | None:
    return await secret.admin_token_hash(store)


async def test_the_admin_token_is_shown_once_and_stored_hashed(store: Redis):
    assert await secret.admin_token_hash(store) is None
    tokens = await asyncio.gather(*(secret.make_admin_token(store) for _ in range(5)))
    # Of starts at once only one may tell its token, and it is the one that counts.
    told = [await secret.admin_token_told(store, token) for token in tokens if token is not None]
    assert told.count(True) == 1
    (token,) = [token for token in tokens if hash_key(str(token)) == await hashed(store)]
    assert token is not None
    assert token not in repr(await store.hgetall(keys.SECRETS))
