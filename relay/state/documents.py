"""JSON documents in one hash of the state Redis: create, read, change, delete."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Generic, TypeVar, cast

from pydantic import ValidationError
from redis.exceptions import WatchError

from relay.bus.client import store_errors
from relay.bus.gather import Readings
from relay.errors import Conflict, NotFound, StoreError
from relay.log import logger
from relay.state.models import STORED, Model, explain

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from redis.asyncio import Redis
    from redis.asyncio.client import Pipeline

M = TypeVar("M", bound=Model)
_REMEMBERED: Final = 1000


class Documents(Generic[M]):
    """The documents of one kind.

    Every method raises `StoreError` if the state is out of reach, or what it holds cannot be read.
    """

    def __init__(self, state: Redis, key: str, model: type[M], noun: str) -> None:
        self._state = state
        self._readings = Readings(state)
        self._key = key
        self._model = model
        self._noun = noun
        self._last: dict[str, tuple[bytes | str, M]] = {}

    async def create(self, name: str, document: M) -> None:
        """Store a new document.

        Raises:
            Conflict: there is one of that name.
        """
        async with store_errors(f"creating a {self._noun}"):
            made = await self._state.hsetnx(self._key, name, document.model_dump_json())
        if not made:
            raise Conflict(f"there is already a {self._noun} {name!r}")

    async def find(self, name: str) -> M | None:
        """The document, if there is one."""
        value = await self._readings.ask(f"reading a {self._noun}", "HGET", self._key, name)
        return None if value is None else self._known(name, value)

    async def get(self, name: str) -> M:
        """The document.

        Raises:
            NotFound: there is none of that name.
        """
        document = await self.find(name)
        if document is None:
            raise NotFound(f"there is no {self._noun} {name!r}")
        return document

    async def all(self) -> list[M]:
        """All documents, by name; one that cannot be read is left out and does not hide others."""
        values = await self._readings.ask(f"listing {self._noun}s", "HGETALL", self._key)
        return self.parsed(cast("dict[bytes, bytes]", values))

    def parsed(self, values: dict[bytes, bytes]) -> list[M]:
        """The documents of a whole hash, as `all` gives them."""
        found = []
        for name in sorted(values):
            try:
                found.append(self._known(name.decode(), values[name]))
            except StoreError as error:
                logger().error("document left out", error=str(error))
        return found

    async def some(self, names: Sequence[str]) -> dict[str, M]:
        """Those of these documents that there are."""
        async with store_errors(f"reading {self._noun}s"):
            values = await self._state.hmget(self._key, list(names))
        return {
            name: self._known(name, value)
            for name, value in zip(names, values, strict=True)
            if value is not None
        }

    def _known(self, name: str, value: bytes | str) -> M:
        """A document that was perhaps read before: reading is dear, and they seldom change."""
        last = self._last.get(name)
        if last is None or last[0] != value:
            if len(self._last) >= _REMEMBERED:
                self._last.clear()
            last = self._last[name] = (value, self._parse(name, value))
        return last[1]

    async def count(self) -> int:
        """Number of documents."""
        async with store_errors(f"counting {self._noun}s"):
            return int(await self._state.hlen(self._key))

    async def change(
        self,
        name: str,
        change: Callable[[M], M],
        also: Callable[[Pipeline, M, M], None] = lambda _pipe, _old, _new: None,
    ) -> M:
        """Replace a document by what `change` makes of it, and return that.

        `change` may run more than once, if another process changes the document meanwhile. `also`
        adds commands that take effect together with the change.

        Raises:
            NotFound: there is none of that name.
        """
        async with store_errors(f"changing a {self._noun}"), self._state.pipeline() as pipe:
            while True:
                await pipe.watch(self._key)
                value = await pipe.hget(self._key, name)
                if value is None:
                    raise NotFound(f"there is no {self._noun} {name!r}")
                old = self._parse(name, value)
                changed = change(old)
                pipe.multi()  # type: ignore[no-untyped-call]
                pipe.hset(self._key, name, changed.model_dump_json())
                also(pipe, old, changed)
                try:
                    await pipe.execute()
                except WatchError:
                    continue
                return changed

    async def delete(self, name: str) -> None:
        """Delete a document.

        Raises:
            NotFound: there is none of that name.
        """
        async with store_errors(f"deleting a {self._noun}"):
            gone = await self._state.hdel(self._key, name)
        if not gone:
            raise NotFound(f"there is no {self._noun} {name!r}")

    def _parse(self, name: str, value: bytes | str) -> M:
        try:
            return self._model.model_validate_json(value, context=STORED)
        except ValidationError as error:  # another version of the relay wrote it
            text = f"the {self._noun} {name!r} cannot be read: {explain(error)}"
            raise StoreError(text) from None
