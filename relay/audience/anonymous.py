"""Addresses without the people behind them: hashes whose salt changes every day.

The salt is kept on the bus only, which forgets; after two days nobody can tell whose hash it was.
"""

from __future__ import annotations

import asyncio
import hashlib
import secrets
from typing import TYPE_CHECKING, Final, cast

from relay.bus import keys
from relay.bus.client import store_errors
from relay.errors import StoreError
from relay.log import logger

if TYPE_CHECKING:
    from redis.asyncio import Redis

_DAY_S: Final = 86_400
_SALT_S: Final = 0.5
_RETRY_S: Final = 1.0


class Anonymous:
    """Hashes addresses with the day's salt."""

    def __init__(self, bus: Redis) -> None:
        self._bus = bus
        self._day = -1
        self._salt = b""
        self._reading = asyncio.Lock()
        self._again_s = 0.0

    async def hash(self, text: str, now_s: float) -> str:
        """A name of 16 characters for an address or network, the same all day on all gateways.

        While the bus is out of reach it may be another one on each gateway.
        """
        day = int(now_s // _DAY_S)
        if day != self._day:
            async with self._reading:  # once for all that wait
                if day != self._day and now_s >= self._again_s:
                    await self._renew(day, now_s)
        return self._digest(text)

    async def _renew(self, day: int, now_s: float) -> None:
        try:
            self._salt = await self._read(day)
            self._day = day
        except StoreError as error:
            logger().warning("the day's salt cannot be read", error=str(error))
            self._salt = self._salt or secrets.token_bytes(16)
            self._again_s = now_s + _RETRY_S

    def _digest(self, text: str) -> str:
        return hashlib.blake2b(text.encode(), digest_size=8, key=self._salt).hexdigest()

    async def _read(self, day: int) -> bytes:
        async with store_errors("reading the day's salt", timeout_s=_SALT_S):
            key = keys.salt(day)
            await self._bus.set(key, secrets.token_hex(16), nx=True, ex=2 * _DAY_S)
            value = cast("bytes | None", await self._bus.get(key))
        if value is None:
            raise StoreError("the day's salt is gone")
        return bytes.fromhex(value.decode())
