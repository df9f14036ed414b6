"""The programme: which of a broadcast's cameras is on air."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Container, Sequence


def programme(cameras: Sequence[str], live: Container[str], on_air: str | None) -> str | None:
    """The camera that is on air, or None while none is live.

    `cameras` stands in order of preference. A live camera stays on air even when a preferred one
    comes up: viewers are not thrown about because a camera's link flaps.
    """
    if on_air is not None and on_air in live and on_air in cameras:
        return on_air
    return next((camera for camera in cameras if camera in live), None)
