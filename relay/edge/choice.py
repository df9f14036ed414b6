"""Which core an edge works with."""

from __future__ import annotations

from typing import TYPE_CHECKING

from relay.edge.fanout import PythonCore
from relay.errors import OperatorError
from relay.log import logger

if TYPE_CHECKING:
    import socket

    from relay.config import CoreName
    from relay.edge.core import Core
    from relay.edge.fanout import Later


def make_core(sock: socket.socket, wanted: CoreName, later: Later | None = None) -> Core:
    """The core that the setting calls for, on a bound, non-blocking UDP socket.

    `auto` is the native one where it was built, else the Python one; the log says so. `later` is
    the Python one's clock.

    Raises:
        OperatorError: the native one is wanted and is not there.
    """
    if wanted == "python":
        return PythonCore(sock, later)
    try:
        from relay.edge.native import NativeCore  # noqa: PLC0415 - it may not have been built
    except ImportError as error:
        if wanted == "native":
            raise OperatorError(f"RELAY_EDGE_CORE=native: {error}") from None
        logger().warning(
            "the native core is missing, the Python one does its work at some ten times the cost",
            error=str(error),
        )
        return PythonCore(sock, later)
    return NativeCore(sock)
