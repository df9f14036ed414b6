"""The implementations that the core suite runs over, by name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from relay.edge.fanout import PythonCore

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable

    from relay.edge.core import Core

CORES: dict[str, Callable[[socket.socket], Core]] = {"python": PythonCore}


def _python_followers(core: Core) -> dict[int, set[int]]:
    assert isinstance(core, PythonCore)
    assert set(core._rings) == set(core._followers)
    assert {id(viewer) for viewer in core._by_address.values()} <= {
        id(viewer) for viewer in core._viewers.values()
    }
    for stream, followers in core._followers.items():
        for number, viewer in followers.items():
            assert core._viewers[number] is viewer, f"{number} follows {stream} and is gone"
    return {stream: set(followers) for stream, followers in core._followers.items()}


FOLLOWERS: dict[str, Callable[[Core], dict[int, set[int]]]] = {"python": _python_followers}
"""Looks inside: for each open stream the viewers who follow it, or wait for its keyframe."""
