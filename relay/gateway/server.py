"""The HTTP server around the application: what strangers may cost before a handler sees them.

A connection that has not sent a whole request head, and one between two requests, is closed after
`IDLE_S`. Bodies are not unpacked: no client of ours packs them, and a packed one may be a bomb.
"""

from __future__ import annotations

import logging
from typing import Final

from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError

from relay.gateway.doors import Runner

IDLE_S: Final = 75.0
_LINGER_S: Final = 2.0
"""For this long the rest of a refused body is read, so that its sender sees the refusal."""
_STOP_S: Final = 1.0


class _NotOurs(logging.Filter):
    """Keeps what strangers send amiss out of the log: they are told, and could fill the disk."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether a line is about us."""
        error = record.exc_info[1] if record.exc_info else None
        return not isinstance(error, HttpProcessingError | web.RequestPayloadError)


_LOGGER: Final = logging.getLogger("relay.gateway.http")
_LOGGER.addFilter(_NotOurs())


def make_runner(app: web.Application) -> web.AppRunner:
    """What runs the application on sockets."""
    return Runner(
        app,
        access_log=None,
        logger=_LOGGER,
        shutdown_timeout=_STOP_S,
        keepalive_timeout=IDLE_S,
        lingering_time=_LINGER_S,
        auto_decompress=False,
    )
