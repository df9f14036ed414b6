"""The registry of cameras and broadcasts, and of the cameras' publish keys."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from relay.bus import keys
from relay.bus.client import store_errors
from relay.errors import Conflict, StoreError
from relay.ids import hash_key, new_partner_key, new_publish_key, same
from relay.log import logger
from relay.state import course
from relay.state.documents import Documents
from relay.state.models import Access, Broadcast, Camera, Marker, Partner

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import datetime

    from redis.asyncio import Redis
    from redis.asyncio.client import Pipeline


class Registry:
    """Cameras and broadcasts.

    Every method raises `StoreError` if the state is out of reach, besides what it names itself.
    """

    def __init__(self, state: Redis) -> None:
        self._state = state
        self.cameras = Documents(state, keys.CAMERAS, Camera, "camera")
        self.broadcasts = Documents(state, keys.BROADCASTS, Broadcast, "broadcast")
        self.partners = Documents(state, keys.PARTNERS, Partner, "partner")

    # --- generations -------------------------------------------------------------------------

    async def generations(self) -> dict[str, int]:
        """The generations of broadcasts (`broadcast:…`), of partners (`partner:…`), and of partners
        in one broadcast (`partner:…:…`); those that are left out are 0.
        """
        async with store_errors("reading generations"):
            found = cast("dict[bytes, bytes]", await self._state.hgetall(keys.GENERATIONS))
        return {name.decode(): int(value) for name, value in found.items()}

    async def _next_generation(self, kind: str, name: str) -> None:
        """Kill the passes of a broadcast, or those that a partner gave."""
        async with store_errors(f"taking back the passes of a {kind}"):
            await self._state.hincrby(keys.GENERATIONS, f"{kind}:{name}", 1)

    # --- cameras -----------------------------------------------------------------------------

    async def create_camera(self, camera: Camera) -> str:
        """Store a new camera; returns its publish key, which cannot be read again.

        Raises:
            Conflict: there is a camera of that id.
        """
        key = new_publish_key()
        camera = camera.model_copy(update={"key_hash": hash_key(key)})
        # The key comes first, so that there is never a camera whose key does not work.
        await self._add_key(camera.key_hash, camera.id)
        try:
            await self.cameras.create(camera.id, camera)
        except Conflict:
            await self._forget_key(camera.key_hash)
            raise
        return key

    async def rotate_key(self, camera_id: str) -> str:
        """Give a camera a new publish key, and return it; the old one is refused from now on.

        Raises:
            NotFound: there is no such camera.
        """
        key = new_publish_key()
        new, old = hash_key(key), ""

        def rotated(camera: Camera) -> Camera:
            nonlocal old
            old = camera.key_hash
            return camera.model_copy(update={"key_hash": new})

        await self.cameras.get(camera_id)
        # The camera's record decides; cut off anywhere, this leaves one key that works.
        await self._add_key(new, camera_id)
        await self.cameras.change(camera_id, rotated)
        try:
            await self._forget_key(old)
        except StoreError as error:  # it is refused all the same
            logger().warning("an old publish key stays stored", error=str(error))
        return key

    async def delete_camera(self, camera_id: str) -> None:
        """Delete a camera and its key.

        Raises:
            NotFound: there is no such camera.
            Conflict: broadcasts show it.
        """
        shown = [b.slug for b in await self.broadcasts.all() if camera_id in b.cameras]
        if shown:
            raise Conflict(
                f"camera {camera_id!r} belongs to {', '.join(shown)}; take it out of there first"
            )
        camera = await self.cameras.get(camera_id)
        await self.cameras.delete(camera_id)
        await self._forget_key(camera.key_hash)

    async def _add_key(self, key_hash: str, camera_id: str) -> None:
        async with store_errors("storing a publish key"):
            await self._state.hset(keys.PUBLISH_KEYS, key_hash, camera_id)

    async def _forget_key(self, key_hash: str) -> None:
        async with store_errors("deleting a publish key"):
            await self._state.hdel(keys.PUBLISH_KEYS, key_hash)

    # --- partners ----------------------------------------------------------------------------

    async def rotate_partner_key(self, partner_id: str) -> str:
        """Give a partner a new key, and return it; the old one is refused from now on.

        Raises:
            NotFound: there is no such partner.
        """
        key = new_partner_key()
        update = {"key_hash": hash_key(key)}
        await self.partners.change(partner_id, lambda partner: partner.model_copy(update=update))
        await self._next_generation("partner", partner_id)
        return key

    async def delete_partner(self, partner_id: str) -> None:
        """Delete a partner; whoever its server has let in is let in no more.

        Raises:
            NotFound: there is no such partner.
        """
        await self.partners.get(partner_id)
        await self._next_generation("partner", partner_id)
        await self.partners.delete(partner_id)

    async def partner_of_key(self, key: str) -> Partner | None:
        """The partner whose key this is, if there is one."""
        wanted = hash_key(key)
        for partner in await self.partners.all():
            if partner.key_hash and same(partner.key_hash, wanted):
                return partner
        return None

    # --- markers and beginnings --------------------------------------------------------------

    def markers(self, slug: str) -> Documents[Marker]:
        """The markers of a broadcast, by id."""
        return Documents(self._state, keys.markers(slug), Marker, "marker")

    async def markers_of(self, slugs: Sequence[str]) -> dict[str, list[Marker]]:
        """The markers of several broadcasts by their moments, in one round trip."""
        if not slugs:
            return {}
        async with store_errors("reading markers"):
            pipe = self._state.pipeline(transaction=False)
            for slug in slugs:
                pipe.hgetall(keys.markers(slug))
            answers = await pipe.execute()
        return {
            slug: sorted(self.markers(slug).parsed(values), key=lambda marker: marker.at)
            for slug, values in zip(slugs, answers, strict=True)
        }

    async def beginnings(self) -> dict[str, int]:
        """When broadcasts began, µs since the epoch; those that have not are left out."""
        async with store_errors("reading when broadcasts began"):
            found = cast("dict[bytes, bytes]", await self._state.hgetall(keys.BEGINNINGS))
        return {slug.decode(): int(at) for slug, at in found.items()}

    async def note_beginnings(self, at_us: Mapping[str, int]) -> None:
        """Note when broadcasts began."""
        async with store_errors("noting when broadcasts began"):
            await self._state.hset(
                keys.BEGINNINGS, mapping={slug: str(at) for slug, at in at_us.items()}
            )

    # --- the course of broadcasts ------------------------------------------------------------

    async def start_broadcast(self, slug: str, now: datetime) -> Broadcast:
        """Let a broadcast begin.

        Raises:
            NotFound: there is no such broadcast.
            Conflict: it has begun or ended already.
        """
        began = (await self.beginnings()).get(slug)
        changed = await self.broadcasts.change(slug, lambda old: course.started(old, began, now))
        await self.note_beginnings({slug: int(now.timestamp() * 1e6)})
        return changed

    async def end_broadcast(self, slug: str, now: datetime, *, release: bool) -> Broadcast:
        """End a broadcast, and let its cameras go if `release`.

        Raises:
            NotFound: there is no such broadcast.
            Conflict: it has ended already.
        """
        return await self.broadcasts.change(
            slug, lambda old: course.ended(old, now, release=release)
        )

    async def reopen_broadcast(self, slug: str) -> Broadcast:
        """Let a broadcast that has ended go on.

        Raises:
            NotFound: there is no such broadcast.
            Conflict: it has not ended.
        """
        return await self.broadcasts.change(slug, course.reopened)

    async def released_by(self, camera: str) -> Broadcast | None:
        """The broadcast that let a camera go, if it is to stay away."""
        return course.released_by(camera, await self.broadcasts.all())

    async def change_broadcast(
        self, slug: str, change: Callable[[Broadcast], Broadcast]
    ) -> Broadcast:
        """Change a broadcast; the passes of an earlier time open it no more if that closes it, and
        those of a partner no more if that takes the partner in (again).

        Raises:
            NotFound: there is no such broadcast.
        """

        def take_back(pipe: Pipeline, old: Broadcast, new: Broadcast) -> None:
            if new.access is Access.CLOSED and old.access is not Access.CLOSED:
                pipe.hincrby(keys.GENERATIONS, f"broadcast:{slug}", 1)
            for partner in set(new.partners) - set(old.partners):
                pipe.hincrby(keys.GENERATIONS, f"partner:{partner}:{slug}", 1)

        return await self.broadcasts.change(slug, change, take_back)

    # --- deletion ----------------------------------------------------------------------------

    async def delete_broadcast(self, slug: str) -> None:
        """Delete a broadcast and all that belongs to it.

        Raises:
            NotFound: there is no such broadcast.
        """
        # Before, so that a deletion that is cut off can be sent again; and after, for what
        # came in between: a later broadcast of that name must not inherit that.
        await self.broadcasts.get(slug)
        await self._next_generation("broadcast", slug)
        await self._forget(slug)
        await self.broadcasts.delete(slug)
        await self._forget(slug)

    async def _forget(self, slug: str) -> None:
        async with store_errors("deleting what belongs to a broadcast"):
            partners = cast("set[bytes]", await self._state.smembers(keys.audience_partners(slug)))
            audiences = [
                key(slug, partner)
                for partner in ("", *(name.decode() for name in partners))
                for key in (keys.audience, keys.unique)
            ]
            await self._state.delete(
                *keys.of_broadcast(slug), *audiences, keys.audience_partners(slug)
            )
            await self._state.hdel(keys.BEGINNINGS, slug)

    async def camera_of_key(self, key: str) -> Camera | None:
        """The camera that `key` lets publish, if there is one."""
        async with store_errors("looking up a publish key"):
            camera_id = cast(
                "bytes | None", await self._state.hget(keys.PUBLISH_KEYS, hash_key(key))
            )
        if camera_id is None:
            return None
        camera = await self.cameras.find(camera_id.decode())
        # The camera's own record decides: a rotation that was cut off leaves other keys here.
        return camera if camera is not None and camera.key_hash == hash_key(key) else None
