"""Demo cameras take a second to prepare, so tests share them."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

import pytest

from relay.demo.scene import AROUND, Camera

if TYPE_CHECKING:
    from collections.abc import Callable


@lru_cache(maxsize=12)
def _camera(kind: str, width: int, height: int) -> Camera:
    # A picture of all around has the same height, and is 2:1.
    return Camera(kind, 2 * height if kind in AROUND else width, height, 30)


@pytest.fixture
def camera() -> Callable[[str, int, int], Camera]:
    """Prepares a camera of a kind and size, or takes the one there is.

    One that films all around is as wide as it must be for the height.
    """
    return _camera
