"""The registry of cameras and broadcasts, and of the cameras' publish keys."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from relay.bus import keys
from relay.bus.client import store_errors
from relay.ids import hash_key, new_publish_key
from relay.state.documents import Documents
from relay.state.models import Broadcast, Camera

if TYPE_CHECKING:
    from redis.asyncio import Redis


class Registry:
    """Cameras and broadcasts.

    Every method raises `StoreError` if the state is out of reach, besides what it names itself.
    """

    def __init__(self, state: Redis) -> None:
        self._state = state
        self.cameras = Documents(state, keys.CAMERAS, Camera, "camera")
        self.broadcasts = Documents(state, keys.BROADCASTS, Broadcast, "broadcast")

    async def create_camera(self, camera: Camera) -> str:
        """Store a new camera; returns its publish key, which cannot be read again.

        Raises:
            Conflict: there is a camera of that id.
        """
        key = new_publish_key()
        camera = camera.model_copy(update={"key_hash": hash_key(key)})
        await self.cameras.create(camera.id, camera)
        async with store_errors("storing a publish key"):
            await self._state.hset(keys.PUBLISH_KEYS, camera.key_hash, camera.id)
        return key

    async def rotate_key(self, camera_id: str) -> str:
        """Give a camera a new publish key, and return it; the old one is refused from now on.

        Raises:
            NotFound: there is no such camera.
        """
        key = new_publish_key()
        old = (await self.cameras.get(camera_id)).key_hash
        await self.cameras.change(
            camera_id, lambda camera: camera.model_copy(update={"key_hash": hash_key(key)})
        )
        async with store_errors("storing a publish key"):
            pipe = self._state.pipeline()
            pipe.hdel(keys.PUBLISH_KEYS, old)
            pipe.hset(keys.PUBLISH_KEYS, hash_key(key), camera_id)
            await pipe.execute()
        return key

    async def delete_camera(self, camera_id: str) -> None:
        """Delete a camera and its key.

        Raises:
            NotFound: there is no such camera.
        """
        camera = await self.cameras.get(camera_id)
        await self.cameras.delete(camera_id)
        async with store_errors("deleting a publish key"):
            await self._state.hdel(keys.PUBLISH_KEYS, camera.key_hash)

    async def camera_of_key(self, key: str) -> Camera | None:
        """The camera that `key` lets publish, if there is one."""
        async with store_errors("looking up a publish key"):
            camera_id = cast(
                "bytes | None", await self._state.hget(keys.PUBLISH_KEYS, hash_key(key))
            )
        if camera_id is None:
            return None
        camera = await self.cameras.find(camera_id.decode())
        # The camera's own record rules: a rotation cut off half-way leaves the old key here.
        return camera if camera is not None and camera.key_hash == hash_key(key) else None
