"""What the worker's tests share: sources, encoded once."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from relay.bus.writer import Retention
from tests.support.camera import pictures, repeated, sounds

if TYPE_CHECKING:
    from relay.media.unit import Unit


@pytest.fixture(scope="package")
def hd() -> list[Unit]:
    """2.4 s of 1280×720 without B-frames."""
    return repeated(pictures(1280, 720, frames=12), 6)


@pytest.fixture(scope="package")
def small() -> list[Unit]:
    """4 s of 426×240, a keyframe each half second."""
    return repeated(pictures(426, 240, frames=15), 8)


@pytest.fixture(scope="package")
def stereo() -> list[Unit]:
    """4 s of 48 kHz stereo."""
    return sounds(4)


@pytest.fixture(autouse=True)
def all_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    """Streams keep all that a test writes: whoever listens may get no CPU for a while."""
    monkeypatch.setattr(Retention, "FLOOR", Retention.MAX_UNITS)
