"""The implementations that the core suite runs over, by name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from relay.edge.fanout import PythonCore

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable

    from relay.edge.core import Core

CORES: dict[str, Callable[[socket.socket], Core]] = {"python": PythonCore}
