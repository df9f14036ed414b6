"""Demo cameras take a second to prepare, so tests share them."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

import pytest

from relay.demo.scene import Camera

if TYPE_CHECKING:
    from collections.abc import Callable


@lru_cache(maxsize=12)
def _camera(kind: str, width: int, height: int) -> Camera:
    return Camera(kind, width, height, 30)


@pytest.fixture
def camera() -> Callable[[str, int, int], Camera]:
    """Prepares a camera of a kind and size, or takes the one there is."""
    return _camera
